"""What a step tells beyond the world's cells: things that nobody may miss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Kill:
    """``killer`` == ``victim``: his own doing. ``weapon`` 0 blaster, 1 rail, 2 hazard."""

    killer: int
    victim: int
    weapon: int


@dataclass(frozen=True, slots=True)
class RoundStarted:
    """Warm-up is over; all scores are 0."""

    number: int


@dataclass(frozen=True, slots=True)
class RoundOver:
    """``winner`` is a seat, or None for a draw; ``by_time``: the time ran out (otherwise the frag limit was reached)."""

    winner: int | None
    by_time: bool


Happening: TypeAlias = Kill | RoundStarted | RoundOver
