"""Circles and points against wall tiles, in columns.

A player's radius is less than half a tile and a sub-step is shorter than the radius. So its centre never gets into a wall tile, and it
touches at most one tile face per axis and one corner: three look-ups settle a sub-step, without a loop over neighbours.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from game.simulation.arena_map import FAR_SIDE, NEAR_SIDE, TOUCHES_BY_X, TOUCHES_BY_Y, TOUCHES_CORNER, ArenaMap
from game.simulation.integers import square_root
from game.simulation.rules import PLAYER_RADIUS, TILE_SHIFT, TILE_UNITS

SUBSTEP_AXIS_MAX: Final = 141
"""Units per axis, so at most 200 in all, less than the radius; a longer way is walked in two sub-steps. (The longest way of a tick is
a dash and a push, 336 units, so two suffice.)"""
ONE_BY_ONE_MAX: Final = 8
"""Up to so many that touch a wall at once are pushed out one by one, in 2 microseconds each; all at once is 20, however few they are."""
_SUBSTEP_AXIS_MAX: Final = np.array(SUBSTEP_AXIS_MAX, dtype=np.int32)
_TILE_SHIFT: Final = np.array(TILE_SHIFT, dtype=np.int32)
_INSIDE: Final = TILE_UNITS - 1
_BESIDE: Final = np.array([[TOUCHES_BY_X], [TOUCHES_BY_Y]], dtype=np.uint8)

Ints = NDArray[np.signedinteger[Any]]


def push_out(arena_map: ArenaMap, place: Ints) -> Ints:
    """The places [2, n] (centres of players, just moved) pushed out of the walls they overlap."""
    at = place.astype(np.intp)  # any other index is made so at each look-up, for 0.5 microseconds
    touch = arena_map.touch_cells[arena_map.touch_columns[at[0]] + arena_map.touch_rows[at[1]]]
    if not np.count_nonzero(touch):  # the usual case: found out by three look-ups, in 1 microsecond instead of 6
        return place
    which = touch.nonzero()[0]
    pushed = place.copy()
    if which.size <= ONE_BY_ONE_MAX:
        for one, x, y, touched in zip(which.tolist(), *at[:, which].tolist(), touch[which].tolist(), strict=True):
            pushed[:, one] = _pushed_out_alone(x, y, touched)
    else:
        pushed[:, which] = _pushed_out(place[:, which], touch[which])
    return pushed


def _pushed_out_alone(x: int, y: int, touch: int) -> tuple[int, int]:
    """:func:`_pushed_out` for one place, in plain integers."""
    within_x, within_y = x & _INSIDE, y & _INSIDE
    if touch & TOUCHES_BY_X:
        x += (FAR_SIDE if within_x > FAR_SIDE else NEAR_SIDE) - within_x
    if touch & TOUCHES_BY_Y:
        y += (FAR_SIDE if within_y > FAR_SIDE else NEAR_SIDE) - within_y
    if touch == TOUCHES_CORNER:
        away_x = within_x - (TILE_UNITS if within_x > FAR_SIDE else 0)
        away_y = within_y - (TILE_UNITS if within_y > FAR_SIDE else 0)
        distance = max(math.isqrt(away_x * away_x + away_y * away_y), 1)
        if distance < PLAYER_RADIUS:
            x += _grown(away_x, distance) - away_x
            y += _grown(away_y, distance) - away_y
    return x, y


def _grown(away: int, distance: int) -> int:
    """One axis of a way from a corner, made as long as the radius; rounded away from the corner."""
    grown = (abs(away) * PLAYER_RADIUS + distance - 1) // distance
    return -grown if away < 0 else grown


def _pushed_out(place: Ints, touch: NDArray[np.uint8]) -> Ints:
    """:func:`push_out` for those that do overlap something; ``touch`` says what."""
    within = place & _INSIDE
    beside = (touch & _BESIDE) != 0
    far_side = within > FAR_SIDE
    pushed: Ints = np.where(beside, np.where(far_side, FAR_SIDE, NEAR_SIDE), within) + (place - within)
    corner = touch == TOUCHES_CORNER
    if np.count_nonzero(corner):
        _round_corners(pushed, within, far_side, corner.nonzero()[0])
    return pushed


def _round_corners(pushed: Ints, within: Ints, far_side: NDArray[np.bool_], which: NDArray[np.intp]) -> None:
    """Push those that overlap only a tile's corner straight away from it: players slide round corners."""
    away = within[:, which] - np.where(far_side[:, which], TILE_UNITS, 0)
    squares = away * away
    distance = np.maximum(square_root(squares[0] + squares[1]), 1)
    near = distance < PLAYER_RADIUS
    grown = (np.abs(away) * PLAYER_RADIUS + distance - 1) // distance  # rounded away from the corner: never inside it
    pushed[:, which] += np.where(near, np.where(away < 0, -grown, grown) - away, 0).astype(pushed.dtype)


