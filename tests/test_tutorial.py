"""The tutorial's code, as it stands on the page: its test passes, its server and client play over real sockets."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.world import Field, Kind, Range, Schema, World

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"```python\n# (\w+\.py)\n(.*?)```", re.S)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tag")
    for name, code in BLOCK.findall((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")):
        (folder / name).write_text(code, encoding="utf-8")
    assert {path.name for path in folder.iterdir()} == {"tag.py", "tag_server.py", "tag_client.py", "test_tag.py"}
    return folder


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SDL_VIDEODRIVER": "dummy",
        "SDL_AUDIODRIVER": "dummy",
        "PYGAME_HIDE_SUPPORT_PROMPT": "1",
        "PYTHONUNBUFFERED": "1",
    }


def test_the_test_of_the_tutorial_passes(project: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_tag.py"]
    done = subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def refusal(project: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=project, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_a_port_that_is_taken_or_none_is_told_and_no_other_is_listened_on(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert refusal(project, "tag_server.py", port).startswith(f"The server cannot listen on port {port}: ")
    assert refusal(project, "tag_server.py", "abc") == "usage: python tag_server.py [PORT]\n"
    assert "pygame.init()\n" not in (project / "tag_client.py").read_text(encoding="utf-8"), "it would open the sound card"


def test_what_the_tutorial_says_of_rows_and_dice_is_so() -> None:
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8").split("## More than this game needs")[1].split("\n## ")[0]
    page = " ".join(page.split())
    (kind,) = re.findall(r"`(Kind\(\"dice\".*?\)\))`", page)
    (roll,) = re.findall(r"`(world\.dice\.state\[0\] = .*?)`", page)
    (ammo,) = re.findall(r"`(Field\(\"ammo\".*?\))`", page)
    names = {"Kind": Kind, "Field": Field, "Range": Range}
    ball = Kind("ball", capacity=3, fields=(Field("x", Range(0, 9)),))
    runner = Kind("runner", per_seat=1, fields=(Field("x", Range(0, 9)), eval(ammo, names)))
    world = World(Schema(ball, runner, eval(kind, names), seats=2))
    for call, slot in (("world.ball.spawn(world.tick, x=5)", 0), ("world.runner.spawn(world.tick, seat, x=5)", 1)):
        assert call in page
        assert eval(call, {"world": world, "seat": 1}) == slot
    world.dice.spawn(world.tick, state=7)
    rolled = set()
    for _ in range(200):
        exec(roll, {"world": world})
        rolled.add(int(world.dice.state[0]) >> 27)
    assert rolled == set(range(8))
    assert world.out_of_range() is None
    world.ball.free(0)
    assert not world.ball.rows().size


def test_server_and_client_of_the_tutorial_play(project: Path) -> None:
    server = subprocess.Popen([sys.executable, "tag_server.py", "0"], cwd=project, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = server.stdout.readline().split()[-1]
        client = [sys.executable, "tag_client.py", "127.0.0.1", port, "60"]
        done = subprocess.run(client, cwd=project, env=environment(), capture_output=True, text=True, timeout=120, check=False)
        assert "frames with a scene: 60" in done.stdout, done.stdout + done.stderr
        assert "You left." in done.stdout
    finally:
        server.kill()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()
