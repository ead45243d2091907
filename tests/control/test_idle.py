"""A server looks only at streams that something was done to, or whose time has come. Beside one that always looks, all is the same."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from engine.control import messages
from engine.control.limits import ControlLimits
from engine.control.messages import News, Request
from engine.control.server import ControlServer
from engine.control.stream import ControlStream
from engine.errors import DisconnectReason
from engine.ids import Address, ConnectionId, SessionId
from engine.verbs import ALWAYS
from tests.control.pair import OTHER_SCHEMA, SCHEMA, Pair, make_client, make_server
from tests.control.test_hostile import NEWS, REQUESTS

USERS = 4
LONG_NEWS = messages.Announced(1, 900, bytes(500))
TIGHT = ControlLimits(
    frame_bytes_max=4096,
    frame_deadline_s=2.0,
    hello_deadline_s=3.0,
    silence_max_s=4.0,
    unacknowledged_messages_max=40,
    unacknowledged_bytes_max=10_000,
    send_queue_bytes_max=16_384,
    resume_s=5.0,
    pending_max=3,
)
"""Every bound is within reach of a short test."""


class AlwaysAsks(ControlServer):
    """Every stream, every time."""

    def advance(self, now: float) -> None:
        self._ask_everybody()
        super().advance(now)

    def bytes_to_send(self, now: float) -> list[tuple[int, bytes]]:
        self._ask_everybody()
        return super().bytes_to_send(now)

    def peers_to_close(self) -> list[int]:
        self._roster.has_closing = True
        return super().peers_to_close()

    def _ask_everybody(self) -> None:
        self._roster.due_at = ALWAYS
        for entry in self._peers.values():
            entry.due_at = ALWAYS
            self._roster.touch(entry)


class User:
    """Somebody at the other end, who does what he is told."""

    def __init__(self, number: int) -> None:
        self.client = make_client(f"P{number}", schema=OTHER_SCHEMA if number == USERS - 1 else SCHEMA, limits=TIGHT)
        self.peer: int | None = None
        self.is_deaf = False
        self.up = bytearray()
        self.down = bytearray()


class Twins:
    """Two servers to which the same happens."""

    def __init__(self) -> None:
        self.plain = make_server(limits=TIGHT)
        self.asking = make_server(limits=TIGHT, kind=AlwaysAsks)
        self.both = (self.plain, self.asking)
        self.users = [User(number) for number in range(USERS)]
        self.now = 100.0
        self.newest_peer = 0

    def knock(self) -> int:
        """Somebody opens a stream; he may never say a word."""
        self.newest_peer += 1
        for server in self.both:
            server.opened(self.newest_peer, Address("192.168.1.9", 50000), self.now)
        return self.newest_peer

    def connect(self, user: User) -> None:
        if user.peer is None and user.client.wants_stream:
            user.peer = self.knock()
            (user.client.opened if user.client.session_id is None else user.client.reopened)(self.now)

    def cut(self, user: User, *, server_notices: bool) -> None:
        if user.peer is None:
            return
        if server_notices:
            for server in self.both:
                server.closed(user.peer, self.now)
        user.peer = None
        user.up.clear()
        user.down.clear()
        user.client.closed(self.now)

    def say(self, user: User, data: bytes) -> None:
        if user.peer is not None and data:
            for server in self.both:
                server.receive(user.peer, data, self.now)

    def ask(self, user: User, request: Request, times: int) -> None:
        for _ in range(times):
            user.client.request(request)

    def tell(self, session_id: int, news: News, times: int) -> None:
        both = (SessionId(session_id), SessionId(1))
        for _ in range(times):
            assert len({server.broadcast(both, news) for server in self.both}) == 1

    def carry(self, session_id: int, size: int, times: int) -> None:
        for _ in range(times):
            told = [server.send_datagram(SessionId(session_id), ConnectionId(7), bytes(size)) for server in self.both]
            assert told[0] == told[1]

    def kick(self, session_id: int) -> None:
        for server in self.both:
            server.close_session(SessionId(session_id), DisconnectReason.KICKED)

    def round(self, up_bytes: int) -> None:
        """What a driver does: bytes in, time, events, bytes out, ends. A client's bytes come ``up_bytes`` at a time."""
        for user in self.users:
            user.client.advance(self.now)
            user.up += user.client.bytes_to_send(self.now)
            self.say(user, bytes(user.up[:up_bytes]))
            del user.up[:up_bytes]
        for server in self.both:
            server.advance(self.now)
        events = self.plain.events()
        assert events == self.asking.events()
        sent = self.plain.bytes_to_send(self.now)
        assert sent == self.asking.bytes_to_send(self.now)
        self.check_that_nothing_stays_behind([peer for peer, _ in sent])
        for user in self.users:
            for peer, data in sent:
                if peer == user.peer:
                    user.down += data
        self.close()
        assert self.plain.statistics() == self.asking.statistics()
        for user in self.users:
            if not user.is_deaf and user.down:
                user.client.receive(bytes(user.down), self.now)
                user.down.clear()
            user.client.events()
            if user.client.wants_close:
                self.cut(user, server_notices=True)

    def check_that_nothing_stays_behind(self, peers: list[int]) -> None:
        """Whoever is sent anything is sent all that waits for him, as far as the bound allows."""
        for entry in (self.plain._peers[peer] for peer in peers):
            if entry.session is not None and entry.stream.failure is None:
                is_full = entry.stream.unconfirmed_bytes >= TIGHT.send_queue_bytes_max // 2
                assert is_full or entry.session.channel.next_to_send() is None

    def close(self) -> None:
        """The streams that the servers want closed."""
        closed = self.plain.peers_to_close()
        assert closed == self.asking.peers_to_close()
        for user in self.users:
            if user.peer in closed:
                self.cut(user, server_notices=False)


