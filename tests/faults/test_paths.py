"""NAT rebinding: the client's datagrams come from another address from one moment to the next; and somebody else pretends to be that."""

from __future__ import annotations

from engine.conditions import NetConditions
from engine.ids import Address
from engine.session import client_events as e
from tests.faults.figures import Figures, percentile
from tests.faults.match import FaultMatch

SPOOFER = Address("10.66.6.6", 666)


def test_a_hundred_rebindings(figures: Figures) -> None:
    """The path follows after a challenge, nobody joins again."""
    match = FaultMatch(1, seed=6, conditions=NetConditions(latency_ms=60, loss_pct=1))
    gaps_s = []
    for _ in range(100):
        match.simulation.run_for(0.25)
        match.hosts[0].rebind()
        gaps_s.append(match.frames_until_snapshots(0))
    figures.exactly("joined again", len(match.stamped(0, e.MatchStarted)) - 1, 0)
    figures.at_most("gap p95", percentile(gaps_s, 0.95) * 1000, 250, "ms")
    figures.note("gap, longest", max(gaps_s) * 1000, "ms")
    assert match.match_of(0).carrier.switches == 0
    match.assert_nobody_disconnected()
    match.settle_and_check()


def test_spoofed_rebindings(figures: Figures) -> None:
    """Somebody on the way sends every datagram of the client on from his own address, and his copy is there first."""
    match = FaultMatch(2, seed=7, conditions=NetConditions(latency_ms=60))
    port = match.simulation.network.open_port(SPOOFER)
    server, genuine = match.host.address, match.hosts[0].port
    send = genuine.send
    raced = 0

    def race(target: Address, data: bytes, now: float) -> None:
        nonlocal raced
        raced += 1
        port.send(server, data, now)
        send(target, data, now)

    match.simulation.set_conditions(NetConditions(latency_ms=2), None)  # of the spoofer: his way is shorter
    for host in match.hosts:
        match.simulation.set_conditions(NetConditions(latency_ms=60), host)
    genuine.send = race  # type: ignore[method-assign]
    moved = answered = 0
    for _ in range(600):
        match.simulation.run_for(0.05)
        arrived = port.take()
        answered += len(arrived)
        connection = match.server.host._endpoint.connection(match.match_of(0).connection_id)
        moved += connection is not None and connection.path == SPOOFER
    del genuine.send  # type: ignore[attr-defined]
    figures.note("raced", raced)
    figures.exactly("moves to the spoofer", moved, 0)
    figures.at_most("datagrams to the spoofer per datagram of his", answered / raced, 0.5)
    statistics = match.clients[0].statistics()
    figures.at_least("snapshots of the victim", statistics.snapshots_per_s, 55, "per s")
    match.assert_nobody_disconnected()
    match.settle_and_check()
