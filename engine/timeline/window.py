"""Measurements of the last seconds, with their order at hand.

A percentile of the last 300 reports is asked for with every snapshot. Sorting them each time cost 40 microseconds of a client's frame;
kept in order, a measurement costs one to put in and one to take out.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from typing import Final


class Window:
    """Values with the time they were taken at, oldest first, and the same values ascending. Bounded by time: see :meth:`forget_before`."""

    __slots__ = ("ascending", "taken")

    def __init__(self) -> None:
        self.taken: Final[deque[tuple[float, float]]] = deque()
        """(time, value), in the order of :meth:`add`."""
        self.ascending: Final[list[float]] = []

    def __len__(self) -> int:
        return len(self.ascending)

    def add(self, now: float, value: float) -> None:
        """Take a value."""
        self.taken.append((now, value))
        insort(self.ascending, value)

    def forget_before(self, time: float) -> None:
        """Drop what was taken earlier."""
        taken = self.taken
        while taken and taken[0][0] < time:
            _, value = taken.popleft()
            del self.ascending[bisect_left(self.ascending, value)]

    def clear(self) -> None:
        """Drop everything."""
        self.taken.clear()
        self.ascending.clear()
