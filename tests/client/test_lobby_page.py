from __future__ import annotations

import pygame
import pytest

from engine.control.messages import (
    ChangeRoom,
    CreateRoom,
    JoinRoom,
    KickMember,
    LeaveRoom,
    SayChat,
    SetReady,
    StartMatch,
)
from engine.errors import DisconnectReason
from engine.session.client_events import ChatReceived, Closed, ConnectionResumed, Noticed, RequestDenied, RoomLeft
from game.client import theme
from game.client.backdrop import Backdrop
from game.client.lobby_page import LobbyPage
from game.client.pages import Stage
from game.client.preferences import PlayerFiles
from game.client.screen import Destination, ScreenChange
from game.client.sounds import SoundPlayer
from tests.client.events import click, key, letters
from tests.client.fake_online import FakeOnline, member, room, summary


@pytest.fixture(scope="module")
def backdrop():
    return Backdrop()


class Lobby:
    """The page on a fake connection."""

    def __init__(self, stage: Stage, surface: pygame.Surface, online: FakeOnline) -> None:
        self.online = online
        self.surface = surface
        self.now = 50.0
        self.page = LobbyPage(stage, online)  # type: ignore[arg-type]
        self.frame()

    def give(self, *events: pygame.event.Event) -> ScreenChange | None:
        for event in events:
            self.page.handle_event(event)
        return self.frame()

    def frame(self) -> ScreenChange | None:
        self.now += 1 / 60
        change = self.page.update(self.now, 1 / 60)
        self.page.draw(self.surface)
        return change

    def picture(self) -> bytes:
        """Without what moves by itself."""
        self.page.draw(self.surface)
        return pygame.image.tobytes(self.surface.subsurface((600, 92, 640, 510)), "RGB")


@pytest.fixture
def open_lobby(backdrop, tmp_path, surface):
    stage = Stage(PlayerFiles(tmp_path / "state"), SoundPlayer(None), backdrop)
    return lambda online: Lobby(stage, surface, online)


@pytest.fixture
def in_room(open_lobby):
    online = FakeOnline()
    online.room = room(member(1, "Ada"), member(2, "Bob", ready=True), member(0, "Argon", is_bot=True))
    return open_lobby(online)


@pytest.fixture
def outside(open_lobby):
    online = FakeOnline()
    online.rooms = (summary(1, "Arena"), summary(2, "Locked", has_password=True))
    return open_lobby(online)


def panel(lobby):
    assert lobby.page.room_panel is not None
    return lobby.page.room_panel


def test_ready_is_the_first_thing_under_enter_and_goes_both_ways(in_room):
    in_room.give(key(pygame.K_RETURN))
    assert in_room.online.requests == [SetReady(True)]
    in_room.online.room = room(member(1, "Ada", ready=True))
    in_room.frame()
    in_room.give(key(pygame.K_RETURN))
    assert in_room.online.requests[-1] == SetReady(False)


def test_the_owner_starts_changes_and_kicks(in_room):
    page = panel(in_room)
    in_room.give(*click(page.start.rect.center))
    in_room.give(*click((page.map.rect.right - 10, page.map.rect.centery)))
    x, y = page.members.rect.right - 10, page.members.rect.y
    in_room.give(*click((x, y + 40)))
    in_room.give(*click((x, y + 8)), *click((x, y + 70)), *click((x, y + 300)))  # himself, a bot, nobody
    assert in_room.online.requests == [
        StartMatch(),
        ChangeRoom({"map": "crossfire", "frag_limit": 20, "time_limit_s": 300}, bots=1),
        KickMember(2),
    ]


def test_who_is_not_the_owner_sees_but_does_not_touch(open_lobby):
    online = FakeOnline()
    online.room = room(member(1, "Ada"), member(2, "Bob"), owner=2)
    lobby = open_lobby(online)
    page = panel(lobby)
    assert not page.start.is_visible
    lobby.give(*click((page.map.rect.right - 10, page.map.rect.centery)))
    lobby.give(*click((page.members.rect.right - 10, page.members.rect.y + 40)))
    assert online.requests == []


def test_a_change_by_the_owner_is_shown_not_sent_back(open_lobby):
    online = FakeOnline()
    online.room = room(member(1, "Ada"))
    lobby = open_lobby(online)
    before = lobby.picture()
    online.room = room(member(1, "Ada"))
    online.room.settings["map"] = "reactor"
    lobby.frame()
    assert panel(lobby).map.value == "reactor"
    assert lobby.picture() != before
    assert online.requests == []


