"""A hostile server with the right keys: news, snapshots and announcements in any order into a whole client, as frames pass."""

from __future__ import annotations

import msgspec

from engine.control import messages as m
from engine.control.codec import write_message
from engine.control.frames import write_frame
from engine.datagram import Connection
from engine.datagram.messages import PARTS_BYTES_MAX
from engine.ids import CARRIED, Address, ConnectionId, Ticket
from engine.session import ClientState, MatchClient
from tests.fuzz.harness import Source, piece, run
from tests.fuzz.snapshots import GENUINE
from tests.session.support import Walker, make_toy
from tests.timeline.toy import COMMAND, SCHEMA

SERVER = Address("192.0.2.1", 7777)
TICKET = Ticket(ConnectionId(77), bytes(16), bytes(range(16)), 10.0)
SEATED = m.Seated(1, 1, 4, {}, 77, TICKET.key_to_server, TICKET.key_to_client, 10)


def frame(message: m.ConnectionMessage) -> bytes:
    return write_frame(write_message(message), 1 << 20)


def target(data: bytes) -> None:
    """The input plays the server."""
    source = Source(data)
    client = MatchClient(schema=SCHEMA, command=COMMAND, game_factory=make_toy, name="victim")
    client.pilot = Walker(1)
    client.stream_opened(SERVER, 0.0)
    client.receive_stream(frame(m.Welcome(5, bytes(16), "victim", "Garage", 60, 7777)), 0.0)
    client.receive_stream(frame(m.Reliable(1, msgspec.Raw(msgspec.msgpack.encode(SEATED)))), 0.0)
    server = Connection(TICKET, is_server=True, now=0.0, entropy=bytes)
    now, number = 0.0, 2
    for _ in range(60):
        if not source:
            break
        what = source.below(8)
        now += source.below(64) / 300
        if what < 2:
            parts = source.piece(PARTS_BYTES_MAX)
            client.receive_datagram(server._sender.sealed(parts, now), SERVER, now)
        elif what < 4:
            genuine = bytearray(GENUINE[source.below(len(GENUINE))])
            if what == 3:
                genuine[source.below(len(genuine))] ^= source.byte()
            client.receive_datagram(server._sender.sealed(b"\x02\x01" + genuine, now), SERVER, now)
        elif what == 4:
            client.receive_stream(source.piece(2000), now)
        elif what == 5:
            body = source.piece(1000)
            client.receive_stream(
                write_frame(b"\x83\xa4type\xa8Reliable\xa2id" + bytes([number & 0x7F]) + b"\xa4body" + body, 1 << 20), now
            )
            number += 1
        elif what == 6:
            client.receive_datagram(source.piece(), CARRIED, now)
        else:
            client.stream_lost(now)
            if client.wants_stream and client.state is not ClientState.CLOSED:
                client.stream_opened(SERVER, now)
                client.receive_stream(frame(m.Resumed(0)), now)
        client.advance(now)
        client.scene(now)
        client.datagrams_to_send(now)
        client.stream_to_send(now)
        client.events()
    client.statistics()


if __name__ == "__main__":
    news = [msgspec.msgpack.encode(one) for one in (SEATED, m.Announced(1, 9, b"x", 1), m.MatchEnded(1, []), m.LeftRoom("kicked"))]
    play = b"".join(bytes([2, 5, number]) for number in range(12))
    run(target, [play, *(play + b"\5\1" + piece(one) for one in news), play + b"\7\1" + play, play + b"\3\1\1\20\7"])
