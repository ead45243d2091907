from __future__ import annotations

import math

import numpy as np
import pytest

from engine.contract import PresentOnly
from engine.world import Field, Kind, Range
from game.simulation.integers import SINE_ONE, SINES, WALK_FACTOR, mix, square_root
from game.simulation.rules import (
    ANGLES,
    DASH_COOLDOWN_TICKS,
    DASH_SPEED,
    DASH_TICKS,
    PLAYER,
    PLAYER_RADIUS,
    PROJECTILE,
    TILE_UNITS,
    WALK_SPEED,
    public_rows,
)
from game.simulation.walls import ONE_BY_ONE_MAX, push_out
from tests.game.support import Play, drawn_map, middle, order, penetration

OPEN = "#" * 24 + "\n" + ("#" + "." * 22 + "#\n") * 10 + "#" + "." * 10 + "SS" + "." * 10 + "#\n" + ("#" + "." * 22 + "#\n") * 10 + "#" * 24


def alone(x: float = 3, y: float = 3) -> Play:
    play = Play(2, drawn_map(), seated=1)
    play.step()
    play.stand(0, *middle(x, y))
    return play


def test_no_sine_is_near_a_tie_so_the_table_is_the_same_with_every_c_library():
    for angle in range(ANGLES):
        exact = SINE_ONE * math.sin(2 * math.pi * angle / ANGLES)
        assert SINES[angle] == round(exact)
        if angle % (ANGLES // 12):
            assert abs(abs(exact - math.floor(exact)) - 0.5) > 1e-6


def test_square_roots_are_exact():
    values = np.arange(200_000, dtype=np.int64)
    roots = square_root(values)
    assert ((roots * roots <= values) & ((roots + 1) ** 2 > values)).all()


def test_mix_depends_on_every_word_and_stays_within_30_bits():
    assert len({mix(a, b, c) for a in range(8) for b in range(8) for c in range(8)}) == 512
    assert all(0 <= mix(a) < 2**30 for a in range(-1000, 1000))


def kind_of(*names: str) -> Kind:
    return Kind("thing", capacity=1, fields=tuple(Field(name, Range(0, 1)) for name in names))


def test_fields_that_are_read_at_once_are_found_by_their_names():
    assert public_rows(("x", "y"), PLAYER, PROJECTILE) == slice(1, 3)
    assert public_rows(("x", "y"), kind_of("new", "x", "y", "other")) == slice(2, 4)


@pytest.mark.parametrize("kinds", [(kind_of("x", "new", "y"),), (kind_of("y", "x"),), (kind_of("x", "y"), kind_of("new", "x", "y"))])
def test_a_field_between_those_that_are_read_at_once_is_told_at_import(kinds):
    with pytest.raises(ValueError, match="x, y do not stand together"):
        public_rows(("x", "y"), *kinds)


@pytest.mark.parametrize(("x", "y"), [(127, 0), (-127, 0), (0, 127), (0, -127), (127, 127), (-127, 127), (90, -90), (-40, 120)])
def test_walking_reaches_the_same_speed_in_every_direction_and_never_more(x, y):
    play = Play(1, drawn_map(OPEN))
    play.step()
    for _ in range(14):
        play.step({0: order(move_x=x, move_y=y)})
        speed = math.hypot(play.world.player.vx[0], play.world.player.vy[0])
        assert speed <= WALK_SPEED + 1
    assert speed > 0.95 * WALK_SPEED


def test_analog_moves_are_slower_and_every_move_is_within_the_factor_table():
    play = alone()
    play.step({0: order(move_x=40)}, 20)
    assert play.world.player.vx[0] == round(WALK_SPEED * 40 / 127)
    assert WALK_FACTOR.size == 2 * 127 * 127 + 1


def test_letting_go_stops_within_a_third_of_a_second():
    play = alone()
    play.step({0: order(move_x=127)}, 15)
    play.step({0: order()}, 20)
    assert play.world.player.vx[0] == 0


def test_a_wall_stops_and_is_slid_along():
    play = alone(3, 1)
    play.step({0: order(move_x=127, move_y=-127)}, 20)
    player = play.world.player
    assert player.y[0] == TILE_UNITS + PLAYER_RADIUS
    assert player.vy[0] == 0
    assert player.vx[0] > 40


def test_a_corner_is_slid_round():
    """Walking straight at a block's edge, a little off its corner, one gets past it."""
    play = alone()
    play.stand(0, 4 * TILE_UNITS, 4 * TILE_UNITS - PLAYER_RADIUS + 60)
    play.step({0: order(move_x=127)}, 90)
    assert play.world.player.x[0] > 10 * TILE_UNITS


@pytest.mark.parametrize("angle", range(0, ANGLES, 37))
def test_a_dash_ends_at_walls_from_every_side(angle):
    play = alone(6, 5)  # beside the block
    for _ in range(DASH_TICKS):
        play.step({0: order(aim=angle, dash=1)})
        assert penetration(play.arena.map, play.world) is None


@pytest.mark.parametrize("move", [(127, 0), (1, 1), (1, 0), (-3, 2), (0, 0), (127, 127)])
def test_a_dash_is_equally_fast_whatever_the_stick_says_and_needs_its_cooldown(move):
    play = alone(2, 2)
    play.step({0: order(move_x=move[0], move_y=move[1], aim=100, dash=1)})
    player = play.world.player
    assert 0.98 * DASH_SPEED <= math.hypot(player.vx[0], player.vy[0]) <= 1.01 * DASH_SPEED
    starts = 1
    for _ in range(2 * DASH_COOLDOWN_TICKS):
        play.step({0: order(dash=1)})
        starts += int(player.dash[0] == DASH_TICKS)
    assert starts == 3


def test_two_walkers_block_each_other_and_end_up_apart():
    play = Play(2, drawn_map())
    play.step()
    play.stand(0, *middle(3, 2))
    play.stand(1, *middle(6, 2))
    play.step({0: order(move_x=127), 1: order(move_x=-127)}, 90)
    player = play.world.player
    assert player.x[0] < player.x[1]
    play.step(ticks=40)
    assert player.x[1] - player.x[0] >= 2 * PLAYER_RADIUS - 2


def test_two_at_the_same_place_come_apart():
    play = Play(2, drawn_map())
    play.step()
    for seat in (0, 1):
        play.stand(seat, *middle(5, 2))
    play.step(ticks=60)
    assert abs(int(play.world.player.x[0]) - int(play.world.player.x[1])) >= 2 * PLAYER_RADIUS - 2


def test_commands_are_intents_only_no_field_moves_faster_than_a_dash_cycle():
    """The fastest that any commands can be: a dash whenever it is ready. Nothing sent exceeds that."""
    play = Play(1, drawn_map("#" * 60 + "\n" + ("#" + "S" * 4 + "." * 54 + "#\n") * 3 + "#" * 60))
    play.step()
    best = 0
    random = np.random.default_rng(2)
    for _ in range(8):
        play.stand(0, *middle(2, 2), cooldown_dash=0)
        start = int(play.world.player.x[0])
        for _ in range(90):
            wild = random.integers(0, 2, 3)
            play.step({0: order(move_x=127, move_y=int(wild[0]), fire=int(wild[1]), weapon=int(wild[2]), dash=1)})
        best = max(best, int(play.world.player.x[0]) - start)
    assert best <= DASH_SPEED * DASH_TICKS + 4 * (DASH_SPEED - WALK_SPEED) + WALK_SPEED * 82 + 8


def test_the_dead_and_the_results_do_not_move():
    play = alone()
    play.world.player.life[0] = 2
    play.world.player.respawn[0] = 100
    place = play.world.player.x[0]
    play.step({0: order(move_x=127, dash=1, fire=1)}, 30)
    assert play.world.player.x[0] == place
    assert not play.world.projectile.alive.any()
    play = alone()
    play.world.match.phase[0], play.world.match.time_left[0] = 2, 400
    play.step({0: order(move_x=127, dash=1, fire=1)}, 30)
    assert play.world.player.x[0] == middle(3, 3)[0]
    assert not play.world.projectile.alive.any()


def test_an_absent_command_is_neutral_on_the_authority():
    play = alone()
    play.step({0: order(move_x=127)}, 15)
    play.commands.clear()
    play.commands.cells[:] = 127  # what nobody present says is not looked at
    for _ in range(30):
        play.world.tick += 1
        play.arena.step(play.world, play.commands, PresentOnly())
    assert play.world.player.vx[0] == 0


def test_a_few_are_pushed_out_of_walls_as_many_are() -> None:
    arena_map = drawn_map()
    places = np.stack(np.meshgrid(np.arange(512, 15 * 512, 37), np.arange(512, 8 * 512, 29))).reshape(2, -1)
    places = places[:, ~arena_map.solid_flat[(places[1] // TILE_UNITS) * arena_map.width + places[0] // TILE_UNITS]].astype(np.int32)
    pushed = push_out(arena_map, places)
    assert np.count_nonzero((pushed != places).all(axis=0)) > 100  # corners too
    few = [push_out(arena_map, places[:, first : first + ONE_BY_ONE_MAX]) for first in range(0, places.shape[1], ONE_BY_ONE_MAX)]
    assert np.array_equal(np.concatenate(few, axis=1), pushed)
