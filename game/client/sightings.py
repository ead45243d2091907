"""What has just happened in the arena, found out from one picture of the world to the next: each thing once.

Rows say what cannot be known otherwise: a rail's beam, and who has hit whom. All else that flashes or sounds shows in what is there anyway:

* a bolt is born: a muzzle flash; slot and generation name the bolt, so the server's copy of a predicted one is not a second;
* a bolt is gone: an impact where its flight, carried on, meets a wall or somebody. In the open air its time has run out, or a correction
  has taken back a shot that never was: nothing. Only where another's bolt has ended too early for that has it hit somebody who is
  drawn elsewhere (bolts are judged by what their shooter saw): then the impact is where the bolt was;
* a dash, a death, an appearance: the player's ``dash``, ``life`` and ``shield``;
* something was taken: a pick-up that waits again. The own player's pause after a pick-up says it sooner, as it is predicted.

Own rows are predicted, so what we do ourselves is seen in the frame of the key press. A correction may change a row and change it back:
what has been told is not told again for a while.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.world import GENERATIONS, Table, World
from game.simulation import rules
from game.simulation.arena_map import ArenaMap
from game.simulation.integers import COSINES, SINES
from game.simulation.navigation import ray_end
from game.simulation.projectiles import HIT_REACH

FORGET_AFTER_S: Final = 4.0
"""A generation comes round again after 17 s; a slot that was told longer ago than this may tell the same one anew."""
AGAIN_AFTER_S: Final = 0.3
"""Neither a beam, a dash, a death, an appearance nor a pick-up of one player comes twice within this; a correction may look as if."""
TAKEN_BY_US_S: Final = 1.5
"""What we have taken, the server's news of it may follow so much later."""
NEW_TICKS: Final = 6
"""Older bolts have lost their flash when they are seen first; an appearance has lost its ring after twice as long."""
ROSE_TICKS: Final = 6
"""A countdown that is this much higher has begun anew; a little higher it is when a guess ends that was drawn while no news came."""
NOBODY: Final = -1
"""As a seat: it is not known whose doing it was."""
CARRIED_ON_TICKS_MAX: Final = 8
SLACK_UNITS: Final = 48
"""3 pixels: places between two ticks are rounded, and players are drawn where they were a moment before."""
_CREDIT_S: Final = rules.CREDIT_TICKS / rules.TICK_RATE_HZ
_HIT_DAMAGE: Final = {rules.BLASTER: rules.BLASTER_DAMAGE, rules.RAIL: rules.RAIL_DAMAGE}


