"""Goodbye, said several times: no answer comes to it, and one datagram may be lost."""

from __future__ import annotations

from engine.datagram.limits import DatagramLimits
from engine.datagram.messages import write_farewell
from engine.errors import DisconnectReason


class Farewells:
    """Some at once, for a process that exits right after; the others spaced, because losses come in bursts."""

    __slots__ = ("_limits", "_said_at", "left", "parts")

    def __init__(self, limits: DatagramLimits) -> None:
        self._limits = limits
        self._said_at: float | None = None
        self.parts = b""
        """What such a datagram says."""
        self.left = 0
        """How many are still to be said."""

    def begin(self, reason: DisconnectReason, *, is_reliable: bool) -> None:
        """From now on they are due. Where nothing is lost (inside the control connection), once is enough."""
        self.parts = write_farewell(reason)
        self.left = 1 if is_reliable else self._limits.farewells

    def take(self, now: float) -> int:
        """How many go out now; they count as said."""
        is_first = self._said_at is None
        if self._said_at is not None and now - self._said_at < self._limits.farewell_interval_s:
            return 0
        self._said_at = now
        count = min(self.left, self._limits.farewells_at_once if is_first else 1)
        self.left -= count
        return count
