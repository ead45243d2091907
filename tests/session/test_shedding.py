"""What a client gets less of when its line carries too little, and in what order: copies first, then the pace; rows only where a game
says which matter less (``test_priorities.py``).
"""

from __future__ import annotations

from random import Random

import numpy as np

from engine.conditions import NetConditions
from engine.contract import Commands, Past, Settings
from engine.session import HostConfig, MatchServer
from engine.world import Field, Kind, Range, Schema, World
from tests.session.support import ToyMatch
from tests.timeline.toy import COIN, COMMAND, SHOT, WALKER, Toy

NOISES = 480
NOISE = Kind("noise", capacity=NOISES, fields=(Field("value", Range(0, 65535)),))
SCHEMA = Schema(WALKER, SHOT, COIN, NOISE, seats=4)
LOSSES_IN_RUNS = "latency=40,loss=8,burst=4"
NARROW_KBIT_S = 256


class Noisy(Toy):
    """About a kilobyte a tick that nobody can foretell: twice what the narrow line carries."""

    def __init__(self, settings: Settings, seats: int) -> None:
        super().__init__(SCHEMA.for_seats(seats))
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


class NoisyMatch(ToyMatch):
    def make_server(self, seed: int) -> MatchServer:
        return MatchServer(Noisy, schema=SCHEMA, command=COMMAND, entropy=Random(f"{seed}/server").randbytes, seats=4)


class Watched:
    """One client on one line: per frame, whether copies wait, the pace, and whether what it holds is the truth."""

    def __init__(self) -> None:
        self.match = NoisyMatch(0, factory=Noisy)
        client = self.match.add_client(0, schema=SCHEMA)
        self.match.simulation.set_conditions(NetConditions.parse(LOSSES_IN_RUNS), self.match.hosts[0], up=False)
        self.match.simulation.run_until(lambda: client.match is not None and client.match.predicted is not None, 10)
        assert client.match is not None
        self.client = client.match
        self.log: list[tuple[bool, int]] = []
        """Copies wait, ticks between snapshots."""
        self.worlds = 0

    def play(self, seconds: float) -> list[tuple[bool, int]]:
        host, begun = self.match.server.host, len(self.log)
        running = host.match(self.match.server.match_id)
        assert running is not None
        for _ in range(round(seconds * 120)):
            self.match.simulation.run_for(1 / 120)
            place = host._places[self.client.connection_id]
            self.log.append((place.copies.is_waiting, place.budget.interval_ticks))
            tick = self.client.decoder.newest_tick
            held = None if tick is None else self.client.decoder.world_at(tick)
            truth = None if tick is None else running.past_world(tick)
            if held is not None and truth is not None:
                assert (held.public_cells() == truth.public_cells()).all(), "every row of every snapshot"
                self.worlds += 1
        return self.log[begun:]


def test_copies_go_first_then_the_pace_and_never_rows() -> None:
    watched = Watched()
    lossy = watched.play(6)
    assert any(waiting for waiting, _ in lossy), "losses come in runs: snapshots are sent again"
    assert {interval for _, interval in lossy} == {1}
    line = NetConditions.parse(f"{LOSSES_IN_RUNS},rate={NARROW_KBIT_S}")
    watched.match.simulation.set_conditions(line, watched.match.hosts[0], up=False)
    narrow = watched.play(12)
    intervals = [interval for _, interval in narrow]
    assert max(intervals) > 1, "then they come less often"
    assert max(intervals) <= HostConfig().snapshot_interval_ticks_max
    slowed = next(index for index, interval in enumerate(intervals) if interval > 1)
    assert not any(waiting for waiting, interval in narrow[slowed + 4 :] if interval > 1), "who gets less gets no copies"
    assert watched.worlds > 1000
