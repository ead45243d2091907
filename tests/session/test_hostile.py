"""The invariant: any bytes, in any order, into every public ``receive`` of a client, a server and a host, in every state: no exception, no
reply before a seal that holds, bounded memory, and whoever is honest plays on.
"""

from __future__ import annotations

import gc
import itertools
import tracemalloc
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract import game_digest
from engine.control import messages as m
from engine.control.codec import write_message, write_request
from engine.control.frames import write_frame
from engine.datagram import Connection
from engine.datagram.messages import DATAGRAM_BYTES_MAX, HEADER, PARTS_BYTES_MAX
from engine.ids import CARRIED, Address, MatchId, Seat, SessionId
from engine.session import ClientState, MatchClient, MatchHost, MatchServer
from engine.session.values import AdmitSeat, DatagramCarried, OpenMatch, TicketIssued
from tests.session.support import ToyMatch, make_toy
from tests.timeline.toy import COMMAND, SCHEMA

STRANGER = Address("10.9.9.9", 1234)
SERVER = Address("10.0.0.1", 7777)
ADDRESSES = st.sampled_from([STRANGER, SERVER, CARRIED, Address("fe80::1%eth0", 1)])
FEW = settings(max_examples=25, deadline=None)

NEWS: list[Any] = [
    m.Rooms([m.RoomSummary(1, "Arena", {"map": "yard"}, 1, 16, False, True)]),
    m.RoomState(1, "Arena", {"map": "yard"}, 16, 1, "gathering", 0, False, [m.Member(1, "Ann", 3, True, 0, 20, True)]),
    m.LeftRoom("kicked"),
    m.LeftRoom("no such word"),
    m.Denied("JoinRoom", "room_full", "The room is full."),
    m.ChatSaid(1, "Ann", "hi"),
    m.Seated(1, 0, 4, {}, 77, bytes(16), bytes(range(16)), 10),
    m.Seated(1, 3, 4, {"broken": 1}, 77, bytes(16), bytes(16), 0),
    m.Seated(2**32 - 1, 65535, 1, {}, 0, bytes(16), bytes(16), 65535),
    m.Seated(9, 2, 0, {}, 5, bytes(16), bytes(16), 1, 2**32 - 1),
    m.Announced(1, 900, b"kill"),
    m.Announced(1, 2**53 - 1, bytes(512), 2**32 - 1),
    m.MatchEnded(1, [m.Standing("Ann", 3, 20, 4)]),
    m.ServerNotice("soon"),
]
REQUESTS: list[Any] = [m.ListRooms(), m.JoinRoom(3, "pw"), m.SetReady(True), m.SayChat("hi"), m.RequestTicket(), m.StartMatch()]
SESSION: list[Any] = [
    m.Hello(protocol=1, schema_digest=bytes(16), name="x"),
    m.Welcome(5, bytes(16), "Ann", "Garage", 60, 7777),
    m.SchemaDiffers({"kinds": [1, {"x": None}]}),
    m.Refused("server_full"),
    m.Resume(1, 1, bytes(16), 0),
    m.Resumed(0),
    m.Acknowledge(0),
    m.Acknowledge(2**32),
    m.Carried(3, b"sealed"),
    m.Ping(1),
    m.Pong(1),
    m.Bye("kicked"),
]


def frame(body: bytes) -> bytes:
    return write_frame(body, 1 << 20)


def reliable(number: int, inside: Any) -> bytes:
    body = write_request(inside) if inside in REQUESTS else msgspec.msgpack.encode(inside)
    return frame(write_message(m.Reliable(number, msgspec.Raw(body))))


@st.composite
def stream_bytes(draw: st.DrawFn, inside: list[Any]) -> bytes:
    """Messages in any order, whole or damaged, and junk."""
    pieces = []
    for number in range(draw(st.integers(0, 5))):
        kind = draw(st.integers(0, 3))
        if kind == 0:
            data = draw(st.binary(max_size=60))
        elif kind == 1:
            data = frame(write_message(draw(st.sampled_from(SESSION))))
        else:
            data = reliable(number + 1 if kind == 2 else draw(st.integers(0, 2**32)), draw(st.sampled_from(inside)))
        if data and draw(st.booleans()) and draw(st.booleans()):
            at = draw(st.integers(0, len(data) - 1))
            data = data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
        pieces.append(data)
    return b"".join(pieces)