def slide(arena_map: ArenaMap, place: Ints, change: Ints) -> Ints:
    """Where players at ``place`` [2, n] get to when they want to move by ``change``, sliding along walls."""
    far = np.abs(change) > _SUBSTEP_AXIS_MAX
    if not np.count_nonzero(far):
        return push_out(arena_map, place + change)
    fast = far[0] | far[1]
    half = np.where(fast, change >> 1, change)
    moved = push_out(arena_map, place + half)
    which = fast.nonzero()[0]
    moved[:, which] = push_out(arena_map, moved[:, which] + (change - half)[:, which])
    return moved


def slide_alone(arena_map: ArenaMap, x: int, y: int, change_x: int, change_y: int) -> tuple[int, int]:
    """:func:`slide` for one player, in plain integers."""
    cells, columns, rows = arena_map.touches
    if -SUBSTEP_AXIS_MAX <= change_x <= SUBSTEP_AXIS_MAX and -SUBSTEP_AXIS_MAX <= change_y <= SUBSTEP_AXIS_MAX:
        ways: tuple[tuple[int, int], ...] = ((change_x, change_y),)
    else:
        half_x, half_y = change_x >> 1, change_y >> 1
        ways = ((half_x, half_y), (change_x - half_x, change_y - half_y))
    for way_x, way_y in ways:
        x, y = x + way_x, y + way_y
        touch = cells[columns[x] + rows[y]]
        if touch:
            x, y = _pushed_out_alone(x, y, touch)
    return x, y


def fly(arena_map: ArenaMap, place: Ints, change: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Points at ``place`` [2, n] fly by ``change`` (less than a tile per axis): where they end, and which of them met a wall there.

    Exact: where both tile borders are crossed, the one that is met first decides through which tile the way leads. Beyond the border of the
    map there is wall, and who is within a wall ends where he is: an outage lets a prediction's bolts coast through walls.
    """
    solid, width = arena_map.solid_flat, arena_map.width
    target = place + change
    tile, target_tile = place >> _TILE_SHIFT, target >> _TILE_SHIFT
    there = np.minimum(target_tile, arena_map.last_tile)
    hit = solid[there[1] * width + there[0]]
    crossed = tile != target_tile
    doubtful = (crossed[0] & crossed[1]) | hit
    if np.count_nonzero(doubtful):
        which = doubtful.nonzero()[0]
        target[:, which], hit[which] = _fly_over_borders(arena_map, place[:, which], change[:, which], crossed[:, which])
    return target, hit


def _fly_over_borders(arena_map: ArenaMap, place: Ints, change: Ints, crossed: NDArray[np.bool_]) -> tuple[Ints, NDArray[np.bool_]]:
    """:func:`fly` for the few that end in a wall or pass two borders; all cross at least one."""
    solid, width = arena_map.solid_flat, arena_map.width
    target = place + change
    tile, target_tile = place >> TILE_SHIFT, target >> TILE_SHIFT
    gap = np.abs((np.maximum(tile, target_tile) << TILE_SHIFT) - place)  # to the border, along each axis
    size = np.abs(change)
    x_first = crossed[0] & (~crossed[1] | (gap[0] * size[1] <= gap[1] * size[0]))
    here, there = np.minimum(tile, arena_map.last_tile), np.minimum(target_tile, arena_map.last_tile)
    first = np.where(x_first, here[1] * width + there[0], there[1] * width + here[0])
    hit_first = solid[first]
    hit = hit_first | solid[there[1] * width + there[0]]
    # The wall was met at the first border (whichever axis' it is), or at the other axis' border.
    axis = np.where(x_first == hit_first, 0, 1)
    each = np.arange(axis.size)
    reached = place + np.sign(change) * (size * gap[axis, each] // np.maximum(size[axis, each], 1))
    reached = np.where(solid[here[1] * width + here[0]], place, reached)  # who is within a wall already ends there
    return np.where(hit, reached, target), hit
