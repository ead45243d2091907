"""The server's process is killed and started again: nobody has to do anything."""

from __future__ import annotations

import pytest

from engine.conditions import NetConditions
from tests.faults.figures import Figures
from tests.faults.match import FaultMatch, plays


def _restart(seed: int, down_s: float, conditions: NetConditions) -> list[float]:
    """Seconds from the moment that the port is back until each client plays on the new server."""
    match = FaultMatch(3, seed=seed, conditions=conditions)
    old = {client.match.connection_id for client in match.clients if client.match is not None}
    keys = {client.match.match_id for client in match.clients if client.match is not None}
    match.host.stop()
    match.simulation.run_for(down_s)
    match.record.announced.clear()
    match.server = match.make_server(seed + 1000)
    match.host = match.simulation.add_server(match.server)
    back = match.simulation.now
    waits: list[float] = []
    waiting = list(match.clients)

    def all_play() -> bool:
        for client in list(waiting):
            if plays(client) and client.match is not None and client.match.connection_id not in old:
                waiting.remove(client)
                waits.append(match.simulation.now - back)
        return not waiting

    match.simulation.run_until(all_play, 20, "everybody plays on the new server")
    assert keys
    for client in match.clients:
        client.stamped.clear()
    match.settle_and_check()
    return waits


@pytest.mark.parametrize("loss_pct", [0, 10])
def test_crash_and_restart(loss_pct: int, figures: Figures) -> None:
    """Down for 0.1 to 20 seconds."""
    conditions = NetConditions(latency_ms=60, jitter_ms=5, loss_pct=loss_pct)
    waits = [wait for seed, down_s in enumerate((0.1, 0.9, 1.7, 3.0, 6.1, 20.0)) for wait in _restart(seed, down_s, conditions)]
    figures.at_most("plays again after, longest", max(waits), 3.0, "s")


@pytest.mark.soak
def test_a_hundred_crashes(figures: Figures) -> None:
    """Down for 0 to 30 seconds."""
    conditions = NetConditions(latency_ms=60, jitter_ms=5, loss_pct=2)
    waits = [wait for seed in range(100) for wait in _restart(seed, 0.3 * seed, conditions)]
    figures.at_most("plays again after, longest", max(waits), 3.0, "s")