PARTS = st.one_of(
    st.binary(max_size=200),
    st.tuples(st.sampled_from([b"\x02\x01", b"\x02\x02", b"\x02"]), st.binary(max_size=300)).map(b"".join),
    st.tuples(st.sampled_from([b"\x03", b"\x05", b"\x06", b"\x07", b"\x04\x04", b"\x01\x00\x02"]), st.binary(max_size=40)).map(b"".join),
    st.binary(min_size=PARTS_BYTES_MAX - 2, max_size=PARTS_BYTES_MAX),
)


def chopped(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def client_in(state: ClientState) -> tuple[MatchClient, ToyMatch]:
    match = ToyMatch(1)
    client = match.clients[0]
    simulation = match.simulation
    if state is ClientState.CONNECTING:
        simulation.run_until(lambda: client.control_statistics.stream is not None, 2)
    elif state is ClientState.LOBBY:
        simulation.run_until(lambda: client.session_id is not None, 2)
    else:
        match.start()
    if state is ClientState.RESUMING:
        match.hosts[0].cut_stream()
        simulation.run_until(lambda: client.state is ClientState.RESUMING, 3)
    elif state is ClientState.CLOSED:
        client.leave(simulation.now)
    return client, match


STATES = st.sampled_from([ClientState.CONNECTING, ClientState.LOBBY, ClientState.MATCH, ClientState.RESUMING, ClientState.CLOSED])


def turn(client: MatchClient, now: float) -> None:
    client.advance(now)
    client.datagrams_to_send(now)
    client.stream_to_send(now)
    client.scene(now)
    client.statistics()
    client.events()


@FEW
@given(
    STATES,
    st.lists(st.tuples(st.booleans(), stream_bytes(NEWS), st.binary(max_size=100), ADDRESSES), max_size=6),
    st.lists(st.integers(0, 999)),
)
def test_a_client_survives_any_bytes(state: ClientState, inputs: list[tuple[bool, bytes, bytes, Address]], cuts: list[int]) -> None:
    client, match = client_in(state)
    now = match.simulation.now
    for is_stream, stream, datagram, address in inputs:
        now += 1 / 60
        if is_stream:
            for piece in chopped(stream, cuts):
                client.receive_stream(piece, now)
        else:
            client.receive_datagram(datagram, address, now)
        turn(client, now)
    client.stream_lost(now)
    turn(client, now + 0.1)


@FEW
@given(st.lists(PARTS, max_size=12), st.integers(0, 2**32))
def test_a_client_survives_a_hostile_server_with_the_right_keys(bodies: list[bytes], seed: int) -> None:
    client, match = client_in(ClientState.MATCH)
    assert client.match is not None
    server = match.server.host._endpoint.connection(client.match.connection_id)
    assert server is not None
    random, now = Random(seed), match.simulation.now
    for parts in bodies:
        now += random.choice((0.0, 1 / 60, 0.5))
        client.receive_datagram(server._sender.sealed(parts[:PARTS_BYTES_MAX], now), random.choice((SERVER, STRANGER, CARRIED)), now)
        turn(client, now)


@FEW
@given(st.lists(PARTS, max_size=12), st.integers(0, 2**32))
def test_a_server_survives_a_hostile_client_with_the_right_keys(bodies: list[bytes], seed: int) -> None:
    match = ToyMatch(2)
    match.start()
    enemy = match.clients[1].match
    assert enemy is not None
    random, now = Random(seed), match.simulation.now
    for parts in bodies:
        now += random.choice((0.0, 1 / 240))
        datagram = enemy.connection._sender.sealed(parts[:PARTS_BYTES_MAX], now)
        match.server.receive_datagram(datagram, random.choice((match.hosts[1].address, STRANGER)), now)
        match.server.advance(now)
    match.simulation.run_for(0.5)
    assert not match.server.failures
    friend = match.clients[0].statistics()
    assert friend.connected
    assert friend.checksum_mismatches == 0


@FEW
@given(
    st.lists(st.tuples(st.integers(0, 2), stream_bytes(REQUESTS), st.binary(max_size=1300), ADDRESSES), max_size=8),
    st.lists(st.integers(0, 999)),
    st.booleans(),
)
def test_a_server_survives_any_bytes(inputs: list[tuple[int, bytes, bytes, Address]], cuts: list[int], says_hello: bool) -> None:
    entropy = Random(1).randbytes
    server = MatchServer(make_toy, schema=SCHEMA, command=COMMAND, entropy=entropy, seats=4)
    server.advance(0.0)
    now = 0.1
    for peer in range(3):
        server.stream_opened(peer, STRANGER, now)
        if says_hello:
            server.receive_stream(
                peer, frame(write_message(m.Hello(protocol=1, schema_digest=game_digest(SCHEMA, COMMAND), name="x"))), now
            )
    for peer, stream, datagram, address in inputs:
        now += 1 / 120
        for piece in chopped(stream, cuts):
            server.receive_stream(peer, piece, now)
        server.receive_datagram(datagram, address, now)
        server.advance(now)
        assert server.datagrams_to_send(now) == [], "no datagram to anybody who has not sealed one"
        server.streams_to_send(now)
        for closed in server.streams_to_close():
            server.stream_lost(closed, now)
    assert not server.failures


@FEW
@given(st.lists(st.tuples(st.binary(max_size=DATAGRAM_BYTES_MAX + 50), ADDRESSES, st.booleans(), st.booleans()), max_size=30))
def test_a_host_answers_nothing_that_is_not_sealed(inputs: list[tuple[bytes, Address, bool, bool]]) -> None:
    host = MatchHost(make_toy, entropy=Random(2).randbytes)
    host.request(OpenMatch(MatchId(1), {}, 4, 0))
    host.request(AdmitSeat(MatchId(1), Seat(0), SessionId(1)))
    host.advance(0.0)
    (ticket,) = [event.ticket for event in host.events() if isinstance(event, TicketIssued)]
    now = 0.0
    for data, address, is_aimed, is_carried in inputs:
        now += 0.01
        datagram = HEADER.pack(1, ticket.connection_id, len(data)) + data if is_aimed else data
        if is_carried:
            host.request(DatagramCarried(ticket.connection_id, datagram[:DATAGRAM_BYTES_MAX]))
        else:
            host.receive_datagram(datagram, address, now)
        host.advance(now)
        assert host.datagrams_to_send(now) == []
    assert host.statistics().seats_connected == 0
    assert host.events() == []


def grown_bytes(feed: Callable[[int], None], warm_up: int, count: int) -> int:
    """How much more memory is held after ``count`` inputs than after ``warm_up``."""
    for number in range(warm_up):
        feed(number)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(warm_up, warm_up + count):
        feed(number)
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return after - before


@pytest.mark.parametrize("is_client", [True, False], ids=["client", "server"])
def test_junk_of_a_peer_with_the_right_keys_is_held_within_bounds(is_client: bool) -> None:
    """Fragments of messages that never end, challenges, announcements of the future, commands for all times."""
    match = ToyMatch(1)
    match.start()
    client = match.clients[0]
    assert client.match is not None
    server = match.server.host._endpoint.connection(client.match.connection_id)
    assert server is not None
    sender: Connection = server if is_client else client.match.connection
    random, now = Random(4), match.simulation.now
    heads = (b"\x03", b"\x05", b"\x02\x01", b"\x02\x02", b"\x06", b"\x01\x00\x09")

    def feed(number: int) -> None:
        at = now + number / 1000
        if number % 4 == 0:  # a fragment that fits
            parts = b"\x03" + number.to_bytes(2) + bytes([0, 63]) + (1024).to_bytes(2) + bytes(1024)
        else:
            parts = random.choice(heads) + random.randbytes(random.randrange(200))
        datagram = sender._sender.sealed(parts, at)
        if is_client:
            client.receive_datagram(datagram, SERVER, at)
            turn(client, at)
        else:
            match.server.receive_datagram(datagram, match.hosts[0].address, at)
            match.server.advance(at)
            match.server.datagrams_to_send(at)

    assert grown_bytes(feed, 1000, 4000) < 300_000
