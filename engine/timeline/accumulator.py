"""The server's fixed step: real time in, whole ticks out.

Time is counted from one epoch, never summed up, so a day of ticks is as exact as the first second. A host that falls behind runs at most a
few ticks at once and forgets the rest (the epoch moves): otherwise each late tick would make the next one later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.errors import LocalProtocolError

CATCH_UP_TICKS_MAX: Final = 5
"""Ticks made up for after a pause of the host; what is older is dropped (83 ms at 60 Hz: one slow garbage collection, not a suspend)."""

ROUNDING_TICKS: Final = 1e-6
"""A clock that is this little short of a tick has reached it: binary fractions of 1/60 s do not add up exactly."""


@dataclass(frozen=True, slots=True)
class AccumulatorStatistics:
    """What a :class:`TickAccumulator` did."""

    ticks: int
    ticks_dropped: int
    """Ticks that were never run, because the host was more than the catch-up limit behind."""


class TickAccumulator:
    """Tells how many ticks are due. The step that computes tick T happens when :meth:`now_in_ticks` reaches T."""

    def __init__(self, rate_hz: int, catch_up_ticks_max: int = CATCH_UP_TICKS_MAX) -> None:
        if rate_hz < 1 or catch_up_ticks_max < 1:
            raise LocalProtocolError("the tick rate and the catch-up limit are at least 1")
        self._rate: Final = rate_hz
        self._catch_up_ticks_max: Final = catch_up_ticks_max
        self._epoch: float | None = None
        self._ticks = 0
        self._dropped = 0

    @property
    def tick(self) -> int:
        """The newest tick that :meth:`advance` has handed out; 0 before the first."""
        return self._ticks

    def advance(self, now: float) -> int:
        """The number of ticks due since the last call, 0 to the catch-up limit. The first call starts the clock at tick 0."""
        if self._epoch is None:
            self._epoch = now
            return 0
        due = int((now - self._epoch) * self._rate + ROUNDING_TICKS) - self._ticks
        if due <= 0:
            return 0
        surplus = due - self._catch_up_ticks_max
        if surplus > 0:
            self._epoch += surplus / self._rate
            self._dropped += surplus
            due = self._catch_up_ticks_max
        self._ticks += due
        return due

    def now_in_ticks(self, now: float) -> float:
        """The continuous clock that slack is measured on: 7.5 is half way between the steps of ticks 7 and 8."""
        return 0.0 if self._epoch is None else (now - self._epoch) * self._rate

    def next_tick_at(self) -> float | None:
        """When the next tick is due, on the caller's clock; None before the first :meth:`advance`. A driver sleeps until then."""
        return None if self._epoch is None else self._epoch + (self._ticks + 1) / self._rate

    def statistics(self) -> AccumulatorStatistics:
        """Counters since the start."""
        return AccumulatorStatistics(ticks=self._ticks, ticks_dropped=self._dropped)
