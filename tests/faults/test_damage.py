"""Datagrams with flipped bits, and datagrams that are cut short: not one is taken for another."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from engine.conditions import NetConditions
from engine.datagram import Connection, Endpoint, Received
from engine.ids import Address
from tests.faults.figures import Figures
from tests.faults.match import FaultMatch

CLIENT = Address("198.51.100.7", 50000)
SERVER = Address("192.0.2.1", 7777)


@pytest.mark.parametrize("corrupt_pct", [1, 10, 30])
def test_corruption(corrupt_pct: int, figures: Figures) -> None:
    """Every damaged datagram is dropped by a check, and counted: as many drops as damages."""
    match = FaultMatch(2, seed=corrupt_pct, conditions=NetConditions(latency_ms=60, corrupt_pct=corrupt_pct))
    match.simulation.run_for(20)
    match.assert_nobody_disconnected()
    match.simulation.set_conditions(NetConditions(latency_ms=60))
    match.simulation.run_for(1)  # the last damaged ones arrive
    damaged = sum(link.corrupted for link, _ in match.simulation.network._links.values())
    dropped = sum(match.server.host.statistics().endpoint.dropped.values())
    dropped += sum(sum(match.match_of(number).connection.dropped.values()) for number in range(2))
    figures.at_least("damaged", damaged, corrupt_pct * 20)
    figures.exactly("accepted", damaged - dropped, 0)
    match.settle_and_check()


def _corruptions(count: int, seed: int) -> tuple[int, int]:
    """(accepted, tried): copies of genuine datagrams with one to eight bits flipped, into an endpoint that knows the connection."""
    random = Random(seed)
    endpoint = Endpoint(random.randbytes)
    ticket = endpoint.issue_ticket(0.0)
    client = Connection(ticket, is_server=False, now=0.0, path=SERVER)
    genuine = []
    for number in range(64):
        client.send(random.randbytes(random.randrange(1, 200)))
        genuine += [data for _, data in client.datagrams_to_send(number / 60)]
    accepted = 0
    for _ in range(count):
        data = bytearray(random.choice(genuine))
        for _ in range(random.randrange(1, 9)):
            bit = random.randrange(len(data) * 8)
            data[bit >> 3] ^= 1 << (bit & 7)
        if bytes(data) not in genuine:
            endpoint.receive(bytes(data), CLIENT, 1.0)
            accepted += bool(endpoint.events())
    for data in genuine:
        endpoint.receive(data, CLIENT, 1.0)
    messages = sum(isinstance(event, Received) for _, event in endpoint.events())
    assert messages == 64, "the damaged copies have spoiled nothing for the genuine ones"
    return accepted, count


def test_a_hundred_thousand_corruptions(figures: Figures) -> None:
    """None opens."""
    accepted, tried = _corruptions(100_000, 1)
    figures.exactly(f"accepted of {tried}", accepted, 0)


@pytest.mark.soak
def test_ten_million_corruptions(figures: Figures) -> None:
    """None opens."""
    accepted, tried = _corruptions(10_000_000, 2)
    figures.exactly(f"accepted of {tried}", accepted, 0)


def test_truncation_at_every_length(figures: Figures) -> None:
    """Before each genuine datagram of a match, every prefix of it arrives from the same address: all are ignored."""
    match = FaultMatch(2, seed=9, conditions=NetConditions(latency_ms=40))
    fed: Counter[str] = Counter()
    server, client = match.server, match.clients[0]
    receive_at_server, receive_at_client = server.receive_datagram, client.receive_datagram

    def into_server(data: bytes, address: Address, now: float) -> None:
        for length in range(len(data)):
            receive_at_server(data[:length], address, now)
        fed["server"] += len(data)
        receive_at_server(data, address, now)

    def into_client(data: bytes, address: Address, now: float) -> None:
        for length in range(len(data)):
            receive_at_client(data[:length], address, now)
        fed["client"] += len(data)
        receive_at_client(data, address, now)

    server.receive_datagram = into_server  # type: ignore[method-assign]
    client.receive_datagram = into_client  # type: ignore[method-assign]
    match.simulation.run_for(10)
    server.receive_datagram, client.receive_datagram = receive_at_server, receive_at_client  # type: ignore[method-assign]
    match.assert_nobody_disconnected()
    dropped = sum(match.server.host.statistics().endpoint.dropped.values()) + sum(match.match_of(0).connection.dropped.values())
    figures.note("prefixes", fed["server"] + fed["client"])
    figures.exactly("accepted", fed["server"] + fed["client"] - dropped, 0)
    match.settle_and_check()
