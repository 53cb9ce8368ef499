"""What a process does that others can see, and between which two such things it takes no step.

A task is compared with itself, and with the task that made it as it stood then; a step of a task counts for those that
made it, too, since they wait for it.
"""

import asyncio
import json
from collections.abc import Coroutine
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httpx
import httpx2
from aiohttp import ClientSession, TraceConfig, TraceRequestStartParams
from sqlalchemy import Connection, Engine, event

from bot.adapters.database.group_commit import GroupCommit
from bot.core.steps import Step

#: Asking changes nothing, whichever verb it takes.
_READING: Final = ("conversations.", "auth.", "users.", "tenant_access_token")


@dataclass(slots=True)
class _Thread:
    """Of work: what one task does, one thing after the other."""

    made_by: "_Thread | None"
    #: What it did since its last step; empty if nothing.
    done: str = ""
    #: Whether it only writes what several others have asked for, each of which has done that itself.
    is_shared: bool = False


class SideEffects:
    def __init__(self) -> None:
        self._thread = ContextVar[_Thread]("thread")
        self._steps: set[Step] = set()
        self._unguarded: set[tuple[str, str]] = set()

    def report(self) -> str:
        """JSON: the steps that were taken, and the pairs that no step lies between."""
        return json.dumps({"steps": sorted(self._steps), "unguarded": sorted(self._unguarded)})

    def reached(self, step: Step) -> None:
        self._steps.add(step)
        thread: _Thread | None = self._thread.get()
        while thread is not None:
            thread.done = ""
            thread = thread.made_by

    def _did(self, what: str) -> None:
        thread = self._thread.get()
        if thread.is_shared:
            return
        if thread.done:
            self._unguarded.add((thread.done, what))
        thread.done = what

    def watch(self) -> None:
        """From now on, everything that this process writes or sends."""
        self._thread.set(_Thread(None))
        asyncio.get_running_loop().set_task_factory(cast("Any", self._task))
        event.listen(Engine, "after_cursor_execute", self._executed)
        event.listen(Engine, "commit", self._committed)
        event.listen(Engine, "rollback", self._forgotten)
        for client in (httpx.AsyncClient, httpx2.AsyncClient):
            self._watch_client(client)
        self._watch_sessions()
        self._watch_groups()

    def _task(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **how: Any) -> asyncio.Task[Any]:
        made_by = self._thread.get(None)  # None in what the loop itself makes when it ends
        is_shared = work.__qualname__ == GroupCommit._write_all.__qualname__
        made = self._thread.set(_Thread(made_by, made_by.done if made_by else "", is_shared))
        try:
            return asyncio.Task(work, loop=loop, **how)
        finally:
            self._thread.reset(made)

    # The database

    def _executed(self, connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        verb, *words = statement.split()
        if verb in {"INSERT", "UPDATE", "DELETE"} and cursor.rowcount != 0:
            table = words[0] if verb == "UPDATE" else words[1]
            written = connection.info.setdefault("written", {})
            written[f"{verb.lower()} {table.strip('(')}"] = None

    def _committed(self, connection: Connection) -> None:
        if written := connection.info.pop("written", {}):
            self._did(", ".join(written))

    def _forgotten(self, connection: Connection) -> None:
        connection.info.pop("written", None)

    def _watch_groups(self) -> None:
        write = GroupCommit.write

        async def watched(itself: Any, item: Any) -> Any:
            written = await write(itself, item)
            self._did(f"write {type(item).__name__}")
            return written

        cast("Any", GroupCommit).write = watched

    # What is sent

    def _sent(self, method: str, url: str) -> None:
        path = urlsplit(url).path
        if method != "GET" and not any(word in path for word in _READING):
            self._did(f"{method} {'/'.join(part for part in path.split('/') if not _is_id(part))}")

    def _watch_client(self, client: Any) -> None:
        send = client.send

        async def watched(itself: Any, request: Any, **how: Any) -> Any:
            self._sent(request.method, str(request.url))
            return await send(itself, request, **how)

        client.send = watched

    def _watch_sessions(self) -> None:
        begin = ClientSession.__init__

        async def started(_session: object, _context: object, request: TraceRequestStartParams) -> None:
            self._sent(request.method, str(request.url))

        tracing = TraceConfig()
        tracing.on_request_start.append(started)

        def watched(itself: ClientSession, *arguments: Any, **how: Any) -> None:
            begin(itself, *arguments, **{"trace_configs": [tracing], **how})

        cast("Any", ClientSession).__init__ = watched


def _is_id(part: str) -> bool:
    return part.startswith("om_")
