"""Views: whatever rows are held back, the client holds what was composed for it, and a row that is held back is not sent."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import LocalProtocolError
from engine.replication import (
    HELD_BACK_TICKS_MAX,
    VIEWS_MAX,
    BaselineRing,
    Decoded,
    SeatViews,
    SnapshotDecoder,
    SnapshotEncoder,
    ViewLayout,
    public_view,
)
from engine.world import Field, Kind, Motion, Range, Schema, World
from tests.replication.worlds import play, random_mask, schemas


@settings(deadline=None)
@given(schemas(), st.integers(0, 2**32), st.booleans())
def test_the_client_holds_the_view_and_its_own_rows_true(schema: Schema, seed: int, masked: bool) -> None:
    roll = random.Random(seed)
    world = World(schema, roll.choice((0, 1000, 65530)))
    motion, encoder, ring = Motion(schema), SnapshotEncoder(schema), BaselineRing(schema)
    seat = roll.randrange(schema.seats)
    decoder = SnapshotDecoder(schema, seat)
    layout = ViewLayout(schema)
    views = SeatViews(layout, seat)
    own = layout.own_rows(seat)
    baseline_tick: int | None = None
    shown: dict[int, np.ndarray] = {}
    for _ in range(16):
        play(world, motion, roll, roll.choice((1, 1, 2, 6)))
        recorded = ring.record(world)
        baseline = None if baseline_tick is None else ring.at(baseline_tick)
        mask = random_mask(world, roll) if masked and roll.random() < 0.8 else None
        truth = cells = public_view(recorded, mask, seat)
        if baseline is None:
            message = encoder.encode(recorded, None, seat, None, mask)
        else:
            held = shown[baseline.tick]
            relevance = {
                kind.kind.name: np.array([roll.randrange(256) for _ in range(kind.rows)]) for kind in schema.layouts if roll.random() < 0.8
            }
            cells = views.compose(truth, world.tick, held, baseline.tick, relevance, roll.choice((0, 10, 100)))
            message = encoder.encode(recorded, baseline, seat, views=(cells, held))
            views.sent(len(message))
            view = views.at(world.tick)
            if view is not None:
                assert world.tick - int(view.true_ticks.min()) <= HELD_BACK_TICKS_MAX
                waits = view.true_ticks < world.tick
                assert not (waits & own).any()
                assert (truth[layout.births] == cells[layout.births]).all(), "nobody is born or dies late"
        decoded = decoder.receive(message)
        assert isinstance(decoded, Decoded)
        assert (decoded.world.public_cells() == cells).all()
        assert (decoded.world.private_cells_of(seat) == recorded.private_cells_of(seat)).all()
        shown[world.tick] = cells
        if roll.random() < 0.7:  # acknowledged
            baseline_tick = world.tick
            views.forget_before(world.tick)
        assert len(views) <= VIEWS_MAX


POINT = Kind("point", capacity=20, fields=(Field("x", Range(0, 1 << 20), motion="vx"), Field("vx", Range(-1000, 1000))))
POINTS = Schema(POINT, seats=1)


def points(tick: int, speeds: list[int]) -> World:
    world = World(POINTS, tick)
    for slot, speed in enumerate(speeds):
        world.point.spawn(0, x=1000 * slot + speed * tick, vx=speed)
    return world


def test_a_row_that_waits_is_as_forecast_and_costs_a_bit() -> None:
    before, now = points(10, [1] * 20), points(13, [1] * 20)
    now.point.vx[:] = 500
    views = SeatViews(ViewLayout(POINTS), 0)
    relevance = {"point": np.arange(20) * 10}
    shown = views.compose(now.public_cells(), 13, before.public_cells(), 10, relevance, 20)
    world = World(POINTS, 13)
    world.public_cells()[:] = shown
    waits = world.point.vx == 1
    assert 0 < waits.sum() < 20
    assert views.rows_held_back == waits.sum()
    assert not waits[np.argmax(relevance["point"])], "what matters most goes first"
    assert (world.point.x[waits] == before.point.x[waits] + 3).all()
    assert (world.point.x[~waits] == now.point.x[~waits]).all()
    encoder = SnapshotEncoder(POINTS)
    small = encoder.encode(now, before, None, views=(shown, before.public_cells()))
    assert len(small) <= 26 < len(encoder.encode(now, before, None)), "about as long as there was room for"


def test_what_has_room_is_shown_true_and_needs_no_view() -> None:
    before, now = points(10, [1] * 20), points(13, [2] * 20)
    views = SeatViews(ViewLayout(POINTS), 0)
    shown = views.compose(now.public_cells(), 13, before.public_cells(), 10, {"point": np.ones(20, dtype=int)}, 1000)
    assert (shown == now.public_cells()).all()
    assert len(views) == 0
    assert views.rows_held_back == 0


def test_kinds_that_are_not_named_never_wait() -> None:
    before, now = points(10, [1] * 20), points(13, [2] * 20)
    views = SeatViews(ViewLayout(POINTS), 0)
    assert (views.compose(now.public_cells(), 13, before.public_cells(), 10, {}, 1) == now.public_cells()).all()


@pytest.mark.parametrize(
    "relevance", [{"nobody": np.zeros(20, dtype=int)}, {"point": np.zeros(19, dtype=int)}, {"point": np.full(20, 256)}]
)
def test_a_relevance_that_does_not_fit_is_our_callers_mistake(relevance: dict[str, np.ndarray]) -> None:
    before, now = points(10, [1] * 20), points(13, [2] * 20)
    with pytest.raises(LocalProtocolError, match="relevance"):
        SeatViews(ViewLayout(POINTS), 0).compose(now.public_cells(), 13, before.public_cells(), 10, relevance, 1)
