"""The invariant: any bytes, in any order, from anywhere: no exception, no reply, no state before a seal that holds."""

from __future__ import annotations

import tracemalloc
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datagram import Connection, DatagramLimits, Endpoint, State
from engine.datagram.connection import ASIDES_MAX
from engine.datagram.messages import DATAGRAM_BYTES_MAX, DATAGRAM_BYTES_MIN, HEADER, PARTS_BYTES_MAX, PREFIX
from engine.datagram.sealing import make_seals
from engine.ids import CARRIED, Address
from tests.datagram.support import ATTACKER, CLIENT, SERVER, TICKET, connected_pair, make_client, make_server

HOSTILE = st.one_of(
    st.binary(max_size=DATAGRAM_BYTES_MAX + 100),
    # With the right kind and id, so that the cheap checks let it through.
    st.tuples(st.integers(0, 0xFFFF), st.binary(min_size=20, max_size=200)).map(
        lambda pair: HEADER.pack(1, TICKET.connection_id, pair[0]) + pair[1],
    ),
)
ADDRESSES = st.sampled_from([CLIENT, ATTACKER, CARRIED, Address("fe80::1%eth0", 1)])


def snapshot_of(connection: Connection) -> tuple[object, ...]:
    statistics = connection.statistics()
    return (
        statistics.state,
        statistics.path,
        statistics.datagrams_in,
        connection._heard_at,
        connection._window.newest,
        connection._window.bits,
    )


@given(st.lists(st.tuples(HOSTILE, ADDRESSES), max_size=40), st.booleans())
def test_a_connection_survives_any_bytes_and_changes_nothing(datagrams: list[tuple[bytes, Address]], is_server: bool) -> None:
    side = make_server() if is_server else make_client()
    side.datagrams_to_send(0.0)
    before = snapshot_of(side)
    for datagram, address in datagrams:
        side.receive(datagram, address, 0.05)
    assert side.events() == []
    assert side.datagrams_to_send(0.05) == []
    assert snapshot_of(side) == before
    assert sum(side.dropped.values()) == len(datagrams)
    assert (side.state, side.path) == (State.OPENING, None if is_server else SERVER)


@given(st.lists(st.tuples(HOSTILE, ADDRESSES), max_size=40))
def test_an_endpoint_survives_any_bytes_and_answers_none(datagrams: list[tuple[bytes, Address]]) -> None:
    endpoint = Endpoint(Random(1).randbytes)
    tickets = [endpoint.issue_ticket(0.0) for _ in range(3)]
    aimed = [HEADER.pack(1, ticket.connection_id, 1) + datagram[7:] for ticket, (datagram, _) in zip(tickets, datagrams, strict=False)]
    for datagram, address in [*datagrams, *((datagram, ATTACKER) for datagram in aimed)]:
        endpoint.receive(datagram, address, 0.1)
        assert endpoint.datagrams_to_send(0.1) == []
    assert endpoint.events() == []
    statistics = endpoint.statistics()
    assert (statistics.connections, statistics.tickets) == (0, 3)
    assert sum(statistics.dropped.values()) == statistics.datagrams_in == len(datagrams) + len(aimed)


def test_every_flip_and_every_truncation_of_a_genuine_datagram_is_dropped() -> None:
    client, server = connected_pair()
    client.send(b"genuine")
    ((_, genuine),) = client.datagrams_to_send(0.3)
    before = snapshot_of(server)
    for bit in range(len(genuine) * 8):
        flipped = bytearray(genuine)
        flipped[bit // 8] ^= 1 << bit % 8
        server.receive(bytes(flipped), ATTACKER, 0.2)
    for length in range(len(genuine)):
        server.receive(genuine[:length], ATTACKER, 0.2)
    server.receive(genuine + b"\0", ATTACKER, 0.2)
    assert snapshot_of(server) == before
    assert server.events() == []
    server.receive(genuine, CLIENT, 0.3)
    assert len(server.events()) == 1  # the hostile copies have not used up its number


def test_twenty_thousand_forged_datagrams_make_nothing_and_hold_no_memory() -> None:
    endpoint = Endpoint(Random(1).randbytes)
    ticket = endpoint.issue_ticket(0.0)
    random = Random(2)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for index in range(20_000):
        connection_id = ticket.connection_id if index % 2 else random.getrandbits(32)
        endpoint.receive(
            HEADER.pack(1, connection_id, random.getrandbits(16)) + random.randbytes(60), Address("203.0.113.9", index % 65536), 0.1
        )
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert endpoint.datagrams_to_send(0.1) == []
    assert endpoint.events() == []
    assert held < 8 * 1024


def sealed_for(side: Connection, bodies: list[bytes], *, is_server: bool) -> list[bytes]:
    """What a peer that has the keys and no manners may send to ``side``."""
    out, _ = make_seals(TICKET, is_server=not is_server)
    first = side._window.newest + 1
    return [
        out.close(first + index, HEADER.pack(1, TICKET.connection_id, first + index & 0xFFFF), body) for index, body in enumerate(bodies)
    ]


PARTS = st.one_of(
    st.binary(max_size=100),
    st.lists(st.tuples(st.integers(0, 8), st.binary(max_size=20)), max_size=10).map(
        lambda pieces: b"".join(bytes([kind]) + rest for kind, rest in pieces)
    ),
    st.tuples(st.integers(0, 3), st.integers(0, 63), st.integers(0, 63)).map(
        lambda numbers: bytes([3, 0, numbers[0], numbers[1], numbers[2], 4, 0]) + bytes(1024),
    ),
)


@given(
    bodies=st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 2**64 - 1), PARTS), max_size=30),
    is_server=st.booleans(),
    addresses=st.lists(ADDRESSES, min_size=1, max_size=4),
)
def test_a_peer_with_keys_and_no_manners_raises_nothing(
    bodies: list[tuple[int, int, int, bytes]], is_server: bool, addresses: list[Address]
) -> None:
    client, server = connected_pair()
    side = server if is_server else client
    now = 0.3
    for index, datagram in enumerate(sealed_for(side, [PREFIX.pack(*body[:3]) + body[3] for body in bodies], is_server=is_server)):
        now += 0.01
        side.receive(datagram, addresses[index % len(addresses)], now)
        side.advance(now)
        for _, reply in side.datagrams_to_send(now):
            assert DATAGRAM_BYTES_MIN <= len(reply) <= DATAGRAM_BYTES_MAX
        assert len(side._asides) <= ASIDES_MAX
    statistics = side.statistics()
    assert statistics.rtt_ms >= 0
    assert 0 <= statistics.loss_pct <= 100


