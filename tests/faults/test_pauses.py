"""A server or a client that does not run for some seconds (SIGSTOP, garbage collection, a suspended laptop), and one that is slow."""

from __future__ import annotations

from typing import Any

import pytest

from engine.conditions import NetConditions
from engine.session import HostConfig
from tests.faults.figures import Figures
from tests.faults.match import FaultMatch, speeds
from tests.timeline.toy import SPEED

NETWORK = NetConditions(latency_ms=60)


class CountingServer:
    """Counts the ticks of each advance, and may be slow at each."""

    def __init__(self, match: FaultMatch) -> None:
        self.match = match
        self.ticks_at_once: list[int] = []
        self.slow: Any = None
        self._advance = match.server.advance
        match.server.advance = self  # type: ignore[method-assign]

    def __call__(self, now: float) -> None:
        before = self.match.server.host.statistics().ticks
        self._advance(now)
        ticks = self.match.server.host.statistics().ticks - before
        if ticks:
            self.ticks_at_once.append(ticks)
            if self.slow is not None:
                self.match.host.pause(self.slow(ticks))


@pytest.mark.parametrize("seconds", [2, 5])
def test_server_pause(seconds: int, figures: Figures) -> None:
    """Nobody is thrown out, lost time is not made up for, and play is steady again soon."""
    match = FaultMatch(2, seed=seconds, conditions=NETWORK)
    counting = CountingServer(match)
    match.record.with_places = True
    match.host.pause(seconds)
    match.simulation.run_for(seconds)
    ticks = match.truth().tick
    match.simulation.run_for(1)
    figures.at_most("ticks at once", max(counting.ticks_at_once), HostConfig().catch_up_ticks_max)
    figures.at_most("ticks in the second after", match.truth().tick - ticks, 60 + HostConfig().catch_up_ticks_max + 1)
    figures.at_most("fastest walker", float(max(speeds(match.record, seat).max() for seat in range(2))), SPEED, "units/tick")
    match.assert_nobody_disconnected()
    # One second after: commands are in time again.
    before = [(match.match_of(n).missing_commands, match.match_of(n).late_commands, match.match_of(n).snapshots) for n in range(2)]
    match.simulation.run_for(2)
    after = [(match.match_of(n).missing_commands, match.match_of(n).late_commands, match.match_of(n).snapshots) for n in range(2)]
    figures.at_most("missing commands after 1 s", max(b[0] - a[0] for a, b in zip(before, after, strict=True)), 3, "in 2 s")
    figures.at_most("late commands after 1 s", max(b[1] - a[1] for a, b in zip(before, after, strict=True)), 3, "in 2 s")
    figures.at_least("snapshots after 1 s", min(b[2] - a[2] for a, b in zip(before, after, strict=True)), 114, "in 2 s")
    match.settle_and_check()


@pytest.mark.parametrize("seconds", [2, 5])
def test_client_pause(seconds: int, figures: Figures) -> None:
    """No credit of commands: who was away has stood still, moves at his speed, and is not replayed."""
    match = FaultMatch(2, seed=seconds, conditions=NETWORK)
    match.record.with_places = True
    seat = match.match_of(0).seat
    match.hosts[0].pause(seconds)
    match.simulation.run_for(0.5)
    away_from = int(match.truth().walker.x[seat])
    match.simulation.run_for(seconds - 0.5)
    figures.at_most("moved while away", abs(int(match.truth().walker.x[seat]) - away_from), 0, "units")
    match.simulation.run_for(1)
    figures.at_most("fastest step", float(speeds(match.record, seat).max()), SPEED, "units/tick")
    buffer = match.server.host.match(match.server.match_id).seats[seat].buffer.statistics()  # type: ignore[union-attr]
    figures.at_most("commands held for later", buffer.waiting, 12)
    missing = match.match_of(0).missing_commands
    match.simulation.run_for(2)
    figures.at_most("missing commands after 1 s", match.match_of(0).missing_commands - missing, 3, "in 2 s")
    match.assert_nobody_disconnected()
    match.settle_and_check()


def test_tick_overrun(figures: Figures) -> None:
    """Every second tick takes 30 ms: the server stays in step, and never falls more than five ticks behind."""
    match = FaultMatch(2, seed=8, conditions=NETWORK)
    counting = CountingServer(match)
    turn = 0

    def every_second(ticks: int) -> float:
        nonlocal turn
        turn += ticks
        return 0.030 * (turn // 2 - (turn - ticks) // 2)

    counting.slow = every_second
    before, ticks, begun = match.server.host.statistics().ticks_dropped, match.truth().tick, match.simulation.now
    match.simulation.run_for(20)
    dropped = match.server.host.statistics().ticks_dropped - before
    rate = (match.truth().tick - ticks) / (match.simulation.now - begun)
    counting.slow = None
    figures.at_least("ticks", rate, 59, "per s")
    figures.at_most("ticks dropped", dropped, 12, "in 20 s")
    figures.at_most("ticks at once", max(counting.ticks_at_once), HostConfig().catch_up_ticks_max)
    figures.note("missing commands", match.clients[0].statistics().missing_commands_pct, "%")
    match.simulation.run_for(1)
    missing, snapshots = match.match_of(0).missing_commands, match.match_of(0).snapshots
    match.simulation.run_for(1)
    figures.at_most("missing commands after 1 s", match.match_of(0).missing_commands - missing, 2, "in 1 s")
    figures.at_least("snapshots after 1 s", match.match_of(0).snapshots - snapshots, 57, "in 1 s")
    match.assert_nobody_disconnected()
    match.settle_and_check()


def test_a_server_that_can_do_only_half(figures: Figures) -> None:
    """Every tick takes two: time is given up, the debt stays within its bound, snapshots go out once per round, and it recovers."""
    match = FaultMatch(2, seed=9, conditions=NETWORK)
    counting = CountingServer(match)
    counting.slow = lambda ticks: ticks * 2 / 60
    ticks, begun, snapshots = match.truth().tick, match.simulation.now, match.match_of(0).snapshots
    match.simulation.run_for(20)
    rate = (match.truth().tick - ticks) / (match.simulation.now - begun)
    counting.slow = None
    figures.at_least("ticks", rate, 25, "per s")
    figures.at_most("ticks at once", max(counting.ticks_at_once), HostConfig().catch_up_ticks_max)
    figures.at_most("snapshots", (match.match_of(0).snapshots - snapshots) / 20, rate, "per s")
    match.simulation.run_for(1)
    missing, snapshots = match.match_of(0).missing_commands, match.match_of(0).snapshots
    match.simulation.run_for(1)
    figures.at_most("missing commands after 1 s", match.match_of(0).missing_commands - missing, 2, "in 1 s")
    figures.at_least("snapshots after 1 s", match.match_of(0).snapshots - snapshots, 57, "in 1 s")
    match.assert_nobody_disconnected()
    match.settle_and_check()
