"""NoneBot's adapter for Feishu as a client of the fake; it runs in an environment of its own, `.venv/nonebot`.

It decodes frames with its own protobuf, decrypts with its own AES, and refuses events that are not as its models say.
"""

import asyncio
import json
import os
import sys
from typing import Any

import nonebot
from nonebot.adapters.feishu import Adapter, Bot, MessageEvent
from nonebot.adapters.feishu.event import Event
from nonebot.adapters.feishu.utils import AESCipher
from nonebot.adapters.feishu.ws import frame_pb2
from nonebot.compat import type_validate_python


def say(said: Any) -> None:
    os.write(1, json.dumps(said).encode() + b"\n")


def read_events(events: list[dict[str, Any]]) -> list[str]:
    """The model that takes each of them, strictest first; the base class means that none does."""
    return [_model(event) for event in events]


def _model(event: dict[str, Any]) -> str:
    kind = event["header"]["event_type"]
    if message := event["event"].get("message"):
        kind += f".{message['chat_type']}"
    problems = ""
    for model in Adapter.get_event_model(kind):
        try:
            type_validate_python(model, event)
        except ValueError as problem:
            problems = f", since {problem}"
        else:
            return model.__name__ + problems
    type_validate_python(Event, event)
    return "Event" + problems


def read_frame(frame: bytes) -> dict[str, Any]:
    read = frame_pb2.Frame()
    read.ParseFromString(frame)
    return {
        "ids": [read.seq_id, read.log_id, read.service, read.method],
        "headers": {header.key: header.value for header in read.headers},
        "payload": read.payload.decode(),
        "again": read.SerializeToString().hex(),
    }


def receive(app: dict[str, Any], mode: str) -> None:
    bot = {
        "app_id": app["app_id"],
        "app_secret": app["app_secret"],
        "encrypt_key": app["encrypt_key"],
        "verification_token": app["verification_token"],
        "api_base": app["url"],
        "protocol": mode,
    }
    nonebot.init(
        driver="~fastapi+~httpx+~websockets", feishu_bots=[bot], host="127.0.0.1", port=app["port"], log_level="ERROR"
    )
    nonebot.get_driver().register_adapter(Adapter)

    @nonebot.on_message().handle()
    async def answer(bot: Bot, event: MessageEvent) -> None:
        text = event.get_message().extract_plain_text().strip()
        say({"model": type(event).__name__, "text": text, "to_me": event.to_me})
        await bot.send(event, f"received: {text}")

    @nonebot.get_driver().on_bot_connect
    async def connected(bot: Bot) -> None:
        background.add(asyncio.create_task(_announce(app["port"], f"/feishu/{bot.self_id}")))

    background: set[asyncio.Task[None]] = set()
    nonebot.run()


async def _announce(port: int, path: str) -> None:
    # The server begins to listen after the bot is there.
    while not await _listens(port):
        await asyncio.sleep(0.02)
    say({"ready": True, "path": path})
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def main() -> None:
    app = json.loads(sys.stdin.readline())
    match app["mode"]:
        case "events":
            say(read_events(json.loads(sys.stdin.readline())))
        case "frame":
            say(read_frame(bytes.fromhex(json.loads(sys.stdin.readline()))))
        case "decrypt":
            say(AESCipher(app["encrypt_key"]).decrypt_string(json.loads(sys.stdin.readline())))
        case "ws" | "http" as mode:
            receive(app, mode)


if __name__ == "__main__":
    main()
