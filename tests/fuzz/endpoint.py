"""Raw datagrams into an endpoint that has issued tickets: nobody is answered, nothing is kept."""

from __future__ import annotations

from random import Random

from engine.datagram import Endpoint
from engine.datagram.messages import HEADER
from engine.ids import Address
from tests.fuzz.harness import Source, piece, run

STRANGER = Address("203.0.113.66", 666)


def target(data: bytes) -> None:
    """Some are aimed at a ticket, some at nothing."""
    source = Source(data)
    endpoint = Endpoint(Random(1).randbytes)
    tickets = [endpoint.issue_ticket(0.0) for _ in range(2)]
    count, now = 0, 0.0
    while source:
        kind, now = source.below(4), now + source.below(64) / 100
        datagram = source.piece(1300)
        if kind < 2:
            datagram = HEADER.pack(1, tickets[kind].connection_id, count & 0xFFFF) + datagram
        endpoint.receive(datagram, STRANGER, now)
        count += 1
        assert endpoint.datagrams_to_send(now) == []
        assert endpoint.events() == []
    statistics = endpoint.statistics()
    assert sum(statistics.dropped.values()) == count
    assert statistics.connections == 0


if __name__ == "__main__":
    run(target, [b"\x00\x01" + piece(bytes(40)), b"\x02\x01" + piece(b"\xffSKQ" + bytes(60))])
