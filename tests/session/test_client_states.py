"""A client's states as a table: every state x everything that can happen to it, on a real client against a real server.

Where a pair is not in the table, the client stays where it is. The states of the two connections below have their own tables and tests
(``engine.datagram.states``, ``engine.control.states``); this is what a game sees of them together.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import msgspec
import pytest

from engine.control import messages as m
from engine.control.codec import write_message
from engine.control.frames import write_frame
from engine.errors import DisconnectReason, LocalProtocolError
from engine.session import ClientState
from engine.session import client_events as e
from tests.session.support import ToyMatch

S = ClientState
SEATED = m.Seated(1, 0, 4, {}, 77, bytes(16), bytes(range(16)), 10)
ROOM = m.RoomState(1, "Arena", {}, 4, 1, "gathering", 0, False, [])
WELCOME = m.Welcome(5, bytes(16), "Ann", "Garage", 60, 7777)


class Bench:
    """A client in some state, told by hand from here on."""

    def __init__(self, state: ClientState) -> None:
        self.match = ToyMatch(1)
        self.client = self.match.clients[0]
        self.told = 0
        simulation = self.match.simulation
        if state is S.CONNECTING:
            simulation.run_until(lambda: self.client.control_statistics.stream is not None, 2, "a stream")
        elif state is not S.CLOSED:
            simulation.run_until(lambda: self.client.state is S.MATCH, 5, "a match")
            simulation.run_for(1)
        else:
            simulation.run_until(lambda: self.client.session_id is not None, 2, "welcome")
        self.match.hosts[0].stop()  # the harness gives it nothing more
        self.now = simulation.now
        reliable = self.client.control_statistics.reliable
        self.told = reliable.received
        if state is S.LOBBY:
            self.news(m.LeftRoom("closed_by_us"))
        elif state is S.ROOM:
            self.news(m.MatchEnded(self.client.match.match_id if self.client.match else 1, []))
            self.news(ROOM)
        elif state is S.RESUMING:
            self.client.stream_lost(self.now)
        elif state is S.CLOSED:
            self.client.leave(self.now)
        self.client.events()
        assert self.client.state is state

    def message(self, message: m.ConnectionMessage) -> None:
        self.client.receive_stream(write_frame(write_message(message), 1 << 20), self.now)

    def news(self, news: Any) -> None:
        self.told += 1
        self.message(m.Reliable(self.told, msgspec.Raw(msgspec.msgpack.encode(news))))

    def seated(self) -> None:
        if self.client.match is None:
            self.news(SEATED)
        else:  # a new ticket for the seat that it has
            self.news(msgspec.structs.replace(SEATED, match_id=self.client.match.match_id, seat=self.client.match.seat))

    def times_out(self) -> None:
        for _ in range(15):
            self.now += 1
            self.client.advance(self.now)
            self.client.stream_to_send(self.now)

    def reopens(self) -> None:
        self.client.stream_opened(self.match.host.address, self.now)


INPUTS: dict[str, Callable[[Bench], object]] = {
    "welcome": lambda bench: bench.message(WELCOME),
    "refused": lambda bench: bench.message(m.Refused("server_full")),
    "resumed": lambda bench: bench.message(m.Resumed(0)),
    "bye": lambda bench: bench.message(m.Bye("kicked")),
    "schema differs": lambda bench: bench.message(m.SchemaDiffers({})),
    "junk": lambda bench: bench.client.receive_stream(b"\xff" * 40, bench.now),
    "ping": lambda bench: bench.message(m.Ping(7)),
    "rooms": lambda bench: bench.news(m.Rooms([])),
    "room state": lambda bench: bench.news(ROOM),
    "left room": lambda bench: bench.news(m.LeftRoom("kicked")),
    "denied": lambda bench: bench.news(m.Denied("JoinRoom", "room_full", "Full.")),
    "chat": lambda bench: bench.news(m.ChatSaid(1, "Ann", "hi")),
    "seated": Bench.seated,
    "announced": lambda bench: bench.news(m.Announced(1, 9, b"x", 1)),
    "match ended": lambda bench: bench.news(m.MatchEnded(1, [])),
    "notice": lambda bench: bench.news(m.ServerNotice("soon")),
    "stream lost": lambda bench: bench.client.stream_lost(bench.now),
    "stream failed": lambda bench: bench.client.stream_failed("no route", bench.now),
    "datagram": lambda bench: bench.client.receive_datagram(bytes(60), bench.match.host.address, bench.now),
    "time": lambda bench: bench.client.advance(bench.now + 1 / 60),
    "silence": Bench.times_out,
    "leave": lambda bench: bench.client.leave(bench.now),
}

IN_SESSION = (S.LOBBY, S.ROOM, S.MATCH)
NEWS_OUT_OF_TURN = ("rooms", "room state", "left room", "denied", "chat", "seated", "announced", "match ended", "notice")

TABLE: dict[tuple[ClientState, str], ClientState] = {
    (S.CONNECTING, "welcome"): S.LOBBY,
    (S.CONNECTING, "refused"): S.CLOSED,
    (S.CONNECTING, "schema differs"): S.CLOSED,
    **{(S.CONNECTING, name): S.CLOSED for name in ("resumed", "bye", "junk", "ping", "stream lost", "stream failed", "silence", "leave")},
    **{(S.CONNECTING, name): S.CLOSED for name in NEWS_OUT_OF_TURN},
    **{
        (state, name): S.CLOSED
        for state in IN_SESSION
        for name in ("welcome", "refused", "resumed", "bye", "schema differs", "junk", "leave", "stream failed")
    },
    **{(state, name): S.RESUMING for state in IN_SESSION for name in ("stream lost", "silence")},
    (S.LOBBY, "room state"): S.ROOM,
    (S.LOBBY, "seated"): S.MATCH,
    (S.ROOM, "left room"): S.LOBBY,
    (S.ROOM, "seated"): S.MATCH,
    (S.MATCH, "left room"): S.LOBBY,
    (S.MATCH, "match ended"): S.LOBBY,
    (S.RESUMING, "leave"): S.CLOSED,
}
"""What happens in RESUMING without a stream belongs to no stream: bytes are ignored. After 60 s it is CLOSED."""


@pytest.mark.parametrize(("state", "name"), list(product(S, INPUTS)), ids=lambda value: value.value if isinstance(value, S) else value)
def test_each_cell(state: ClientState, name: str) -> None:
    bench = Bench(state)
    INPUTS[name](bench)
    expected = TABLE.get((state, name), state)
    assert bench.client.state is expected
    events = bench.client.events()
    closed = [event for event in events if isinstance(event, e.Closed)]
    assert len(closed) == (expected is S.CLOSED and state is not S.CLOSED), "the game is told of the end once"
    assert sum(isinstance(event, e.ConnectionLost) for event in events) == (expected is S.RESUMING and state is not S.RESUMING)
    if state is S.CLOSED:
        assert events == []
        with pytest.raises(LocalProtocolError):
            bench.client.request(m.ListRooms())
    # Whatever happened, it goes on without an exception.
    bench.client.advance(bench.now + 1)
    bench.client.stream_to_send(bench.now + 1)
    bench.client.datagrams_to_send(bench.now + 1)


def test_resuming_goes_on_when_the_server_knows_us() -> None:
    bench = Bench(S.RESUMING)
    bench.reopens()
    assert bench.client.state is S.RESUMING
    bench.message(m.Resumed(bench.client.control_statistics.reliable.sent))
    assert bench.client.state is S.MATCH
    assert [type(event) for event in bench.client.events()] == [e.ConnectionResumed]


def test_resuming_starts_anew_when_the_server_knows_us_no_more() -> None:
    bench = Bench(S.RESUMING)
    bench.reopens()
    bench.message(m.Refused("resume_refused"))
    assert bench.client.state is S.CONNECTING
    assert bench.client.match is None


def test_resuming_ends_after_its_time() -> None:
    bench = Bench(S.RESUMING)
    bench.client.advance(bench.now + 61)
    assert bench.client.state is S.CLOSED
    assert bench.client.closed_because is not None
    assert bench.client.closed_because.reason is DisconnectReason.TIMED_OUT


@pytest.mark.parametrize("seconds", [0, 61], ids=["left", "given up"])
def test_a_stream_that_comes_up_after_the_end_is_closed_again(seconds: int) -> None:
    """The player leaves, or his seat's time is over, while the driver is calling the server."""
    bench = Bench(S.RESUMING)
    if seconds:
        bench.client.advance(bench.now + seconds)
    else:
        bench.client.leave(bench.now)
    told = [event for event in bench.client.events() if isinstance(event, e.Closed)]
    bench.reopens()
    assert bench.client.stream_to_send(bench.now) == b""
    assert bench.client.wants_close
    bench.client.stream_lost(bench.now)
    assert bench.client.state is S.CLOSED
    assert not bench.client.wants_stream
    assert len(told) == 1
    assert bench.client.events() == []


def test_a_player_who_leaves_before_the_first_stream_is_up() -> None:
    match = ToyMatch(1)
    client = match.clients[0]
    client.leave(match.simulation.now)
    client.stream_opened(match.host.address, match.simulation.now)
    assert client.state is S.CLOSED
    assert client.wants_close


def test_a_stream_that_nobody_wanted_is_our_mistake() -> None:
    bench = Bench(S.MATCH)
    with pytest.raises(LocalProtocolError):
        bench.reopens()
