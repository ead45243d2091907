"""The product's own commands, each as a process, here or on one of the hosts, with everything that it prints and when.

A process is ended by its own id and by nothing else. What a test waits for is a line that the program prints; the limits on waiting are
there so that a failure ends, and are far above what anything takes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from tests.network.lan import Host

ROOT = Path(__file__).resolve().parents[2]
LINE_S_MAX = 30.0
END_S_MAX = 60.0


def elapse(seconds: float) -> None:
    """Real time passes: a match is played, a cable stays out. What is waited *for* is waited for with ``wait_for`` and ``until``."""
    time.sleep(seconds)


def until(condition: Callable[[], bool], what: str, within_s: float = LINE_S_MAX) -> None:
    """Wait for something that no program prints."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(0.1)


class Program:
    """A running program. ``lines`` is all that it has printed, standard output and standard error together, in the order of reading."""

    def __init__(self, host: Host | None, module: str, *arguments: str, state: Path, label: str = "") -> None:
        """``host`` None: on this machine as it is."""
        command = [sys.executable, "-m", module, *arguments]
        self.label = label or module
        self.lines: list[str] = []
        self._started = time.monotonic()
        self._times: list[float] = []
        self._arrived = threading.Condition()
        self._process = subprocess.Popen(
            command if host is None else host.command(*command),
            cwd=ROOT,
            env={**os.environ, "SKIRMISH_STATE": str(state), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._output: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(self._process.stdout, self._output), daemon=True),
            threading.Thread(target=self._read, args=(self._process.stderr, None), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: IO[str], keep: list[str] | None) -> None:
        for line in stream:
            with self._arrived:
                self.lines.append(line.rstrip("\n"))
                self._times.append(time.monotonic() - self._started)
                if keep is not None:
                    keep.append(line)
                self._arrived.notify_all()
        with self._arrived:
            self._arrived.notify_all()

    def wait_for(self, text: str, *, after: int = 0, within_s: float = LINE_S_MAX) -> int:
        """Wait for a line with ``text`` in it, among those from number ``after`` on. Returns the number of the one behind it."""
        return self._wait(lambda: self._find(text, after), f"no line with {text!r} from line {after} on", within_s)

    def finish(self, within_s: float = END_S_MAX) -> dict[str, Any]:
        """Wait until it ends by itself, and well. Returns the object of ``--json``, its last line of standard output."""
        try:
            code = self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.label} did not end within {within_s} s\n{self.transcript()}") from None
        self._join()
        assert code == 0, f"{self.label} ended with {code}\n{self.transcript()}"
        return dict(json.loads(self._output[-1]))

    def refused(self) -> str:
        """Wait until it ends with exit code 2. Returns the line that says why."""
        try:
            code = self._process.wait(END_S_MAX)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.label} plays on\n{self.transcript()}") from None
        self._join()
        assert code == 2, f"{self.label} ended with {code}\n{self.transcript()}"
        return next((line for line in self.lines if line.startswith("skirmish: ")), "")

    def says(self, text: str, *, after: int = 0) -> int:
        """How many lines with ``text`` it has printed, from line number ``after`` on. The object of ``--json`` says nothing."""
        return sum(text in line and not line.startswith("{") for line in self.lines[after:])

    def stop(self) -> dict[str, Any]:
        """SIGTERM, an orderly end, and the object of ``--json``."""
        self._process.send_signal(signal.SIGTERM)
        return self.finish()

    def kill(self) -> None:
        """SIGKILL, and wait for it. Not an error if it has ended already."""
        self._process.kill()
        self._process.wait(LINE_S_MAX)
        self._join()

    def transcript(self) -> str:
        """Everything that it printed, with the seconds since its start."""
        return "\n".join(f"{self.label} {at:6.2f} | {line}" for at, line in zip(self._times, self.lines, strict=True))

    def close(self) -> None:
        """End it if it runs, and free its pipes."""
        if self._process.poll() is None:
            self.kill()
        self._join()

    def _find(self, text: str, after: int) -> int | None:
        for number in range(after, len(self.lines)):
            if text in self.lines[number]:
                return number + 1
        return None

    def _wait(self, look: Callable[[], int | None], problem: str, within_s: float) -> int:
        deadline = time.monotonic() + within_s
        with self._arrived:
            while (found := look()) is None:
                left = deadline - time.monotonic()
                if left <= 0 or not any(reader.is_alive() for reader in self._readers):
                    raise AssertionError(f"{self.label}: {problem}\n{self.transcript()}")
                self._arrived.wait(left)
        return found

    def _join(self) -> None:
        for reader in self._readers:
            reader.join(LINE_S_MAX)
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()
