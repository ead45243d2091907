"""Nothing gets through in one direction, or in both, for a while; links that come and go."""

from __future__ import annotations

import pytest

from engine.conditions import NetConditions
from engine.datagram import DatagramLimits
from engine.session import client_events as e
from tests.faults.figures import Figures
from tests.faults.match import FaultMatch

RTT_S = 0.06
TIMEOUT_S = DatagramLimits().timeout_s
NETWORK = NetConditions(latency_ms=RTT_S * 1000)


@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize("seconds", [1, 5])
def test_one_way_partition(seconds: int, direction: str, figures: Figures) -> None:
    """Up to five seconds: the same session plays on within a round trip and 250 ms."""
    match = FaultMatch(2, seed=seconds, conditions=NETWORK)
    session = match.clients[0].session_id
    match.hosts[0].block(up=direction == "up", down=direction == "down")
    match.simulation.run_for(seconds)
    match.hosts[0].unblock()
    healed = match.simulation.now
    tick = match.truth().tick
    match.simulation.run_until(
        lambda: match.match_of(0).decoder.newest_tick >= tick and _commands_arrive(match, tick), 10, "snapshots of now, and commands"
    )
    figures.at_most("plays again after", (match.simulation.now - healed) * 1000, (RTT_S + 0.25) * 1000, "ms")
    assert match.clients[0].session_id == session
    match.assert_nobody_disconnected()
    match.settle_and_check()


def _commands_arrive(match: FaultMatch, since_tick: int) -> bool:
    running = match.server.host.match(match.server.match_id)
    assert running is not None
    used = running.seats[match.match_of(0).seat].buffer._last_used_tick
    return used is not None and used >= since_tick


@pytest.mark.parametrize("direction", ["up", "down"])
def test_one_way_partition_of_15_s(direction: str, figures: Figures) -> None:
    """Longer than the timeout: both ends agree that the connection is dead, the seat is kept, and play goes on after it."""
    match = FaultMatch(2, seed=15, conditions=NETWORK)
    session, seat = match.clients[0].session_id, match.match_of(0).seat
    first = match.match_of(0).connection
    begun = match.simulation.now
    match.hosts[0].block(up=direction == "up", down=direction == "down")
    ends: dict[str, float] = {}
    while match.simulation.now - begun < 15:
        match.simulation.run_for(0.05)
        if first.state.value in ("closing", "closed"):
            ends.setdefault("client", match.simulation.now - begun)
        if match.server.host.statistics().seats_connected < 2:
            ends.setdefault("server", match.simulation.now - begun)
    figures.at_most("client knows after", ends.get("client", 99.0), TIMEOUT_S + 1, "s")
    figures.at_most("server knows after", ends.get("server", 99.0), TIMEOUT_S + 1, "s")
    assert match.truth().walker.alive[seat], "the seat is kept"
    match.hosts[0].unblock()
    figures.at_most("plays again after", match.frames_until_snapshots(0), 3.0, "s")
    assert match.clients[0].session_id == session
    assert len(match.stamped(0, e.MatchStarted)) == 1, "the same match goes on"
    match.settle_and_check()


def _flap(match: FaultMatch, flaps: int, figures: Figures) -> None:
    back_s = []
    for _ in range(flaps):
        match.simulation.run_for(5)
        match.hosts[0].block()
        match.simulation.run_for(2)
        match.hosts[0].unblock()
        back_s.append(match.frames_until_snapshots(0))
    figures.exactly("disconnects", len(match.stamped(0, e.ConnectionLost)) + len(match.stamped(0, e.Closed)), 0)
    figures.at_most("back after, longest", max(back_s) * 1000, RTT_S * 1000 + 250, "ms")
    match.assert_nobody_disconnected()
    match.settle_and_check()


def test_link_flaps_20_times(figures: Figures) -> None:
    """Five seconds on, two off."""
    _flap(FaultMatch(1, seed=20, conditions=NETWORK), 20, figures)


@pytest.mark.soak
def test_link_flaps_100_times(figures: Figures) -> None:
    """Five seconds on, two off."""
    _flap(FaultMatch(2, seed=100, conditions=NETWORK), 100, figures)