@pytest.mark.parametrize(
    ("seconds", "kills", "words"),
    [
        (30, 7, ("30 seconds", "7 kills")),
        (60, 1, ("1 minute", "1 kill")),
        (90, 0, ("90 seconds", "No limit")),
        (1, 20, ("1 second", "20 kills")),
        (3600, 500, ("60 minutes", "500 kills")),
        ("long", "many", ("long", "many kills")),
    ],
)
def test_a_servers_own_limits_have_their_units(open_lobby, seconds, kills, words):
    online = FakeOnline()
    online.room = room(member(1, "Ada"))
    online.room.settings.update(time_limit_s=seconds, frag_limit=kills)
    page = panel(open_lobby(online))
    assert (page.time.words, page.frags.words) == words


def test_chat_goes_out_with_enter_and_comes_in_with_its_name(in_room):
    page = panel(in_room)
    before = in_room.picture()
    in_room.give(*click(page.chat.rect.center))
    in_room.give(*letters("  hello   there "), key(pygame.K_RETURN), key(pygame.K_RETURN))
    assert in_room.online.requests == [SayChat("hello there")], "and an empty line says nothing"
    in_room.online.tell(ChatReceived(2, "Bob", "hi " * 60), ChatReceived(0, "", "The server speaks."))
    in_room.frame()
    assert in_room.online.chat.lines[0].name == "Bob"
    assert in_room.picture() != before


def test_escape_leaves_the_chat_line_then_marks_the_button_then_leaves_the_server(in_room):
    page = panel(in_room)
    in_room.give(*click(page.chat.rect.center), *letters("half a thou"))
    assert in_room.give(key(pygame.K_ESCAPE)) is None
    assert page.chat.text == ""
    assert in_room.give(key(pygame.K_ESCAPE)) is None
    assert page.form.focus is page.leave_server
    assert not in_room.online.has_left
    change = in_room.give(key(pygame.K_ESCAPE))
    assert change is not None
    assert change.to is Destination.MENU
    assert in_room.online.has_left


def test_outside_rooms_escape_marks_the_button_too(outside):
    assert outside.give(key(pygame.K_ESCAPE)) is None
    assert not outside.online.has_left
    change = outside.give(key(pygame.K_ESCAPE))
    assert change is not None
    assert outside.online.has_left


def test_with_several_rooms_escape_leaves_the_room(in_room):
    in_room.online.rooms = (summary(1, "Arena"), summary(3, "Friday night"))
    assert in_room.give(key(pygame.K_ESCAPE)) is None
    assert in_room.online.requests == [LeaveRoom()]


def test_a_running_match_is_joined_late_and_entered_when_it_is_there(open_lobby):
    online = FakeOnline()
    online.room = room(member(1, "Ada"), member(2, "Bob", seat=0), phase="playing")
    lobby = open_lobby(online)
    assert panel(lobby).ready.label == "Join the match"
    lobby.give(key(pygame.K_RETURN))
    assert online.requests == [SetReady(True)]
    online.match = object()
    change = lobby.frame()
    assert change is not None
    assert change.to is Destination.MATCH


def test_a_match_that_we_are_leaving_is_not_entered_again(open_lobby):
    online = FakeOnline()
    online.room = room(member(1, "Ada", seat=0), phase="playing")
    online.match, online.is_leaving = object(), True
    lobby = open_lobby(online)
    assert lobby.frame() is None
    assert lobby.page.room_panel is None
    online.match, online.is_leaving, online.room, online.rooms = None, False, None, (summary(1, "Arena"),)
    online.tell(RoomLeft(DisconnectReason.CLOSED_BY_US))
    assert lobby.frame() is None
    assert lobby.page.rooms_panel is not None
    assert lobby.page.notice == "", "it was our own wish"


def test_the_countdown_is_laid_over_the_room(in_room):
    before = in_room.picture()
    in_room.online.room = room(member(1, "Ada", ready=True), phase="countdown", countdown_s=3)
    in_room.frame()
    with_three = in_room.picture()
    in_room.online.room = room(member(1, "Ada", ready=True), phase="countdown", countdown_s=2)
    in_room.frame()
    assert len({before, with_three, in_room.picture()}) == 3


