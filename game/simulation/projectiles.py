"""Bolts in flight: exact sweeps against walls and players, so that nothing is ever jumped over.

Players are swept in the frame of the player: what counts is the smallest distance between the two while both moved through this tick.
Hits on players are the authority's; a prediction lets its own bolts fly until they meet a wall or grow old.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.world import World
from game.simulation.arena_map import ArenaMap
from game.simulation.damage import Hit
from game.simulation.rules import (
    ALIVE,
    BLASTER,
    BLASTER_DAMAGE,
    BLASTER_RADIUS,
    BLASTER_SPEED,
    DASH_SPEED,
    EFFECT_IMPACT,
    EFFECT_TICKS,
    PLAYER_RADIUS,
    POSITION,
    PUSH_MAX,
    VELOCITY,
)
from game.simulation.walls import fly

HIT_REACH: Final = PLAYER_RADIUS + BLASTER_RADIUS
NEAR: Final = HIT_REACH + BLASTER_SPEED + DASH_SPEED + PUSH_MAX
"""Farther than this at the end of a tick, and the two cannot have met within it."""
DENSE_PAIRS_MAX: Final = 8192
"""Up to here comparing all pairs is faster than sorting."""

Ints = NDArray[np.signedinteger[Any]]


def move_projectiles(arena_map: ArenaMap, world: World, span: slice, players_before: Ints | None) -> list[Hit]:
    """Fly all bolts of the seats of ``span``. ``players_before`` [2, seats]: where players stood before this tick; None in prediction."""
    projectile = world.projectile
    per_seat = projectile.kind.per_seat or 1
    first = span.start * per_seat
    slots = projectile.generation[first : span.stop * per_seat].nonzero()[0] + first
    if not slots.size:
        return []
    flights = projectile.public[:, slots]
    before = flights[POSITION]
    after, stopped = fly(arena_map, before, flights[VELOCITY])
    hits: list[Hit] = []
    if players_before is not None:
        hits = _hit_players(world, slots, before, after, stopped, players_before)
    projectile.x[slots] = after[0]
    projectile.y[slots] = after[1]
    ended = stopped | (projectile.ttl[slots] == 0)
    if np.count_nonzero(ended):
        for index in stopped.nonzero()[0].tolist():
            x, y = after[:, index].tolist()
            world.effect.spawn(world.tick, int(slots[index]) // per_seat, type=EFFECT_IMPACT, x=x, y=y, ttl=EFFECT_TICKS)
        projectile.free(slots[ended])
    return hits


def _hit_players(world: World, slots: Ints, before: Ints, after: Ints, stopped: NDArray[np.bool_], players_before: Ints) -> list[Hit]:
    """Who is hit by which bolt; such a bolt ends where it hit (written into ``after`` and ``stopped``)."""
    player = world.player
    per_seat = world.projectile.kind.per_seat or 1
    places = player.public[POSITION]
    bolt, victim = near_pairs(after, places, NEAR)
    if not bolt.size:
        return []
    enemies = (slots[bolt] // per_seat != victim) & (player.life[victim] == ALIVE)
    bolt, victim = bolt[enemies], victim[enemies]
    if not bolt.size:
        return []
    start = before[:, bolt].astype(np.int64) - players_before[:, victim]
    way = after[:, bolt] - places[:, victim] - start
    closing = -(start * way).sum(axis=0)
    length2 = np.maximum((way * way).sum(axis=0), 1)
    start2, end2 = (start * start).sum(axis=0), ((start + way) ** 2).sum(axis=0)
    # The smallest distance squared, times length2 to stay in integers: at the start, at the end, or where the way passes nearest.
    nearest2 = np.where(closing >= length2, end2 * length2, start2 * length2 - closing * closing)
    nearest2 = np.where(closing <= 0, start2 * length2, nearest2)
    along = np.clip(closing, 0, length2) * 1024 // length2
    struck = (nearest2 < HIT_REACH * HIT_REACH * length2).nonzero()[0]
    hits: list[Hit] = []
    first: dict[int, tuple[int, int, int]] = {}
    for index in struck.tolist():  # rare: a bolt that meets two players hits the one it is nearest to first
        key = (int(along[index]), int(victim[index]), index)
        one = int(bolt[index])
        first[one] = min(first.get(one, key), key)
    for one in sorted(first):
        share, seat, _ = first[one]
        after[:, one] = before[:, one] + (after[:, one] - before[:, one]) * share // 1024
        stopped[one] = True
        hits.append(Hit(int(slots[one]) // per_seat, seat, BLASTER_DAMAGE, BLASTER))
    return hits


def near_pairs(ones: Ints, others: Ints, reach: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All pairs of points of ``ones`` [2, n] and ``others`` [2, m] that are less than ``reach`` apart on both axes, in ascending order."""
    count, other_count = ones.shape[1], others.shape[1]
    if count * other_count <= DENSE_PAIRS_MAX:
        near = np.abs(ones[0][:, None] - others[0]) < reach
        near &= np.abs(ones[1][:, None] - others[1]) < reach
        first, second = np.nonzero(near)
        return first, second
    order = np.argsort(others[0], kind="stable")
    along = others[0][order]
    low = np.searchsorted(along, ones[0] - reach, side="right")
    sizes = np.searchsorted(along, ones[0] + reach, side="left") - low
    first = np.repeat(np.arange(count), sizes)
    second = order[np.arange(first.size) - np.repeat(np.cumsum(sizes) - sizes - low, sizes)]
    near = np.abs(ones[1][first] - others[1][second]) < reach
    first, second = first[near], second[near]
    order = np.lexsort((second, first))
    return first[order], second[order]
