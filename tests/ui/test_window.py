"""A real window on a real (if virtual) display, driven by key presses and clicks from outside: from the menu into a match and back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ui.desktop import Desktop, desktop, missing

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
import pygame

pytestmark = [pytest.mark.ui, pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}")]


@pytest.fixture
def screen(tmp_path):
    with desktop(tmp_path) as opened:
        yield opened


def colours(path: Path) -> int:
    """How many different colours a picture has: an empty window has one."""
    picture = pygame.image.load(str(path))
    return len({tuple(picture.get_at((x, y))) for x in range(0, 1280, 8) for y in range(0, 720, 8)})


def pixels(path: Path) -> bytes:
    return pygame.image.tobytes(pygame.image.load(str(path)), "RGB")


def test_from_the_menu_into_a_match_and_back(screen: Desktop) -> None:
    screen.start()
    screen.wait_for_title("Skirmish")
    screen.wait_until(lambda: colours(screen.picture("menu")) > 200, "the menu's picture")

    screen.keys("Return")
    screen.wait_for_title("Skirmish: play against bots")
    screen.keys("Return")
    screen.wait_for_title("Skirmish: match")
    screen.wait_until(lambda: colours(screen.picture("match")) > 200, "the arena")

    before = pixels(screen.picture("before"))
    screen.point(900, 300)
    screen.hold("d", down=True)
    screen.hold("s", down=True)
    screen.wait_until(lambda: pixels(screen.picture("moving")) != before, "something to move")
    screen.hold("s", down=False)
    screen.hold("d", down=False)

    screen.keys("Escape", "Down", "Down", "Down")  # back to the fight, sound, leave the match, leave the server
    screen.picture("pause")
    screen.keys("Return")
    screen.wait_for_title("Skirmish")
    screen.keys("Escape", "Return")  # marks "Quit", presses it
    assert screen.program is not None
    _, errors = screen.program.communicate(timeout=45)
    assert screen.program.returncode == 0, errors
    assert "Traceback" not in errors
    assert (screen.folder / "state" / "preferences.json").is_file(), "settings are saved when the program ends"


def test_settings_are_typed_clicked_and_kept(screen: Desktop) -> None:
    screen.start()
    screen.wait_for_title("Skirmish")
    screen.wait_until(lambda: colours(screen.picture("menu")) > 200, "the menu's picture")
    screen.click(200, 526)  # Settings
    screen.wait_for_title("Skirmish: settings")
    screen.keys("ctrl+u")
    screen.write("Zora")
    screen.click(500, 298)  # the third colour of the palette
    screen.keys("Escape")
    screen.wait_for_title("Skirmish")
    kept = json.loads((screen.folder / "state" / "preferences.json").read_text())
    assert kept["name"] == "Zora"
    assert kept["colour"] == 3


def test_a_server_of_this_computer_is_found_and_joined_by_keyboard(screen: Desktop) -> None:
    command = [sys.executable, "-m", "server", "--exit-with-stdin", "--name", "Found by itself", "--bots", "2"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=screen.environment, text=True
    ) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline().startswith("listening ")
            screen.start()
            screen.wait_for_title("Skirmish")
            screen.wait_until(lambda: colours(screen.picture("menu")) > 200, "the menu's picture")
            screen.keys("Down", "Return")
            screen.wait_for_title("Skirmish: join a game")

            def is_joined() -> bool:
                screen.keys("Home", "Return")  # mark the first line, once there is one, and join it
                return screen.title() == "Skirmish: lobby"

            screen.wait_until(is_joined, "the lobby")
            screen.picture("lobby")
            screen.click(1152, 645)  # "Start now"
            screen.wait_for_title("Skirmish: match")
        finally:
            server.terminate()
            server.communicate(timeout=45)
    screen.wait_for_title("Skirmish")  # the server has gone: back to the menu, which says why
    screen.picture("after")


def test_play_opens_a_window_and_reports_at_the_end(screen: Desktop) -> None:
    screen.start("play", "--bots", "3", "--seconds", "6", "--json")
    screen.wait_for_title("Skirmish: match")
    assert screen.program is not None
    out, errors = screen.program.communicate(timeout=45)
    assert screen.program.returncode == 0, errors
    report = json.loads(out.splitlines()[-1])
    assert report["carrier"] == "udp"
    assert report["snapshots"] > 30
    assert report["ticks"] > 30
    assert report["checksum_mismatches"] == 0


@pytest.mark.parametrize("as_json", [False, True])
def test_sigterm_closes_the_window_in_order_and_the_figures_are_printed(screen: Desktop, as_json: bool) -> None:
    screen.start("play", "--bots", "2", *(["--json"] if as_json else []))
    screen.wait_for_title("Skirmish: match")
    screen.wait_until(lambda: colours(screen.picture("match")) > 200, "the arena")
    assert screen.program is not None
    screen.program.terminate()
    out, errors = screen.program.communicate(timeout=45)
    assert screen.program.returncode == 0, errors
    assert all("a second" in line for line in errors.splitlines()), "but for what is said of a slow computer: nothing"
    if as_json:
        report = json.loads(out.splitlines()[-1])
        assert (report["connected"], report["disconnect_reason"]) == (True, None)
    else:
        assert "Scoreboard" in out
        assert "round trip" in out


def test_f3_shows_the_net_graph_over_a_bad_network(screen: Desktop) -> None:
    screen.start("play", "--bots", "2", "--net", "latency=200,jitter=30,loss=10,burst=4")
    screen.wait_for_title("Skirmish: match")
    screen.wait_until(lambda: colours(screen.picture("match")) > 200, "the arena")
    screen.keys("F3")

    def says_bad() -> bool:
        picture = pygame.image.load(str(screen.picture("net_graph")))
        red, green, blue, _ = picture.get_at((1004, 194))  # the dot before the word
        return red > 200 and green < 140 and blue < 140

    screen.wait_until(says_bad, "a red dot")


def test_a_wrong_password_is_one_line_and_no_window(screen: Desktop) -> None:
    command = [sys.executable, "-m", "server", "--exit-with-stdin", "--password", "sesame"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=screen.environment, text=True
    ) as server:
        assert server.stdout is not None
        port = server.stdout.readline().split("tcp=")[1].split()[0]
        screen.start("join", f"127.0.0.1:{port}", "--password", "simsalabim")
        assert screen.program is not None
        out, errors = screen.program.communicate(timeout=45)
        server.terminate()
        server.communicate(timeout=45)
    assert screen.program.returncode == 2
    assert errors.strip() == "skirmish: The password is wrong. Give the right one with --password."
    assert out == ""
