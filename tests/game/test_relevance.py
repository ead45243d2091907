"""What the arena tells the engine about who matters to whom."""

from __future__ import annotations

from engine.contract import HasRelevance
from engine.ids import Seat
from game.arena import NEAR_UNITS, make_arena


def test_who_is_nearer_matters_more() -> None:
    arena = make_arena({}, 4)
    assert isinstance(arena, HasRelevance)
    world = arena.new_world(1)
    for seat, x in enumerate((1000, 1000 + NEAR_UNITS, 1000 + 4 * NEAR_UNITS, 1000)):
        arena.join(world, Seat(seat))
        world.player.x[seat], world.player.y[seat] = x, 1000
    relevance = arena.relevance(world, Seat(0))
    assert set(relevance) == {"player"}
    assert relevance["player"].tolist() == [255, 127, 15, 255]
