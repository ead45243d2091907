"""What a datagram connection sends when it is asked: the part of :class:`engine.datagram.connection.Connection` that only drains.

What has been queued goes along the path, as far as an unproven one may carry it; where nothing has, a sign of life or an acknowledgement
that is owed, each in its time. Answers to challenges and probes go elsewhere, a farewell several times.
"""

from __future__ import annotations

from engine.datagram.due import Due
from engine.datagram.farewells import Farewells
from engine.datagram.figures import ConnectionFigures
from engine.datagram.limits import DatagramLimits
from engine.datagram.messages import CHALLENGE_BYTES, DATAGRAM_BYTES_MIN, PARTS_BYTES_MAX, PING_PART, write_challenge
from engine.datagram.path import PathWatch, Probes
from engine.datagram.states import TRANSITIONS, Input, State
from engine.datagram.statistics import DropReason
from engine.ids import CARRIED, Address
from engine.verbs import ALWAYS, NEVER

ROUNDING_S = 1e-6
"""A time of waking is so much early: sums and differences of binary fractions do not agree to the last bit, and early costs nothing."""

ACK_DELAY_SHARE = 1.5
"""Of the time between messages: the next one may be late by half of it."""
ACK_DELAY_S_MAX = 0.25

CHALLENGE_DATAGRAM_BYTES = DATAGRAM_BYTES_MIN + 1 + CHALLENGE_BYTES
PADDED_PING = PING_PART + bytes(PARTS_BYTES_MAX - len(PING_PART))
"""Full size: shows that the path carries 1200 bytes, and gives the server a byte budget for its first answers (as QUIC's first flight)."""


class Outgoing(ConnectionFigures):
    """Drains what the other parts have decided. The order: asides, then the farewell or what is queued, then knocks and signs of life."""

    __slots__ = (
        "_ack_delay_s",
        "_ack_owed_at",
        "_asides",
        "_due",
        "_farewells",
        "_knock_at",
        "_limits",
        "_now",
        "_probes",
        "_sent_at",
        "_watch",
        "send_at",
        "state",
    )

    _ack_delay_s: float
    _ack_owed_at: float | None
    _asides: list[tuple[Address, bytes]]
    _due: Due
    _farewells: Farewells
    _knock_at: float
    _limits: DatagramLimits
    _probes: Probes
    _sent_at: float
    _watch: PathWatch | None
    send_at: float

    def expect_to_send(self, every_s: float) -> None:
        """Messages will be so far apart: an acknowledgement that is owed waits for the next; it goes by itself only where none comes."""
        self._ack_delay_s = min(ACK_DELAY_S_MAX, max(self._limits.ack_delay_max_s, ACK_DELAY_SHARE * every_s))
        if self._ack_owed_at is not None:
            self.send_at = self._due.send_at = ALWAYS  # the next drain says anew when it is due

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        """Drain: (where, datagram) in the order to send them."""
        self._now = now
        path, watch = self.path, self._watch
        if self.state is State.CONNECTED and path is not None and not self._asides and (watch is None or not watch.candidates):
            return self._next_datagrams(path, now)
        out: list[tuple[Address, bytes]] = []
        if self.state is State.CLOSED:
            self.send_at = NEVER
            return out
        if self._asides or (watch is not None and watch.candidates):
            self._send_aside(out, now)
        if path is None:
            return out
        if self.state is State.CLOSING:
            self._say_farewell(out, path, now)
            return out
        for parts in self._sender.drain():
            self._put(out, path, parts, now)
        if self.state is State.OPENING:
            if now - self._knock_at >= self._limits.opening_interval_s:
                self._knock_at = now
                self._put(out, path, PING_PART if path == CARRIED else PADDED_PING, now)
        elif not out:
            self._keep_alive(out, path, now)
        return out

    def _next_datagrams(self, path: Address, now: float) -> list[tuple[Address, bytes]]:
        """What goes out while nothing but playing is going on; says when it is to be asked next."""
        out: list[tuple[Address, bytes]] = []
        watch, sender = self._watch, self._sender
        if watch is None or watch.unproven is None:
            sealed = sender.sealed
            for parts in sender.drain():  # as :meth:`_put` does where nothing can hold it back
                out.append((path, sealed(parts, now)))  # noqa: PERF401 - nearly always one
            if out:
                self._sent_at = now
                self._ack_owed_at = None
                self.send_at = now + self._limits.keep_alive_s - ROUNDING_S
                return out
        else:
            for parts in sender.drain():
                self._put(out, path, parts, now)
        if not out:
            self._keep_alive(out, path, now)
        self.send_at = self._sent_at + self._limits.keep_alive_s - ROUNDING_S
        if self._ack_owed_at is not None:  # the path's budget did not let it go, or there was nothing to send with it
            self.send_at = min(self.send_at, self._ack_owed_at + self._ack_delay_s - ROUNDING_S)
        return out

    def _keep_alive(self, out: list[tuple[Address, bytes]], path: Address, now: float) -> None:
        """There is nothing to say: a sign of life when it is time for one, or the acknowledgement that is owed."""
        if now - self._sent_at >= self._limits.keep_alive_s:
            self._put(out, path, PING_PART, now)
        elif self._ack_owed_at is not None and now - self._ack_owed_at >= self._ack_delay_s:
            self._put(out, path, b"", now)

    def _put(self, out: list[tuple[Address, bytes]], path: Address, parts: bytes, now: float) -> None:
        """Seal ``parts`` and send them along the path, unless it is unproven and its budget is spent."""
        watch = self._watch
        if watch is not None and watch.unproven is not None and not watch.may_send(DATAGRAM_BYTES_MIN + len(parts)):
            return self._drop(DropReason.PATH_BUDGET)
        self._sent_at = now
        self._ack_owed_at = None
        return out.append((path, self._sender.sealed(parts, now)))

    def _send_aside(self, out: list[tuple[Address, bytes]], now: float) -> None:
        """Answers to challenges and probes; on a server, the challenges."""
        for address, parts in self._asides:
            out.append((address, self._sender.sealed(parts, now)))
            if parts is PADDED_PING:
                self._probes.sent(address, self._sender.sent.newest)
        self._asides.clear()
        if self._watch is not None:
            due = self._watch.due(CHALLENGE_DATAGRAM_BYTES, now)
            out += [(candidate.address, self._sender.sealed(write_challenge(candidate.token), now)) for candidate in due]

    def _say_farewell(self, out: list[tuple[Address, bytes]], path: Address, now: float) -> None:
        """What is due of them; after the last, closed."""
        for _ in range(self._farewells.take(now)):
            self._put(out, path, self._farewells.parts, now)
        if self._farewells.left == 0:
            self.state = TRANSITIONS[self.state, Input.ALL_SAID]

    def _drop(self, reason: DropReason) -> None:
        self._dropped[reason] = self._dropped.get(reason, 0) + 1
