"""Measurements of the last seconds, with their order at hand.

A percentile of the last 300 reports is asked for with every snapshot. Sorting them each time cost 40 microseconds of a client's frame;
kept in order, a measurement costs one to put in and one to take out.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from typing import Final


class Window:
    """Values with the time they were taken at, oldest first, and the same values ascending. Bounded by time: see :meth:`add`."""

    __slots__ = ("ascending", "taken")

    def __init__(self) -> None:
        self.taken: Final[deque[tuple[float, float]]] = deque()
        """(time, value), in the order of :meth:`add`."""
        self.ascending: Final[list[float]] = []

    def __len__(self) -> int:
        return len(self.ascending)

    def add(self, now: float, value: float, window_s: float) -> None:
        """Take a value, and drop what was taken longer than ``window_s`` ago."""
        taken, ascending = self.taken, self.ascending
        taken.append((now, value))
        insort(ascending, value)
        since = now - window_s
        while taken[0][0] < since:
            del ascending[bisect_left(ascending, taken.popleft()[1])]

    def clear(self) -> None:
        """Drop everything."""
        self.taken.clear()
        self.ascending.clear()
