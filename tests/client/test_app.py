"""The whole program without a person: a dummy window, a real child server, real sockets on this computer."""

from __future__ import annotations

import contextlib
import json
import select
import tomllib

import pygame
import pytest

from engine.conditions import NetConditions
from engine.drivers import now
from game.client.app import PAUSE_S, App
from game.client.attempt import SETTINGS_FILE, Attempt, server_arguments
from game.client.connecting_page import ConnectingPage
from game.client.connection import Connection, ConnectionOptions, server_name
from game.client.lobby_page import LobbyPage
from game.client.local_server import LocalServer
from game.client.match_screen import MatchScreen
from game.client.menu_page import MenuPage
from game.client.online import Entering, Online
from game.client.preferences import PlayerFiles
from game.client.rollback_log import RollbackLog
from game.client.screen import Destination, JoinOrder, ScreenChange, StartOrder
from game.client.servers_page import ServersPage
from game.client.sounds import SoundPlayer
from game.client.start_pages import HostPage, PracticePage
from game.client.window import Window
from tests.client.events import key, letters
from tests.client.fake import FakeClient

WAIT_S_MAX = 30.0


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setenv("SKIRMISH_STATE", str(tmp_path))
    files = PlayerFiles()
    files.preferences.name = "Ada"
    return files


class Person:
    """Somebody in front of the window."""

    def __init__(self, app: App) -> None:
        self.app = app

    def press(self, *codes: int) -> None:
        for code in codes:
            pygame.event.post(key(code))
            self.app.frame()

    def type(self, text: str) -> None:
        for event in letters(text):
            pygame.event.post(event)
        self.app.frame()

    def wait_for(self, condition, what: str) -> None:
        until = now() + WAIT_S_MAX
        while not condition():
            assert now() < until, f"waited in vain for {what}; the screen is {type(self.app.screen).__name__}"
            self.app.frame()
            select.select([], [], [], 0.002)

    def wait_for_screen(self, kind: type) -> None:
        self.wait_for(lambda: isinstance(self.app.screen, kind), kind.__name__)


@pytest.fixture
def person(files):
    pygame.event.clear()
    app = App(files)
    app.begin(ScreenChange(Destination.MENU))
    yield Person(app)
    app.shut()
    pygame.display.init()  # for the tests after this one


@contextlib.contextmanager
def served(*arguments: str):
    with LocalServer(["--bots", "2", *arguments]) as server:
        until = now() + WAIT_S_MAX
        while (port := server.poll()) is None and now() < until:
            select.select([], [], [], 0.005)
        assert port is not None
        yield port


def test_menu_practice_match_and_back(person):
    person.press(pygame.K_RETURN)
    person.wait_for_screen(PracticePage)
    person.press(pygame.K_RETURN)
    person.wait_for_screen(ConnectingPage)
    person.wait_for_screen(MatchScreen)
    match = person.app.screen
    person.wait_for(lambda: match.particles is not None, "the arena")
    person.press(pygame.K_ESCAPE, pygame.K_DOWN, pygame.K_DOWN, pygame.K_RETURN)  # "Leave the match"
    person.wait_for_screen(MenuPage)  # practice has no lobby to go back to
    person.press(pygame.K_ESCAPE, pygame.K_RETURN)
    assert person.app.screen is None, "quit"


def test_hosting_shows_the_room_and_its_owner_and_escape_closes_the_server(person):
    person.press(pygame.K_DOWN, pygame.K_DOWN, pygame.K_RETURN)
    person.wait_for_screen(HostPage)
    page = person.app.screen
    page.name.text, page.password.text = 'Ada\'s "cellar" \\ 中文', "sesame"
    person.press(pygame.K_RETURN)
    person.wait_for_screen(LobbyPage)
    lobby = person.app.screen
    person.wait_for(lambda: lobby.room_panel is not None and lobby.online.is_owner, "our room")
    assert lobby.online.server_name == 'Ada\'s "cellar" \\ 中文'
    assert lobby.online.me.name == "Ada"
    assert not lobby.online.me.ready, "friends are waited for"
    person.press(pygame.K_ESCAPE, pygame.K_ESCAPE)
    person.wait_for_screen(MenuPage)


