"""LAN discovery, both sides: an answer is never longer than its question, and the lists keep their bounds."""

from __future__ import annotations

from engine.discovery import DiscoveryClient, DiscoveryResponder
from engine.discovery.client import SERVERS_MAX
from engine.discovery.query import Answer, Query, read_answer, read_query, write_answer, write_query
from engine.ids import Address
from tests.discovery.test_discovery import info
from tests.fuzz.harness import Source, piece, run


def target(data: bytes) -> None:
    """Datagrams to a responder and to a client that has asked."""
    source = Source(data)
    responder, client = DiscoveryResponder(info(1)), DiscoveryClient(bytes)
    client.queries_to_send(0.0)
    now = 0.0
    while source:
        now += source.below(16) / 10
        address = Address(f"10.0.0.{source.byte()}", 7777)
        datagram = source.piece(1400)
        answer = responder.receive(datagram, address, now)
        assert answer is None or len(answer) <= len(datagram)
        client.receive(datagram, address, now)
        client.queries_to_send(now)
        assert len(client.servers()) <= SERVERS_MAX
        read_query(datagram)
        read_answer(datagram)


if __name__ == "__main__":
    run(target, [b"\0\1" + piece(write_query(Query(bytes(8)))), b"\0\1" + piece(write_answer(Answer(bytes(8), info(1))))])