def test_rooms_are_entered_and_locked_ones_ask(outside):
    outside.give(key(pygame.K_RETURN))
    assert outside.online.requests == [JoinRoom(1)]
    outside.give(key(pygame.K_DOWN), key(pygame.K_RETURN))
    assert outside.page.rooms_panel.prompt is not None
    outside.give(*letters("sesame"), key(pygame.K_RETURN))
    assert outside.online.requests[-1] == JoinRoom(2, "sesame")
    assert outside.page.rooms_panel.prompt is None
    outside.online.tell(RequestDenied("JoinRoom", "wrong_password", "The password is wrong."))
    outside.frame()
    assert outside.page.rooms_panel.prompt is not None, "asked again"
    outside.give(key(pygame.K_ESCAPE))
    assert outside.page.rooms_panel.prompt is None
    assert not outside.online.has_left, "Escape was the prompt's"


def test_a_room_of_ones_own(outside):
    rooms = outside.page.rooms_panel
    outside.give(*click(rooms.name.rect.center), key(pygame.K_u, pygame.KMOD_CTRL), *letters("Mine"), key(pygame.K_TAB), *letters("pw"))
    outside.give(key(pygame.K_RETURN))
    assert outside.online.requests == [
        CreateRoom("Mine", {"map": "courtyard", "frag_limit": 20, "time_limit_s": 300}, 16, password="pw", bots=0)
    ]


def test_refusals_kicks_and_notices_are_said(outside):
    for event, sentence in (
        (RequestDenied("CreateRoom", "rooms_max", "All rooms are taken."), "All rooms are taken."),
        (RoomLeft(DisconnectReason.KICKED), DisconnectReason.KICKED.sentence),
        (Noticed("The server restarts."), "The server restarts."),
        (ConnectionResumed(), "Reconnected; your seat was kept."),
    ):
        outside.online.tell(event)
        outside.frame()
        assert outside.page.notice == sentence


def test_the_end_of_the_session_goes_to_the_menu_with_the_reason(outside):
    outside.online.tell(Closed(DisconnectReason.SERVER_CLOSING))
    change = outside.frame()
    assert change == ScreenChange(Destination.MENU, DisconnectReason.SERVER_CLOSING.sentence)


def test_a_lost_connection_is_laid_over_and_says_for_how_long(in_room):
    before = in_room.picture()
    in_room.online.lost_because = DisconnectReason.STREAM_LOST.sentence
    lost = in_room.picture()
    in_room.online.resume_left_s = 10.0
    assert len({before, lost, in_room.picture()}) == 3


@pytest.mark.parametrize(("here", "area"), [(1, (60, 320, 500, 120)), (14, (400, 615, 400, 60))], ids=["free seats", "a full list"])
def test_a_hosts_room_shows_where_friends_join(open_lobby, surface, here, area):
    online = FakeOnline()
    online.room = room(*(member(number, f"Player {number}") for number in range(1, here + 1)))
    open_lobby(online)
    without = pygame.image.tobytes(surface.subsurface(area), "RGB")
    online.friends = ("192.168.1.5", "[fd00::2]:7778")
    lobby = open_lobby(online)
    assert pygame.image.tobytes(surface.subsurface(area), "RGB") != without
    assert panel(lobby).leave_server.label == "Close the server"


def test_how_many_seats_are_free_is_told_where_they_would_be(open_lobby, monkeypatch):
    said = []
    draw = theme.texts.draw
    monkeypatch.setattr(theme.texts, "draw", lambda surface, text, *place, **how: said.append(text) or draw(surface, text, *place, **how))
    online = FakeOnline()
    for count, sentence in ((1, "15 seats free"), (9, "7 seats free"), (14, None)):
        said.clear()
        online.room = room(*(member(number, f"Player {number}") for number in range(1, count + 1)))
        open_lobby(online)
        assert [text for text in said if text.endswith("free")][:1] == ([sentence] if sentence else [])


def test_a_full_room_of_everybody_draws_and_scrolls(open_lobby):
    online = FakeOnline()
    people = [member(n, f"Player {n} 中文", ready=n % 2 == 0, is_connected=n % 5 != 0, seat=n % 3 - 1) for n in range(1, 60)]
    online.room = room(*people, *(member(0, f"Bot {n}", is_bot=True) for n in range(10)))
    lobby = open_lobby(online)
    page = panel(lobby)
    lobby.page.form.focus = page.members
    lobby.give(*[key(pygame.K_DOWN)] * 40, key(pygame.K_DELETE))
    assert online.requests == [KickMember(41)]