def test_a_server_of_ours_that_breaks_down_is_not_waited_for(person, monkeypatch):
    started: list[LocalServer] = []
    monkeypatch.setattr("game.client.attempt.LocalServer", lambda arguments: started.append(LocalServer(arguments)) or started[-1])
    person.press(pygame.K_RETURN)
    person.wait_for_screen(PracticePage)
    person.press(pygame.K_RETURN)
    person.wait_for_screen(MatchScreen)
    started[0].kill()
    person.wait_for_screen(MenuPage)
    assert "has ended" in person.app.screen.notice


def test_a_port_in_use_leads_back_to_the_form_with_the_reason(person):
    with served() as port:
        person.press(pygame.K_DOWN, pygame.K_DOWN, pygame.K_RETURN)
        person.wait_for_screen(HostPage)
        person.app.screen.port.text = str(port)
        person.press(pygame.K_RETURN)
        person.wait_for_screen(ConnectingPage)
        person.wait_for_screen(HostPage)
    assert str(port) in person.app.screen.notice


def test_a_typed_address_with_a_password(person):
    with served("--password", "sesame") as port:
        person.press(pygame.K_DOWN, pygame.K_RETURN)
        person.wait_for_screen(ServersPage)
        person.press(pygame.K_TAB)
        person.type(f"127.0.0.1:{port}")
        if person.app.screen.prompt is None:
            person.press(pygame.K_RETURN)
        # Found on the LAN already: the page asks at once. Not yet: the server refuses, and then the page asks.
        person.wait_for(lambda: isinstance(person.app.screen, ServersPage) and person.app.screen.prompt is not None, "the question")
        person.type("simsalabim")
        person.press(pygame.K_RETURN)
        person.wait_for_screen(ConnectingPage)
        person.wait_for(lambda: isinstance(person.app.screen, ServersPage) and person.app.screen.prompt is not None, "the question again")
        person.type("sesame")
        person.press(pygame.K_RETURN)
        person.wait_for_screen(LobbyPage)
        person.wait_for(lambda: person.app.screen.room_panel is not None, "the only room, entered by itself")
        assert server_name("127.0.0.1", port) in PlayerFiles().preferences.recent
    person.wait_for_screen(MenuPage)
    assert "shutting down" in person.app.screen.notice


def test_nobody_at_an_address_and_giving_up(person):
    person.press(pygame.K_DOWN, pygame.K_RETURN)
    person.wait_for_screen(ServersPage)
    person.press(pygame.K_TAB)
    person.type("127.0.0.1:1")
    person.press(pygame.K_RETURN)
    person.wait_for_screen(ConnectingPage)
    person.wait_for_screen(ServersPage)
    assert "no server listens on port 1" in person.app.screen.notice
    person.press(pygame.K_ESCAPE)
    person.wait_for_screen(MenuPage)
    person.press(pygame.K_UP, pygame.K_RETURN)
    person.wait_for_screen(PracticePage)
    person.press(pygame.K_RETURN)
    person.wait_for_screen(ConnectingPage)
    person.press(pygame.K_ESCAPE)
    person.wait_for_screen(PracticePage)


def test_a_new_certificate_is_asked_about_before_it_is_trusted(person, files):
    with served() as port:
        name = server_name("127.0.0.1", port)
        files.known_servers.remember(name, "ab" * 32)
        person.press(pygame.K_DOWN, pygame.K_RETURN)
        person.wait_for_screen(ServersPage)
        person.press(pygame.K_TAB)
        person.type(f"127.0.0.1:{port}")
        person.press(pygame.K_RETURN)
        person.wait_for(lambda: isinstance(person.app.screen, ServersPage) and person.app.screen.prompt is not None, "the question")
        person.press(pygame.K_RETURN)
        assert person.app.screen.prompt is None, "Enter says no"
        assert files.known_servers.pinned(name) == "ab" * 32
        person.press(pygame.K_RETURN)
        person.wait_for(lambda: isinstance(person.app.screen, ServersPage) and person.app.screen.prompt is not None, "the question again")
        person.press(pygame.K_TAB, pygame.K_RETURN)
        person.wait_for_screen(LobbyPage)
        assert files.known_servers.pinned(name) != "ab" * 32


