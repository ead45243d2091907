"""The same seed and commands give the same cells; nothing leaves its range; nobody is ever in a wall."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract import PresentOnly
from engine.ids import Seat
from game.maps import map_names
from game.simulation import movement
from game.simulation.rules import ALIVE
from tests.game.support import Play, RandomCommands, penetration


def wild_match(seats: int, arena_map: str, seed: int, ticks: int, **settings: int | str):
    """Yields the match before each step of random commands, people leaving and joining now and then."""
    play = Play(seats, arena_map, seed, **settings)
    whims = RandomCommands(seats, seed)
    comings = np.random.default_rng(seed + 1)
    for tick in range(1, ticks + 1):
        if comings.random() < 0.01:
            seat = Seat(int(comings.integers(seats)))
            seated = play.world.player.generation[seat] != 0
            (play.arena.leave if seated and seats > 1 else play.arena.join)(play.world, seat)
        whims.next_into(play.commands, play.world.player.generation != 0)
        play.world.tick = tick
        yield play
        play.arena.step(play.world, play.commands, PresentOnly())


def test_same_seed_and_commands_give_the_same_world_at_every_tick():
    first = [play.world.checksum() for play in wild_match(6, "reactor", 11, 900)]
    again = [play.world.checksum() for play in wild_match(6, "reactor", 11, 900)]
    other = [play.world.checksum() for play in wild_match(6, "reactor", 12, 900)]
    assert first == again
    assert first != other
    assert len(set(first)) > 890


def test_a_step_depends_on_nothing_but_the_world_and_the_commands():
    """Rollback self-check: save, step, restore, step again, with another game object: equal."""
    fresh = Play(5, "crossfire").arena
    saved = None
    for play in wild_match(5, "crossfire", 3, 600):
        if saved is None:
            saved, twin = play.world.copy(), play.world.copy()
        saved.copy_from(play.world)
        twin.copy_from(play.world)
        play.arena.step(twin, play.commands, PresentOnly())
        fresh.step(saved, play.commands, PresentOnly())
        assert np.array_equal(twin.cells, saved.cells)


@pytest.mark.parametrize("predicting", [None, 2])
def test_a_few_move_as_many_do(monkeypatch, predicting):
    """One by one in plain integers, or all at once in columns: the same cells."""
    past = PresentOnly(None if predicting is None else Seat(predicting))
    pushed = 0
    for play in wild_match(5, "courtyard", 8, 900):
        few, many = play.world.copy(), play.world.copy()
        play.arena.step(few, play.commands, past)
        with monkeypatch.context() as patch:
            patch.setattr(movement, "ONE_BY_ONE_MAX", 0)
            play.arena.step(many, play.commands, past)
        assert np.array_equal(few.cells, many.cells)
        pushed += movement._pushes(play.world, play.world.player.life == ALIVE) is not None
    assert pushed > 20


@pytest.mark.parametrize("arena_map", map_names())
@pytest.mark.parametrize("seats", [2, 7, 16])
def test_random_play_stays_in_range_and_out_of_walls(arena_map, seats):
    for play in wild_match(seats, arena_map, 100 + seats, 700, warmup_s=3, frag_limit=15):
        assert play.world.out_of_range() is None
        assert (wall := penetration(play.arena.map, play.world)) is None, wall
        for table in play.world.tables:
            empty = ~table.alive
            assert not table.public[1:, empty].any()
            assert not table.private[:, empty].any()
            assert not table.hidden[:, empty].any()


def test_a_crowd_in_a_corner_is_never_pushed_into_the_wall():
    play = Play(16, "courtyard")
    play.step()
    whims = RandomCommands(16, 5)
    for tick in range(400):
        whims.next_into(play.commands, play.world.player.generation != 0)
        play.commands.cells[0:2] = -127 if tick % 100 < 80 else 127  # everybody to the same corner, and dashing
        play.commands.cells[5] = 1
        play.world.tick += 1
        play.arena.step(play.world, play.commands, PresentOnly())
        assert (wall := penetration(play.arena.map, play.world)) is None, wall
        assert play.world.out_of_range() is None
