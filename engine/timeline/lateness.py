"""How much later than usual commands come now and then: the rare part of the network, learned over half a minute.

A percentile of a few seconds tells what jitter does. It does not tell about losses in a row: a burst of eight lost datagrams makes a
command eight ticks late, and comes along once in seconds. Waiting for all of them would cost more lead than they are worth; so this
asks what an economist would: each tick of lead is worth so and so many hiccups, and more of them the longer the lead is already.

What is kept is lateness *against the usual*, which is the median of the second around a report. So a route that became longer for good is
not lateness (the median moves along), and what was learned about bursts survives it.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from engine.timeline.window import Window

USUAL_S: Final = 1.0
"""The usual is the median over this long, half of it before a report and half after it."""

MEMORY_S: Final = 30.0
"""Bursts are rare: at 10 % loss in runs of four, one in a second and a half; a good estimate needs a few dozen of them."""

NOTED_TICKS: Final = 0.5
"""Smaller lateness is jitter, which the percentile knows."""

HICCUPS_PER_COMMAND: Final = 1 / 2000
HICCUPS_MORE_PER_TICK: Final = 0.8
"""How often a command (and those behind it in the same burst) may be late: at a margin of 0 ticks once in 2000 commands (33 s), and 80 %
more often with each tick that the margin already has: a hiccup in 7 s is noticed less than being a tenth of a second further ahead."""

HICCUPS_FORGIVEN: Final = 2
"""In any half minute: a Wi-Fi scan is not the network's nature."""

MARGIN_TICKS_MAX: Final = 8.0
"""133 ms at 60 Hz. What comes later than that is an outage, and no margin is for outages."""


class RareLateness:
    """Takes the network's part of every slack report; says how much margin beyond the usual is worth its price. All in ticks."""

    __slots__ = ("_around", "_began", "_noted", "_rate", "_waiting")

    def __init__(self, tick_rate_hz: int) -> None:
        self._rate: Final = tick_rate_hz
        self._around: Final = Window()
        self._waiting: Final[deque[tuple[float, float]]] = deque()
        self._noted: Final[deque[tuple[float, float]]] = deque()
        self._began: float | None = None

    @property
    def usual(self) -> float:
        """The median of the last second's reports; 0 before the first."""
        values = self._around.ascending
        return values[len(values) // 2] if values else 0.0

    def report(self, network: float, now: float) -> None:
        """One snapshot's worst slack, without the clock's own part in it."""
        if self._began is None:
            self._began = now
        self._around.add(now, network, USUAL_S)
        self._waiting.append((now, network))
        usual = self.usual
        while self._waiting[0][0] <= now - USUAL_S / 2:
            at, value = self._waiting.popleft()
            if usual - value > NOTED_TICKS:
                self._noted.append((at, usual - value))
        while self._noted and self._noted[0][0] < now - MEMORY_S:
            self._noted.popleft()

    def rebase(self) -> None:
        """The clock was set anew: reports so far are against another beat. What was learned about bursts stays."""
        self._around.clear()
        self._waiting.clear()

    def margin_ticks(self, now: float) -> float:
        """The margin beyond the usual slack at which hiccups are rare enough."""
        if self._began is None:
            return 0.0
        commands = min(MEMORY_S, now - self._began) * self._rate
        margin = 0.0
        depths = sorted((depth for _, depth in self._noted if depth <= MARGIN_TICKS_MAX), reverse=True)
        for deeper, depth in enumerate([*depths, 0.0]):
            if deeper > max(HICCUPS_FORGIVEN, commands * HICCUPS_PER_COMMAND * (1 + HICCUPS_MORE_PER_TICK * depth)):
                break
            margin = depth
        return margin
