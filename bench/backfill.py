"""How long it takes to fill in the digests of many days from a local clone by rules, and how much memory."""

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

from bench.figures import Figure

COMMAND = Path(sys.executable).with_name("dynamo-digest")
COMMITS = 5_000
FIRST = date(2026, 1, 1)
COMMITS_A_DAY = 20
FILES = 200
LINES = 60


async def many_days(folder: Path) -> Sequence[Figure]:
    """A process of its own, over a history of which each commit changes two files in two places."""
    clone = folder / "history"
    await asyncio.to_thread(_write, clone)
    last = FIRST + timedelta(days=-(-COMMITS // COMMITS_A_DAY) - 1)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "DATABASE_URL": f"sqlite:///{folder}/bench.db"}
    arguments = ("backfill", f"{FIRST}..{last}", "--git-dir", clone, "--timezone", "UTC")
    began = perf_counter()
    await asyncio.to_thread(
        subprocess.run, [COMMAND, *arguments], env=environment, cwd=folder, check=True, capture_output=True
    )
    seconds = perf_counter() - began
    # Of the largest process that this one has waited for: https://man7.org/linux/man-pages/man2/getrusage.2.html
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [
        Figure(name=f"{COMMITS} commits filled in from a local clone, by rules", value=seconds, unit="s", limit=60),
        Figure(name="  the most memory that took", value=megabytes, unit="MB", limit=300),
    ]


def _write(clone: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", clone], check=True)
    given = b"".join(_stream())
    subprocess.run(["git", f"--git-dir={clone}", "fast-import", "--quiet"], input=given, check=True)


def _stream() -> Iterator[bytes]:
    """https://git-scm.com/docs/git-fast-import#_input_format"""
    day = timedelta(days=1)
    for number in range(COMMITS):
        at = datetime(FIRST.year, FIRST.month, FIRST.day, 6, tzinfo=UTC)
        at += number // COMMITS_A_DAY * day + number % COMMITS_A_DAY * timedelta(minutes=20)
        person = f"Ada Lovelace <ada@example.com> {int(at.timestamp())} +0000"
        yield f"commit refs/heads/main\nauthor {person}\ncommitter {person}\n".encode()
        yield _data(f"feat(part{number % 7}): change greeting {number} (#{number + 1})\n\nBecause of {number}.\n")
        for file in (number % FILES, (number * 7 + 1) % FILES):
            yield f"M 100644 inline src/part{file % 7}/greet{file}.py\n".encode()
            yield _data(_content(file, number))


def _content(file: int, number: int) -> str:
    changed = {number % LINES, (number + 30) % LINES}
    return "".join(
        f"def greet_{file}_{line}():\n    return {number if line in changed else line}\n" for line in range(LINES)
    )


def _data(text: str) -> bytes:
    data = text.encode()
    return f"data {len(data)}\n".encode() + data + b"\n"
