"""One TCP stream's worth of the control connection, the same on both sides: frames, pings, deadlines, the bound on what is unconfirmed.

**The send bound needs no help from the socket.** A ping is answered only by somebody who has read everything before it. So the bytes
written since the last ping that was answered are all that can wait anywhere: in our queue, in the driver's, in the kernel's, on the way.
That number is bounded; a peer that connects and never reads is found by it, and by its unanswered pings. A server's ping numbers are
random, or such a peer could answer them unread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.control.codec import read_message, write_message, write_reliable
from engine.control.frames import FrameReader, write_frame
from engine.control.limits import ControlLimits
from engine.control.messages import Acknowledge, Carried, ConnectionMessage, Ping, Pong
from engine.control.reliable import ReliableChannel
from engine.errors import DisconnectReason
from engine.ids import ConnectionId
from engine.verbs import ALWAYS, NEVER

EARLY_S: Final = 0.001
"""A deadline that is a difference of times may round the other way as a sum: whoever asks by the sum asks so much earlier."""

NUMBERS: Final = 2**32
"""So many ping numbers there are."""
RTT_GAIN: Final = 1 / 8
"""Of the newest sample in the smoothed round trip (RFC 6298)."""

RTT_SETTLING_SAMPLES: Final = 4
"""The first answers come from a program that still loads: among so many the quickest counts."""

PINGS_UNANSWERED_MAX: Final = 32
"""Beyond: no early pings. Those of the interval are bounded by ``silence_max_s``."""


@dataclass(frozen=True, slots=True)
class StreamStatistics:
    """One stream since it opened."""

    rtt_ms: float | None
    """Smoothed; None before the first answered ping."""
    frames_in: int
    frames_out: int
    bytes_in: int
    bytes_out: int
    unconfirmed_bytes: int
    carried_dropped: int


class ControlStream:
    """Bytes to messages and back. ``failure`` is set once, by whatever ends the stream from outside."""

    def __init__(
        self, now: float, limits: ControlLimits, frame_bytes_max: int, ping_interval_s: float, next_ping_number: Callable[[], int]
    ) -> None:
        self.failure: DisconnectReason | None = None
        self.unread: bytes | None = None
        """The frame that was no message, where that was the failure."""
        self._limits: Final = limits
        self._reader: Final = FrameReader(frame_bytes_max)
        self._ping_interval_s: Final = ping_interval_s
        self._next_ping_number: Final = next_ping_number
        self._out = bytearray()
        self._written = 0
        self._confirmed = 0
        self._pings: deque[tuple[int, float, int]] = deque()
        """Unanswered: number, time, bytes written before it."""
        self._next_ping_s = now
        self._is_joined = False
        self._rtt_s: float | None = None
        self._rtt_samples = 0
        self._acknowledged = 0
        self._unacknowledged_since_s: float | None = None
        self._frames_in = self._frames_out = self._bytes_in = self._carried_dropped = 0

    def join(self, now: float, acknowledged: int = 0) -> None:
        """Both sides know each other: large frames are allowed, pings begin, ``acknowledged`` is what the other side knows we have."""
        self.allow_large_frames()
        self._is_joined = True
        self._next_ping_s = now
        self._acknowledged = acknowledged

    def allow_large_frames(self) -> None:
        """The other side may send frames of the size for joined peers."""
        self._reader.bytes_max = self._limits.frame_bytes_max

    # --- in ---

    def receive(self, data: bytes, now: float) -> None:
        """Append received bytes; then call :meth:`next_message` until it gives None."""
        if self.failure is None:
            self._bytes_in += len(data)
            self._reader.receive(data, now)

    def next_message(self, now: float) -> ConnectionMessage | None:
        """The next message; None if there is none (yet), or ``failure`` is set."""
        if self.failure is not None:
            return None
        body = self._reader.next_frame(now)
        if body is None:
            if self._reader.is_broken:
                self.failure = DisconnectReason.PROTOCOL_ERROR
            return None
        self._frames_in += 1
        message = read_message(body)
        if message is None:
            self.failure = DisconnectReason.PROTOCOL_ERROR
            self.unread = body
        return message

    def forget_input(self) -> None:
        """Drop what has come and not been read: the stream is closing."""
        self._reader.forget()

    # --- out ---

    def write(self, message: ConnectionMessage) -> None:
        """Queue a message. Beyond the send bound the stream fails as ``flooding`` and nothing is queued."""
        frame = write_frame(write_message(message), self._limits.frame_bytes_max)
        if self.unconfirmed_bytes + len(frame) > self._limits.send_queue_bytes_max:
            if self.failure is None:
                self.failure = DisconnectReason.FLOODING
            return
        self._out += frame
        self._written += len(frame)
        self._frames_out += 1

    def write_carried(self, connection_id: ConnectionId, datagram: bytes) -> bool:
        """Queue a carried datagram, or drop it where much is unconfirmed: False, and counted."""
        if self.unconfirmed_bytes + len(datagram) > self._limits.send_queue_bytes_max // 2:
            self._carried_dropped += 1
            return False
        self.write(Carried(connection_id, datagram))
        return True

    def write_reliable(self, channel: ReliableChannel) -> None:
        """Move reliable messages of the session into the stream as far as the bound allows."""
        if self.failure is not None:
            return
        limits = self._limits
        end = self._confirmed + limits.send_queue_bytes_max // 2  # the frame that passes it is a quarter of the whole bound at most
        while self._written < end and (following := channel.next_to_send()) is not None:
            frame = write_frame(write_reliable(*following), limits.frame_bytes_max)
            self._out += frame
            self._written += len(frame)
            self._frames_out += 1

    def acknowledge(self, received: int, now: float) -> None:
        """Tell the other side what came, where it is enough or long enough ago."""
        new = received - self._acknowledged
        if new <= 0:
            return
        if self._unacknowledged_since_s is None:
            self._unacknowledged_since_s = now
        waited_s = now - self._unacknowledged_since_s
        if new >= self._limits.acknowledge_after_messages or waited_s >= self._limits.acknowledge_after_s:
            self.write(Acknowledge(received))
            self._acknowledged = received
            self._unacknowledged_since_s = None

    @property
    def is_acknowledging(self) -> bool:
        """Whether an acknowledgement waits for its time, so that :meth:`acknowledge` must be asked again."""
        return self._unacknowledged_since_s is not None

    def bytes_to_send(self) -> bytes:
        """Drain what is queued."""
        if not self._out:
            return b""
        data = bytes(self._out)
        self._out.clear()
        return data

    @property
    def has_bytes_to_send(self) -> bool:
        """Whether :meth:`bytes_to_send` would give any."""
        return bool(self._out)

    # --- time ---

    def advance(self, now: float) -> None:
        """Send the ping that is due; fail where a frame or a ping is overdue."""
        if self.failure is not None:
            return
        started_s = self._reader.started_s
        if started_s is not None and now - started_s > self._limits.frame_deadline_s:
            self.failure = DisconnectReason.TIMED_OUT
            return
        if not self._is_joined:
            return
        if self._pings and now - self._pings[0][1] > self._limits.silence_max_s:
            self.failure = DisconnectReason.TIMED_OUT
            return
        if now >= self._next_ping_s or self._has_written_much():
            number = self._next_ping_number()
            self._pings.append((number, now, self._written))
            self.write(Ping(number))
            self._next_ping_s = now + self._ping_interval_s - self._limits.ping_spread_s * (number / NUMBERS)

    @property
    def due_at(self) -> float:
        """Before this time :meth:`advance` finds nothing to do, unless something is received or written meanwhile."""
        if self.failure is not None:
            return ALWAYS  # for whoever has not noticed yet
        started_s = self._reader.started_s
        due_at = NEVER if started_s is None else started_s + self._limits.frame_deadline_s - EARLY_S
        if self._is_joined:
            if self._has_written_much():
                return ALWAYS
            due_at = min(due_at, self._next_ping_s)
            if self._pings:
                due_at = min(due_at, self._pings[0][1] + self._limits.silence_max_s - EARLY_S)
        return due_at

    def _has_written_much(self) -> bool:
        """Whether a ping now, before its time, would keep the bound from slowing a busy stream down to one bound per interval."""
        if not self._pings:
            return self.unconfirmed_bytes > self._limits.send_queue_bytes_max // 8
        since_last = self._written - self._pings[-1][2]
        return since_last > self._limits.send_queue_bytes_max // 8 and len(self._pings) < PINGS_UNANSWERED_MAX

    def answer_ping(self, ping: Ping) -> None:
        """The other side asks whether we are there."""
        self.write(Pong(ping.number))

    def receive_pong(self, pong: Pong, now: float) -> bool:
        """Everything before that ping has been read over there. False for a number that is not asked."""
        for index, (number, sent_s, written) in enumerate(self._pings):
            if number != pong.number:
                continue
            for _ in range(index + 1):
                self._pings.popleft()
            self._confirmed = written
            sample_s = max(0.0, now - sent_s)
            self._rtt_samples += 1
            if self._rtt_s is None or (self._rtt_samples <= RTT_SETTLING_SAMPLES and sample_s < self._rtt_s):
                self._rtt_s = sample_s
            else:
                self._rtt_s += RTT_GAIN * (sample_s - self._rtt_s)
            return True
        return False

    @property
    def unconfirmed_bytes(self) -> int:
        """Bytes written that the other side is not known to have read."""
        return self._written - self._confirmed

    @property
    def rtt_s(self) -> float | None:
        """Smoothed round trip of the pings, in seconds."""
        return self._rtt_s

    def statistics(self) -> StreamStatistics:
        """Counters since the stream opened."""
        return StreamStatistics(
            rtt_ms=None if self._rtt_s is None else self._rtt_s * 1000.0,
            frames_in=self._frames_in,
            frames_out=self._frames_out,
            bytes_in=self._bytes_in,
            bytes_out=self._written - len(self._out),
            unconfirmed_bytes=self.unconfirmed_bytes,
            carried_dropped=self._carried_dropped,
        )
