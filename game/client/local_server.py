"""Hosting from the client: the server is a child process, so that its tick never waits for a frame.

The child says ``listening tcp=PORT udp=PORT`` on its first line; it ends when its standard input closes, which happens even if this process
is killed. Reading is done by a thread into a bounded queue: a window that waits for a child must not freeze.
"""

from __future__ import annotations

import contextlib
import queue
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Final

START_S_MAX: Final = 15.0
"""A cold start on a slow disk; the usual one is under half a second."""
STOP_S_MAX: Final = 6.0
LINES_MAX: Final = 400
LISTENING = re.compile(r"^listening tcp=(\d+) udp=(\d+)")


class LocalServerError(Exception):
    """The server did not start; the text is one line for the player."""


class LocalServer:
    """One child server. Use as a context manager, or call :meth:`stop`."""

    def __init__(self, arguments: Sequence[str]) -> None:
        command = [sys.executable, "-m", "server", "--exit-with-stdin", *arguments]
        self.port: int | None = None
        self.lines: Final[deque[str]] = deque(maxlen=LINES_MAX)
        """What the server printed, the newest at the end: addresses to give to friends, and errors."""
        self._started_at: Final = time.monotonic()
        self._queue: Final[queue.Queue[str | None]] = queue.Queue(LINES_MAX)
        self._process: Final = subprocess.Popen(  # noqa: S603 - our own module, our own arguments
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
        )
        threading.Thread(target=self._read, name="server output", daemon=True).start()

    def __enter__(self) -> LocalServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def poll(self) -> int | None:
        """The port once the server listens, None while it starts. Raises :class:`LocalServerError` if it will not."""
        has_ended = False
        while True:
            try:
                line = self._queue.get_nowait()
            except queue.Empty:
                break
            if line is None:
                has_ended = True
                break
            self.lines.append(line)
            found = LISTENING.match(line)
            if found:
                self.port = int(found[1])
        if self.port is None:
            if has_ended or self._process.poll() is not None:
                raise LocalServerError(self._last_words())
            if time.monotonic() - self._started_at > START_S_MAX:
                self.stop()
                raise LocalServerError(f"The server did not start within {START_S_MAX:.0f} s.")
        return self.port

    def wait(self) -> int:
        """Block until the server listens; for command lines, not for windows."""
        while (port := self.poll()) is None:
            time.sleep(0.01)
        return port

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
                self._queue.get_nowait()
                self._queue.put_nowait(line)

    def _last_words(self) -> str:
        words = next((line for line in reversed(self.lines) if line.strip()), "")
        return words.removeprefix("skirmish-server: ") or f"The server ended with exit code {self._process.poll()}."
