"""Server processes of the tests: started in a group of their own, awaited, and stopped as a group."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Any

# Seconds. A server here starts within one; the rest is for a busy machine.
START_SECONDS = 30.0
STOP_SECONDS = 5.0
_POLL_SECONDS = 0.02
_READY = b"READY "


class ServerDidNotStart(Exception):
    """The server ended or stayed silent; the message holds what it printed."""


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    port: int | None = None,
    patience: float = START_SECONDS,
) -> Iterator[dict[str, Any]]:
    """A server process, for as long as the block lasts.

    With `port`, the server is ready when 127.0.0.1:port accepts a connection, and `{"port": port}` is yielded. Without,
    it says so itself by printing a line `READY {json}` with at least `port` in it, and that object is yielded.
    Its standard input stays open until the end. Raises ServerDidNotStart after `patience` seconds.
    """
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield _when_ready(child, output, port, time.monotonic() + patience)
        finally:
            _stop(child)


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago, for servers which cannot choose one themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(port: int, path: str, *, headers: Mapping[str, str] | None = None) -> None:
    """One request to a server on 127.0.0.1, outside any event loop. Raises RuntimeError unless it succeeds."""
    connection = HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        connection.request("POST", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        said = answer.read()
    finally:
        connection.close()
    if answer.status >= 400:
        raise RuntimeError(f"POST {path}: {answer.status} {said.decode(errors='replace')}")


def _when_ready(child: subprocess.Popen[bytes], output: IO[bytes], port: int | None, until: float) -> dict[str, Any]:
    while time.monotonic() < until:
        announced = _announcement(output) if port is None else {"port": port}
        if announced is not None and _answers(announced["port"]):
            return announced
        if child.poll() is not None:
            raise ServerDidNotStart(f"{child.args} ended with {child.returncode}:\n{_text(output)}")
        time.sleep(_POLL_SECONDS)
    raise ServerDidNotStart(f"{child.args} did not answer in time:\n{_text(output)}")


def _announcement(output: IO[bytes]) -> dict[str, Any] | None:
    for line in _written(output).splitlines(keepends=True):
        if line.startswith(_READY) and line.endswith(b"\n"):
            return json.loads(line.removeprefix(_READY))
    return None


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _written(output: IO[bytes]) -> bytes:
    # The child shares this file's position, so it is read without moving it.
    return os.pread(output.fileno(), os.fstat(output.fileno()).st_size, 0)


def _text(output: IO[bytes]) -> str:
    return _written(output).decode(errors="replace")


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    _signal_group(child, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(STOP_SECONDS)
    _signal_group(child, signal.SIGKILL)
    child.wait()


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # The group outlives its leader while a member is left.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)