def test_play_reports_and_ends_in_time(files, capsys):
    with served("--local") as port:
        connection = Connection("127.0.0.1", port, files=files, name="Ada", is_own_server=True)
        code = App(files).play(connection, seconds=2.5, as_json=True, is_practice=True)
    pygame.display.init()
    assert code == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["snapshots"] > 10
    assert {"connected", "carrier", "kills", "deaths", "mispredictions", "disconnect_reason", "match_loss_in_pct"} <= set(report)
    assert report["frames_per_s"] > 0


def test_the_command_lines_options_hold_for_servers_joined_or_started_from_the_menu(files, tmp_path, monkeypatch):
    log = RollbackLog(tmp_path / "rollbacks.txt")
    options = ConnectionOptions(NetConditions.parse("latency=2"), 2, log)
    connections = []

    def leave_and_go_elsewhere(app, _):
        person = Person(app)
        person.wait_for(lambda: app._online.session_id is not None, "the first server")
        connections.append(app._online.connection)
        for order in (JoinOrder("127.0.0.1", port), StartOrder(is_practice=True, bots=1)):
            app._go(ScreenChange(Destination.MENU))
            assert app._online is None
            app._go(ScreenChange(Destination.CONNECTING, order=order))
            person.wait_for(lambda: app._online is not None, "the next server")
            connections.append(app._online.connection)

    monkeypatch.setattr(App, "_loop", leave_and_go_elsewhere)
    with served("--local") as port:
        App(files).play(Connection("127.0.0.1", port, files=files, name="Ada", is_own_server=True, options=options))
    pygame.display.init()
    log.close()
    assert len(set(connections)) == 3
    assert [connection.options for connection in connections] == [options] * 3
    assert [connection.client.config.input_delay_ticks for connection in connections] == [2] * 3
    assert not any(connection.driver._bad is None for connection in connections), "and the worse network"


def test_an_input_delay_set_in_the_menu_holds_from_the_next_server_on(files, monkeypatch):
    delays = []

    def set_it_and_go_elsewhere(app, _):
        person = Person(app)
        person.wait_for(lambda: app._online.session_id is not None, "the first server")
        delays.append(app._online.connection.client.config.input_delay_ticks)
        app._go(ScreenChange(Destination.MENU))
        app._go(ScreenChange(Destination.SETTINGS))
        person.press(*[pygame.K_TAB] * 5, pygame.K_RIGHT, pygame.K_RIGHT, pygame.K_RIGHT, pygame.K_ESCAPE)
        person.wait_for_screen(MenuPage)
        app._go(ScreenChange(Destination.CONNECTING, order=JoinOrder("127.0.0.1", port)))
        person.wait_for(lambda: app._online is not None, "the next server")
        delays.append(app._online.connection.client.config.input_delay_ticks)

    monkeypatch.setattr(App, "_loop", set_it_and_go_elsewhere)
    with served("--local") as port:
        App(files).play(Connection("127.0.0.1", port, files=files, name="Ada", is_own_server=True))
    pygame.display.init()
    assert delays == [0, 3]


def test_who_leaves_was_there_until_then(files):
    with served("--local") as port:
        online = Online(Connection("127.0.0.1", port, files=files, name="Ada", is_own_server=True), entering=Entering.FIRST)
        until = now() + WAIT_S_MAX
        while online.session_id is None and now() < until:
            online.poll()
            select.select([], [], [], 0.002)
        online.leave(online.poll())
        report = online.report()
        online.close()
    assert (report["connected"], report["disconnect_reason"]) == (True, None)


def test_a_window_on_a_slow_computer_is_remarked_on_at_the_end(files, capsys, monkeypatch):
    def play_slowly(app, _):
        Person(app).wait_for(lambda: app._online.match is not None, "the match")
        app._match_frames, app._match_s = 90, 3.0

    monkeypatch.setattr(App, "_loop", play_slowly)
    with served("--local") as port:
        App(files).play(Connection("127.0.0.1", port, files=files, name="Ada", is_own_server=True), is_practice=True)
    pygame.display.init()
    assert "This computer managed 30 of 60 frames a second" in capsys.readouterr().err


