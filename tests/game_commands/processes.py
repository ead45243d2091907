"""Commands as people and scripts start them: processes of their own, over loopback, with their own settings folder.

What a test waits for is a line that the program prints or its end. The limits on waiting are far above what anything takes; they are
there so that a failure ends.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
END_S_MAX = 60.0
NO_SCREEN = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")


@dataclass(frozen=True)
class Done:
    """What became of a command."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        return self.out.splitlines()[-1] if self.out else ""


def environment(state: Path, **more: str) -> dict[str, str]:
    """Ours without a screen, with a settings folder of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in NO_SCREEN}
    return {**kept, "SKIRMISH_STATE": str(state), **more}


def start(*command: str, state: Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """``python ARGUMENTS`` with pipes on all sides."""
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=cwd,
        env=environment(state, **(env or {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*command: str, state: Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> Done:
    """``python ARGUMENTS`` to its end."""
    with start(*command, state=state, cwd=cwd, env=env) as process:
        try:
            out, err = process.communicate(timeout=END_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return Done(process.returncode, out, err)


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What the process says on standard error until the words come up."""
    assert process.stderr is not None
    said = ""
    until = time.monotonic() + END_S_MAX
    while words not in said:
        ready, _, _ = select.select([process.stderr], [], [], max(0.0, until - time.monotonic()))
        assert ready, f"no {words!r} in {said!r}"
        piece = os.read(process.stderr.fileno(), 4096).decode()
        assert piece, f"ended without {words!r}: {said!r}"
        said += piece
    return said


@contextmanager
def server(state: Path, *arguments: str, cwd: Path = ROOT) -> Iterator[int]:
    """A server for this computer, and its port. It lives as long as its standard input."""
    command = [sys.executable, "-m", "server", "--local", "--exit-with-stdin", *arguments]
    with subprocess.Popen(
        command, cwd=cwd, env=environment(state), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            words = process.stdout.readline().split()
            assert words[:1] == ["listening"], words
            yield int(words[1].removeprefix("tcp="))
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(END_S_MAX)


def free_port() -> int:
    """A port that nobody listens on, outside of those that servers take by themselves."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def installation(folder: Path) -> Path:
    """Another copy of the game, with maps of its own: our packages by link, the assets for real."""
    for name in ("engine", "game", "server"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "assets" / "maps", folder / "assets" / "maps")
    return folder
