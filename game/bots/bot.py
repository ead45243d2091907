"""A bot: looks, decides, answers with a command.

What costs time (sight lines, choosing goals, looking for bolts) is done every few ticks, in a rhythm of its own per bot; steering and
aiming run each tick. It reads public cells and its own private ones only, so it plays equally on a server and in a headless client.
"""

from __future__ import annotations

import math
from typing import Final, Protocol

from engine.world import World
from game.bots.aiming import Hand
from game.bots.dice import Dice
from game.bots.paths import FAR, Paths, paths_of
from game.bots.perception import approaching_bolt, best_pickup, nearest_enemies
from game.bots.skill import LEVELS
from game.simulation.arena_map import ArenaMap
from game.simulation.navigation import line_is_free
from game.simulation.rules import ALIVE, BLASTER, MOVE_MAX, RAIL, RESULTS, TILE_UNITS

LOOK_EVERY_TICKS: Final = 8
BOLTS_EVERY_TICKS: Final = 3
GOAL_TICKS: Final = 45
STUCK_TICKS: Final = 24
STUCK_UNITS: Final = 120
RAIL_FROM_UNITS: Final = 4 * TILE_UNITS
FEELER_UNITS: Final = 400
NEEDY_WORTH: Final = 60
"""A pick-up worth this much is fetched even in a fight."""
IDLE_WORTH: Final = 12


class HasMap(Protocol):
    """What a bot needs to know of the arena it plays in."""

    @property
    def map(self) -> ArenaMap:
        """Its map."""