def test_a_computer_that_slept_is_not_called_slow(files, monkeypatch):
    clock = 100.0
    monkeypatch.setattr("game.client.app.now", lambda: clock)
    app = App(files, Window())
    monkeypatch.setattr(app, "_screen", MatchScreen(FakeClient(), SoundPlayer(None)))
    monkeypatch.setattr(app, "_last", clock)
    for frame in range(200):
        clock += PAUSE_S + 20.0 if frame % 50 == 25 else 0.125 if frame % 50 == 10 else 1 / 60
        app.frame()
    assert app._match_frames == 196
    assert app._match_s == pytest.approx(192 / 60 + 4 * 0.125), "a frame that is only slow is counted"


def test_what_was_played_is_told_to_people_too(files, capsys):
    with served("--local") as port:
        code = App(files).play(Connection("127.0.0.1", port, files=files, name="Ada", is_own_server=True), seconds=2.5, is_practice=True)
    pygame.display.init()
    assert code == 0
    printed = capsys.readouterr().out
    assert "Scoreboard" in printed
    assert "round trip" in printed
    assert "loss in all, received" in printed


def test_a_window_closed_before_any_match_says_so(files, capsys, monkeypatch):
    def close_it(app, _):
        person = Person(app)
        person.wait_for(lambda: app._online.session_id is not None, "the server")
        app._go(ScreenChange(Destination.QUIT))

    monkeypatch.setattr(App, "_loop", close_it)
    with served("--local") as port:
        code = App(files).play(Connection("127.0.0.1", port, files=files, name="Ada", is_own_server=True))
    pygame.display.init()
    assert code == 0
    captured = capsys.readouterr()
    assert "No match was played by the end" in captured.err
    assert captured.out == ""


def test_play_is_refused_in_one_line_without_a_window(files, capsys):
    with served("--local", "--password", "sesame") as port:
        assert App(files).play(Connection("127.0.0.1", port, files=files, name="Ada")) == 2
        assert capsys.readouterr().err == "skirmish: This server wants a password: give it with --password.\n"
        code = App(files).play(Connection("127.0.0.1", port, files=files, name="Ada", password="simsalabim"))
    assert code == 2
    captured = capsys.readouterr()
    assert captured.err.strip() == "skirmish: The password is wrong. Give the right one with --password."
    assert captured.out == ""


def test_the_childs_settings_go_through_a_file_that_only_we_can_read(files, tmp_path):
    order = StartOrder(
        is_practice=True,
        name='"quoted" \\ 中文 \U0001f600',
        port=7790,
        password="se'same",
        bots=3,
        map="reactor",
        frag_limit=7,
        time_limit_s=60,
    )
    arguments = server_arguments(order, files)
    assert arguments == ["--local", "--config", str(tmp_path / SETTINGS_FILE)]
    settings = tomllib.loads((tmp_path / SETTINGS_FILE).read_text(encoding="utf-8"))
    assert settings["server"] == {"name": '"quoted" \\ 中文 \U0001f600', "password": "se'same", "port": 7790}
    assert settings["arena"] == {"bots": 3, "maps": ["reactor"]}
    assert settings["match"] == {"frag_limit": 7, "time_limit_s": 60, "bot_level": 1}
    assert (tmp_path / SETTINGS_FILE).stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "state").write_text("a file where a folder should be")
    attempt = Attempt(StartOrder(is_practice=True), PlayerFiles(tmp_path / "state"))
    assert attempt.is_over
    assert attempt.problem.startswith("The server could not be started")


def test_only_a_player_can_answer_some_refusals(files):
    with served("--local", "--password", "sesame") as port:
        attempt = Attempt(JoinOrder("127.0.0.1", port), files)
        until = now() + WAIT_S_MAX
        while not attempt.is_over and now() < until:
            attempt.poll()
            select.select([], [], [], 0.002)
    assert attempt.question == JoinOrder("127.0.0.1", port)
    assert attempt.problem == "The password is wrong."
