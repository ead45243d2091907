"""A screen of its own for a real window: Xvfb, the program on it, and xdotool as the person."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NEEDED = ("Xvfb", "xdotool", "xwininfo", "import")
WAIT_S_MAX = 45.0
"""Nothing here is measured: a machine that is busy with something else may take its time."""


def missing() -> list[str]:
    """The programs that are needed and not there."""
    return [name for name in NEEDED if shutil.which(name) is None]


class Desktop:
    """One X display and one window on it."""

    def __init__(self, display: str, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DISPLAY": display,
            "SDL_VIDEODRIVER": "x11",
            "SDL_FRAMEBUFFER_ACCELERATION": "0",
            "SDL_AUDIODRIVER": "dummy",
            "PYGAME_HIDE_SUPPORT_PROMPT": "1",
            "SKIRMISH_STATE": str(folder / "state"),
        }
        self.program: subprocess.Popen[str] | None = None
        self._window = ""

    def start(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "game", *arguments]
        self.program = subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def title(self) -> str:
        """Of the game's window; "" while there is none."""
        tree = self._run("xwininfo", "-root", "-tree").stdout
        found = re.search(r'^\s+(0x[0-9a-f]+) "(Skirmish[^"]*)"', tree, re.MULTILINE)
        if found is None:
            return ""
        self._window = found[1]
        return found[2]

    def wait_for_title(self, title: str) -> None:
        self.wait_until(lambda: self.title() == title, f"the window {title!r}")

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        """Asking takes some milliseconds of another process: that is the pause between two questions."""
        until = time.monotonic() + WAIT_S_MAX
        while not is_so():
            assert self.program is None or self.program.poll() is None, f"the program ended while waiting for {what}: {self.output()}"
            assert time.monotonic() < until, f"waited in vain for {what}: {self.title()!r}, see {self.picture('in_vain')}"

    def keys(self, *names: str) -> None:
        """Press and release, one after the other."""
        self._run("xdotool", "windowfocus", self._window)
        for name in names:
            self._run("xdotool", "key", "--delay", "60", name)

    def hold(self, name: str, *, down: bool) -> None:
        self._run("xdotool", "keydown" if down else "keyup", name)

    def write(self, text: str) -> None:
        self._run("xdotool", "type", "--delay", "20", text)

    def point(self, x: int, y: int) -> None:
        self._run("xdotool", "mousemove", "--window", self._window, str(x), str(y))

    def click(self, x: int, y: int) -> None:
        self.point(x, y)
        self._run("xdotool", "click", "1")

    def picture(self, name: str) -> Path:
        """What is on the screen now, as a file."""
        path = self.folder / f"{name}.png"
        self._run("import", "-window", "root", str(path))
        return path

    def output(self) -> str:
        assert self.program is not None
        self.program.kill()
        return "".join(self.program.communicate())

    def end(self) -> None:
        if self.program is not None and self.program.poll() is None:
            self.program.terminate()
            try:
                self.program.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                self.program.kill()
                self.program.communicate()

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=WAIT_S_MAX)


@contextmanager
def desktop(folder: Path, size: str = "1280x720") -> Iterator[Desktop]:
    """A display that nobody else uses."""
    read, write = os.pipe()
    # Without -noreset the display starts anew whenever its last client has gone, and refuses whoever comes in that moment.
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-noreset", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    screen = Desktop(f":{number}", folder)
    try:
        yield screen
    finally:
        screen.end()
        server.terminate()
        server.wait()
