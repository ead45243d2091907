"""How a client's pace is spent: which tick's snapshot goes out to him, and how many bytes it may have.

A pace is a whole number of ticks from snapshot to snapshot. While it is not the best one, a token bucket also holds back what is much
larger than usual (a complete snapshot), so that one of them does not fill the queue again.

Where rows can wait (:mod:`engine.replication.views`), the pace is read as a rate of bytes: the whole snapshots that it allows, spent on
snapshots that come sooner and have *room* for a part of the rows (:meth:`Bucket.room_bytes`).

What the pace is, :mod:`engine.session.budget` finds out.
"""

from __future__ import annotations

import math
from typing import Final

BURST_SNAPSHOTS: Final = 4
"""The bucket holds so many usual snapshots: what was left unused a moment ago."""
BUCKET_RATE: Final = 1.25
"""Refilled by this much more than the usual snapshots need."""

DATAGRAM_BYTES: Final = 64
"""What a snapshot costs on the line besides its own bytes (IP, UDP, seal, header): sent more often, it is paid more often."""
ROOM_BYTES_MIN: Final = 192
"""A snapshot is no smaller for the sake of coming sooner: with a third on top of it for each datagram, nothing is gained."""
ROOM_SHARE_MIN: Final = 0.5
"""Nor does it have room for less than this share of a whole one."""
ROOM_SHARE_BURST: Final = 1.25
"""And for this much more than its turn's worth, where less was sent before."""


class Bucket:
    """What one client may be sent, at the pace that is set. ``interval_ticks_min``: the pace at which nothing is held back."""

    __slots__ = ("_filled_tick", "_held_back", "_min", "_rows_held_back", "_tokens", "_usual_bytes", "interval_ticks")

    def __init__(self, interval_ticks_min: int) -> None:
        self.interval_ticks = interval_ticks_min
        """Ticks from snapshot to snapshot, now."""
        self._min: Final = interval_ticks_min
        self._usual_bytes = 0.0
        self._tokens = 0.0
        self._filled_tick = 0
        self._held_back = self._rows_held_back = 0

    def is_due(self, tick: int, ticks: int = 1) -> bool:
        """Whether a snapshot may go out now; ``tick`` is the newest, ``ticks`` were computed since the last question."""
        if tick % self.interval_ticks >= ticks:
            return False
        if self.interval_ticks == self._min:
            return True
        per_tick = self._usual_bytes * BUCKET_RATE / self.interval_ticks
        self._tokens = min(BURST_SNAPSHOTS * self._usual_bytes, self._tokens + (tick - self._filled_tick) * per_tick)
        self._filled_tick = tick
        if self._tokens >= 0.0:
            return True
        self._held_back += 1
        return False

    def sent(self, size_bytes: int) -> None:
        """A snapshot of this size goes out."""
        usual = self._usual_bytes
        # A complete snapshot is many times the usual size; it must not become the usual size by itself.
        counted = size_bytes if size_bytes <= 2 * usual else 2 * usual
        self._usual_bytes = usual + (counted - usual) / 16 if usual else float(size_bytes)
        if self.interval_ticks != self._min:
            self._tokens -= size_bytes

    @property
    def is_slowed(self) -> bool:
        """Whether the way does not carry the normal pace, as far as is known."""
        return self.interval_ticks > self._min

    @property
    def part_interval_ticks(self) -> int:
        """Ticks from snapshot to snapshot where rows can wait: as few as leave each the least room that it must have."""
        usual = self._usual_bytes
        share = (DATAGRAM_BYTES + max(ROOM_BYTES_MIN, ROOM_SHARE_MIN * usual)) / (DATAGRAM_BYTES + usual)
        return max(self._min, min(self.interval_ticks, math.ceil(self.interval_ticks * share)))

    def room_bytes(self, tick: int, ticks: int = 1) -> int:
        """How many bytes the snapshot may have that may go out now; 0: none may. Arguments as for :meth:`is_due`."""
        interval = self.part_interval_ticks
        if tick % interval >= ticks:
            return 0
        whole = self._usual_bytes + DATAGRAM_BYTES
        per_tick = whole / self.interval_ticks
        self._tokens = min(BURST_SNAPSHOTS * whole, self._tokens + (tick - self._filled_tick) * per_tick)
        self._filled_tick = tick
        room = min(self._tokens, ROOM_SHARE_BURST * interval * per_tick) - DATAGRAM_BYTES
        if room > 0:
            return math.ceil(room)
        self._held_back += 1
        return 0

    def part_sent(self, size_bytes: int, whole_bytes: int, rows_held_back: int) -> None:
        """A snapshot of this size goes out, which would have had ``whole_bytes`` with all rows."""
        self._usual_bytes += (min(whole_bytes, 2 * self._usual_bytes) - self._usual_bytes) / 16
        self._tokens -= size_bytes + DATAGRAM_BYTES
        self._rows_held_back += rows_held_back
