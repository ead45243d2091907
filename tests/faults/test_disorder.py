"""Datagrams that come twice, or in another order."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from engine.conditions import NetConditions
from engine.datagram.statistics import DropReason
from engine.replication import Refusal
from tests.faults.figures import Figures
from tests.faults.match import FaultMatch, each_frame


@pytest.mark.parametrize("duplicate_pct", [10, 50])
def test_duplication(duplicate_pct: int, figures: Figures) -> None:
    """Each copy after the first is dropped before its seal is opened: no snapshot and no command counts twice."""
    match = FaultMatch(2, seed=duplicate_pct, conditions=NetConditions(latency_ms=60, jitter_ms=5, duplicate_pct=duplicate_pct))
    match.simulation.run_for(20)
    match.assert_nobody_disconnected()
    dropped = match.server.host.statistics().endpoint.dropped
    figures.at_least("copies dropped by the server", dropped.get(DropReason.REPLAYED, 0), duplicate_pct * 15)
    doubles = 0
    for number in range(2):
        seen = match.match_of(number).decoder.statistics()
        doubles += seen.refused.get(Refusal.STALE, 0)
        running = match.server.host.match(match.server.match_id)
        assert running is not None
        received = running.seats[match.match_of(number).seat].buffer.statistics()
        doubles += received.received - received.used - received.late - received.waiting - received.withdrawn
        assert match.clients[number].statistics().snapshots <= match.server.host.statistics().ticks
    figures.exactly("applied twice", doubles, 0)
    match.settle_and_check()


def test_reordering_30_pct_at_40_ms(figures: Figures) -> None:
    """What the screen shows of the others never goes back in time."""
    match = FaultMatch(2, seed=5, conditions=NetConditions(latency_ms=60, reorder_pct=30))
    shown: list[float] = []

    def look(client: Any, now: float) -> None:
        client.scene(now)
        tick, fraction = client.match.interpolation.view
        shown.append(tick + fraction / 256)

    with each_frame(match.hosts[0], look):
        match.simulation.run_for(20)
    match.assert_nobody_disconnected()
    backwards = sum(later < earlier for earlier, later in pairwise(shown))
    figures.exactly("steps back of the displayed tick", backwards, 0)
    figures.note("starved frames", match.clients[0].statistics().starved_frames_pct, "%")
    figures.at_most("late commands", match.clients[0].statistics().late_commands_pct, 2, "%")
    match.settle_and_check()
