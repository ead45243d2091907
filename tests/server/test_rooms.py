"""Who may do what in rooms, and what everybody is told about it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.control.messages import (
    ChangeRoom,
    ChatSaid,
    CreateRoom,
    JoinRoom,
    KickMember,
    LeaveRoom,
    LeftRoom,
    ListRooms,
    Request,
    RequestTicket,
    Rooms,
    RoomState,
    SayChat,
    ServerNotice,
    SetReady,
    StartMatch,
)
from engine.errors import DisconnectReason
from engine.ids import SessionId
from engine.session.values import CloseMatch
from tests.server.lobby_bench import Bench, ToyRules, config_with


def test_who_creates_a_room_owns_it_and_everybody_sees_it() -> None:
    bench = Bench()
    bench.come(1, 2)
    bench.do(1, CreateRoom("  Den\u202e ", {"frag_limit": 7}, seats=4, password="hush"))
    state = bench.last_heard(1, RoomState)
    assert (state.name, state.seats, state.owner, state.phase) == ("Den", 4, 1, "gathering")
    assert state.settings == {"map": "yard", "frag_limit": 7}
    assert [member.name for member in state.members] == ["P1"]
    bench.do(2, ListRooms())
    line = bench.last_heard(2, Rooms).rooms[0]
    assert (line.name, line.members, line.seats, line.has_password, line.is_playing) == ("Den", 1, 4, True, False)


def test_players_outside_are_told_a_changed_list_by_itself() -> None:
    bench = Bench()
    bench.come(1, 2)
    assert bench.last_heard(2, Rooms).rooms == []
    bench.do(1, CreateRoom("Den", {}))
    bench.wait(1.1)
    assert [line.name for line in bench.last_heard(2, Rooms).rooms] == ["Den"]
    told = len(bench.all_heard(2, Rooms))
    bench.wait(5)
    assert len(bench.all_heard(2, Rooms)) == told, "an unchanged list is not news"


@pytest.mark.parametrize(
    ("request_", "reason", "words"),
    [
        (CreateRoom("x", {"map": "moon"}), "settings", "no map 'moon'"),
        (CreateRoom("x", {}, seats=1), "settings", "2 to 16 seats"),
        (CreateRoom("x", {}, seats=17), "settings", "2 to 16 seats"),
        (JoinRoom(99), "no_such_room", "no such room"),
        (JoinRoom(0), "no_such_room", "no such room"),
        (LeaveRoom(), "no_room", "not in a room"),
        (SetReady(True), "no_room", "not in a room"),
        (StartMatch(), "no_room", "not in a room"),
        (ChangeRoom({}), "no_room", "not in a room"),
        (KickMember(2), "no_room", "not in a room"),
        (SayChat("hi"), "no_room", "not in a room"),
        (RequestTicket(), "no_room", "not in a room"),
    ],
)
def test_what_cannot_be_done_is_denied_with_a_sentence(request_: Request, reason: str, words: str) -> None:
    bench = Bench()
    bench.come(1)
    bench.do(1, request_)
    denied = bench.denial(1)
    assert (denied.request, denied.reason) == (type(request_).__name__, reason)
    assert words in denied.sentence
    assert bench.lobby.statistics().denied == 1


def test_passwords_of_rooms() -> None:
    bench = Bench()
    bench.come(1, 2)
    bench.do(1, CreateRoom("Den", {}, password="hush"))
    bench.do(2, JoinRoom(1, "hash"))
    assert bench.denial(2).reason == DisconnectReason.WRONG_PASSWORD.value
    bench.do(2, JoinRoom(0))
    assert bench.denial(2).reason == DisconnectReason.NO_SUCH_ROOM.value, "a locked room is no open room"
    bench.do(2, JoinRoom(1, "hush"))
    assert len(bench.last_heard(2, RoomState).members) == 2


def test_join_zero_takes_the_first_open_room_that_is_not_full() -> None:
    bench = Bench()
    bench.come(1, 2, 3, 4, 5)
    bench.do(1, CreateRoom("Full", {}, seats=2))
    bench.do(2, JoinRoom(0))
    bench.do(3, CreateRoom("Locked", {}, password="x"))
    bench.do(4, CreateRoom("Open", {}))
    bench.do(5, JoinRoom(0))
    assert bench.last_heard(5, RoomState).name == "Open"


def test_a_full_room_is_said_to_be_full() -> None:
    bench = Bench()
    bench.come(3)
    bench.gather(1, 2, seats=2)
    for room_id in (1, 0):
        bench.do(3, JoinRoom(room_id))
        assert bench.denial(3).reason == DisconnectReason.ROOM_FULL.value


def test_joining_where_one_is_already_changes_nothing_and_answers() -> None:
    bench = Bench()
    bench.gather(1, 2)
    before = len(bench.all_heard(2, RoomState))
    bench.do(2, JoinRoom(1))
    bench.do(2, JoinRoom(0))
    assert len(bench.all_heard(2, RoomState)) == before + 2
    assert len(bench.room(2).members) == 2


def test_joining_another_room_leaves_the_first_and_an_empty_room_closes() -> None:
    bench = Bench()
    bench.come(1, 2)
    bench.do(1, CreateRoom("A", {}))
    bench.do(2, CreateRoom("B", {}))
    bench.do(1, JoinRoom(2))
    assert [room.name for room in bench.lobby.rooms] == ["B"]
    bench.do(1, LeaveRoom())
    assert bench.last_heard(1, LeftRoom).reason == DisconnectReason.CLOSED_BY_US.value
    bench.do(2, LeaveRoom())
    assert bench.lobby.rooms == ()


def test_a_failed_join_does_not_cost_the_old_room() -> None:
    bench = Bench()
    bench.come(1, 2)
    bench.do(1, CreateRoom("A", {}))
    bench.do(2, CreateRoom("B", {}, password="x"))
    bench.do(1, JoinRoom(2, "y"))
    bench.do(1, CreateRoom("C", {"map": "moon"}))
    assert bench.room(1).name == "A"


def test_room_names_are_unique_and_rooms_are_limited() -> None:
    bench = Bench(config_with(arena={"enabled": False}, rooms={"rooms_max": 3}))
    bench.come(1, 2, 3, 4)
    long = "A very long name of a room, 32 c"
    for session_id in (1, 2, 3, 4):
        bench.do(session_id, CreateRoom(long, {}))
    names = [room.name for room in bench.lobby.rooms]
    assert names == [long, long[:30] + " 2", long[:30] + " 3"]
    assert bench.denial(4).reason == "rooms_max"
    assert bench.lobby.statistics().rooms_peak == 3


def test_a_server_may_keep_its_own_rooms_only() -> None:
    bench = Bench(config_with(rooms={"players_create": False}))
    bench.come(1)
    bench.do(1, CreateRoom("Den", {}))
    assert bench.denial(1).reason == "not_allowed"
    bench.do(1, JoinRoom(0))
    assert bench.last_heard(1, RoomState).name == "Arena"


# --- the owner ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [ChangeRoom({"map": "hall"}), StartMatch(), KickMember(3)])
def test_only_the_owner_may(request_: Request) -> None:
    bench = Bench()
    bench.gather(1, 2, 3)
    bench.do(2, request_)
    assert bench.denial(2).reason == "not_owner"
    bench.do(1, request_)
    assert not bench.all_heard(1, type(bench.denial(2)))


def test_the_owner_changes_settings_between_matches_only() -> None:
    bench = Bench()
    bench.gather(1, 2)
    bench.do(1, ChangeRoom({"map": "moon"}))
    assert "moon" in bench.denial(1).sentence
    bench.do(1, ChangeRoom({"map": "hall"}, bots=2))
    state = bench.room(2)
    assert state.settings["map"] == "hall"
    assert state.settings["frag_limit"] == 20, "what is not named stays"
    assert [member.is_bot for member in state.members] == [False, False, True, True]
    bench.do(1, StartMatch())
    bench.do(1, ChangeRoom({"map": "yard"}))
    assert bench.denial(1).reason == "running"


def test_kicked_is_out_told_why_and_stays_out() -> None:
    bench = Bench()
    bench.gather(1, 2, 3)
    bench.do(1, KickMember(2))
    assert bench.last_heard(2, LeftRoom).reason == DisconnectReason.KICKED.value
    assert "P2 was removed by P1." in bench.last_heard(3, ChatSaid).text
    assert [member.session_id for member in bench.room(3).members] == [1, 3]
    for room_id in (0, 1):
        bench.do(2, JoinRoom(room_id))
    assert [denied.reason for denied in bench.all_heard(2, type(bench.denial(2)))] == ["no_such_room", "kicked"]


@pytest.mark.parametrize("target", [1, 99])
def test_nobody_kicks_himself_or_strangers(target: int) -> None:
    bench = Bench()
    bench.gather(1, 2)
    bench.do(1, KickMember(target))
    assert bench.denial(1).reason == "no_such_member"
    assert len(bench.room(1).members) == 2


def test_when_the_owner_goes_the_longest_connected_member_follows() -> None:
    bench = Bench()
    bench.gather(1, 2, 3)
    bench.lobby.lost(SessionId(2), bench.now)
    bench.do(1, LeaveRoom())
    assert bench.room(3).owner == 3
    assert "P3 owns the room now." in bench.last_heard(3, ChatSaid).text
    bench.lobby.left(SessionId(3), DisconnectReason.CLOSED_BY_PEER, bench.now)
    bench.lobby.resumed(SessionId(2), bench.now)
    assert bench.room(2).owner == 2


def test_a_lost_owner_stays_owner_until_he_is_given_up() -> None:
    bench = Bench()
    bench.gather(1, 2)
    bench.lobby.lost(SessionId(1), bench.now)
    state = bench.room(2)
    assert state.owner == 1
    assert [member.is_connected for member in state.members] == [False, True]
    bench.lobby.left(SessionId(1), DisconnectReason.TIMED_OUT, bench.now)
    assert bench.room(2).owner == 2


# --- chat, pings, size ----------------------------------------------------------------------------------------------------------------


def test_chat_goes_to_the_room_alone_and_is_clean() -> None:
    bench = Bench()
    bench.come(3)
    bench.gather(1, 2)
    bench.do(1, SayChat("hello\x1b[2J \u202eworld"))
    said = bench.last_heard(2, ChatSaid)
    assert (said.session_id, said.name, said.text) == (1, "P1", "hello[2J world")
    assert bench.last_heard(1, ChatSaid) == said
    assert not bench.all_heard(3, ChatSaid)
    bench.do(1, SayChat("\u200b \x07"))
    assert len(bench.all_heard(2, ChatSaid)) == 1, "an empty line is not said"


def test_pings_are_shown_at_most_once_a_second() -> None:
    bench = Bench()
    bench.gather(1, 2)
    bench.wait(1)
    before = len(bench.all_heard(1, RoomState))
    for step in range(40):
        bench.lobby.update_pings(lambda session_id, step=step: 10 + step if session_id == 2 else None, bench.now)
        bench.wait(0.05, step_s=0.05)
    assert 1 <= len(bench.all_heard(1, RoomState)) - before <= 3
    assert bench.last_heard(1, RoomState).members[1].ping_ms >= 10


def test_a_large_room_is_not_told_of_every_arrival() -> None:
    bench = Bench(config_with(arena={"enabled": False}, rooms={"seats_max": 256}, server={"players_max": 256}))
    bench.come(*range(1, 201))
    bench.do(1, CreateRoom("Crowd", {}, seats=256))
    for session_id in range(2, 201):
        bench.do(session_id, JoinRoom(1))
        bench.wait(0.016, step_s=0.016)
    assert bench.all_heard(200, RoomState), "who comes is shown the room at once"
    assert len(bench.all_heard(1, RoomState)) < 80
    bench.wait(2)
    assert len(bench.last_heard(1, RoomState).members) == 200, "and in the end everybody knows"


def test_who_is_away_is_not_sent_every_state_of_the_room() -> None:
    bench = Bench()
    bench.gather(1, 2)
    bench.lobby.lost(SessionId(2), bench.now)
    bench.wait(0.1)
    before = len(bench.all_heard(2, RoomState))
    for ready in (True, False, True):
        bench.do(1, SetReady(ready))
        bench.wait(0.1)
    assert len(bench.all_heard(2, RoomState)) == before
    bench.lobby.resumed(SessionId(2), bench.now)
    bench.wait(0.1)
    assert bench.last_heard(2, RoomState).members[0].ready


# --- ends -----------------------------------------------------------------------------------------------------------------------------


def test_drain_tells_everybody_ends_matches_and_takes_nothing_new() -> None:
    bench = Bench()
    bench.come(3)
    opened = bench.play(1, 2)
    bench.lobby.drain()
    bench.collect()
    for session_id in (1, 2, 3):
        assert bench.last_heard(session_id, ServerNotice).text == DisconnectReason.SERVER_CLOSING.sentence
    assert bench.last_asked(CloseMatch).match_id == opened.match_id
    bench.do(3, JoinRoom(1))
    assert bench.denial(3).reason == DisconnectReason.SERVER_CLOSING.value


def test_an_unknown_map_in_the_settings_is_a_sentence_at_start() -> None:
    with pytest.raises(ValueError, match="There is no map 'moon'"):
        Bench(config_with(arena={"maps": ("yard", "moon")}))


_REQUESTS = st.one_of(
    st.builds(ListRooms),
    st.builds(CreateRoom, st.text(max_size=4), st.just({}), st.integers(0, 5), st.sampled_from(["", "x"]), st.integers(0, 9)),
    st.builds(JoinRoom, st.integers(0, 4), st.sampled_from(["", "x"])),
    st.builds(LeaveRoom),
    st.builds(SetReady, st.booleans()),
    st.builds(ChangeRoom, st.sampled_from([{}, {"map": "hall"}, {"map": "moon"}]), st.integers(0, 9)),
    st.builds(StartMatch),
    st.builds(KickMember, st.integers(0, 5)),
    st.builds(SayChat, st.text(max_size=5)),
    st.builds(RequestTicket),
)
_STEPS = st.one_of(
    st.tuples(st.sampled_from(["lost", "resumed", "left", "come"]), st.integers(1, 5)),
    st.tuples(st.integers(1, 5), _REQUESTS),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 3.0, 9.0])),
    st.tuples(st.just("over"), st.integers(1, 4)),
    st.tuples(st.just("tickets"), st.just(0)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_STEPS, max_size=40), st.booleans())
def test_whatever_players_do_the_rooms_stay_sound(steps: list[tuple[object, object]], permanent: bool) -> None:
    bench = Bench(config_with(arena={"enabled": permanent, "seats": 3, "bots": 2}, rooms={"rooms_max": 3, "seats_max": 4}))
    here: set[int] = set()
    for what, value in steps:
        if what == "come" and value not in here:
            here.add(value)
            bench.come(value)
        elif what == "left":
            here.discard(value)
            bench.lobby.left(SessionId(value), DisconnectReason.TIMED_OUT, bench.now)
        elif what in ("lost", "resumed") and value in here:
            getattr(bench.lobby, what)(SessionId(value), bench.now)
        elif isinstance(what, int):
            bench.do(what, value)
        elif what == "wait":
            bench.wait(value)
        elif what == "over":
            bench.finish({0: 3, 1: 5}, match_id=value)
        elif what == "tickets":
            bench.issue_tickets()
        _check(bench, here, permanent)


def _check(bench: Bench, here: set[int], permanent: bool) -> None:
    seen: set[int] = set()
    for room in bench.lobby.rooms:
        assert room.members or room.is_permanent, "an empty room closes"
        assert not seen & set(room.members), "nobody is in two rooms"
        seen |= set(room.members)
        assert set(room.members) <= here
        assert room.owner in room.members or not room.members
        assert len(room.members) + len(room.bots) <= room.seats
        seats = [who.seat for who in (*room.members.values(), *room.bots) if who.seat is not None]
        assert len(seats) == len(set(seats)), "two on one seat"
        assert all(0 <= seat < room.seats for seat in seats)
        assert bool(seats) == room.is_running
        assert (room.phase.value == "playing") == room.is_running
        assert room.has_players or not room.is_running, "bots do not play alone"
    assert len(bench.lobby.rooms) >= int(permanent)
    assert len({room.name for room in bench.lobby.rooms}) == len(bench.lobby.rooms)


def test_the_toy_is_a_game() -> None:
    game = ToyRules().make_game({}, 4)
    world = game.new_world(0)
    assert world.schema.seats == 4
