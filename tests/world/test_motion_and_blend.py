from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LocalProtocolError
from engine.world import Blender, Field, Kind, Motion, Range, Schema, World

SCHEMA = Schema(
    Kind(
        "ship",
        (
            Field("x", Range(0, 1000), motion="vx", blend="linear"),
            Field("vx", Range(-50, 50)),
            Field("aim", Range(0, 1023), blend="angle"),
            Field("turn", Range(-100, 99), blend="angle"),
            Field("wait", Range(0, 100), motion=-1),
            Field("heat", Range(-5, 5), motion=2),
            Field("still", Range(1, 9), motion=0),
            Field("kind_of", Range(0, 9)),
            Field("reload", Range(0, 9), motion=-1, visible_to="owner"),
        ),
        capacity=None,
        per_seat=2,
    ),
    seats=2,
)


def world_with(tick: int = 10, **values: int) -> World:
    world = World(SCHEMA, tick)
    world.ship.spawn(tick, 0, **{"still": 4, **values})
    return world


def test_motion_moves_by_fields_and_by_numbers() -> None:
    world = world_with(x=100, vx=-7, wait=9, heat=-3, reload=3, kind_of=5)
    Motion(SCHEMA).advance(world, 3)
    ship = world.ship
    assert world.tick == 13
    assert [int(ship[0]) for ship in (ship.x, ship.vx, ship.wait, ship.heat, ship.still, ship.kind_of, ship.reload)] == [
        79,
        -7,
        6,
        3,
        4,
        5,
        0,
    ]


@pytest.mark.parametrize(("x", "vx", "ticks", "expected"), [(10, -7, 3, 0), (990, 7, 3, 1000), (0, 50, 10**6, 1000)])
def test_motion_stops_at_the_ends_of_the_range(x: int, vx: int, ticks: int, expected: int) -> None:
    world = world_with(x=x, vx=vx)
    Motion(SCHEMA).advance(world, ticks)
    assert world.ship.x[0] == expected
    assert world.out_of_range() is None


def test_motion_leaves_free_rows_zero_and_zero_ticks_change_nothing() -> None:
    world = world_with(x=1, vx=1)
    before = world.cells.copy()
    Motion(SCHEMA).advance(world, 0)
    assert (world.cells == before).all()
    Motion(SCHEMA).advance(world, 2)
    for table in world.tables:
        for block in (table.public, table.private, table.hidden):
            assert not block[:, 1:].any()


def test_a_schema_without_motion_only_counts() -> None:
    schema = Schema(Kind("k", (Field("a", Range(0, 1)),), capacity=1))
    world = World(schema)
    Motion(schema).advance(world, 5)
    assert world.tick == 5


def blended(earlier: World, later: World, fraction: int) -> World:
    out = World(SCHEMA)
    Blender(SCHEMA).blend_into(out, earlier, later, fraction)
    return out


def test_blending_goes_straight_and_steps() -> None:
    earlier = world_with(x=100, kind_of=3, vx=10)
    later = earlier.copy()
    later.tick = 11
    later.ship.x[0], later.ship.kind_of[0], later.ship.vx[0] = 200, 4, 20
    middle = blended(earlier, later, 64)
    assert (middle.tick, middle.ship.x[0], middle.ship.kind_of[0], middle.ship.vx[0]) == (10, 125, 3, 10)
    assert (blended(earlier, later, 0).cells == earlier.cells).all()
    end = blended(earlier, later, 256)
    assert (end.cells == later.cells).all()
    assert end.tick == 11


@pytest.mark.parametrize(
    ("field", "start", "end", "expected"),
    [
        ("aim", 1000, 40, 8),
        ("aim", 40, 1000, 8),
        ("aim", 100, 200, 150),
        ("aim", 0, 511, 255),
        ("turn", 90, -90, -100),
        ("turn", -90, 90, -100),
    ],
)
def test_angles_take_the_short_way_round(field: str, start: int, end: int, expected: int) -> None:
    earlier = world_with(**{field: start})
    later = earlier.copy()
    getattr(later.ship, field)[0] = end
    assert getattr(blended(earlier, later, 128).ship, field)[0] == expected


