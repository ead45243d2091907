"""One stream: what a pong confirms, early pings, acknowledgements taken together."""

from __future__ import annotations

import itertools

from engine.control import messages
from engine.control.limits import ControlLimits
from engine.control.stream import ControlStream
from engine.errors import DisconnectReason
from tests.control.pair import unframe

LIMITS = ControlLimits()


def joined_stream() -> ControlStream:
    stream = ControlStream(0.0, LIMITS, 4096, LIMITS.ping_interval_s, itertools.count(1).__next__)
    stream.join(0.0)
    return stream


def test_a_pong_confirms_what_was_written_before_its_ping_and_no_more() -> None:
    stream = joined_stream()
    stream.write_carried(1, bytes(1000))
    before = stream.unconfirmed_bytes
    stream.advance(0.0)
    stream.write_carried(1, bytes(1000))
    assert stream.receive_pong(messages.Pong(1), 0.25)
    assert stream.unconfirmed_bytes == len(stream.bytes_to_send()) - before
    assert stream.rtt_s == 0.25
    assert not stream.receive_pong(messages.Pong(1), 0.3), "answered once"
    assert not stream.receive_pong(messages.Pong(99), 0.3)


def test_a_first_answer_that_took_long_is_soon_forgotten_and_a_later_one_counts_a_little() -> None:
    stream = joined_stream()
    for number, took_s in enumerate((0.8, 0.3, 0.02, 0.03)):
        stream.advance(float(number))
        assert stream.receive_pong(messages.Pong(number + 1), number + took_s)
    assert stream.rtt_s is not None
    assert 0.02 <= stream.rtt_s < 0.025
    stream.advance(4.0)
    assert stream.receive_pong(messages.Pong(5), 4.8)
    assert 0.1 < stream.rtt_s < 0.2
    stream.advance(5.0)
    assert stream.receive_pong(messages.Pong(6), 5.02)
    assert 0.1 < stream.rtt_s < 0.2, "settled: a quick one does not erase what has been"


def test_a_busy_stream_pings_before_its_time() -> None:
    stream = joined_stream()
    stream.advance(0.0)
    for _ in range(40):
        stream.write_carried(1, bytes(1200))
    stream.advance(0.01)
    stream.advance(0.02)
    pings = [message for message in unframe(stream.bytes_to_send()) if isinstance(message, messages.Ping)]
    assert len(pings) == 2


def test_later_pong_confirms_earlier_pings() -> None:
    stream = joined_stream()
    for second in range(5):
        stream.advance(float(second))
    assert stream.receive_pong(messages.Pong(5), 4.1)
    stream.advance(13.0)
    assert stream.failure is None, "the earlier four are not overdue"
    stream.advance(24.0)
    assert stream.failure is DisconnectReason.TIMED_OUT


def test_acknowledgements_are_taken_together() -> None:
    stream = joined_stream()
    stream.acknowledge(0, 0.0)
    stream.acknowledge(3, 0.0)
    stream.acknowledge(5, 0.05)
    assert stream.bytes_to_send() == b""
    stream.acknowledge(6, 0.11)
    stream.acknowledge(6, 0.5)
    assert unframe(stream.bytes_to_send()) == [messages.Acknowledge(6)]
    stream.acknowledge(6 + LIMITS.acknowledge_after_messages, 0.5)
    assert unframe(stream.bytes_to_send()) == [messages.Acknowledge(22)]


def test_beyond_the_bound_nothing_is_queued_and_the_stream_fails() -> None:
    stream = joined_stream()
    number = 0
    while stream.failure is None:
        stream.write(messages.Ping(number))
        number += 1
    assert stream.failure is DisconnectReason.FLOODING
    stream.write(messages.Ping(0))
    assert len(stream.bytes_to_send()) <= LIMITS.send_queue_bytes_max
    assert stream.next_message(0.0) is None


def test_a_peer_that_asks_and_never_reads_is_found_though_everything_is_taken_from_us() -> None:
    """What the driver has taken waits in the socket: it counts until the other side has shown that it read it."""
    stream = joined_stream()
    taken_bytes = number = 0
    while stream.failure is None and taken_bytes <= 2 * LIMITS.send_queue_bytes_max:
        stream.answer_ping(messages.Ping(number))
        taken_bytes += len(stream.bytes_to_send())
        number += 1
    assert stream.failure is DisconnectReason.FLOODING
    assert taken_bytes <= LIMITS.send_queue_bytes_max
