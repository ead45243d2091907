"""Each test has a settings folder of its own and no screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from game.__main__ import main
from tests.game_commands.processes import NO_SCREEN, Done, server


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The player's settings folder."""
    folder = tmp_path / "state"
    monkeypatch.setenv("SKIRMISH_STATE", str(folder))
    for name in NO_SCREEN:
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def skirmish(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """``skirmish ARGUMENTS`` in this process."""

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run


@pytest.fixture
def refused(skirmish: Callable[..., Done]) -> Callable[..., str]:
    """The one line that a wrong command line gets."""

    def run(*arguments: str) -> str:
        done = skirmish(*arguments)
        assert done.code == 2, done
        assert done.out == ""
        assert done.err.startswith("skirmish: "), done.err
        assert done.err.count("\n") == 1, done.err
        return done.err

    return run


@pytest.fixture(scope="session")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> object:
    """The port of a server that anybody may join, with two bots."""
    with server(tmp_path_factory.mktemp("open server"), "--bots", "2") as port:
        yield port
