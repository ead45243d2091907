"""Losses in bursts (Gilbert-Elliott), and short blackouts of everything."""

from __future__ import annotations

from engine.conditions import NetConditions
from tests.faults.figures import Figures, percentile
from tests.faults.match import FaultMatch

RTT_S = 0.06
BURSTS = NetConditions(latency_ms=60, loss_pct=5, burst=20)


def test_bursts_of_20_datagrams_at_5_pct(figures: Figures) -> None:
    """Forty seconds of play over a link that loses twenty datagrams in a row, one in twenty of all."""
    match = FaultMatch(2, seed=3, conditions=BURSTS)
    match.simulation.run_for(40)
    match.assert_nobody_disconnected()
    delays = [delay for number in range(2) for delay in match.event_delays_s(number)]
    figures.note("event p99", percentile(delays, 0.99) * 1000, "ms")
    figures.note("starved frames", match.clients[0].statistics().starved_frames_pct, "%")
    match.settle_and_check()


def test_blackouts_of_half_a_second(figures: Figures) -> None:
    """Ten times, nothing gets through either way for 500 ms; then it is as if nothing had been."""
    match = FaultMatch(2, seed=4, conditions=NetConditions(latency_ms=60))
    back_s = []
    for _ in range(10):
        match.hosts[0].block()
        match.simulation.run_for(0.5)
        match.hosts[0].unblock()
        back_s.append(match.frames_until_snapshots(0))
        match.simulation.run_for(1.5)
        assert match.match_of(0).carrier.switches == 0
    match.assert_nobody_disconnected()
    figures.at_most("resync, longest", max(back_s) * 1000, RTT_S * 1000 + 100, "ms")
    match.settle_and_check()
