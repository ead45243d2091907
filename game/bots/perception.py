"""What a bot notices: whom it sees, which bolt comes its way, what lies around that it needs."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.world import World
from game.bots.paths import FAR, Paths
from game.simulation.navigation import line_is_free
from game.simulation.rules import ALIVE, PICKUP_BLASTER, PICKUP_HEALTH, PICKUP_RAIL, PLAYER_RADIUS

CANDIDATES_MAX: Final = 4
"""Sight lines are drawn to the nearest few only."""
SIGHT_UNITS: Final = 20 * 512
"""About a screen's width."""
NOWHERE: Final = 1 << 40
DODGE_TICKS: Final = 16
DODGE_REACH: Final = 2 * PLAYER_RADIUS


def nearest_enemies(world: World, seat: int, arena_paths: Paths) -> tuple[int, int]:
    """The nearest enemy in sight and the nearest at all, as seats; -1 where there is none."""
    player = world.player
    x, y = int(player.x[seat]), int(player.y[seat])
    gap_x, gap_y = player.x.astype(np.int64) - x, player.y.astype(np.int64) - y
    apart = np.where(player.life == ALIVE, gap_x * gap_x + gap_y * gap_y, NOWHERE)
    apart[seat] = NOWHERE
    nearest = -1
    for _ in range(CANDIDATES_MAX):
        other = int(apart.argmin())
        if apart[other] == NOWHERE:
            break
        if nearest < 0:
            nearest = other
        if apart[other] > SIGHT_UNITS * SIGHT_UNITS:
            break
        if line_is_free(arena_paths.map, x, y, int(player.x[other]), int(player.y[other])):
            return other, nearest
        apart[other] = NOWHERE
    return -1, nearest


def approaching_bolt(world: World, seat: int) -> tuple[int, int] | None:
    """The velocity of a bolt that will come close within a quarter of a second, or None."""
    projectile = world.projectile
    per_seat = projectile.kind.per_seat or 1
    slots = np.flatnonzero(projectile.generation)
    if not slots.size:
        return None
    slots = slots[slots // per_seat != seat]
    if not slots.size:
        return None
    _, x, y, vx, vy = projectile.public.take(slots, axis=1).astype(np.int64)
    gap_x, gap_y = world.player.x[seat] - x, world.player.y[seat] - y
    speed2 = vx * vx + vy * vy + 1
    closing = gap_x * vx + gap_y * vy
    aside = np.abs(gap_x * vy - gap_y * vx)
    threat = (closing > 0) & (closing < DODGE_TICKS * speed2) & (aside * aside < DODGE_REACH * DODGE_REACH * speed2)
    if not threat.any():
        return None
    first = int(np.where(threat, closing, NOWHERE).argmin())
    return int(vx[first]), int(vy[first])


def best_pickup(world: World, seat: int, tile: int, arena_paths: Paths, likes_rail: bool) -> tuple[int, int]:
    """The tile of the pick-up that is worth most for its distance, and that worth (0: none is worth a step)."""
    player, pickup = world.player, world.pickup
    health, blaster, rail = int(player.health[seat]), int(player.ammo_blaster[seat]), int(player.ammo_rail[seat])
    wants = {
        PICKUP_HEALTH: max(0, 95 - health) * 2,
        PICKUP_BLASTER: max(0, 40 - blaster) * 3,
        PICKUP_RAIL: max(0, 8 - rail) * 8 if likes_rail else 0,
    }
    if not any(wants.values()):
        return 0, 0
    best, worth = 0, 0
    slots = np.flatnonzero((pickup.generation != 0) & (pickup.wait == 0))
    for kind, x, y in zip(pickup.type[slots].tolist(), pickup.x[slots].tolist(), pickup.y[slots].tolist(), strict=True):
        if not wants[kind]:
            continue
        goal = arena_paths.map.tile_of(x, y)
        distance = arena_paths.distance(tile, goal)
        value = wants[kind] * 100 // (60 + distance)
        if distance < FAR and value > worth:
            best, worth = goal, value
    return best, worth
