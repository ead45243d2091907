"""Hosting from the client: the server is a child process, so that its tick never waits for a frame.

The child says ``listening tcp=PORT udp=PORT`` on its first line; it ends when its standard input closes, which happens even if this process
is killed. Ctrl-C in a terminal goes to us alone, because the child must not end before we have left it. Reading is done by a thread into a
bounded queue: a window that waits for a child must not freeze.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

START_S_MAX: Final = 15.0
"""A cold start on a slow disk; the usual one is under half a second."""
STOP_S_MAX: Final = 6.0
LAST_LINES_S: Final = 1.0
"""After the child's end, its last lines are waited for so long."""
LINES_MAX: Final = 400
LISTENING = re.compile(r"^listening tcp=(\d+) udp=(\d+)")

ROOT: Final = Path(__file__).absolute().parents[2]
"""Where our packages lie: the source tree, or the environment that they are installed in. The child is of the same installation."""


class LocalServerError(Exception):
    """The server did not start; the text is one line for the player."""


class LocalServer:
    """One child server. Use as a context manager, or call :meth:`stop`. Raises :class:`LocalServerError` if there is no process at all."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.port: int | None = None
        self.lines: Final[deque[str]] = deque(maxlen=LINES_MAX)
        """What the server printed, the newest at the end: addresses to give to friends, its log, errors."""
        self._untaken: Final[deque[str]] = deque(maxlen=LINES_MAX)
        self._started_at: Final = time.monotonic()
        self._ended_at: float | None = None
        self._has_said_all = False
        self._queue: Final[queue.Queue[str | None]] = queue.Queue(LINES_MAX)
        try:
            self._process: Final = _start(arguments)
        except OSError as error:
            raise LocalServerError(f"The server cannot be started: {error.strerror or error}.") from None
        threading.Thread(target=self._read, name="server output", daemon=True).start()

    def __enter__(self) -> LocalServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def poll(self) -> int | None:
        """The port once the server listens, None while it starts. Raises :class:`LocalServerError` if it will not."""
        self._take()
        if self.port is None:
            if self._has_ended():
                raise LocalServerError(self._last_words())
            if time.monotonic() - self._started_at > START_S_MAX:
                self.ask_to_stop()
                raise LocalServerError(f"The server did not start within {START_S_MAX:.0f} s.")
        return self.port

    def take_lines(self) -> list[str]:
        """What the server has said for people since the last call."""
        self._take()
        lines = list(self._untaken)
        self._untaken.clear()
        return lines

    @property
    def is_running(self) -> bool:
        """Whether the child lives."""
        return self._process.poll() is None

    def ask_to_stop(self) -> None:
        """Ask it to end, and do not wait: for windows, which call :meth:`stop` once it has ended or :data:`STOP_S_MAX` is over."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):  # it has gone already
                self._process.stdin.close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def stop(self) -> None:
        """Ask it to end, wait, and if it does not, end it."""
        self.ask_to_stop()
        try:
            self._process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _take(self) -> None:
        """Lines from the reading thread."""
        with contextlib.suppress(queue.Empty):
            while True:
                line = self._queue.get_nowait()
                if line is None:
                    self._has_said_all = True
                    continue
                self.lines.append(line)
                found = LISTENING.match(line)
                if found:
                    self.port = int(found[1])
                else:
                    self._untaken.append(line)

    def _has_ended(self) -> bool:
        """Ended, and its last words have arrived: they say why."""
        if self._has_said_all:
            return True
        if self.is_running:
            return False
        if self._ended_at is None:
            self._ended_at = time.monotonic()
        return time.monotonic() - self._ended_at > LAST_LINES_S  # somebody else holds its output open

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):  # stop() may close the pipe under us: the end of the output like any other
            for line in self._process.stdout:
                self._offer(line.rstrip("\n"))
        self._offer(None)

    def _offer(self, line: str | None) -> None:
        try:
            self._queue.put_nowait(line)
        except queue.Full:
            if line is None:  # the end must be heard: make room for it
                with contextlib.suppress(queue.Empty):
                    self._queue.get_nowait()
                self._queue.put_nowait(line)

    def _last_words(self) -> str:
        words = next((line for line in reversed(self.lines) if line.strip()), "")
        return words.removeprefix("skirmish-server: ") or f"The server ended with exit code {self._process.poll()}."


def _start(arguments: Sequence[str]) -> subprocess.Popen[str]:
    # -P and the path: a folder "server" where the player happens to stand is not ours.
    command = [sys.executable, "-P", "-m", "server", "--exit-with-stdin", *arguments]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    options |= {"text": True, "encoding": "utf-8", "errors": "replace", "env": {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"}}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    else:
        options["process_group"] = 0
    process: subprocess.Popen[str] = subprocess.Popen(command, **options)  # noqa: S603 - our own module, our own arguments
    return process
