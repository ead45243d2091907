from __future__ import annotations

from random import Random

from engine.datagram.fragments import Reassembly
from engine.datagram.limits import DatagramLimits
from engine.datagram.messages import ACK_DELAY_SATURATED, FRAGMENT_BYTES, PREFIX, PREFIX_BYTES, Fragment, read_parts
from engine.datagram.replay_window import ReplayWindow
from engine.datagram.sealing import make_seals
from engine.datagram.sender import Sender
from tests.datagram.support import TICKET

HEADER_BYTES = 7


def make_sender() -> tuple[Sender, ReplayWindow]:
    window = ReplayWindow()
    out, _ = make_seals(TICKET, is_server=False)
    return Sender(TICKET.connection_id, out, window, DatagramLimits(), 0.0), window


def prefix_of(datagram: bytes, sequence: int) -> tuple[int, int, int]:
    _, into = make_seals(TICKET, is_server=True)
    body = into.open(sequence, datagram[:HEADER_BYTES], datagram[HEADER_BYTES:])
    assert body is not None
    ack, held, bits = PREFIX.unpack(body[:PREFIX_BYTES])
    return ack, held, bits


def test_the_acknowledgement_names_the_newest_and_how_long_it_was_held() -> None:
    sender, window = make_sender()
    for sequence in (1, 2, 4, 70_000):
        window.advance(sequence)
    sender.newest_heard_at = 1.0
    assert prefix_of(sender.sealed(b"", 1.010), 1) == (70_000 & 0xFFFF, 160, 0)
    window.advance(69_998)
    assert prefix_of(sender.sealed(b"", 1.0), 2) == (70_000 & 0xFFFF, 0, 0b10)


def test_the_time_held_is_saturated_and_then_gives_no_sample() -> None:
    sender, _ = make_sender()
    assert prefix_of(sender.sealed(b"", 3600.0), 1)[1] == ACK_DELAY_SATURATED
    sender.acknowledge(PREFIX.pack(1, ACK_DELAY_SATURATED, 0), 3600.1)
    assert (sender.round_trip.samples, sender.acknowledged_at) == (0, 3600.1)
    sender.sealed(b"", 3600.2)
    sender.acknowledge(PREFIX.pack(2, ACK_DELAY_SATURATED - 1, 0), 3605.0)
    assert sender.round_trip.samples == 1


def test_time_that_runs_backwards_breaks_nothing() -> None:
    sender, window = make_sender()
    window.advance(1)
    sender.newest_heard_at = 5.0
    assert prefix_of(sender.sealed(b"", 4.0), 1) == (1, 0, 1 << 0)


def test_large_messages_are_not_mixed_with_older_ones_that_lost_a_piece() -> None:
    sender, _ = make_sender()
    reassembly = Reassembly(DatagramLimits())
    sent = [Random(number).randbytes(3 * FRAGMENT_BYTES) for number in range(4)]
    heard = []
    for number, message in enumerate(sent):
        assert sender.queue(message)
        parts = [part for body in sender.drain() for part in read_parts(body, 0) or ()]
        assert len(parts) == 3
        for part in parts[: 2 if number < 2 else 3]:  # the last pieces of the first two messages are lost
            assert isinstance(part, Fragment)
            heard.append(reassembly.receive(part, 0.0))
    assert [message for message in heard if message is not None] == sent[2:]
