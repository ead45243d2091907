"""The one clock, and waiting on it.

``perf_counter`` and ``sleep``: asyncio's timers step in 15.6 ms on Windows up to Python 3.12, ``time.sleep`` is under 1 ms from 3.11 on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeAlias

Clock: TypeAlias = Callable[[], float]
Sleep: TypeAlias = Callable[[float], None]

now: Final[Clock] = time.perf_counter
"""Seconds since some start; never goes backwards, whatever happens to the wall clock."""

sleep: Final[Sleep] = time.sleep


class Pacer:
    """Sleeps from beat to beat of a fixed rate. Beats that were missed follow at once, ``catch_up_max`` of them; older debt is dropped.

    The beats are multiples of the period from the start, so an oversleep does not shift the ones behind it.
    """

    def __init__(self, rate_hz: float, *, catch_up_max: int = 5, clock: Clock = now, sleep: Sleep = sleep) -> None:
        if rate_hz <= 0:
            raise ValueError("a rate must be positive")
        self.period_s: Final = 1.0 / rate_hz
        self.skipped = 0
        """Beats dropped because they were too late to catch up with."""
        self._catch_up_max: Final = catch_up_max
        self._clock: Final = clock
        self._sleep: Final = sleep
        self._start = clock()
        self._beat = 0

    def wait(self) -> tuple[float, float]:
        """Sleep until the next beat is due. Returns the time now and how late that is, in seconds."""
        self._beat += 1
        planned = self._start + self._beat * self.period_s
        time_now = self._clock()
        if time_now < planned:
            self._sleep(planned - time_now)
            time_now = self._clock()
        late = max(0.0, time_now - planned)
        debt = int(late / self.period_s)
        if debt > self._catch_up_max:
            self.skipped += debt
            self._beat += debt
        return time_now, late
