"""How good a bot is, as numbers. A level differs by what makes people differ: reaction, a steady hand, leading a target, habits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Skill:
    """Times in ticks, angles in 1024ths of a turn."""

    reaction_ticks: int
    """From seeing somebody to the first shot."""
    delay_ticks: int
    """How old the picture is that the hand follows."""
    aim_error: int
    """How far the hand wanders off at most."""
    turn_max: int
    """Per tick."""
    lead_percent: int
    """How much of a target's way during a bolt's flight is led."""
    trigger_slack: int
    """Shoots when the aim is off by no more than the target's size and this."""
    dodge_percent: int
    """How often an approaching bolt is answered."""
    dash: bool
    rail: bool
    distance_tiles: int
    """Where it likes to fight."""


LEVELS: Final = (
    Skill(32, 12, 70, 16, 20, 48, 0, dash=False, rail=False, distance_tiles=4),
    Skill(20, 8, 34, 28, 70, 24, 25, dash=True, rail=True, distance_tiles=6),
    Skill(12, 5, 13, 48, 100, 10, 60, dash=True, rail=True, distance_tiles=7),
)
"""0 easy, 1 normal, 2 hard."""
