"""A line that carries less than the match wants to send, with a router in front of it that holds a second of data."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from engine.conditions import NetConditions
from engine.contract import Commands, Past
from engine.world import Field, Kind, Range, Schema, World
from tests.faults.figures import Figures, percentile
from tests.faults.match import EventToy, FaultMatch, Record
from tests.timeline.toy import COIN, SHOT, WALKER

NOISES: Final = 480
NOISE: Final = Kind("noise", capacity=NOISES, fields=(Field("value", Range(0, 65535)),))
SCHEMA: Final = Schema(WALKER, SHOT, COIN, NOISE, seats=4)
RTT_MS = 40.0
CAPPED = NetConditions(latency_ms=RTT_MS, rate_kbit_s=256)


class Noisy(EventToy):
    """Hundreds of numbers that nobody can foretell: about a kilobyte a tick, twice what the line carries."""

    def __init__(self, seats: int, record: Record) -> None:
        super().__init__(seats, record)
        self.schema = SCHEMA.for_seats(seats)
        self._random = np.random.default_rng(5)

    def new_world(self, seed: int) -> World:
        world = super().new_world(seed)
        for slot in range(NOISES):
            world.noise.spawn(0, value=slot)
        return world

    def step(self, world: World, commands: Commands, past: Past) -> None:
        super().step(world, commands, past)
        if past.predicting is None:
            world.noise.value[:] = self._random.integers(0, 65536, size=NOISES)


class Line:
    """Looks at one client's way down, at each of its frames."""

    def __init__(self, match: FaultMatch, number: int) -> None:
        self.match = match
        self.queue_ms: list[tuple[float, float]] = []
        self.sent_bytes: list[tuple[float, int]] = []
        host = match.hosts[number]
        self._direction = (host.server_address.host, host.address.host)
        host.script = self

    def __call__(self, client: Any, now: float) -> None:
        bottleneck = self.match.simulation.network._bottlenecks[self._direction]
        self.queue_ms.append((now, max(0.0, bottleneck.free_at - now) * 1000))
        connection = self.match.server.host._endpoint.connection(client.match.connection_id)
        if connection is not None:
            self.sent_bytes.append((now, connection.statistics().bytes_out))

    def kbit_s(self, since: float, until: float) -> float:
        inside = [(at, sent) for at, sent in self.sent_bytes if since <= at <= until]
        return (inside[-1][1] - inside[0][1]) * 8 / 1000 / (inside[-1][0] - inside[0][0])


def _play_capped(conditions: NetConditions, seconds: float, figures: Figures, cap_kbit_s: float, delay_bound_ms: float) -> FaultMatch:
    """The line becomes slow in the middle of a match."""
    match = FaultMatch(1, seed=13, conditions=NetConditions(latency_ms=RTT_MS), game=Noisy)
    line = Line(match, 0)
    match.simulation.run_for(2)
    figures.note("sent before", line.kbit_s(match.simulation.now - 1, match.simulation.now), "kbit/s")
    match.simulation.set_conditions(conditions, match.hosts[0], up=False)
    begun = match.simulation.now
    match.simulation.run_for(seconds)
    figures.at_most("sent from the 3rd second on", line.kbit_s(begun + 3, match.simulation.now), cap_kbit_s, "kbit/s")
    figures.at_most("sent in the 4th second", line.kbit_s(begun + 3, begun + 4), cap_kbit_s, "kbit/s")
    queue = [held for at, held in line.queue_ms if at >= begun + 3]
    figures.at_most("queueing delay p95", percentile(queue, 0.95), delay_bound_ms, "ms")
    figures.note("queueing delay p99", percentile(queue, 0.99), "ms")
    figures.note("queueing delay max", max(held for _, held in line.queue_ms), "ms")
    figures.note("snapshots", line.match.match_of(0).snapshots / (match.simulation.now - begun + 3), "per s")
    match.hosts[0].script = None
    match.assert_nobody_disconnected()
    return match


def test_a_256_kbit_line_with_a_second_of_queue(figures: Figures) -> None:
    """The send rate falls below the cap, the queue is drained, and stays nearly empty; when the line is fast again, so is the match."""
    match = _play_capped(CAPPED, 40, figures, 256, 150)
    budget = match.server.host.budget(match.match_of(0).connection_id)
    assert budget is not None
    figures.note("snapshot interval", budget.interval_ticks, "ticks")
    match.simulation.set_conditions(NetConditions(latency_ms=RTT_MS))
    connection = match.match_of(0).connection_id
    wait = match.simulation.run_until(
        lambda: match.server.host.budget(connection).interval_ticks == 1,  # type: ignore[union-attr]
        130,
        "the full rate of snapshots",
    )
    figures.note("full rate again after", wait, "s")
    match.settle_and_check()
    slowed = match.server.host.statistics().lines_slowed
    assert slowed >= 1
    match.clients[0].leave(match.simulation.now)
    match.simulation.run_for(1)
    assert match.server.host.budget(connection) is None
    assert match.server.host.statistics().lines_slowed == slowed, "whoever has left stays counted"