class Sight(enum.Enum):
    """What can happen."""

    MUZZLE = enum.auto()
    """``angle``: where the shot goes."""
    IMPACT = enum.auto()
    """Of a bolt, on a wall or a player."""
    BEAM = enum.auto()
    """From the place to ``end``."""
    DEATH = enum.auto()
    """``amount``: the killer's seat + 1, 0 for nobody in particular."""
    DASH = enum.auto()
    PICKUP = enum.auto()
    """``amount``: its type."""
    HIT = enum.auto()
    """``seat`` has hit somebody at the place. ``amount``: damage."""
    SPAWN = enum.auto()


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing that has happened. Places are map pixels."""

    what: Sight
    seat: int
    place: tuple[float, float]
    end: tuple[float, float] = (0.0, 0.0)
    amount: int = 0
    angle: float = 0.0
    is_sure: bool = True
    """Not: a bolt that far away the server may merely have stopped to tell of."""


class RowTracker:
    """Lets every row of a table through exactly once, whatever is predicted, corrected or shown again."""

    def __init__(self) -> None:
        self._told = np.zeros(0, dtype=np.int32)
        self._told_at = np.zeros(0)

    def fresh(self, generation: NDArray[np.int32], now: float) -> NDArray[np.intp]:
        """The slots whose row (its generation; 0: none) has not been told yet; they count as told from now on."""
        if self._told.size != generation.size:
            self._told = np.zeros(generation.size, dtype=np.int32)
            self._told_at = np.full(generation.size, -math.inf)
        new = (generation != 0) & ((generation != self._told) | (now - self._told_at > FORGET_AFTER_S))
        slots = np.flatnonzero(new)
        if slots.size:
            self._told[slots] = generation[slots]
        self._told_at[generation != 0] = now
        return slots


class Watch:
    """Looks at one world after the other, as they are drawn. Make one per match."""

    def __init__(self, arena_map: ArenaMap) -> None:
        self._map: Final = arena_map
        self._beams: Final = RowTracker()
        self._hits: Final = RowTracker()
        self._flight: Final = _Flights(arena_map)
        self._player: NDArray[np.int32] | None = None
        """[generation, life, shield, dash], as last seen."""
        self._wait = np.zeros(0, dtype=np.int32)
        self._pause = 0
        self._told_at: Final[dict[tuple[Sight, int], float]] = {}
        self._hit_by: Final[dict[int, tuple[int, float]]] = {}
        self._taken_at: Final[dict[int, float]] = {}

    def look(self, world: World, own_seat: int, now: float) -> list[Sighting]:
        """What has happened since the last look. ``now`` in seconds."""
        found = self._flight.look(world, own_seat, now)
        found += self._look_at_rows(world, now)
        found += self._look_at_players(world, now)
        found += self._look_at_pickups(world, own_seat, now)
        return found

    def _look_at_rows(self, world: World, now: float) -> list[Sighting]:
        found = []
        beam, hit, player = world.beam, world.hit, world.player
        for slot in self._beams.fresh(beam.generation, now).tolist():
            seat = slot // (beam.kind.per_seat or 1)
            if self._is_told((Sight.BEAM, seat), now):
                continue
            x, y, aim = int(beam.x[slot]), int(beam.y[slot]), int(beam.aim[slot])
            end = ray_end(self._map, x, y, COSINES[aim], SINES[aim])
            found.append(Sighting(Sight.BEAM, seat, _pixels(x, y), end=_pixels(*end)))
        for slot in self._hits.fresh(hit.generation, now).tolist():
            seat, victim = slot // (hit.kind.per_seat or 1), int(hit.victim[slot])
            if victim < player.capacity and player.generation[victim]:
                self._hit_by[victim] = seat, now
                damage = _HIT_DAMAGE[int(hit.weapon[slot])]
                found.append(Sighting(Sight.HIT, seat, _pixels(player.x[victim], player.y[victim]), amount=damage))
        return found

    def _look_at_players(self, world: World, now: float) -> list[Sighting]:
        player = world.player
        seen = np.stack((player.generation, player.life, player.shield, player.dash))
        before = self._player
        self._player = seen
        is_alive = player.life == rules.ALIVE
        just_appeared = is_alive & (player.shield > rules.SHIELD_TICKS - 2 * NEW_TICKS)
        if before is None or before.shape != seen.shape:
            return [self._at(Sight.SPAWN, player, seat) for seat in np.flatnonzero(just_appeared).tolist()]
        if np.array_equal(before, seen):
            return []
        found = []
        same, was_alive = before[0] == seen[0], before[1] == rules.ALIVE
        appeared = (is_alive & same & ~was_alive) | (just_appeared & (~same | (player.shield > before[2])))
        died = same & was_alive & (player.life == rules.DEAD)
        dashes = is_alive & (player.dash > np.where(same, before[3], 0))
        for what, seats in ((Sight.SPAWN, appeared), (Sight.DEATH, died), (Sight.DASH, dashes)):
            for seat in np.flatnonzero(seats).tolist():
                if self._is_told((what, seat), now):
                    continue
                if what is Sight.DEATH:
                    attacker, at = self._hit_by.pop(seat, (-1, -math.inf))
                    found.append(self._at(what, player, seat, attacker + 1 if now - at < _CREDIT_S else 0))
                else:
                    found.append(self._at(what, player, seat))
        return found

    def _at(self, what: Sight, player: Table, seat: int, amount: int = 0) -> Sighting:
        """Where a player stands; where he set off, for a dash."""
        x, y = int(player.x[seat]), int(player.y[seat])
        if what is Sight.DASH:
            ticks = rules.DASH_TICKS + 1 - int(player.dash[seat])
            x, y = x - int(player.vx[seat]) * ticks, y - int(player.vy[seat]) * ticks
        return Sighting(what, seat, _pixels(x, y), amount=amount)

    def _look_at_pickups(self, world: World, own_seat: int, now: float) -> list[Sighting]:
        pickup, player = world.pickup, world.player
        taken = np.zeros(0, dtype=np.intp)
        if self._wait.size == pickup.wait.size:
            taken = np.flatnonzero((pickup.wait > self._wait + ROSE_TICKS) & (pickup.generation != 0))
        self._wait = pickup.wait.copy()
        pause, self._pause = self._pause, int(player.cooldown_pickup[own_seat])
        found = []
        if self._pause > pause + ROSE_TICKS and not self._is_told((Sight.PICKUP, own_seat), now):
            far = np.hypot(pickup.x - player.x[own_seat].astype(np.int64), pickup.y - player.y[own_seat].astype(np.int64))
            slot = int(np.where(pickup.generation != 0, far, math.inf).argmin())
            self._taken_at[slot] = now
            found.append(_taken(pickup, slot, own_seat))
        others = [slot for slot in taken.tolist() if now - self._taken_at.get(slot, -math.inf) > TAKEN_BY_US_S]
        return found + [_taken(pickup, slot, NOBODY) for slot in others]

    def _is_told(self, which: tuple[Sight, int], now: float) -> bool:
        """Whether this has just been told; otherwise it counts as told now."""
        if now - self._told_at.get(which, -math.inf) < AGAIN_AFTER_S:
            return True
        self._told_at[which] = now
        return False


def _taken(pickup: Table, slot: int, seat: int) -> Sighting:
    return Sighting(Sight.PICKUP, seat, _pixels(pickup.x[slot], pickup.y[slot]), amount=int(pickup.type[slot]))


def _pixels(x: float, y: float) -> tuple[float, float]:
    return float(x) / rules.UNITS_PER_PIXEL, float(y) / rules.UNITS_PER_PIXEL


class _Flights:
    """Where bolts are born, and where they end."""

    def __init__(self, arena_map: ArenaMap) -> None:
        self._map: Final = arena_map
        self._born: Final = RowTracker()
        self._ended: Final = RowTracker()
        self._bolts = np.zeros((5, 0), dtype=np.int32)
        """[generation, x, y, vx, vy], as last seen."""
        self._moved_at = np.zeros(0)
        """When a bolt was last seen elsewhere than before: in the last frames before it is gone, it may stand still."""
        self._owners = np.zeros(0, dtype=np.int32)
        self._round = 0
        self._shots: Final[dict[int, tuple[int, float]]] = {}
        """By seat: the generation of the bolt whose flash came last, and when."""

    def look(self, world: World, own_seat: int, now: float) -> list[Sighting]:
        """Muzzle flashes and impacts since the last look."""
        bolts = world.projectile
        seen, before = bolts.public.copy(), self._bolts
        if before.shape != seen.shape:
            before = np.zeros_like(seen)
            self._moved_at = np.zeros(seen.shape[1])
        gone = np.where((before[0] != seen[0]) & self._may_have_ended(world), before[0], 0)
        moved = (before[1] != seen[1]) | (before[2] != seen[2])
        found = [
            self._end(world, slot, before[:, slot].tolist(), now - self._moved_at[slot], own_seat)
            for slot in self._ended.fresh(gone, now).tolist()
        ]
        self._moved_at[moved] = now
        self._bolts = seen
        muzzles = [self._birth(world, slot, now) for slot in self._born.fresh(bolts.generation, now).tolist()]
        return [sighting for sighting in found + muzzles if sighting is not None]

    def _may_have_ended(self, world: World) -> NDArray[np.bool_]:
        """By slot: not because its owner has left, or a round begun."""
        player, owners = world.player, self._owners
        self._owners = player.generation.copy()
        number, self._round = self._round, int(world.match.round[0])
        if owners.size != player.capacity or number != self._round:
            return np.zeros(world.projectile.capacity, dtype=bool)
        return np.repeat((owners == player.generation) & (owners != 0), world.projectile.kind.per_seat or 1)

    def _birth(self, world: World, slot: int, now: float) -> Sighting | None:
        bolts, player = world.projectile, world.player
        generation, seat = int(bolts.generation[slot]), slot // (bolts.kind.per_seat or 1)
        shot, at = self._shots.get(seat, (0, -math.inf))
        # Sooner after another than a blaster can shoot: it is that shot, which a correction has moved by a tick or two.
        is_moved = now - at < AGAIN_AFTER_S and abs(_ticks_between(shot, generation)) < rules.BLASTER_COOLDOWN_TICKS
        if is_moved or _age_ticks(world.tick, generation) > NEW_TICKS:
            return None
        self._shots[seat] = generation, now
        shooter = player if player.life[seat] == rules.ALIVE else None
        x, y = (bolts.x[slot], bolts.y[slot]) if shooter is None else (player.x[seat], player.y[seat])
        angle = math.atan2(int(bolts.vy[slot]), int(bolts.vx[slot]))
        return Sighting(Sight.MUZZLE, seat, _pixels(x, y), angle=angle)

    def _end(self, world: World, slot: int, bolt: list[int], still_s: float, own_seat: int) -> Sighting | None:
        """Where a bolt has ended, if it has hit something."""
        generation, x, y, vx, vy = bolt
        seat = slot // (world.projectile.kind.per_seat or 1)
        speed = math.hypot(vx, vy)
        if not speed:
            return None
        for _ in range(CARRIED_ON_TICKS_MAX):  # while no news came, it was drawn as flying on, through whatever there is
            if not self._map.solid_flat[self._map.tile_of(x, y)]:
                break
            x, y = x - vx, y - vy
        ticks = min(max(math.ceil(still_s * rules.TICK_RATE_HZ - 0.05), 1), CARRIED_ON_TICKS_MAX)
        reach = speed * ticks + SLACK_UNITS
        wall = math.dist((x, y), ray_end(self._map, x, y, vx, vy))
        way = _first_met(world, seat, (x, y), (vx / speed, vy / speed), min(wall, reach))
        if way is None and wall <= reach:
            way = wall
        is_sure = way is not None
        if way is None:
            if seat == own_seat or _age_ticks(world.tick, generation) >= rules.BLASTER_TICKS:
                return None
            way = min(wall, speed * ticks / 2)
        return Sighting(Sight.IMPACT, seat, _pixels(x + vx / speed * way, y + vy / speed * way), is_sure=is_sure)


def _age_ticks(tick: int, generation: int) -> int:
    """How long ago a row was born; below 0 for an own one, which is predicted for a later tick than the world's."""
    return _ticks_between(generation, tick + 1)


def _ticks_between(one: int, other: int) -> int:
    """From one generation to another, the short way round."""
    return (other - one + GENERATIONS // 2) % GENERATIONS - GENERATIONS // 2


def _first_met(world: World, seat: int, start: tuple[int, int], along: tuple[float, float], length: float) -> float | None:
    """How far along a straight flight it first comes near enough to one of the others, or None."""
    player = world.player
    gap_x, gap_y = player.x - start[0], player.y - start[1]
    way = np.clip(gap_x * along[0] + gap_y * along[1], 0.0, length)
    met = np.hypot(gap_x - way * along[0], gap_y - way * along[1]) < HIT_REACH + SLACK_UNITS
    met &= player.life == rules.ALIVE
    met[seat] = False
    return float(way[met].min()) if met.any() else None
