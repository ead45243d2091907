"""Walking, dashing, pushing. A step for all players at once, or (in prediction) for one: ``span`` says which seats.

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
from game.simulation.integers import COSINE, HEADED, HEADING, MOVE_SHIFT, QUARTER, SINE, SINE_SHIFT, WALK, ZERO, square_root
from game.simulation.rules import (
    DASH_COOLDOWN_TICKS,
    DASH_SPEED,
    DASH_TICKS,
    PLAYER_RADIUS,
    POSITION,
    PUSH_MAX,
    VELOCITY,
)
from game.simulation.walls import slide

GUESS_KEPT_256THS: Final = 218
"""Of a guessed speed, per tick: 85 %, which with the pull towards full speed makes 59 % of it. People turn round in fights: who was
guessed to stand in our way and does not is worse than who is felt a little late. Corrections, measured, are smaller by a third."""

_GUESS_KEPT: Final = np.array(GUESS_KEPT_256THS, dtype=np.int32)
_SHIFT_256THS: Final = np.array(8, dtype=np.int32)
_REACH: Final = np.array(2 * PLAYER_RADIUS, dtype=np.int32)


def move_players(
    arena_map: ArenaMap,
    world: World,
    orders: NDArray[np.int32],
    span: slice,
    living: NDArray[np.bool_],
    acting: NDArray[np.bool_],
    guessed: NDArray[np.bool_] | None = None,
    *,
    touching: bool = True,
) -> None:
    """Accelerate, dash, push apart and move the seats of ``span``. ``orders`` [fields, span], neutral for whoever may not act; who lives
    and who may act, [span].

    ``guessed`` [span]: whose orders are not known. They go on towards where they are heading, and are stopped and pushed as everybody.
    Not ``touching``: nobody pushes anybody (otherwise ``span`` is everybody).
    """
    player = world.player
    place, velocity = player.public[POSITION, span], player.public[VELOCITY, span]
    move = ((orders[0] << MOVE_SHIFT) + orders[1]).astype(np.intp)  # other indices would be made so at each look-up
    wanted = WALK.take(move, axis=1)
    if guessed is not None:
        np.copyto(wanted, HEADED.take(player.heading[span], axis=1), where=guessed)
    new_velocity = velocity + QUARTER[(wanted - velocity).astype(np.intp)]
    if guessed is not None:
        np.copyto(new_velocity, new_velocity * _GUESS_KEPT >> _SHIFT_256THS, where=guessed)
    dash = player.dash[span]
    if np.count_nonzero(dash):
        np.copyto(new_velocity, velocity, where=dash > ZERO)
    if np.count_nonzero(orders[5]):
        starting = orders[5] > player.cooldown_dash[span]
        if np.count_nonzero(starting):
            _start_dashes(world, orders, span, starting.nonzero()[0], new_velocity)
    np.copyto(player.aim[span], orders[2], where=acting)
    np.copyto(player.heading[span], HEADING[move], where=acting)
    push = _pushes(world, living) if touching else None
    change = new_velocity if push is None else new_velocity + push
    target = slide(arena_map, place, change)
    moved = target - place
    hindered = moved != change
    if np.count_nonzero(hindered):
        limit = np.abs(new_velocity)
        new_velocity = np.where(hindered, np.minimum(np.maximum(moved, -limit), limit), new_velocity)
    np.copyto(velocity, new_velocity, where=living)
    np.copyto(place, target, where=living)


def _start_dashes(world: World, orders: NDArray[np.int32], span: slice, which: NDArray[np.intp], new_velocity: NDArray[np.int32]) -> None:
    """Set off in the direction of the move, or of the aim where nobody moves. Rare: once in 90 ticks per player at most."""
    player = world.player
    move = orders[0:2, which].astype(np.int64) << 8  # so that rounding its length down does not make a short move's dash faster
    length = square_root((move * move).sum(axis=0))
    aim = orders[2, which]
    ahead = np.stack((COSINE[aim], SINE[aim])).astype(np.int64) * DASH_SPEED >> SINE_SHIFT
    steered = np.sign(move) * (np.abs(move) * DASH_SPEED // np.maximum(length, 1))
    new_velocity[:, which] = np.where(length > 0, steered, ahead)
    seats = which + span.start
    player.dash[seats] = DASH_TICKS
    player.cooldown_dash[seats] = DASH_COOLDOWN_TICKS


def _pushes(world: World, living: NDArray[np.bool_]) -> NDArray[np.int32] | None:
    """How far each seat is pushed by those it overlaps, [2, seats], or None where nobody overlaps anybody."""
    who = living.nonzero()[0]
    if who.size < 2:
        return None
    places = world.player.public[POSITION]
    standing = places.take(who, axis=1)
    close = np.abs(standing[:, :, None] - standing[:, None]) < _REACH
    near = close[0] & close[1]
    if np.count_nonzero(near) == who.size:  # everybody is near himself
        return None
    one, other = (who[index] for index in near.nonzero())
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