def test_another_row_in_the_same_slot_is_not_blended() -> None:
    earlier = world_with(10, x=100)
    later = world_with(11, x=900)
    assert blended(earlier, later, 255).ship.x[0] == 100
    assert blended(earlier, later, 255).ship.generation[0] == 11


def test_rows_are_shown_from_their_tick_until_their_end() -> None:
    nobody = World(SCHEMA, 10)
    somebody = world_with(11, x=100)
    assert not blended(nobody, somebody, 200).cells.any()
    assert (blended(somebody, nobody, 200).cells == somebody.cells).all()


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1023), st.integers(0, 1023), st.integers(0, 256))
def test_a_blend_stays_in_range_and_between_its_ends(x0: int, x1: int, aim0: int, aim1: int, fraction: int) -> None:
    earlier = world_with(x=x0, aim=aim0)
    later = earlier.copy()
    later.ship.x[0], later.ship.aim[0] = x1, aim1
    out = blended(earlier, later, fraction)
    assert out.out_of_range() is None
    assert min(x0, x1) <= out.ship.x[0] <= max(x0, x1)
    around = (aim1 - aim0 + 512) % 1024 - 512
    assert 0 <= abs((int(out.ship.aim[0]) - aim0 + 512) % 1024 - 512) <= abs(around)


def test_a_fraction_beyond_the_end_is_our_mistake() -> None:
    world = world_with()
    for fraction in (-1, 257):
        with pytest.raises(LocalProtocolError):
            blended(world, world, fraction)


def test_blending_a_world_with_itself_changes_nothing() -> None:
    world = world_with(x=5, aim=1023, turn=-100)
    world.ship.spawn(9, 1, x=1000, still=1)
    assert np.array_equal(blended(world, world, 77).cells, world.cells)


FAR = Kind("far", (Field("x", Range(-(2**30), 2**30), motion="vx", blend="linear"), Field("vx", Range(-(2**30), 2**30))), capacity=2)
"""Beside this kind nothing can be computed in 32 bits."""


@given(x=st.integers(0, 1000), vx=st.integers(-50, 50), aim=st.integers(0, 1023), ticks=st.integers(1, 40), fraction=st.integers(0, 255))
def test_small_numbers_move_as_they_do_beside_large_ones(x: int, vx: int, aim: int, ticks: int, fraction: int) -> None:
    small, large = world_with(x=x, vx=vx, aim=aim), World(Schema(*SCHEMA.kinds, FAR, seats=2), 10)
    large.ship.public[...], large.ship.private[...] = small.ship.public, small.ship.private
    large.far.spawn(10, x=2**30, vx=-(2**30))
    large.far.spawn(10, x=-(2**30), vx=-(2**30))
    shown = []
    for world in (small, large):
        later = world.copy()
        Motion(world.schema).advance(later, ticks)
        later.ship.aim[0] = (aim + 300 * ticks) % 1024
        out = World(world.schema)
        Blender(world.schema).blend_into(out, world, later, fraction)
        shown.append((later, out))
    for narrow, wide in zip(*shown, strict=True):
        assert np.array_equal(narrow.ship.public, wide.ship.public)
        assert np.array_equal(narrow.ship.private, wide.ship.private)
    later, out = shown[1]
    assert later.far.x.tolist() == [max(2**30 - ticks * 2**30, -(2**30)), -(2**30)]
    assert out.far.x.tolist() == [2**30 + ((int(later.far.x[0]) - 2**30) * fraction >> 8), -(2**30)]


def test_rows_that_come_and_go_are_noticed() -> None:
    world, motion = world_with(x=100, vx=5), Motion(SCHEMA)
    motion.advance(world, 1)
    world.ship.spawn(11, 1, x=500, vx=-5, still=4)
    motion.advance(world, 1)
    assert world.ship.x.tolist() == [110, 0, 495, 0]
    world.ship.free(0)
    motion.advance(world, 1)
    assert world.ship.x.tolist() == [0, 0, 490, 0]
