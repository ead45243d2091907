"""Circles and points against wall tiles, in columns.

A player's radius is less than half a tile and a sub-step is shorter than the radius. So its centre never gets into a wall tile, and it
touches at most one tile face per axis and one corner: three look-ups settle a sub-step, without a loop over neighbours.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from game.simulation.arena_map import ArenaMap
from game.simulation.integers import square_root
from game.simulation.rules import PLAYER_RADIUS, TILE_SHIFT, TILE_UNITS

SUBSTEP_AXIS_MAX: Final = 141
"""Units per axis, so at most 200 in all, less than the radius; a longer way is walked in two sub-steps. (The longest way of a tick is
a dash and a push, 336 units, so two suffice.)"""
_LOW: Final = PLAYER_RADIUS
_HIGH: Final = TILE_UNITS - PLAYER_RADIUS
_INSIDE: Final = TILE_UNITS - 1

Ints = NDArray[np.signedinteger[Any]]


def push_out(arena_map: ArenaMap, place: Ints) -> Ints:
    """The places [2, n] (centres of players, just moved) pushed out of the walls they overlap."""
    solid, width = arena_map.solid_flat, arena_map.width
    tile = place >> TILE_SHIFT
    within = place & _INSIDE
    side = (within > _HIGH).view(np.int8) - (within < _LOW).view(np.int8)  # -1, 0, 1: towards which neighbour it sticks out
    base = tile[1] * width + tile[0]
    step_y = side[1] * np.int32(width)
    at_x = base + side[0]
    wall_x = solid[at_x]  # with side 0 this is its own tile, which is open
    wall_y = solid[base + step_y]
    corner = solid[at_x + step_y]
    if not corner.any() and not wall_x.any() and not wall_y.any():
        return place
    wall = np.stack((wall_x, wall_y))
    pushed: Ints = np.where(wall, np.where(side > 0, _HIGH, _LOW), within) + (tile << TILE_SHIFT)
    corner &= ~(wall_x | wall_y)
    if corner.any():
        _round_corners(pushed, within, side, np.flatnonzero(corner))
    return pushed


def _round_corners(pushed: Ints, within: Ints, side: NDArray[np.int8], which: NDArray[np.intp]) -> None:
    """Push those that overlap only a tile's corner straight away from it: players slide round corners."""
    away = within[:, which] - np.where(side[:, which] > 0, TILE_UNITS, 0)
    distance = np.maximum(square_root((away * away).sum(axis=0)), 1)
    near = distance < PLAYER_RADIUS
    grown = (np.abs(away) * PLAYER_RADIUS + distance - 1) // distance  # rounded away from the corner: never inside it
    pushed[:, which] += np.where(near, np.where(away < 0, -grown, grown) - away, 0).astype(pushed.dtype)


def slide(arena_map: ArenaMap, place: Ints, change: Ints) -> Ints:
    """Where players at ``place`` [2, n] get to when they want to move by ``change``, sliding along walls."""
    fast = (np.abs(change) > SUBSTEP_AXIS_MAX).any(axis=0)
    if not fast.any():
        return push_out(arena_map, place + change)
    half = np.where(fast, change >> 1, change)
    moved = push_out(arena_map, place + half)
    which = np.flatnonzero(fast)
    moved[:, which] = push_out(arena_map, moved[:, which] + (change - half)[:, which])
    return moved


def fly(arena_map: ArenaMap, place: Ints, change: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Points at ``place`` [2, n] fly by ``change`` (less than a tile per axis): where they end, and which of them met a wall there.

    Exact: where both tile borders are crossed, the one that is met first decides through which tile the way leads.
    """
    solid, width = arena_map.solid_flat, arena_map.width
    target = place + change
    tile, target_tile = place >> TILE_SHIFT, target >> TILE_SHIFT
    crossed = target_tile != tile
    if not crossed.any():
        return target, np.zeros(place.shape[1], dtype=np.bool_)
    edge = np.maximum(tile, target_tile) << TILE_SHIFT
    gap = np.abs(edge - place)
    size = np.abs(change)
    x_first = crossed[0] & (~crossed[1] | (gap[0] * size[1] <= gap[1] * size[0]))
    y_first = crossed[1] & ~x_first
    first = np.where(
        x_first, tile[1] * width + target_tile[0], np.where(y_first, target_tile[1] * width + tile[0], tile[1] * width + tile[0])
    )
    hit_first = solid[first]
    hit_last = solid[target_tile[1] * width + target_tile[0]] & ~hit_first
    hit = hit_first | hit_last
    if hit.any():
        which = np.flatnonzero(hit)
        # the wall was met at the first border (by whichever axis), or at the other axis' one
        by_x = (x_first == hit_first)[which]
        axis = np.where(by_x, 0, 1)
        span = np.maximum(size[axis, which], 1)
        way = gap[axis, which]
        change_there = change[:, which]
        reached = place[:, which] + np.sign(change_there) * (np.abs(change_there) * way // span)
        target[:, which] = reached
    return target, hit
