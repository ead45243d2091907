"""A hand that follows a target: late, by a turn rate, with an error that wanders; and the question whether to pull the trigger."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from game.bots.dice import Dice
from game.bots.skill import Skill
from game.simulation.rules import ANGLES, BLASTER_SPEED, PLAYER_RADIUS

RADIANS_TO_ANGLE: Final = ANGLES / math.tau
SEEN_MAX: Final = 64


def angle_of(dx: float, dy: float) -> int:
    """The direction in 1024ths of a turn."""
    return round(math.atan2(dy, dx) * RADIANS_TO_ANGLE) % ANGLES


def turn_between(start: int, end: int) -> int:
    """The short way from one direction to another, -512 to 511."""
    return (end - start + ANGLES // 2) % ANGLES - ANGLES // 2


class Hand:
    """Where a bot's aim is going. Knows its target only by what it was shown ``delay_ticks`` ago, as a person does."""

    def __init__(self, skill: Skill, dice: Dice) -> None:
        self._skill = skill
        self._dice = dice
        self._seen: deque[tuple[int, int, int, int]] = deque(maxlen=max(1, min(skill.delay_ticks, SEEN_MAX)))
        self._error = 0.0
        self._error_goal = 0
        self._error_ticks = 0
        self._watched_ticks = 0

    def lose(self) -> None:
        """The target is another one, or out of sight."""
        self._seen.clear()
        self._watched_ticks = 0

    def follow(self, aim: int, own: tuple[int, int], target: tuple[int, int, int, int], with_rail: bool) -> tuple[int, bool]:
        """The new aim, and whether to shoot. ``target`` is x, y, vx, vy now; what is followed is older."""
        skill = self._skill
        self._seen.append(target)
        self._watched_ticks += 1
        x, y, vx, vy = self._seen[0]
        gap = math.hypot(x - own[0], y - own[1])
        ahead = len(self._seen) - 1 + (0.0 if with_rail else gap / BLASTER_SPEED * skill.lead_percent / 100)
        wanted = angle_of(x + vx * ahead - own[0], y + vy * ahead - own[1])
        self._wander()
        new_aim = self._turn(aim, (wanted + round(self._error)) % ANGLES)
        body = PLAYER_RADIUS / max(gap, PLAYER_RADIUS) * RADIANS_TO_ANGLE
        slack = body * 0.6 if with_rail else body + skill.trigger_slack
        # A steady hand knows how far it is off; an unsteady one fires anyway: the error counts by its skill through the slack alone.
        off = abs(turn_between(new_aim, wanted))
        return new_aim, self._watched_ticks > skill.reaction_ticks and off <= slack

    def look(self, aim: int, dx: int, dy: int) -> int:
        """Turn towards a direction without a target."""
        self.lose()
        return self._turn(aim, angle_of(dx, dy)) if dx or dy else aim

    def _turn(self, aim: int, wanted: int) -> int:
        turn = turn_between(aim, wanted)
        step = max(-self._skill.turn_max, min(self._skill.turn_max, turn if abs(turn) < 4 else turn * 2 // 5))
        return (aim + step) % ANGLES

    def _wander(self) -> None:
        self._error_ticks -= 1
        if self._error_ticks < 0:
            self._error_ticks = 10 + self._dice.below(20)
            self._error_goal = self._dice.spread(self._skill.aim_error)
        self._error += (self._error_goal - self._error) * 0.12
