from __future__ import annotations

import numpy as np
import pytest

from engine.errors import LocalProtocolError
from engine.timeline import Scene, compose
from engine.timeline.own_rows import OwnRows
from engine.world import Blender, World
from tests.timeline.toy import SCHEMA, WIDTH

ME = 1


def worlds() -> tuple[World, World, World]:
    others, before, now = World(SCHEMA, 40), World(SCHEMA, 49), World(SCHEMA, 50)
    others.walker.spawn(0, 0, x=500, y=500, health=50)
    others.walker.spawn(0, ME, x=9_000, y=9_000, health=10)
    others.shot.spawn(1, ME, x=1, ttl=3)
    others.coin.spawn(0, x=123, wait=7)
    before.walker.spawn(0, 0, x=0, y=0)
    before.walker.spawn(0, ME, x=1_000, y=2_000, health=99, aim=1_000, money=5)
    now.walker.spawn(0, ME, x=1_040, y=1_960, health=98, aim=20, money=6)
    now.shot.spawn(50, ME, x=77, vx=150, ttl=30)
    return others, before, now


def test_own_rows_come_from_prediction_and_all_else_from_the_others() -> None:
    others, before, now = worlds()
    out = Scene(SCHEMA, ME).compose(World(SCHEMA), others, before, now, 128)
    assert out.tick == 40
    assert (out.walker.x[0], out.walker.health[0], out.coin.wait[0]) == (500, 50, 7)
    assert (out.walker.x[ME], out.walker.y[ME]) == (1_020, 1_980)
    assert (out.walker.health[ME], out.walker.money[ME]) == (98, 6)
    assert out.shot.rows().tolist() == [4]  # the others' view of our shots is not shown
    out = compose(World(SCHEMA), others, before, now, 256, ME)
    assert out.shot.x[4] == 77
    assert out.walker.x[ME] == 1_040


def test_own_places_are_blended_exactly_as_the_worlds_blender_does_it() -> None:
    others, before, now = worlds()
    for fraction in (0, 1, 100, 255, 256):
        expected = World(SCHEMA)
        Blender(SCHEMA).blend_into(expected, before, now, fraction)
        out = Scene(SCHEMA, ME).compose(World(SCHEMA), others, before, now, fraction)
        for field in ("x", "y", "aim"):
            assert out.table("walker").__dict__[field][ME] == expected.table("walker").__dict__[field][ME]


@pytest.mark.parametrize("fraction", [0, 1, 255, 256])
def test_a_shot_is_seen_in_the_frame_of_its_tick_and_one_that_is_gone_is_not(fraction: int) -> None:
    others, before, now = worlds()
    before.shot.spawn(30, ME, x=5, vx=1, ttl=1)  # in the slot that the new one takes
    out = Scene(SCHEMA, ME).compose(World(SCHEMA), others, before, now, fraction)
    assert (out.shot.generation[4], out.shot.x[4], out.shot.ttl[4]) == (51, 77, 30)
    now.shot.free(4)
    out = Scene(SCHEMA, ME).compose(World(SCHEMA), others, before, now, fraction)
    assert not out.shot.alive.any()
    assert not out.shot.x.any()


def test_offsets_shift_living_rows_within_their_range() -> None:
    others, before, now = worlds()
    offsets = np.full(OwnRows(SCHEMA, ME).linear.size, -30, dtype=np.int64)
    out = Scene(SCHEMA, ME).compose(World(SCHEMA), others, before, now, 0, offsets)
    assert (out.walker.x[ME], out.walker.y[ME], out.walker.x[0]) == (970, 1_970, 500)
    assert out.shot.x.tolist() == [47 if slot == 4 else 0 for slot in range(out.shot.capacity)]  # free slots stay all zero
    out = Scene(SCHEMA, ME).compose(World(SCHEMA), others, before, now, 0, offsets - 10 * WIDTH)
    assert out.walker.x[ME] == 0
    assert out.out_of_range() is None


def test_the_predicted_worlds_are_not_written_to_and_others_may_be_the_canvas() -> None:
    others, before, now = worlds()
    copies = before.cells.copy(), now.cells.copy()
    expected = Scene(SCHEMA, ME).compose(World(SCHEMA), others, before, now, 77).cells.copy()
    out = Scene(SCHEMA, ME).compose(others, others, before, now, 77)
    assert (out.cells == expected).all()
    assert (before.cells == copies[0]).all()
    assert (now.cells == copies[1]).all()


def test_a_fraction_out_of_bounds_is_our_mistake() -> None:
    with pytest.raises(LocalProtocolError):
        Scene(SCHEMA, ME).compose(World(SCHEMA), *worlds(), 257)
