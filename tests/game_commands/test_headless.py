"""The headless player's decisions, without a network: whose fault an end is, and what an autopilot does in a lobby."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.control.messages import JoinRoom, Member, RoomState, RoomSummary, SetReady
from engine.errors import DisconnectReason
from engine.session import client_events as e
from game.client.autopilot import Autopilot
from game.client.headless import IN_ORDER, OUR_FAULT, PLAYERS_NAMED_MAX, Ending, Headless
from game.client.remarks import tell_missing_snapshots, tell_no_match
from game.client.stopping import StopSignals


class Client:
    """As much of a client as a lobby takes."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.rooms: tuple[RoomSummary, ...] = ()
        self.room: RoomState | None = None
        self.match = None
        self.session_id = 7
        self.closed_because = None
        self.pending: list[e.ClientEvent] = []

    def request(self, request: Any) -> None:
        self.requests.append(request)

    def events(self) -> list[e.ClientEvent]:
        events, self.pending = self.pending, []
        return events


def lobby(room: str = "", password: str = "") -> tuple[Client, Autopilot]:
    client = Client()
    return client, Autopilot(client, level=0, seed=1, room=room, password=password)  # type: ignore[arg-type]


def tell(client: Client, autopilot: Autopilot, *events: e.ClientEvent) -> list[Any]:
    """What it asks for, told so."""
    client.pending += events
    autopilot.update()
    requests, client.requests = client.requests, []
    return requests


def summary(room_id: int, name: str) -> RoomSummary:
    return RoomSummary(room_id, name, {}, 0, 16, False, False)


def room_with(*, ready: bool) -> RoomState:
    me = Member(session_id=7, name="Ada", colour=0, ready=ready, seat=-1, ping_ms=0, is_connected=True)
    return RoomState(1, "Arena", {}, 16, 7, "gathering", 0, False, [me])


def test_any_room_is_entered_at_once() -> None:
    client, autopilot = lobby(password="w")
    assert tell(client, autopilot, e.LobbyEntered(), e.RoomsListed()) == [JoinRoom(0, "w")]
    assert tell(client, autopilot, e.RoomsListed()) == []


def test_a_named_room_is_looked_for_once_and_again_after_a_restart() -> None:
    client, autopilot = lobby("the den", "w")
    client.rooms = (summary(1, "Arena"), summary(4, "The Den"))
    assert tell(client, autopilot, e.LobbyEntered()) == []
    assert tell(client, autopilot, e.RoomsListed(), e.RoomsListed()) == [JoinRoom(4, "w")]
    client.rooms = (summary(2, "The Den"),)
    assert tell(client, autopilot, e.LobbyEntered(), e.RoomsListed()) == [JoinRoom(2, "w")]
    assert autopilot.problem is None


def test_it_asks_to_be_ready_until_it_is_but_not_with_every_news() -> None:
    client, autopilot = lobby()
    client.room = room_with(ready=False)
    assert tell(client, autopilot, e.RoomChanged(), e.RoomChanged()) == [SetReady(True)]
    assert tell(client, autopilot, e.RoomChanged()) == []
    client.room = room_with(ready=True)
    assert tell(client, autopilot, e.RoomChanged()) == []
    client.room = room_with(ready=False)  # the match could not start
    assert tell(client, autopilot, e.RoomChanged()) == [SetReady(True)]
    assert tell(client, autopilot, e.RequestDenied("SetReady", "too_fast", "Slowly."), e.RoomChanged()) == [SetReady(True)]
    assert autopilot.problem is None


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (e.RequestDenied("JoinRoom", "room_full", "The room is full."), DisconnectReason.ROOM_FULL),
        (e.RequestDenied("JoinRoom", "too_fast", "Slowly."), DisconnectReason.CLOSED_BY_PEER),
        (e.RoomLeft(DisconnectReason.KICKED), DisconnectReason.KICKED),
    ],
)
def test_without_a_place_there_is_nothing_to_wait_for(event: e.ClientEvent, reason: DisconnectReason) -> None:
    client, autopilot = lobby()
    tell(client, autopilot, e.LobbyEntered(), event)
    assert autopilot.problem is reason
    assert autopilot.problem_sentence.endswith(".")


