"""The process that holds the long connection: `python -m handlers.feishu_connection.child`, started by the bot.

One thread is lark-oapi's, whose client blocks it for as long as Feishu's servers please. The main thread talks with the
bot and watches the other one, so that a connection that hangs ends the process instead of staying deaf.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from handlers.feishu_connection import sdk
from handlers.feishu_connection.lines import LINE_MAX, read, written

if TYPE_CHECKING:
    from handlers.feishu_connection.client import Client

#: Seconds in which the server may answer that we leave.
_LEAVE: Final = 1.0

Answer = tuple[int, dict[str, Any] | None]


class Bot:
    """The process that started this one."""

    def __init__(self, incoming: asyncio.StreamReader, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._numbers = count(1)

    async def order(self) -> dict[str, Any] | None:
        """What to connect with; None if the bot has ended already."""
        line = await self._incoming.readline()
        return read(line) if line else None

    async def listen(self) -> None:
        """Hands out answers until the bot ends; what it leaves unanswered was not kept, and Feishu has to repeat it."""
        while line := await self._incoming.readline():
            message = read(line)
            asked = self._asked.pop(message["id"], None)
            if asked is not None:
                asked.set_result((message["code"], message["answer"]))
        for asked in self._asked.values():
            asked.set_result((HTTPStatus.INTERNAL_SERVER_ERROR, None))

    async def ask(self, kind: str, payload: str) -> Answer:
        number = next(self._numbers)
        self._asked[number] = asyncio.get_running_loop().create_future()
        self.tell({"kind": kind, "id": number, "payload": payload})
        return await self._asked[number]

    def tell(self, message: Mapping[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):  # `listen` sees the end, too
            self._outgoing.write(written(message))
            self._outgoing.flush()


class Holder:
    """Holds one connection until it is lost for good, or the bot ends."""

    def __init__(self, bot: Bot, order: Mapping[str, Any]) -> None:
        self._bot = bot
        self._order = order
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._lost: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._client: Client | None = None

    async def hold(self) -> int:
        """The exit code: 0 if the bot has ended, else 1."""
        threading.Thread(target=self._run, daemon=True).start()
        listening = asyncio.create_task(self._bot.listen())
        watching = asyncio.create_task(self._watch())
        done, _ = await asyncio.wait({listening, watching, self._lost}, return_when=asyncio.FIRST_COMPLETED)
        if listening in done:
            await self._leave()
            return 0
        ended = self._lost if self._lost in done else watching
        self._bot.tell({"kind": "end", **ended.result()})
        return 1

    def _run(self) -> None:
        """What lark-oapi's thread does."""
        try:
            sdk.load()
            from handlers.feishu_connection.client import Client

            self._client = Client(
                self._order["app_id"],
                self._order["app_secret"],
                base_url=self._order["base_url"],
                patience=self._order["patience"],
                ask=self._ask,
                changed=lambda: self._call(self._changed.set),
                failed=lambda reason, said: self._call(self._end, reason, said),
            )
        except Exception as error:  # noqa: BLE001 - a release may change anything
            self._call(self._end, "broken", f"{type(error).__name__}: {error}")
        else:
            self._client.run()

    async def _ask(self, kind: str, payload: str) -> Answer:
        """From the connection's loop to the bot's, and back."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._bot.ask(kind, payload), self._loop))

    def _call(self, function: Callable[..., None], *arguments: str) -> None:
        self._loop.call_soon_threadsafe(function, *arguments)

    def _end(self, reason: str, said: str) -> None:
        if not self._lost.done():
            self._lost.set_result({"reason": reason, "said": said})

    async def _watch(self) -> dict[str, Any]:
        """Tells the bot that all is well until it is not."""
        while True:
            client = self._client
            if client is None:
                self._bot.tell({"kind": "beat", "connected": False, "heard": None, "trouble": ""})
            elif client.verdict:
                return {"reason": client.verdict, "said": client.trouble}
            else:
                self._bot.tell({"kind": "beat", **client.condition})
            await self._pause()

    async def _pause(self) -> None:
        """Until something changes, or another sign of life is due."""
        try:
            async with asyncio.timeout(self._order["beat"]):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    async def _leave(self) -> None:
        """A server that is told so sends events elsewhere at once."""
        if self._client is not None:
            await asyncio.wait({asyncio.wrap_future(self._client.close())}, timeout=_LEAVE)


async def main() -> int:
    incoming = asyncio.StreamReader(limit=LINE_MAX)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(incoming), sys.stdin.buffer)
    bot = Bot(incoming, _own_output())
    order = await bot.order()
    return 0 if order is None else await Holder(bot, order).hold()


def _own_output() -> BinaryIO:
    """Standard output, which nobody else can write to any more."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return output


if __name__ == "__main__":
    # Only the end of its input ends this process: what stops a group of processes would stop it before the bot is done.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # lark-oapi logs the connection's address, with its access key, and to standard output.
    logging.disable()
    sys.exit(asyncio.run(main()))
