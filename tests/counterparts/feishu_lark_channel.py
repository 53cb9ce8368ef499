"""Feishu's SDK for bots as a client of the fake, in a process of its own: it answers every message that it is sent."""

import asyncio
import json
import os
import sys
from typing import Any

from lark_channel import FeishuChannel


def say(said: Any) -> None:
    print(json.dumps(said), flush=True)


async def run(app: dict[str, Any]) -> None:
    channel = FeishuChannel(app_id=app["app_id"], app_secret=app["app_secret"], domain=app["url"])

    async def answered(message: Any) -> None:
        sent = await channel.send(
            message.chat_id, {"markdown": f"received: {message.content_text}"}, {"reply_to": message.message_id}
        )
        say({"text": message.content_text, "sender": message.sender_id, "sent": sent.message_id})

    channel.on("message", answered)
    await channel.start_background(timeout=30)
    say({"ready": True})
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)  # stopping it in order takes seconds


if __name__ == "__main__":
    asyncio.run(run(json.loads(sys.stdin.readline())))
