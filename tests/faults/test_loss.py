"""Independent loss: 0 to 40 % of the datagrams of each direction, and of the segments of each stream."""

from __future__ import annotations

import pytest

from engine.conditions import NetConditions
from engine.session import client_events as e
from tests.faults.figures import Figures, percentile
from tests.faults.match import FaultMatch, entity_age_s, plays

RTT_MS = 60.0


def lossy(loss_pct: float) -> NetConditions:
    return NetConditions(latency_ms=RTT_MS, loss_pct=loss_pct)


def test_joins_at_30_pct_loss(figures: Figures) -> None:
    """Two hundred clients, forty matches: each is seated, connected and has a world."""
    joined, waits = 0, []
    for seed in range(40):
        match = FaultMatch(5, seed=seed, conditions=lossy(30), seats=5, start=False)
        begun = match.simulation.now
        match.simulation.run_until(lambda at=match: all(map(plays, at.clients)), 20, "everybody plays")
        for client in match.clients:
            assert client.match is not None
            assert client.match.first_snapshot_at is not None
            waits.append(client.match.first_snapshot_at - begun)
            joined += 1
    figures.exactly("joined", joined, 200, "of 200")
    figures.at_most("join p95", percentile(waits, 0.95), 3.0, "s")
    figures.note("join p50", percentile(waits, 0.5), "s")


@pytest.mark.parametrize("loss_pct", [0, 10, 20, 30, 40])
def test_play(loss_pct: int, figures: Figures) -> None:
    """Twenty seconds of play; then the invariants."""
    match = FaultMatch(2, seed=loss_pct + 1, conditions=lossy(loss_pct))
    ages: list[float] = []
    match.hosts[0].script = lambda client, now: ages.append(entity_age_s(match, 0))
    match.simulation.run_for(20)
    delays = [delay for number in range(2) for delay in match.event_delays_s(number)]
    match.hosts[0].script = None
    if loss_pct <= 30:
        match.assert_nobody_disconnected()
        figures.at_most("event p99", percentile(delays, 0.99) * 1000 / RTT_MS, 8, "RTT")
    else:  # a stream that stands still for 10 s is given up for a new one: nothing is lost with it
        assert not [client for client in match.clients if client.closed_because]
        figures.note("streams resumed", sum(len(match.stamped(number, e.ConnectionResumed)) for number in range(2)))
        figures.note("event p99", percentile(delays, 0.99) * 1000 / RTT_MS, "RTT")
    figures.at_most("entity age p95", percentile(ages, 0.95) * 1000, 200, "ms")
    statistics = match.clients[0].statistics()
    figures.at_most("late commands", statistics.late_commands_pct, 2, "%")
    figures.note("missing commands", statistics.missing_commands_pct, "%")
    figures.note("starved frames", statistics.starved_frames_pct, "%")
    match.settle_and_check()
    assert all(len(match.stamped(number, e.MatchStarted)) == 1 for number in range(2))
