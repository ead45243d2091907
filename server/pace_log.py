"""One line for the log when this computer has too much to do, and the players get snapshots less often for it."""

from __future__ import annotations

from typing import Final

from engine.session.governor import GovernorStatistics

AGAIN_S: Final = 60.0
"""The pace may change every few seconds: it is told once in so long at most."""


class PaceLog:
    """Remembers what was told."""

    def __init__(self) -> None:
        self._slowed = 0
        self._silent_until = 0.0

    def lines(self, load: GovernorStatistics, now: float) -> list[str]:
        """What is new."""
        if load.slowed == self._slowed or now < self._silent_until:
            return []
        self._slowed = load.slowed
        self._silent_until = now + AGAIN_S
        return [
            f"This computer has too much to do (a tick takes {load.load_pct:.0f} % of its time): "
            f"players get a snapshot every {load.spread_ticks} ticks; slowed {load.slowed} times so far."
        ]
