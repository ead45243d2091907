"""Bolts in flight: exact sweeps against walls and players, so that nothing is ever jumped over.

Players are swept in the frame of the player: what counts is the smallest distance between the two while both moved through this tick.

Whom a bolt meets is judged by what its shooter saw (``seen_by``), as with the rail: a bolt that hit on his screen has hit. Three rules keep
that fair. Whoever is dead or not the same player any more is not hit. Whoever dashes is judged where he is: a dash gets out of the way of
a bolt whatever its shooter saw. And the engine looks no further back than its limit. In a match of more than 32 all is judged by the
present: a past for each of them costs more than a tick has.

The bolt's end is everybody's to compute, so a prediction ends its own bolts at once on whom its player sees; the hurt is the authority's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.world import GENERATIONS, World
from game.simulation.arena_map import ArenaMap
from game.simulation.damage import Hit
from game.simulation.near import near_pairs
from game.simulation.rules import (
    ALIVE,
    BLASTER,
    BLASTER_DAMAGE,
    BLASTER_RADIUS,
    BLASTER_SPEED,
    BLASTER_TICKS,
    DASH_SPEED,
    PLAYER_RADIUS,
    POSITION,
    PUSH_MAX,
    VELOCITY,
)
from game.simulation.walls import fly

HIT_REACH: Final = PLAYER_RADIUS + BLASTER_RADIUS
NEAR: Final = HIT_REACH + BLASTER_SPEED + DASH_SPEED + PUSH_MAX
"""Farther than this at the end of a tick, and the two cannot have met within it."""
_ALIVE, _NEAR = (np.array(number, dtype=np.int32) for number in (ALIVE, NEAR))

COMPENSATED_SEATS_MAX: Final = 32
"""In larger matches bolts are judged by the present: a view costs 12 microseconds and more per shooter and tick."""

Ints = NDArray[np.signedinteger[Any]]


class Meetings(NamedTuple):
    """Pairs of a bolt and a player who may meet in this tick, in ascending order."""

    bolt: Ints
    victim: Ints
    start: Ints
    """[2, pairs]: where the player was at the tick's start."""
    end: Ints
    """[2, pairs]: and at its end."""


def move_projectiles(
    arena_map: ArenaMap, world: World, span: slice, players_before: Ints | None, seen_by: Callable[[int], World | None]
) -> list[Hit]:
    """Fly all bolts of the seats of ``span``. ``players_before`` [2, seats]: where players stood before this tick; None in prediction."""
    projectile = world.projectile
    per_seat = projectile.kind.per_seat or 1
    first = span.start * per_seat
    slots = projectile.generation[first : span.stop * per_seat].nonzero()[0] + first
    if not slots.size:
        return []
    flights = projectile.public.take(slots, axis=1)
    before = flights[POSITION]
    after, stopped = fly(arena_map, before, flights[VELOCITY])
    if world.player.capacity <= COMPENSATED_SEATS_MAX:
        meetings = _meetings_as_seen(world, slots // per_seat, after, players_before, seen_by)
    elif players_before is not None:
        meetings = _meetings_now(world, slots // per_seat, after, players_before)
    else:
        meetings = None
    hits = _hit_players(slots // per_seat, before, after, stopped, meetings) if meetings is not None else []
    projectile.x[slots] = after[0]
    projectile.y[slots] = after[1]
    ended = stopped | ((world.tick + 1 - flights[0]) % GENERATIONS >= BLASTER_TICKS)
    if np.count_nonzero(ended):
        projectile.free(slots[ended])
    return hits


def _meetings_now(world: World, owners: Ints, after: Ints, players_before: Ints) -> Meetings | None:
    """Bolts and the enemies near them, in the present."""
    player = world.player
    places = player.public[POSITION]
    bolt, victim = near_pairs(after, places, NEAR)
    enemies = (owners[bolt] != victim) & (player.life[victim] == ALIVE)
    bolt, victim = bolt[enemies], victim[enemies]
    return Meetings(bolt, victim, players_before[:, victim], places[:, victim]) if bolt.size else None


def _meetings_as_seen(
    world: World, owners: Ints, after: Ints, players_before: Ints | None, seen_by: Callable[[int], World | None]
) -> Meetings | None:
    """Bolts and the enemies near them, each where the bolt's owner saw him; a seat that saw nothing special judges by the present."""
    player, is_authority = world.player, players_before is not None
    present = player.public[POSITION]
    found: list[tuple[Ints, Ints, Ints, Ints]] = []
    for shooter, bolts in _by_owner(owners.tolist()):
        seen = seen_by(shooter)
        if seen is None:
            place, start = present, present if players_before is None else players_before
        else:
            place = seen.player.public[POSITION]
            start = place - seen.player.public[VELOCITY]
            if players_before is not None and np.count_nonzero(player.dash):
                dashing = player.dash > 0
                place = np.where(dashing, present, place)
                start = np.where(dashing, players_before, start)
        close = np.abs(after[:, bolts, None] - place[:, None]) < _NEAR
        near = close[0] & close[1]
        if not np.count_nonzero(near) or (seen is None and not is_authority):
            continue
        near &= player.life == _ALIVE
        if seen is not None:
            near &= (seen.player.life == _ALIVE) & (seen.player.generation == player.generation)
        near[:, shooter] = False
        bolt, victim = near.nonzero()
        found.append((bolt + bolts.start, victim, start[:, victim], place[:, victim]))
    if not any(bolt.size for bolt, _, _, _ in found):
        return None
    bolt, victim, starts, ends = (np.concatenate(part, axis=-1) for part in zip(*found, strict=True))
    return Meetings(bolt, victim, starts, ends)


def _by_owner(owners: list[int]) -> list[tuple[int, slice]]:
    """Each owner and his run of bolts: their slots ascend, so all of an owner's stand together."""
    starts = [index for index, owner in enumerate(owners) if index == 0 or owners[index - 1] != owner]
    return [(owners[start], slice(start, end)) for start, end in zip(starts, [*starts[1:], len(owners)], strict=True)]


def _hit_players(owners: Ints, before: Ints, after: Ints, stopped: NDArray[np.bool_], meetings: Meetings) -> list[Hit]:
    """Who is hit by which bolt; such a bolt ends where it hit (written into ``after`` and ``stopped``)."""
    bolt, victim = meetings.bolt, meetings.victim
    start = before[:, bolt].astype(np.int64) - meetings.start
    way = after[:, bolt] - meetings.end - start
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
        hits.append(Hit(int(owners[one]), seat, BLASTER_DAMAGE, BLASTER))
    return hits
