"""Machines that run the Procfile as it stands, by honcho: each ends when one of its processes does."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

PROCFILE: Final = Path(__file__).parent.parent / "Procfile"
HONCHO: Final = Path(sys.executable).with_name("honcho")
#: Seconds within which everything has ended that was told to.
PATIENCE: Final = 30


class Machine:
    def __init__(self, honcho: subprocess.Popen[bytes], output: Path) -> None:
        self._honcho = honcho
        self._output = output

    @property
    def output(self) -> str:
        return self._output.read_text(errors="replace")

    @property
    def exit_codes(self) -> dict[str, int]:
        """Of the processes that have ended, by their names: `web.1`, `web.2`, `worker.1` …"""
        return {name: int(code) for name, code in re.findall(r"(\w+\.\d+) stopped \(rc=(-?\d+)\)", self.output)}

    def said(self, event: str) -> list[str]:
        """Which processes have logged the event, as often as they have."""
        return sorted(re.findall(rf"(\w+\.\d+) +\| .*\"event\": \"{re.escape(event)}\"", self.output))

    def kill(self, name: str) -> None:
        """Ends a process as a loss of power would."""
        (process,) = re.findall(rf"{re.escape(name)} started \(pid=(\d+)\)", self.output)
        os.killpg(int(process), signal.SIGKILL)

    def stop(self) -> dict[str, int]:
        """Tells everything to stop; how each process has ended."""
        self._honcho.send_signal(signal.SIGTERM)
        self.wait()
        return self.exit_codes

    def wait(self) -> int:
        return self._honcho.wait(PATIENCE)


def free_ports(number: int) -> int:
    """The first of so many ports in a row that were free a moment ago, where the system hands out none to others."""
    while True:
        first = random.randrange(10_000, 30_000)
        with ExitStack() as probes:
            try:
                for port in range(first, first + number):
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first


@contextmanager
def started(folder: Path, *processes: str, port: int = 0, **environment: str) -> Iterator[Machine]:
    """A machine with so many of each process: `started(folder, "web=2", "clock=1")`. The first web gets the `port`."""
    output = folder / "output.log"
    names = [process.partition("=")[0] for process in processes]
    with output.open("wb") as log:
        honcho = subprocess.Popen(
            [HONCHO, "start", "-f", PROCFILE, "-p", str(port), "-c", ",".join(processes), *names],
            cwd=folder,
            env={**_surroundings(folder), **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    machine = Machine(honcho, output)
    try:
        yield machine
    finally:
        if honcho.poll() is None:
            machine.stop()


def _surroundings(folder: Path) -> Mapping[str, str]:
    return {"PATH": f"{HONCHO.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
