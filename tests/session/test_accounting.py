"""Asking a running match what its snapshots are spent on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.conditions import NetConditions
from engine.contract import Mask, Settings
from engine.errors import LocalProtocolError
from engine.ids import Seat
from engine.session.accounting import snapshot_ledger
from engine.world import World
from tests.session.support import ToyMatch, make_toy
from tests.timeline.toy import SCHEMA, Toy


class Hiding(Toy):
    """Nobody sees the coins."""

    def __init__(self, settings: Settings, seats: int) -> None:
        super().__init__(SCHEMA.for_seats(seats))

    def visible(self, world: World, seat: Seat) -> Mask:
        return {"coin": np.zeros(world.coin.capacity, dtype=np.bool_)}


def running(factory: Any) -> ToyMatch:
    match = ToyMatch(2, conditions=NetConditions.parse("latency=60"), factory=factory)
    match.start()
    match.simulation.run_for(2)
    return match


@pytest.mark.parametrize("factory", [make_toy, Hiding])
def test_a_running_match_tells_and_is_not_disturbed(factory: Any) -> None:
    match = running(factory)
    playing = match.server.host.match(match.server.match_id)
    assert playing is not None
    for seat in (0, 1):
        ledger = snapshot_ledger(playing, Seat(seat))
        assert ledger.total_bits % 8 == 0
        assert set(ledger.by_kind()) == {"frame", "walker", "shot", "coin"}
        assert ledger.by_field()["frame.tick"] == 6 + 16, "not a complete one"
    before = match.clients[0].statistics().snapshots
    match.simulation.run_for(1)
    assert match.clients[0].statistics().snapshots >= before + 59
    assert match.clients[0].statistics().checksum_mismatches == 0


def test_a_seat_that_nobody_has_is_the_callers_mistake() -> None:
    playing = (match := running(make_toy)).server.host.match(match.server.match_id)
    assert playing is not None
    with pytest.raises(LocalProtocolError):
        snapshot_ledger(playing, Seat(3))
