"""The server as a child: it listens, it says why it does not, and it ends with us."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.drivers import Pacer
from game.client import local_server
from game.client.local_server import LocalServer, LocalServerError
from tests.game_commands.processes import END_S_MAX


def port_of(server: LocalServer) -> int:
    pacer = Pacer(200)
    while (port := server.poll()) is None:
        pacer.wait()
    return port


def test_it_listens_speaks_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "__init__.py").touch()
    (tmp_path / "server" / "__main__.py").write_text("raise SystemExit('a folder of the same name, where the player happens to stand')")
    monkeypatch.chdir(tmp_path)
    with LocalServer(["--local"]) as server:
        assert 1 <= port_of(server) <= 65535
        assert server.is_running
        lines: list[str] = []
        pacer = Pacer(200)
        while not lines:
            lines = server.take_lines()
            pacer.wait()
        assert lines[0].startswith("Practice: ")
        assert server.take_lines() == []
    assert not server.is_running
    server.stop()  # twice is no mistake


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--map", "moon"], "There is no map 'moon'"),
        (["--port", "0"], "--port: 0 is not in 1 to 65535"),
        (["--bots", "x"], "is not a whole number"),
    ],
)
def test_it_says_why_it_does_not_start(arguments: list[str], words: str) -> None:
    with LocalServer(arguments) as server:
        for _ in range(2):  # asked again, it says it again
            with pytest.raises(LocalServerError) as raised:
                port_of(server)
            assert words in str(raised.value)
            assert not str(raised.value).startswith("skirmish-server")


def test_no_process_at_all_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(LocalServerError, match="The server cannot be started: No such file or directory"):
        LocalServer([])


def test_one_that_breaks_down_without_a_word_is_told_by_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(arguments: object) -> subprocess.Popen[str]:
        code = "raise SystemExit(7)"
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)

    monkeypatch.setattr(local_server, "_start", start)
    with LocalServer([]) as server:
        server._process.wait(END_S_MAX)
        with pytest.raises(LocalServerError, match="exit code 7"):
            port_of(server)


def test_killed_it_is_seen_to_have_ended() -> None:
    with LocalServer(["--local"]) as server:
        port_of(server)
        server.kill()
        server._process.wait(END_S_MAX)
        assert not server.is_running
        assert server.poll() is not None, "where it was stays known"
