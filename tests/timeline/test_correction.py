from __future__ import annotations

import numpy as np
import pytest

from engine.timeline.correction import HALF_LIFE_S_LARGE, HALF_LIFE_S_SMALL, Smoother
from engine.timeline.own_rows import OwnRows
from engine.world import World
from tests.timeline.toy import SCHEMA

NOBODY = np.zeros(5, dtype=np.bool_)  # a walker and four shots


def world_with(x: int, *, born: int = 0, tick: int = 50) -> World:
    world = World(SCHEMA, tick)
    world.walker.spawn(born, 2, x=x, y=5_000)
    return world


def smoothed(before: int, after: int, *, born_after: int = 0) -> tuple[Smoother, World]:
    smoother = Smoother(OwnRows(SCHEMA, 2))
    newest = world_with(after, born=born_after)
    smoother.add(world_with(before), newest, NOBODY, 1.0)
    return smoother, newest


def x_offset(smoother: Smoother, newest: World, now: float) -> int:
    offsets = smoother.offsets(newest, now)
    return 0 if offsets is None else int(offsets[0])


def test_right_after_a_correction_the_picture_has_not_moved() -> None:
    smoother, newest = smoothed(1_000, 1_100)
    assert x_offset(smoother, newest, 1.0) == -100


@pytest.mark.parametrize("error", [20, 60, 150, 600])
def test_an_error_is_halved_within_60_to_200_ms_and_then_gone(error: int) -> None:
    smoother, newest = smoothed(5_000 + error, 5_000)
    trace = [x_offset(smoother, newest, 1.0 + step / 1000) for step in range(0, 3000, 5)]
    assert trace == sorted(trace, reverse=True)
    halved = next(index for index, value in enumerate(trace) if value <= error / 2) * 0.005
    assert HALF_LIFE_S_LARGE - 0.006 <= halved <= HALF_LIFE_S_SMALL + 0.006
    assert smoother.offsets(newest, 5.0) is None


def test_large_errors_go_faster_than_small_ones() -> None:
    small, large = smoothed(5_010, 5_000), smoothed(5_300, 5_000)
    assert x_offset(*large, 1.1) / 300 < x_offset(*small, 1.1) / 10


def test_corrections_add_up() -> None:
    smoother, newest = smoothed(1_000, 1_100)
    smoother.add(newest, world_with(1_150), NOBODY, 1.0)
    assert x_offset(smoother, world_with(1_150), 1.0) == -150


def test_too_far_a_new_row_or_a_teleport_is_shown_at_once() -> None:
    assert x_offset(*smoothed(1_000, 20_000), 1.0) == 0
    assert x_offset(*smoothed(1_000, 1_100, born_after=7), 1.0) == 0
    smoother = Smoother(OwnRows(SCHEMA, 2))
    everybody = ~NOBODY
    smoother.add(world_with(1_000), world_with(1_100), everybody, 1.0)
    assert x_offset(smoother, world_with(1_100), 1.0) == 0


def test_a_row_that_is_replaced_later_loses_its_offset() -> None:
    smoother, _ = smoothed(1_000, 1_100)
    assert smoother.offsets(world_with(1_100, born=9), 1.0) is None


def test_what_moved_further_than_it_can_was_teleported() -> None:
    smoother = Smoother(OwnRows(SCHEMA, 2))
    assert not smoother.teleports(world_with(1_000, tick=50), world_with(1_064, tick=51)).any()
    assert smoother.teleports(world_with(1_000, tick=50), world_with(1_200, tick=51))[0]
    assert not smoother.teleports(world_with(1_000, tick=50), world_with(1_200, tick=53)).any()
