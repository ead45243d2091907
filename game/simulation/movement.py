"""Walking, dashing, pushing. A step for all players at once, or (in prediction) for those who matter: ``movers`` says which seats.

Velocity goes a quarter of the way to what the player wants each tick (95 % within 0.17 s), which is acceleration and friction in one,
equal in all directions. A dash holds its velocity for a few ticks. What a wall stops is taken out of the velocity, so the engine's
forecast (position plus velocity) stays exact for somebody who slides along a wall.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.world import World
from game.simulation.arena_map import ArenaMap
from game.simulation.integers import (
    COSINE,
    HEADED,
    HEADED_ALONE,
    HEADING,
    HEADING_ALONE,
    MOVE_SHIFT,
    QUARTER,
    SINE,
    SINE_SHIFT,
    WALK,
    WALK_ALONE,
    ZERO,
    quarter,
    square_root,
)
from game.simulation.near import near_pairs
from game.simulation.rules import (
    DASH_COOLDOWN_TICKS,
    DASH_SPEED,
    DASH_TICKS,
    PLAYER,
    PLAYER_RADIUS,
    POSITION,
    PUSH_MAX,
    VELOCITY,
    public_rows,
)
from game.simulation.walls import slide, slide_alone

GUESS_KEPT_256THS: Final = 218
"""Of a guessed speed, per tick: 85 %, which with the pull towards full speed makes 59 % of it. People turn round in fights: who was
guessed to stand in our way and does not is worse than who is felt a little late. Corrections, measured, are smaller by a third."""

_GUESS_KEPT: Final = np.array(GUESS_KEPT_256THS, dtype=np.int32)
_SHIFT_256THS: Final = np.array(8, dtype=np.int32)
_TOUCHING: Final = 2 * PLAYER_RADIUS
_TAKEN_APART: Final = public_rows(("x", "y", "vx", "vy", "dash", "shield", "aim", "heading"), PLAYER)
"""The rows of ``player.public`` that :func:`_move_one_by_one` takes apart, by their names."""

ONE_BY_ONE_MAX: Final = 6
"""Up to so many are moved one by one in plain integers, in 3 microseconds each; all at once is 35 within a match, however few they are.
(Alone in a loop it is 17: what a frame does once, it does with cold caches, and fifty small array operations are much code.)"""


def move_players(
    arena_map: ArenaMap, world: World, orders: NDArray[np.int32], movers: NDArray[np.bool_], acting: NDArray[np.bool_], known: int | None
) -> None:
    """Accelerate, dash, push apart and move ``movers`` [seats], who live. ``orders`` [fields, seats] are neutral for who is not ``acting``.

    ``known``: in a prediction the only seat whose orders are known. The others go on towards where they are heading, and are stopped and
    pushed as everybody.
    """
    who = movers.nonzero()[0].tolist()
    if len(who) <= ONE_BY_ONE_MAX and not np.count_nonzero(orders[5]):
        _move_one_by_one(arena_map, world, orders, who, acting, known)
    else:
        _move_together(arena_map, world, orders, movers, acting, known)


def _move_together(
    arena_map: ArenaMap, world: World, orders: NDArray[np.int32], movers: NDArray[np.bool_], acting: NDArray[np.bool_], known: int | None
) -> None:
    """All seats at once."""
    player = world.player
    place, velocity = player.public[POSITION], player.public[VELOCITY]
    move = ((orders[0] << MOVE_SHIFT) + orders[1]).astype(np.intp)  # other indices would be made so at each look-up
    wanted = WALK.take(move, axis=1)
    if known is not None:
        guessed = np.arange(player.capacity) != known
        np.copyto(wanted, HEADED.take(player.heading, axis=1), where=guessed)
    new_velocity = velocity + QUARTER[(wanted - velocity).astype(np.intp)]
    if known is not None:
        np.copyto(new_velocity, new_velocity * _GUESS_KEPT >> _SHIFT_256THS, where=guessed)
    if np.count_nonzero(player.dash):
        np.copyto(new_velocity, velocity, where=player.dash > ZERO)
    if np.count_nonzero(orders[5]):
        starting = orders[5] > player.cooldown_dash
        if np.count_nonzero(starting):
            _start_dashes(world, orders, starting.nonzero()[0], new_velocity)
    np.copyto(player.aim, orders[2], where=acting)
    np.copyto(player.heading, HEADING[move], where=acting)
    push = _pushes(world, movers)
    change = new_velocity if push is None else new_velocity + push
    target = slide(arena_map, place, change)
    moved = target - place
    hindered = moved != change
    if np.count_nonzero(hindered):
        limit = np.abs(new_velocity)
        new_velocity = np.where(hindered, np.minimum(np.maximum(moved, -limit), limit), new_velocity)
    np.copyto(velocity, new_velocity, where=movers)
    np.copyto(place, target, where=movers)


def _move_one_by_one(
    arena_map: ArenaMap, world: World, orders: NDArray[np.int32], who: list[int], acting: NDArray[np.bool_], known: int | None
) -> None:
    """:func:`_move_together` for a few, none of whom wants to dash."""
    player = world.player
    push = _pushes_of_few(world, who)
    for seat in who:
        x, y, vx, vy, dash, _, _, heading = player.public[_TAKEN_APART, seat].tolist()
        new_x, new_y = vx, vy
        if known is None or seat == known:
            move_x, move_y, aim = orders[:3, seat].tolist()
            move = (move_x << 8) + move_y
            if not dash:
                new_x, new_y = vx + quarter(WALK_ALONE[0][move] - vx), vy + quarter(WALK_ALONE[1][move] - vy)
            if acting[seat]:
                player.aim[seat], player.heading[seat] = aim, HEADING_ALONE[move]
        elif not dash:
            wanted_x, wanted_y = HEADED_ALONE[heading]
            new_x = (vx + quarter(wanted_x - vx)) * GUESS_KEPT_256THS >> 8
            new_y = (vy + quarter(wanted_y - vy)) * GUESS_KEPT_256THS >> 8
        change_x, change_y = (new_x, new_y) if push is None else (new_x + int(push[0, seat]), new_y + int(push[1, seat]))
        to_x, to_y = slide_alone(arena_map, x, y, change_x, change_y)
        if to_x - x != change_x:
            new_x = min(max(to_x - x, -abs(new_x)), abs(new_x))
        if to_y - y != change_y:
            new_y = min(max(to_y - y, -abs(new_y)), abs(new_y))
        player.x[seat], player.y[seat], player.vx[seat], player.vy[seat] = to_x, to_y, new_x, new_y


def _start_dashes(world: World, orders: NDArray[np.int32], seats: NDArray[np.intp], new_velocity: NDArray[np.int32]) -> None:
    """Set off in the direction of the move, or of the aim where nobody moves. Rare: once in 90 ticks per player at most."""
    player = world.player
    move = orders[0:2, seats].astype(np.int64) << 8  # so that rounding its length down does not make a short move's dash faster
    length = square_root((move * move).sum(axis=0))
    aim = orders[2, seats]
    ahead = np.stack((COSINE[aim], SINE[aim])).astype(np.int64) * DASH_SPEED >> SINE_SHIFT
    steered = np.sign(move) * (np.abs(move) * DASH_SPEED // np.maximum(length, 1))
    new_velocity[:, seats] = np.where(length > 0, steered, ahead)
    player.dash[seats] = DASH_TICKS
    player.cooldown_dash[seats] = DASH_COOLDOWN_TICKS


def _pushes_of_few(world: World, who: list[int]) -> NDArray[np.int32] | None:
    """:func:`_pushes`, in two microseconds for the few where nobody overlaps anybody, which is the usual case."""
    xs, ys = world.player.public[POSITION].tolist()
    for index, one in enumerate(who):
        x, y = xs[one], ys[one]
        for other in who[:index]:
            if -_TOUCHING < xs[other] - x < _TOUCHING and -_TOUCHING < ys[other] - y < _TOUCHING:
                movers = np.zeros(len(xs), dtype=np.bool_)
                movers[who] = True
                return _pushes(world, movers)
    return None


def _pushes(world: World, living: NDArray[np.bool_]) -> NDArray[np.int32] | None:
    """How far each seat is pushed by those it overlaps, [2, seats], or None where nobody overlaps anybody."""
    who = living.nonzero()[0]
    if who.size < 2:
        return None
    places = world.player.public[POSITION]
    standing = places.take(who, axis=1)
    one, other = near_pairs(standing, standing, _TOUCHING)
    if one.size == who.size:  # everybody is near himself
        return None
    one, other = who[one], who[other]
    apart = one != other
    one, other = one[apart], other[apart]
    away = (places[:, one] - places[:, other]).astype(np.int64)
    together = ~away.any(axis=0)
    away[0, together] = np.where(one < other, -1, 1)[together]  # at the very same place: apart by seat
    distance = square_root((away * away).sum(axis=0))
    depth = np.clip((2 * PLAYER_RADIUS - distance) // 2, 0, PUSH_MAX)
    shift = np.sign(away) * (np.abs(away) * depth // np.maximum(distance, 1))
    push = np.zeros(places.shape, dtype=np.int32)
    np.add.at(push[0], one, shift[0])
    np.add.at(push[1], one, shift[1])
    size = square_root((push.astype(np.int64) ** 2).sum(axis=0))
    too_far = size > PUSH_MAX
    if too_far.any():  # pushed by several at once
        push = np.where(too_far, np.sign(push) * (np.abs(push) * PUSH_MAX // np.maximum(size, 1)), push).astype(np.int32)
    return push
