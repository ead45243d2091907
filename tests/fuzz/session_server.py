"""A hostile player with the right keys, and strangers, into a whole server with a match: it answers no stranger, and the match goes on."""

from __future__ import annotations

from random import Random

from engine.contract import game_digest
from engine.control import messages as m
from engine.control.codec import write_message
from engine.control.frames import write_frame
from engine.datagram import Connection
from engine.datagram.messages import PARTS_BYTES_MAX
from engine.ids import Address
from engine.replication import CommandEntry, CommandsMessage, write_commands
from engine.session import MatchServer
from engine.session.values import TicketIssued
from tests.fuzz.harness import Source, piece, run
from tests.session.support import make_toy
from tests.timeline.toy import COMMAND, SCHEMA

PLAYER, STRANGER = Address("198.51.100.7", 50000), Address("203.0.113.66", 666)


class Watched(MatchServer):
    """Remembers the tickets."""

    def _hand_over(self, event: TicketIssued) -> None:
        self.tickets = [*getattr(self, "tickets", []), event.ticket]
        super()._hand_over(event)


def target(data: bytes) -> None:
    """The input plays a client and everybody else."""
    source = Source(data)
    server = Watched(make_toy, schema=SCHEMA, command=COMMAND, entropy=Random(1).randbytes, seats=4)
    server.advance(0.0)
    server.stream_opened(1, PLAYER, 0.0)
    hello = m.Hello(protocol=1, schema_digest=game_digest(SCHEMA, COMMAND), name="enemy")
    server.receive_stream(1, write_frame(write_message(hello), 1 << 20), 0.0)
    server.advance(0.01)
    client = Connection(server.tickets[0], is_server=False, now=0.0, path=Address("192.0.2.1", 7777))
    now, ticks, newest_peer = 0.01, server.host.statistics().ticks, 100
    for _ in range(60):
        if not source:
            break
        what = source.below(8)
        now += source.below(64) / 300
        if what < 3:
            server.receive_datagram(client._sender.sealed(source.piece(PARTS_BYTES_MAX), now), PLAYER, now)
        elif what == 3:
            server.receive_datagram(client._sender.sealed(b"\x02\x01" + source.piece(1000), now), STRANGER, now)
        elif what == 4:
            server.receive_stream(1, source.piece(2000), now)
        elif what == 5:
            server.receive_stream(1, write_frame(source.piece(2000) or b"\0", 1 << 20), now)
        elif what == 6:
            server.receive_datagram(source.piece(1300), STRANGER, now)
        else:
            newest_peer += 1
            server.stream_opened(newest_peer, STRANGER, now)
        server.advance(now)
        for _, datagram in server.datagrams_to_send(now):
            client.receive(datagram, Address("192.0.2.1", 7777), now)
        server.streams_to_send(now)
        for peer in server.streams_to_close():
            server.stream_lost(peer, now)
        client.events()
    server.advance(now + 1)
    assert server.host.statistics().ticks > ticks
    assert not server.failures, server.failures[0]


if __name__ == "__main__":
    entries = tuple(CommandEntry(tick, COMMAND.make(dx=1), tick - 1) for tick in range(1, 5))
    commands = b"\x02\x01" + write_commands(COMMAND, CommandsMessage(None, False, entries))
    run(target, [b"\0\5" + piece(commands), b"\0\5" + piece(b"\4") + b"\0\5" + piece(commands), b"\5\5" + piece(write_message(m.Ping(1)))])