users = st.integers(0, USERS - 1)
sessions = st.integers(1, USERS + 2)
actions = st.one_of(
    st.tuples(st.just("knock")),
    st.tuples(st.just("connect"), users),
    st.tuples(st.just("cut"), users, st.booleans()),
    st.tuples(st.just("deaf"), users),
    st.tuples(st.just("say"), users, st.one_of(st.binary(min_size=1, max_size=40), st.just(b"\0\0\x0f\xa0"))),
    st.tuples(st.just("ask"), users, st.sampled_from(REQUESTS), st.integers(1, 20)),
    st.tuples(st.just("tell"), sessions, st.sampled_from([*NEWS, LONG_NEWS]), st.integers(1, 30)),
    st.tuples(st.just("carry"), sessions, st.integers(0, 1200), st.integers(1, 12)),
    st.tuples(st.just("kick"), sessions),
    st.tuples(st.just("close")),
)
paces = st.sampled_from(((0.0, 0), (0.0, 1), (0.004, 1), (0.004, 40), (0.016, 70), (0.016, 320), (0.1, 30), (1.0, 4), (5.5, 1), (-1.0, 1)))
"""Seconds from one round to the next, and rounds: past every deadline by a little; and a clock that somebody sets back."""
happenings = st.lists(st.tuples(actions, paces, st.sampled_from((1 << 16, 7))), min_size=10, max_size=40)


def act(twins: Twins, action: tuple[Any, ...]) -> None:
    match action:
        case ("knock",):
            twins.knock()
        case ("connect", number):
            twins.connect(twins.users[number])
        case ("cut", number, notices):
            twins.cut(twins.users[number], server_notices=notices)
        case ("deaf", number):
            twins.users[number].is_deaf ^= True
        case ("say", number, data):
            twins.say(twins.users[number], data)
        case ("ask", number, request, times):
            twins.ask(twins.users[number], request, times)
        case ("tell", session_id, news, times):
            twins.tell(session_id, news, times)
        case ("carry", session_id, size, times):
            twins.carry(session_id, size, times)
        case ("close",):
            twins.close()
        case ("kick", session_id):
            twins.kick(session_id)


@given(happenings, st.integers(0, USERS))
@settings(max_examples=120, deadline=None)
def test_a_server_that_skips_the_idle_does_what_one_does_that_always_looks(happened: list[Any], come: int) -> None:
    twins = Twins()
    for user in twins.users[:come]:
        twins.connect(user)
        twins.round(1 << 16)
    for action, (pace_s, rounds), up_bytes in happened:
        act(twins, action)
        for _ in range(rounds):
            twins.now += pace_s
            twins.round(up_bytes)
    for server in twins.both:
        server.drain()
    twins.round(1 << 16)


def test_nobody_is_looked_at_who_has_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair().join()
    pair.step(0.2)
    looks: list[float] = []
    monkeypatch.setattr(ControlStream, "advance", lambda stream, now: looks.append(now))
    monkeypatch.setattr(ControlStream, "write_reliable", lambda stream, channel: looks.append(0.0))
    for step in range(100):
        pair.server.advance(pair.now + step * 0.005)
        assert pair.server.bytes_to_send(pair.now + step * 0.005) == []
    assert looks == []


def test_a_stream_whose_last_words_wait_is_closed_after_them() -> None:
    pair = Pair().join()
    assert pair.server.peers_to_close() == []
    pair.server.close_session(SessionId(1), DisconnectReason.KICKED)
    assert pair.server.peers_to_close() == []
    assert pair.server.bytes_to_send(pair.now)
    assert pair.server.peers_to_close() == [pair.peer]
