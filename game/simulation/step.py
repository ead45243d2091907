"""One tick of the arena. The order of the lines in :func:`step` is the rules of the game; server and prediction run exactly this."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.world import GENERATIONS, Schema, Table, World, column_offsets
from game.simulation.arena_map import ArenaMap
from game.simulation.damage import apply_hits, hazard_hits
from game.simulation.happenings import Happening
from game.simulation.integers import ZERO
from game.simulation.movement import move_players
from game.simulation.phases import advance_match
from game.simulation.pickups import take_pickups
from game.simulation.projectiles import move_projectiles
from game.simulation.rules import ALIVE, BEAM_TICKS, CONTACT_TICKS, COORDINATE_MAX, HIT_TICKS, POSITION, RESULTS, VELOCITY
from game.simulation.spawning import respawn_players
from game.simulation.verdicts import note_decided
from game.simulation.weapons import fire_rails, fire_weapons

_ALIVE, _ONE, _COORDINATE_MAX = (np.array(number, dtype=np.int32) for number in (ALIVE, 1, COORDINATE_MAX))


def step(
    arena_map: ArenaMap,
    world: World,
    orders: NDArray[np.int32],
    predicting: int | None,
    seen_by: Callable[[int], World | None],
    judged: Callable[[int, str], None],
    time_limit_s: int,
    guessed_ticks: int = 0,
) -> list[Happening]:
    """Advance ``world`` to ``world.tick`` in place.

    ``orders`` is [command fields, seats], neutral for whoever gave none. With ``predicting`` only that seat is simulated, and
    only what it decides itself; for a few ticks (``guessed_ticks`` of them have been guessed already) the other players go on towards
    where they are heading, so that contact with them is felt; further on, and bolts always, they coast on their motion. ``seen_by``
    gives a shooter's past (lag compensation); ``judged`` is told what was decided by it.
    """
    happenings: list[Happening] = []
    player = world.player
    living = player.life == _ALIVE
    span = slice(0, player.capacity) if predicting is None else slice(predicting, predicting + 1)
    own = living if predicting is None else living & only_seat(player.capacity, predicting)
    acting = own
    if world.match.phase[0] == RESULTS:
        acting = np.zeros_like(living)
    orders = orders * acting
    count_down(world)
    before = None
    if predicting is None:
        before = player.public[POSITION].copy()
        move_players(arena_map, world, orders, living, acting, None)
    else:
        is_felt = guessed_ticks <= CONTACT_TICKS
        move_players(arena_map, world, orders, living if is_felt else own, acting, predicting)
        if not is_felt:
            coast_others(player, span)
        coast_others(world.projectile, span)
    rails = fire_weapons(world, orders[:, span], span, acting[span])
    hits = move_projectiles(arena_map, world, span, before, seen_by)
    if rails:
        hits += fire_rails(arena_map, world, rails, seen_by, judged, predicting)
    if predicting is None:  # a prediction ends its bolts on others, and hurts nobody
        note_decided(hits, judged)
        hits += hazard_hits(arena_map, world)
        if hits:
            apply_hits(world, hits, happenings)
    take_pickups(world, span)
    if predicting is None:
        respawn_players(arena_map, world)
        advance_match(arena_map, world, time_limit_s, happenings)
    return happenings


def count_down(world: World) -> None:
    """Every countdown sinks by one, as the schema's ``motion`` of -1 says; a beam or hit that has been told for long enough disappears."""
    counting = countdown_cells(world.schema)
    cells = world.cells
    running = counting[cells[counting].nonzero()[0]]
    cells[running] -= _ONE
    for table, ticks in ((world.beam, BEAM_TICKS), (world.hit, HIT_TICKS)):
        told = table.generation.nonzero()[0]
        if told.size:
            ended = told[(world.tick + 1 - table.generation[told]) % GENERATIONS >= ticks]
            if ended.size:
                table.free(ended)


@lru_cache(maxsize=64)
def countdown_cells(schema: Schema) -> NDArray[np.intp]:
    """Where in a world's cells its countdowns stand."""
    parts = []
    for layout in schema.layouts:
        columns = column_offsets(layout)
        parts += [columns[field.name] + np.arange(layout.rows) for field in layout.kind.fields if field.motion == -1]
    return np.concatenate(parts)


@lru_cache(maxsize=4096)
def only_seat(seats: int, seat: int) -> NDArray[np.bool_]:
    """A mask, not to be written to: that seat."""
    only: NDArray[np.bool_] = np.arange(seats) == seat
    return only


def coast_others(table: Table, span: slice) -> None:
    """Move every row that is not ours by its velocity."""
    if not np.count_nonzero(table.generation):
        return
    per_seat = table.kind.per_seat or 1
    own = slice(span.start * per_seat, span.stop * per_seat)
    place = table.public[POSITION]
    kept = place[:, own].copy()
    place += table.public[VELOCITY]
    np.maximum(place, ZERO, out=place)
    np.minimum(place, _COORDINATE_MAX, out=place)
    place[:, own] = kept
