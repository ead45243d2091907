"""Commands with a window, where there is no screen or pygame is broken; and with SDL's dummy screen, from the first frame to Ctrl-C."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from game.client import commands
from game.client.preflight import CURE
from tests.game_commands.processes import Done, read_until, run, start

DUMMY = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([], "skirmish play --headless"),
        (["host"], "A server without a player here is skirmish-server; --headless lets a bot play the seat."),
        (["join", "127.0.0.1:9"], "Use --headless, or start it where there is a screen."),
    ],
)
def test_without_a_screen_there_is_no_window(refused: Callable[..., str], command: list[str], words: str) -> None:
    line = refused(*command)
    assert "There is no display here" in line
    assert words in line


def test_without_a_screen_practice_is_played_headless_and_ends_with_the_scoreboard(state: Path) -> None:
    done = run("-m", "game", "play", "--seconds", "2", "--bots", "3", "--name", "Ada [red]", state=state)
    assert done.code == 0, done
    assert "There is no display here" in done.err
    assert "Playing headless for 2 s." in done.err
    assert "Scoreboard" in done.out
    assert "Ada [red]" in done.out
    assert "Traceback" not in done.err


def test_a_display_where_nobody_answers_counts_as_none(state: Path) -> None:
    done = run("-m", "game", "join", "127.0.0.1:9", state=state, env={"DISPLAY": ":97", "XDG_RUNTIME_DIR": str(state)})
    assert done.code == 2, done
    assert done.err.startswith("skirmish: No window can be opened here (")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("command", [[], ["play"], ["host"], ["join", "127.0.0.1:9"]])
def test_two_pygames_are_told_with_the_cure(
    refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    other = tmp_path / "site" / "pygame-2.6.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: pygame\nVersion: 2.6.1\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    assert f"Both pygame and pygame-ce are installed and overwrite each other's files. Cure: {CURE}" in refused(*command)


def test_two_pygames_do_not_matter_without_a_window(
    skirmish: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_server: int
) -> None:
    other = tmp_path / "site" / "pygame-2.6.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: pygame\nVersion: 2.6.1\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert skirmish("join", f"127.0.0.1:{open_server}", "--headless", "--seconds", "0.3").code == 0


@pytest.fixture
def ctrl_c_is_heard() -> Iterator[None]:
    """Python's own handler, which is missing where the tests were started in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_is_heard")
def test_ctrl_c_in_the_terminal_is_the_close_button(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame = pytest.importorskip("pygame")
    pygame.display.quit()  # another test of this process may have had one
    with commands._signals_close_window() as stop:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)  # before there is a window
        assert stop.is_wanted
    pygame.display.init()
    try:
        with commands._signals_close_window():
            signal.raise_signal(signal.SIGINT)
            assert pygame.event.get(pygame.QUIT)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
    finally:
        pygame.display.quit()


@pytest.mark.parametrize("command", [[], ["play", "--bots", "1", "--json"]])
def test_ctrl_c_at_any_time_leaves_no_traceback(state: Path, command: list[str]) -> None:
    """How far it has come when the signal arrives is chance; each of these ends is in order."""
    with start("-X", "importtime", "-m", "game", *command, state=state, env=DUMMY) as process:
        read_until(process, "game.client.app")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 130)
    assert "Traceback" not in err


def test_a_window_plays_for_its_time_and_ends_with_its_figures(state: Path) -> None:
    done = run("-m", "game", "play", "--bots", "1", "--json", "--seconds", "1.5", state=state, env=DUMMY)
    assert done.code == 0, done
    assert "Traceback" not in done.err
    report = json.loads(done.out.splitlines()[-1])
    assert report["snapshots"] > 0