class Bot:
    """A pilot of one seat (the contract's Pilot). ``level`` 0 easy, 1 normal, 2 hard. The same seed and worlds give the same commands."""

    def __init__(self, arena: HasMap, level: int, seed: int) -> None:
        self._skill: Final = LEVELS[max(0, min(level, len(LEVELS) - 1))]
        self._dice: Final = Dice(seed)
        self._paths: Final[Paths] = paths_of(arena.map)
        self._hand: Final = Hand(self._skill, self._dice)
        self._beat: Final = self._dice.below(LOOK_EVERY_TICKS)
        self._target = -1
        self._target_generation = 0
        self._hunted = -1
        self._goal = 0
        self._goal_until = 0
        self._fetching = False
        self._strafe = self._dice.side()
        self._strafe_until = 0
        self._evade: tuple[float, float] | None = None
        self._evade_until = 0
        self._dash_wanted = False
        self._anchor = (0, 0)
        self._anchor_tick = 0

    def command(self, world: World, seat: int) -> tuple[int, ...]:
        """What this seat does next."""
        player = world.player
        x, y, aim, life = int(player.x[seat]), int(player.y[seat]), int(player.aim[seat]), int(player.life[seat])
        if life != ALIVE or world.match.phase[0] == RESULTS:
            self._forget()
            return (0, 0, aim, 0, BLASTER, 0)
        tick = world.tick
        if (tick + self._beat) % LOOK_EVERY_TICKS == 0:
            self._look_around(world, seat, x, y)
        self._dash_wanted = False
        if self._skill.dodge_percent and (tick + self._beat) % BOLTS_EVERY_TICKS == 0:
            self._watch_bolts(world, seat)
        target = self._target
        if target >= 0 and (player.life[target] != ALIVE or player.generation[target] != self._target_generation):
            self._target = target = -1
            self._hand.lose()
        if target < 0:
            dx, dy = self._travel(tick, x, y)
            return self._answer(player.cooldown_dash[seat], dx, dy, self._hand.look(aim, round(dx), round(dy)), 0, BLASTER)
        there = (int(player.x[target]), int(player.y[target]), int(player.vx[target]), int(player.vy[target]))
        weapon = self._choose_weapon(world, seat, math.hypot(there[0] - x, there[1] - y))
        new_aim, fire = self._hand.follow(aim, (x, y), there, weapon == RAIL)
        fire = fire and player.shield[target] == 0
        dx, dy = self._fight(tick, x, y, there) if not self._fetching else self._travel(tick, x, y)
        return self._answer(player.cooldown_dash[seat], dx, dy, new_aim, int(fire), weapon)

    # --- deciding, every few ticks ----------------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._target = self._hunted = -1
        self._goal_until = self._evade_until = 0
        self._fetching = False
        self._hand.lose()

    def _look_around(self, world: World, seat: int, x: int, y: int) -> None:
        player, tick = world.player, world.tick
        seen, self._hunted = nearest_enemies(world, seat, self._paths)
        old = self._target
        if seen != old:
            # Whom it is already fighting it goes on fighting, unless he is out of sight.
            keep = old >= 0 and player.life[old] == ALIVE and line_is_free(self._paths.map, x, y, int(player.x[old]), int(player.y[old]))
            if not keep:
                self._target = seen
                self._hand.lose()
        if self._target >= 0:
            self._target_generation = int(player.generation[self._target])
        tile = self._paths.map.tile_of(x, y)
        if tick >= self._goal_until or self._paths.distance(tile, self._goal) <= 5 or self._is_stuck(tick, x, y):
            self._choose_goal(world, seat, tile)

    def _choose_goal(self, world: World, seat: int, tile: int) -> None:
        """Something it needs; else the nearest enemy; else anywhere."""
        self._goal_until = world.tick + GOAL_TICKS
        goal, worth = best_pickup(world, seat, tile, self._paths, self._skill.rail)
        self._fetching = worth >= (NEEDY_WORTH if self._target >= 0 else IDLE_WORTH)
        if not self._fetching:
            hunted, player = self._hunted, world.player
            goal = self._paths.goal_near(self._paths.map.tile_of(int(player.x[hunted]), int(player.y[hunted]))) if hunted >= 0 else 0
            if goal == 0 or self._paths.distance(tile, goal) <= 5:
                x, y = self._paths.map.spawns[self._dice.below(len(self._paths.map.spawns))]
                goal = self._paths.map.tile_of(x, y)
        self._goal = goal if self._paths.distance(tile, goal) < FAR else tile

    def _is_stuck(self, tick: int, x: int, y: int) -> bool:
        """Whether it has been at one place for too long without wanting to; then it walks anywhere for a moment."""
        if abs(x - self._anchor[0]) + abs(y - self._anchor[1]) > STUCK_UNITS:
            self._anchor, self._anchor_tick = (x, y), tick
            return False
        if tick - self._anchor_tick < STUCK_TICKS:
            return False
        self._anchor_tick = tick
        angle = self._dice.below(628) / 100
        self._evade, self._evade_until = (math.cos(angle), math.sin(angle)), tick + 14
        return True

    def _watch_bolts(self, world: World, seat: int) -> None:
        bolt = approaching_bolt(world, seat)
        if bolt is None or world.tick < self._evade_until or self._dice.below(100) >= self._skill.dodge_percent:
            return
        length = math.hypot(*bolt)
        self._evade = (-bolt[1] / length * self._strafe, bolt[0] / length * self._strafe)
        self._evade_until = world.tick + 12
        self._dash_wanted = self._skill.dash and self._dice.below(3) == 0

    def _choose_weapon(self, world: World, seat: int, distance: float) -> int:
        player = world.player
        if not self._skill.rail or player.ammo_rail[seat] == 0 or player.cooldown_rail[seat] > 6:
            return BLASTER
        finishing = 18 < player.health[self._target] <= 55
        return RAIL if distance > RAIL_FROM_UNITS or finishing or player.ammo_blaster[seat] == 0 else BLASTER

    # --- moving, every tick -------------------------------------------------------------------------------------------------------------

    def _travel(self, tick: int, x: int, y: int) -> tuple[float, float]:
        """Along the way to the goal, as a direction (of any length)."""
        if tick < self._evade_until and self._evade is not None:
            return self._evade
        place = self._paths.next_place(self._paths.map.tile_of(x, y), self._goal)
        dx, dy = place[0] - x, place[1] - y
        straight = abs(dx) + abs(dy) > TILE_UNITS
        if self._skill.dash and straight and self._target < 0 and self._dice.below(120) == 0:
            self._dash_wanted = True
        return (float(dx), float(dy)) if abs(dx) + abs(dy) > 24 else (0.0, 0.0)

    def _fight(self, tick: int, x: int, y: int, there: tuple[int, int, int, int]) -> tuple[float, float]:
        """Round the target at a good distance, changing sides at times nobody can foresee."""
        if tick < self._evade_until and self._evade is not None:
            return self._evade
        if tick >= self._strafe_until:
            self._strafe = self._dice.side()
            self._strafe_until = tick + 18 + self._dice.below(40)
        gap_x, gap_y = there[0] - x, there[1] - y
        gap = max(math.hypot(gap_x, gap_y), 1.0)
        ahead_x, ahead_y = gap_x / gap, gap_y / gap
        nearer = max(-1.0, min(1.0, (gap / TILE_UNITS - self._skill.distance_tiles) / 2))
        for side in (self._strafe, -self._strafe):
            dx, dy = ahead_x * nearer - ahead_y * side, ahead_y * nearer + ahead_x * side
            if not self._paths.blocked(*self._feeler(x, y, dx, dy)):
                if side != self._strafe:
                    self._strafe, self._strafe_until = side, tick + 20
                return dx, dy
        if not self._paths.blocked(*self._feeler(x, y, ahead_x, ahead_y)):
            return ahead_x, ahead_y
        return -ahead_x, -ahead_y

    @staticmethod
    def _feeler(x: int, y: int, dx: float, dy: float) -> tuple[int, int]:
        length = max(math.hypot(dx, dy), 0.001)
        return x + int(dx / length * FEELER_UNITS), y + int(dy / length * FEELER_UNITS)

    def _answer(self, cooldown_dash: int, dx: float, dy: float, aim: int, fire: int, weapon: int) -> tuple[int, ...]:
        length = math.hypot(dx, dy)
        if length == 0:
            return (0, 0, aim, fire, weapon, 0)
        scale = MOVE_MAX / length
        return (round(dx * scale), round(dy * scale), aim, fire, weapon, int(self._dash_wanted and cooldown_dash == 0))
