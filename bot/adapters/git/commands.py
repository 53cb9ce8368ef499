"""Running git: with which settings and environment, for how long, and how it fails."""

import asyncio
import contextlib
import io
import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

CHUNK: Final = 1 << 16  # bytes

#: Nothing that a repository or its owner configured may run, paint, or change what we parse.
_SETTINGS: Final[Mapping[str, str]] = {
    "core.hooksPath": os.devnull,
    "core.attributesFile": os.devnull,
    "core.fsmonitor": "false",
    "core.quotePath": "true",
    "diff.suppressBlankEmpty": "false",
    "diff.noprefix": "false",
    "fetch.recurseSubmodules": "false",
    "i18n.logOutputEncoding": "UTF-8",
    "log.showSignature": "false",
    "safe.bareRepository": "all",
}
_ENVIRONMENT: Final[Mapping[str, str]] = {
    "LC_ALL": "C",  # we read what git says on stderr
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ATTR_NOSYSTEM": "1",
}


class GitFailed(Exception):
    """A git command ended with an error, went silent, or said something that is not its format."""

    def __init__(self, stderr: str, *, timed_out: bool = False) -> None:
        super().__init__(stderr)
        self.stderr = stderr
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """How git is run. Secrets go into `secret_settings`, which no process list shows."""

    #: What git inherits: PATH, and HOME, proxies and certificates where they are needed.
    environment: Mapping[str, str] = field(repr=False)
    #: The only transports allowed, joined by colons; none when empty.
    protocols: str = ""
    #: The repository, if the command has one.
    directory: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    secret_settings: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    def within(self, directory: Path) -> "Git":
        return replace(self, directory=directory)

    def configured(self, settings: Mapping[str, str]) -> "Git":
        return replace(self, settings={**self.settings, **settings})

    def argv(self, *arguments: str) -> list[str]:
        # `--bare` keeps the files of a work tree, its .gitattributes among them, out of everything.
        where = () if self.directory is None else ("--bare", f"--git-dir={self.directory}")
        settings = {**_SETTINGS, **self.settings}
        configured = (part for key, value in settings.items() for part in ("-c", f"{key}={value}"))
        return ["git", *where, *configured, *arguments]

    def env(self) -> dict[str, str]:
        secrets = {"GIT_CONFIG_COUNT": str(len(self.secret_settings))}
        for number, (key, value) in enumerate(self.secret_settings.items()):
            secrets |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return {**self.environment, **_ENVIRONMENT, "GIT_ALLOW_PROTOCOL": self.protocols, **secrets}

    async def run(self, *arguments: str, given: bytes = b"", timeout: float = 60) -> bytes:  # noqa: ASYNC109
        """What git writes to stdout when `given` is its stdin. Raises GitFailed, also after `timeout` seconds."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self.argv(*arguments),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self.env(),
                start_new_session=True,
            )
        except FileNotFoundError:
            raise GitFailed("git: command not found") from None
        try:
            stdout, stderr = await asyncio.wait_for(process.communicate(given), timeout)
        except TimeoutError:
            raise GitFailed(f"git {arguments[0]} took more than {timeout:.0f} s", timed_out=True) from None
        finally:
            if process.returncode is None:
                _kill_group(process.pid)
                await process.wait()
        if process.returncode:
            raise GitFailed(stderr.decode(errors="replace"))
        return stdout


class Streams:
    """Git commands of which the output is read, in a thread, while they run; leaving the context ends them all."""

    def __init__(self, git: Git, *, patience: float) -> None:
        self._git = git
        self._patience = patience
        self._outputs: list[Output] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        for output in self._outputs:
            output.close()

    def open(self, *arguments: str, given: Iterable[str]) -> "Output":
        """Starts a command whose stdin is these lines."""
        output = Output(self._git, arguments, given, self._patience)
        self._outputs.append(output)
        return output

    def kill(self) -> None:
        """Ends all commands; whoever reads from one gets GitFailed. May be called from another thread."""
        for output in tuple(self._outputs):
            output.kill()


class Output:
    """What one running git command writes to stdout."""

    def __init__(self, git: Git, arguments: tuple[str, ...], given: Iterable[str], patience: float) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        with tempfile.TemporaryFile() as stdin:
            stdin.writelines(f"{line}\n".encode() for line in given)
            stdin.seek(0)
            self._process = _started(git, arguments, stdin, self._stderr)
        assert self._process.stdout is not None  # noqa: S101
        self._reader = io.BufferedReader(_PatientPipe(self._process.stdout, patience), CHUNK)

    def line(self, limit: int) -> bytes:
        """The next line with its line break, or `limit` bytes of a longer one; empty at the end."""
        line = self._reader.readline(limit)
        if not line:
            self._check()
        return line

    def fields(self) -> Iterator[bytes]:
        """What stands before each NUL."""
        rest: list[bytes] = []
        while chunk := self._reader.read1(CHUNK):
            first, *others = chunk.split(b"\0")
            rest.append(first)
            for other in others:
                yield b"".join(rest)
                rest = [other]
        self._check()

    def kill(self) -> None:
        if self._process.poll() is None:
            _kill_group(self._process.pid)

    def close(self) -> None:
        self._process.wait()
        self._reader.close()
        self._stderr.close()

    def _check(self) -> None:
        if self._process.wait():
            self._stderr.seek(0)
            raise GitFailed(self._stderr.read(CHUNK).decode(errors="replace"))


def _started(git: Git, arguments: tuple[str, ...], stdin: IO[bytes], stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603
            git.argv(*arguments),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=git.env(),
            start_new_session=True,
            bufsize=0,
        )
    except FileNotFoundError:
        stderr.close()
        raise GitFailed("git: command not found") from None


class _PatientPipe(io.RawIOBase):
    """A pipe's reading end that gives up once nothing arrives for `patience` seconds.

    A limit on the whole command would also count the time in which the reader is busy with something else.
    """

    def __init__(self, pipe: IO[bytes], patience: float) -> None:
        self._pipe = pipe
        self._patience = patience
        self._poll = select.poll()
        self._poll.register(pipe.fileno(), select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not self._poll.poll(self._patience * 1000):
            raise GitFailed(f"git said nothing for {self._patience:.0f} s", timed_out=True)
        return os.readv(self._pipe.fileno(), [buffer])

    def close(self) -> None:
        self._pipe.close()
        super().close()


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