@pytest.mark.parametrize("reason", list(DisconnectReason))
def test_every_end_has_an_exit_code(reason: DisconnectReason) -> None:
    assert Ending(reason, "", was_in=False).exit_code == 2
    assert Ending(reason, "", was_in=True).exit_code == (2 if reason in OUR_FAULT else 0 if reason in IN_ORDER else 1)


def players(*endings: Ending | None) -> Headless:
    headless = Headless([(SimpleNamespace(), SimpleNamespace())] * len(endings), stop=StopSignals())  # type: ignore[list-item]
    headless.endings[:] = endings
    return headless


def test_problems_of_many_are_a_line_each() -> None:
    full = Ending(DisconnectReason.SERVER_FULL, "Full.", was_in=False)
    lost = Ending(DisconnectReason.TIMED_OUT, "Lost.", was_in=True)
    closing = Ending(DisconnectReason.SERVER_CLOSING, "Closing.", was_in=True)
    assert players(full, None, full, lost, closing).problems() == ["Full. (2 of 5 players)", "Lost. (1 of 5 players)"]
    assert players(full, full).problems() == ["Full."]
    assert players(full, lost).exit_code == 2
    assert players(None, lost).exit_code == 1
    assert players(None, closing).exit_code == 0


def test_the_end_of_our_own_server_is_everybodys() -> None:
    headless = players(None, None)
    server = SimpleNamespace(take_lines=lambda: ["a line"], is_running=False)
    headless._look_at_server(server)  # type: ignore[arg-type]
    assert headless.exit_code == 1
    assert headless.problems() == ["The server that was started for this match has ended."]


def told_of(headless: Headless, count: int, capsys: pytest.CaptureFixture[str]) -> list[str]:
    for index in range(count):
        headless._players[index][0].client = SimpleNamespace(server_name="Cellar", player_name=f"Bot {index + 1}")
        for _ in range(2):  # a room changes often
            headless._tell(index, e.RoomChanged())
    return capsys.readouterr().err.splitlines()


def test_each_of_a_few_players_is_named_and_many_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    def several(count: int) -> Headless:
        pairs = [(SimpleNamespace(), SimpleNamespace()) for _ in range(count)]
        return Headless(pairs, stop=StopSignals())  # type: ignore[arg-type]

    assert told_of(several(2), 2, capsys) == ["joined Cellar as Bot 1", "joined Cellar as Bot 2"]
    many = told_of(several(20), 20, capsys)
    assert many[:-1] == [f"joined Cellar as Bot {number}" for number in range(1, PLAYERS_NAMED_MAX + 1)]
    assert many[-1] == "all 20 players have joined"


def test_a_time_too_short_for_a_match_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    nothing, something = {"snapshots": 0, "disconnect_reason": None}, {"snapshots": 5, "disconnect_reason": None}
    refused = {"snapshots": 0, "disconnect_reason": "server_full"}
    tell_no_match([nothing, something])
    tell_no_match([refused])
    assert capsys.readouterr().err == ""
    tell_no_match([nothing, refused])
    assert capsys.readouterr().err.startswith("No match was played by the end")


def test_snapshots_that_did_not_come_are_told_but_not_on_a_computer_that_is_slow_itself(capsys: pytest.CaptureFixture[str]) -> None:
    well = {"ticks": 600, "frames_per_s": 60.0, "snapshots_per_s": 59.0}
    for report in (well, {**well, "ticks": 20, "snapshots_per_s": 5.0}, {**well, "frames_per_s": 20.0, "snapshots_per_s": 20.0}):
        tell_missing_snapshots([report])
    assert capsys.readouterr().err == ""
    tell_missing_snapshots([{**well, "snapshots_per_s": 20.0}, {**well, "snapshots_per_s": 30.0}])
    assert capsys.readouterr().err.startswith("Of 60 snapshots a second 25 came: the server has too much to do, or ")


def test_a_computer_that_cannot_keep_up_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    headless = players(None)
    for frames, seconds in ((590, 10.0), (10, 1.0)):
        headless._frames, headless._played_s = frames, seconds
        headless._tell_slowness()
    assert capsys.readouterr().err == ""
    headless._frames, headless._played_s = 300, 10.0
    headless._tell_slowness()
    assert "This computer managed 30 of 60 frames a second" in capsys.readouterr().err