@pytest.mark.parametrize("is_server", [False, True])
def test_the_worst_that_keys_allow_holds_bounded_memory(is_server: bool) -> None:
    limits = DatagramLimits()
    client, server = connected_pair(limits)
    side = server if is_server else client
    fragment = [bytes([3, message >> 8, message & 0xFF, place, 63, 4, 0]) + bytes(1024) for message in range(30) for place in range(60)]
    full = [bytes([5]) + bytes(8), (b"\x01\0\1x" * 64)[:PARTS_BYTES_MAX]] * 20
    datagrams = sealed_for(side, [PREFIX.pack(0, 0, 0) + parts for parts in fragment + full], is_server=is_server)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for datagram in datagrams:
        side.receive(datagram, CLIENT if is_server else SERVER, 0.3)
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert held < limits.reassembly_bytes_max + 256 * 200 + 64 * 1024  # fragments, undrained events, the rest
    assert side._reassembly.held_bytes <= limits.reassembly_bytes_max


def test_a_recorded_minute_replayed_in_any_order_is_not_accepted_again() -> None:
    client, server = connected_pair()
    recorded = []
    for step in range(3600):
        client.send(step.to_bytes(4))
        recorded += [datagram for _, datagram in client.datagrams_to_send(0.3 + step / 60)]
        server.receive(recorded[-1], CLIENT, 0.3 + step / 60)
        server.events()
    accepted = server.statistics().datagrams_in
    Random(1).shuffle(recorded)
    for datagram in recorded:
        server.receive(datagram, ATTACKER, 61.0)
    assert server.statistics().datagrams_in == accepted
    assert server.events() == []
    assert server.path == CLIENT


def test_after_a_restart_with_new_tickets_nothing_recorded_is_accepted() -> None:
    random = Random(1)
    endpoint = Endpoint(random.randbytes)
    ticket = endpoint.issue_ticket(0.0)
    client = Connection(ticket, is_server=False, now=0.0, path=SERVER)
    recorded = [datagram for step in range(20) for _, datagram in client.datagrams_to_send(step / 5)]
    restarted = Endpoint(random.randbytes)
    again = restarted.issue_ticket(0.0)
    for datagram in recorded:
        restarted.receive(datagram, CLIENT, 0.0)
        restarted.receive(HEADER.pack(1, again.connection_id, 1) + datagram[7:], CLIENT, 0.0)  # even with the new id on it
    assert restarted.events() == []
    assert restarted.datagrams_to_send(0.0) == []


def test_each_check_counts_under_its_own_name_the_cheapest_first() -> None:
    endpoint = Endpoint(Random(1).randbytes)
    ticket = endpoint.issue_ticket(0.0)
    client = Connection(ticket, is_server=False, now=0.0, path=SERVER)
    ((_, genuine),) = client.datagrams_to_send(0.0)
    other_id = (ticket.connection_id ^ 1).to_bytes(4)
    for datagram in (
        genuine[:34],
        genuine + b"x",
        b"\xff" + genuine[1:],
        b"\xff\xff\xff\xffTSource Engine Query\0" + bytes(20),
        genuine[:1] + other_id + genuine[5:],
        genuine[:-1] + bytes([genuine[-1] ^ 1]),
        genuine[:5] + bytes(2) + genuine[7:],
    ):
        endpoint.receive(datagram, ATTACKER, 0.0)
    expected = {"wrong_size": 2, "wrong_kind": 2, "unknown_connection": 1, "bad_seal": 1, "replayed": 1}
    assert endpoint.statistics().dropped == expected
    side = make_server(ticket)
    for datagram in (genuine[:34], b"\xff" + genuine[1:], genuine[:1] + other_id + genuine[5:]):
        side.receive(datagram, ATTACKER, 0.0)
    assert side.dropped == {"wrong_size": 1, "wrong_kind": 1, "unknown_connection": 1}


def test_a_server_that_challenges_without_end_gets_bounded_answers() -> None:
    client, _ = connected_pair()
    for datagram in sealed_for(client, [PREFIX.pack(0, 0, 0) + (b"\x05" + bytes(8)) * 60] * 5, is_server=False):
        client.receive(datagram, SERVER, 0.3)
    assert len(client.datagrams_to_send(0.3)) == ASIDES_MAX


def test_fragments_without_siblings_are_given_up_with_time() -> None:
    _, server = connected_pair()
    body = PREFIX.pack(0, 0, 0) + bytes([3, 0, 1, 0, 1, 4, 0]) + bytes(1024)
    for datagram in sealed_for(server, [body], is_server=True):
        server.receive(datagram, CLIENT, 0.3)
    assert server._reassembly.held_bytes == 1024
    server.advance(0.4)
    assert server._reassembly.held_bytes == 1024
    server.advance(0.3 + DatagramLimits().reassembly_ttl_s + 0.01)
    assert server._reassembly.held_bytes == 0
    assert server.dropped == {"fragment": 1}
