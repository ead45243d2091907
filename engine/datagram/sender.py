"""The outgoing half of a connection: queue, coalesce, number, acknowledge, seal; and what the peer's acknowledgements say about it.

It knows nothing of states and paths: :class:`~engine.datagram.connection.Connection` decides whether, when and where.
"""

from __future__ import annotations

from collections import deque

from engine.datagram.acknowledgement import SentDatagrams
from engine.datagram.limits import DatagramLimits
from engine.datagram.messages import (
    ACK_DELAY_SATURATED,
    ACK_DELAY_UNITS_PER_S,
    HEADER,
    KIND_SEALED,
    LAST_MESSAGE_PREFIX,
    MESSAGE_HEAD_BYTES,
    PARTS_BYTES_MAX,
    PARTS_MAX,
    PREFIX,
    SINGLE_MESSAGE_BYTES_MAX,
    pack_parts,
    write_fragments,
    write_message,
)
from engine.datagram.replay_window import ReplayWindow
from engine.datagram.round_trip import RoundTrip
from engine.datagram.sealing import Seal
from engine.datagram.statistics import PathReport

MARKS_MAX = 64
"""Reports whose datagrams are not judged yet: at five reports a second, those of 12 s."""


class Sender:
    """Makes one connection's datagrams. ``window`` is the receiving half's: what it has received is what we acknowledge."""

    __slots__ = (
        "_judged_until",
        "_limits",
        "_marks",
        "_next_fragmented",
        "_outbox",
        "_outbox_bytes",
        "_seal",
        "_window",
        "acknowledged_at",
        "bytes_out",
        "connection_id",
        "datagrams_out",
        "messages_out",
        "newest_heard_at",
        "round_trip",
        "sent",
    )

    def __init__(self, connection_id: int, seal: Seal, window: ReplayWindow, limits: DatagramLimits, now: float) -> None:
        self.connection_id = connection_id
        self._seal = seal
        self._window = window
        self._limits = limits
        self._outbox: list[bytes] = []
        self._outbox_bytes = 0
        self._next_fragmented = 0
        self._marks: deque[tuple[float, int]] = deque(maxlen=MARKS_MAX)
        """When a report was made, and the newest datagram then: judged by a later report, when it had time to be acknowledged."""
        self._judged_until = 0
        self.sent = SentDatagrams()
        self.round_trip = RoundTrip()
        self.newest_heard_at = now
        """When the datagram came that our next acknowledgement names."""
        self.acknowledged_at = now
        """When the peer last acknowledged something new."""
        self.datagrams_out = self.bytes_out = self.messages_out = 0

    def queue(self, message: bytes) -> bool:
        """Queue a message for the next drain; False where the outbox is full."""
        size = len(message)
        if self._outbox_bytes + size > self._limits.outbox_bytes_max:
            return False
        self._outbox_bytes += size
        self.messages_out += 1
        self._outbox.append(message)
        return True

    def clear(self) -> None:
        """Forget what is queued."""
        self._outbox.clear()
        self._outbox_bytes = 0

    def drain(self) -> list[bytes]:
        """The parts of each datagram that the queued messages need, in order: as few datagrams as they fit into."""
        outbox = self._outbox
        if not outbox:
            return []
        size, count = self._outbox_bytes, len(outbox)
        self._outbox = []
        self._outbox_bytes = 0
        if count == 1 and size <= SINGLE_MESSAGE_BYTES_MAX:
            return [LAST_MESSAGE_PREFIX + outbox[0]]
        if size + MESSAGE_HEAD_BYTES * count <= PARTS_BYTES_MAX and count <= PARTS_MAX:
            return [b"".join(map(write_message, outbox))]  # a snapshot and what is announced beside it: they mostly fit together
        return pack_parts(part for message in outbox for part in self._parts_of(message))

    def sealed(self, parts: bytes, now: float) -> bytes:
        """The next datagram: numbered, with our acknowledgements, sealed."""
        window = self._window
        sequence = self.sent.next_sequence(now, bool(parts))
        held = int((now - self.newest_heard_at) * ACK_DELAY_UNITS_PER_S)
        if not 0 <= held <= ACK_DELAY_SATURATED:
            held = 0 if held < 0 else ACK_DELAY_SATURATED
        body = PREFIX.pack(window.newest & 0xFFFF, held, window.ack_bits()) + parts
        datagram = self._seal.close(sequence, HEADER.pack(KIND_SEALED, self.connection_id, sequence & 0xFFFF), body)
        self.datagrams_out += 1
        self.bytes_out += len(datagram)
        return datagram

    def acknowledge(self, body: bytes, now: float) -> None:
        """Enter the acknowledgements at the head of an opened body."""
        ack, held, ack_bits = PREFIX.unpack_from(body)
        age_s = self.sent.acknowledge(ack, ack_bits, now)
        if age_s is not None:
            self.acknowledged_at = now
            if held != ACK_DELAY_SATURATED:
                self.round_trip.sample(age_s, held / ACK_DELAY_UNITS_PER_S, now)

    def path_report(self, now: float) -> PathReport:
        """What happened since the last report, for whoever paces what we send."""
        round_trip = self.round_trip
        horizon = now - round_trip.patience_s - self._limits.ack_delay_max_s
        until = self._judged_until
        while self._marks and self._marks[0][0] <= horizon:
            until = self._marks.popleft()[1]
        acknowledged, judged = self.sent.acknowledged_between(self._judged_until, until)
        self._judged_until = until
        self._marks.append((now, self.sent.newest))
        return PathReport(round_trip.take_lowest_s(), round_trip.jitter_s, judged, judged - acknowledged)

    def loss_pct(self, now: float) -> float:
        """Of our last 256 datagrams, those that did not arrive, in percent."""
        lost, judged = self.sent.loss(now, self.round_trip.patience_s + self._limits.ack_delay_max_s)
        return 100 * lost / judged if judged else 0.0

    def _parts_of(self, message: bytes) -> list[bytes]:
        """A queued message as parts that share datagrams with others."""
        if len(message) > SINGLE_MESSAGE_BYTES_MAX:
            self._next_fragmented = (self._next_fragmented + 1) & 0xFFFF
            return write_fragments(self._next_fragmented, message)
        part = write_message(message)
        # Two bytes too long for a length of its own, it fills its datagram alone: no other message is short enough to follow it.
        return [part if len(part) <= PARTS_BYTES_MAX else LAST_MESSAGE_PREFIX + message]
