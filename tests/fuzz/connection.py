"""Sequences of packets on one connection, both sides: sealed ones with any contents, and raw ones, from anywhere, as time passes."""

from __future__ import annotations

from engine.datagram import Connected, Connection, DatagramLimits, Disconnected, State
from engine.datagram.connection import ASIDES_MAX
from engine.datagram.messages import PARTS_BYTES_MAX, write_challenge, write_message
from engine.ids import CARRIED, Address, ConnectionId, Ticket
from tests.fuzz.harness import Source, piece, run

LIMITS = DatagramLimits()
TICKET = Ticket(ConnectionId(0x01020304), bytes(range(16)), bytes(range(16, 32)), 10.0)
SERVER = Address("192.0.2.1", 7777)
PLACES = (SERVER, Address("198.51.100.7", 50000), Address("203.0.113.66", 666), CARRIED)


def target(data: bytes) -> None:
    """One side is under test, the other has the keys and no manners."""
    source = Source(data)
    is_server = bool(source.byte() & 1)
    server = Connection(TICKET, is_server=True, now=0.0, entropy=bytes, limits=LIMITS)
    client = Connection(TICKET, is_server=False, now=0.0, path=SERVER, limits=LIMITS)
    side, peer = (server, client) if is_server else (client, server)
    now, ends, connects, valid = 0.0, 0, 0, 0
    while source:
        what, now = source.below(8), now + source.below(256) / 100
        place = PLACES[source.below(4)]
        if what < 4:
            before = side.statistics().datagrams_in
            side.receive(peer._sender.sealed(source.piece(PARTS_BYTES_MAX), now), place, now)
            valid += side.statistics().datagrams_in - before
        elif what == 4:
            side.receive(source.piece(1300), place, now)
        elif what == 5:
            side.advance(now)
        elif side.state in (State.OPENING, State.CONNECTED):
            side.send(source.piece())
        sent = side.datagrams_to_send(now)
        assert not (is_server and sent and not valid), "a server is silent before a seal held"
        for _, datagram in sent:
            peer.receive(datagram, SERVER, now)
        for event in side.events():
            assert not ends, "nothing follows the end"
            ends += isinstance(event, Disconnected)
            connects += isinstance(event, Connected)
        assert connects <= 1
        assert len(side._asides) <= ASIDES_MAX
        assert side._reassembly.held_bytes <= LIMITS.reassembly_bytes_max
    side.statistics()


if __name__ == "__main__":
    steps = [
        b"\x00\x01" + b"\x01" + piece(write_message(b"hello")),
        b"\x00\x01\x01" + piece(write_challenge(bytes(8))),
        b"\x06\x02\x00" + piece(b"x"),
    ]
    run(target, [side + step for side in (b"\0", b"\1") for step in steps] + [b"\1" + b"".join(steps)])
