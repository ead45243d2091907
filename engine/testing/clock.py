"""Time that moves only when a test says so."""

from __future__ import annotations

from engine.errors import LocalProtocolError


class VirtualClock:
    """Seconds. It does not start at 0, so that code which takes 0 for "never" or forgets to ask is found out."""

    __slots__ = ("now",)

    def __init__(self, start: float = 1000.0) -> None:
        self.now = start

    def __call__(self) -> float:
        """The time, for whatever wants a clock as a function."""
        return self.now

    def advance(self, seconds: float) -> float:
        """Let time pass; returns the new time."""
        return self.advance_to(self.now + seconds)

    def advance_to(self, time: float) -> float:
        """Let time pass until ``time``, which must not be in the past."""
        if time < self.now:
            raise LocalProtocolError(f"time does not go backwards: from {self.now} to {time}")
        self.now = time
        return time
