"""A toy match whose network, server or clients are about to suffer, and the invariants that must hold afterwards whatever it was.

The invariants (:meth:`FaultMatch.settle_and_check`), five seconds after the fault has ended:

- every reliable event reached every client exactly once and in order,
- each client holds, cell by cell, what the server computed for that tick and that seat,
- what a client predicts is what the server computes: not one correction in two seconds of walking and shooting,
- no client is stuck: it plays, over UDP, at the full rate of snapshots,
- nothing leaks: every queue inside is empty or within a few ticks of its working size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final

import numpy as np

from engine.conditions import PERFECT, NetConditions
from engine.contract import Command, Commands, Past, Settings
from engine.ids import Address, Seat
from engine.session import ClientMatch, ClientState, HostConfig, MatchClient, MatchServer
from engine.session import client_events as e
from engine.testing import SimulatedClient, Simulation, VirtualClock
from engine.world import World
from tests.timeline.toy import COMMAND, SCHEMA, Toy

EVENT_EVERY_TICKS: Final = 20
QUIESCENCE_S: Final = 5.0
TICK_S: Final = 1 / 60


class Record:
    """What the authority did, kept outside of the game."""

    def __init__(self) -> None:
        self.clock: VirtualClock | None = None
        self.announced: list[tuple[int, bytes]] = []
        self.announced_at: dict[bytes, float] = {}
        self.used: list[tuple[int, int, int]] = []
        """(tick, seat, x) of every walker after every step, where ``with_places``."""
        self.with_places = False


class EventToy(Toy):
    """The toy with a reliable event now and then, numbered by the authority."""

    def __init__(self, seats: int, record: Record) -> None:
        super().__init__(SCHEMA.for_seats(seats))
        self._record: Final = record

    def step(self, world: World, commands: Commands, past: Past) -> None:
        super().step(world, commands, past)
        np.minimum(world.walker.money, 900, out=world.walker.money)  # who walks for an hour is rich
        if past.predicting is None and self._record.with_places:
            self._record.used += [(world.tick, int(seat), int(world.walker.x[seat])) for seat in world.walker.rows()]

    def announcements(self, world: World) -> list[bytes]:
        if world.tick % EVENT_EVERY_TICKS:
            return []
        body = f"event at {world.tick}".encode()
        self._record.announced.append((world.tick, body))
        if self._record.clock is not None:
            self._record.announced_at[body] = self._record.clock.now
        return [body]


class Walker:
    """A pilot that walks up and down, turns and shoots, by a seed of its own."""

    def __init__(self, seed: int) -> None:
        self._random: Final = Random(seed)
        self._dx = self._dy = 0

    def command(self, world: World, seat: Seat) -> Command:
        if self._random.random() < 0.05:
            self._dx, self._dy = self._random.choice((-1, 0, 1)), self._random.choice((-1, 0, 1))
        return COMMAND.make(dx=self._dx, dy=self._dy, aim=self._random.randrange(1024), fire=int(self._random.random() < 0.1))


class StampedClient(MatchClient):
    """Remembers when it told what."""

    stamped: list[tuple[float, e.ClientEvent]]

    def events(self) -> list[e.ClientEvent]:
        told = super().events()
        if told:
            self.stamped += [(self._now, event) for event in told]
        return told


class FaultMatch:
    """One server, ``players`` clients, everything from one seed."""

    def __init__(
        self,
        players: int = 2,
        *,
        seed: int = 1,
        conditions: NetConditions = PERFECT,
        config: HostConfig | None = None,
        game: Callable[[int, Record], Any] = EventToy,
        seats: int = 4,
        start: bool = True,
        **server_options: Any,
    ) -> None:
        self.simulation: Final = Simulation(seed, conditions)
        self.record: Final = Record()
        self.record.clock = self.simulation.clock
        self.seats: Final = seats
        self._game: Final = game
        self._config: Final = config
        self.server = self.make_server(seed)
        self.host = self.simulation.add_server(self.server, **server_options)
        self.clients: Final[list[StampedClient]] = []
        self.hosts: Final[list[SimulatedClient]] = []
        for number in range(players):
            self.add_client(number)
        if start:
            self.start()

    def make_server(self, seed: int) -> MatchServer:
        entropy = Random(f"{seed}/server").randbytes
        schema = self._game(self.seats, self.record).schema
        return MatchServer(
            self._factory, schema=schema, command=COMMAND, entropy=entropy, seats=self.seats, config=self._config, settings={}
        )

    def _factory(self, settings: Settings, seats: int) -> Any:
        return self._game(seats, self.record)

    def add_client(self, number: int, *, script: Callable[[Any, float], None] | None = None, **options: Any) -> StampedClient:
        schema = self._game(self.seats, Record()).schema

        def factory(settings: Settings, seats: int) -> Any:
            return self._game(seats, Record())

        client = StampedClient(schema=schema, command=COMMAND, game_factory=factory, name=f"walker {number}")
        client.stamped = []
        client.pilot = Walker(self.simulation.seed * 100 + number)
        self.clients.append(client)
        self.hosts.append(self.simulation.add_client(client, script=script, **options))
        return client

    def start(self, limit_s: float = 20) -> None:
        self.simulation.run_until(lambda: all(map(plays, self.clients)), limit_s, "everybody plays")
        self.simulation.run_for(1)

    def add_port(self, host: str) -> Any:
        """A datagram port of somebody who is in no match."""
        return self.simulation.network.open_port(Address(host, 666))

    # --- what was seen

    def match_of(self, number: int) -> ClientMatch:
        match = self.clients[number].match
        assert match is not None, f"client {number} is in no match: {self.clients[number].state}"
        return match

    def stamped(self, number: int, kind: type) -> list[tuple[float, Any]]:
        return [(at, event) for at, event in self.clients[number].stamped if isinstance(event, kind)]

    def truth(self) -> World:
        match = self.server.host.match(self.server.match_id)
        assert match is not None
        return match.world

    def event_delays_s(self, number: int) -> list[float]:
        """From the server's step to the client's game, per event."""
        return [at - self.record.announced_at[event.body] for at, event in self.stamped(number, e.GameAnnounced)]

    def frames_until_snapshots(self, number: int, count: int = 1, limit_s: float = 30) -> float:
        """Seconds until ``count`` more snapshots have been applied."""
        before = self.match_of(number).snapshots
        return self.simulation.run_until(lambda: self._snapshots(number) >= before + count, limit_s, f"snapshots at client {number}")

    def _snapshots(self, number: int) -> int:
        match = self.clients[number].match
        return 0 if match is None else match.snapshots

    # --- what must hold

    def assert_nobody_disconnected(self) -> None:
        for number, client in enumerate(self.clients):
            told = [event for _, event in client.stamped if isinstance(event, e.ConnectionLost | e.Closed)]
            assert not told, f"client {number}: {told}"
            assert len(self.stamped(number, e.MatchStarted)) == 1

    def settle_and_check(self, quiescence_s: float = QUIESCENCE_S) -> None:
        """End the fault (the network is perfect from now on), wait, and check the invariants of the module's head."""
        self.simulation.set_conditions(PERFECT)
        self.simulation.run_for(quiescence_s)
        self.check()

    def check(self) -> None:
        assert not self.server.failures, self.server.failures[0]
        self._check_nobody_is_stuck()
        self._check_events()
        self._check_worlds()
        self._check_prediction()
        self._check_queues()

    def _check_nobody_is_stuck(self) -> None:
        before = [self._snapshots(number) for number in range(len(self.clients))]
        self.simulation.run_for(1)
        for number, client in enumerate(self.clients):
            assert client.state is ClientState.MATCH, f"client {number} is {client.state}"
            assert self.match_of(number).carrier.kind.value == "udp"
            assert self._snapshots(number) - before[number] >= 55, f"client {number} gets too few snapshots"

    def _check_events(self) -> None:
        announced = self.record.announced
        for number in range(len(self.clients)):
            told = [(event.tick, event.body) for _, event in self.stamped(number, e.GameAnnounced)]
            assert told, f"client {number} heard no event"
            since = announced[announced.index(told[0]) :]
            # The newest one may still be on its way.
            assert told in (since, since[:-1]), f"client {number}: events lost, doubled or out of order"

    def _check_worlds(self) -> None:
        running = self.server.host.match(self.server.match_id)
        assert running is not None
        for number in range(len(self.clients)):
            match = self.match_of(number)
            newest = match.decoder.newest_tick
            assert newest is not None
            assert running.tick - newest <= 12, f"client {number} has an old world"
            truth, held = running.past_world(newest), match.decoder.world_at(newest)
            assert truth is not None
            assert held is not None
            assert held.view_checksum(match.seat) == truth.view_checksum(match.seat), f"client {number} holds another world"

    def _check_prediction(self) -> None:
        """Two seconds of play: what was predicted for a tick is what the server arrives at, and nothing is corrected."""
        before = [self.match_of(number).prediction.statistics().corrections for number in range(len(self.clients))]
        self.simulation.run_for(2)
        for number in range(len(self.clients)):
            match = self.match_of(number)
            corrections = match.prediction.statistics().corrections - before[number]
            assert corrections == 0, f"client {number}: {corrections} corrections on a perfect network"
            predicted = match.prediction.world.copy()
            tick = predicted.tick
            self.simulation.run_until(lambda tick=tick: self.truth().tick >= tick, 2, "the predicted tick")
            running = self.server.host.match(self.server.match_id)
            truth = None if running is None else running.past_world(tick)
            assert truth is not None
            seat = match.seat
            for field in ("x", "y", "vx", "vy", "aim", "money", "cooldown"):
                assert getattr(truth.walker, field)[seat] == getattr(predicted.walker, field)[seat], field

    def _check_queues(self) -> None:
        host, control = self.server.host.statistics(), self.server.control.statistics()
        kept = control.sessions
        assert host.endpoint.connections == len(self.clients)
        assert host.endpoint.tickets == 0
        assert len(self.server.host._requests) == 0
        assert len(self.server.host._places) <= kept
        assert control.peers <= kept + 1
        for session in self.server.control._sessions.values():
            if session.peer is not None:
                assert session.channel.statistics().unacknowledged <= 8
        for number, client in enumerate(self.clients):
            match = self.match_of(number)
            reliable = client.control_statistics.reliable
            stream = client.control_statistics.stream
            assert reliable.unacknowledged <= 8, f"client {number}"
            assert stream is not None
            assert stream.unconfirmed_bytes < 8192, f"client {number}: {stream.unconfirmed_bytes} B unconfirmed"
            assert len(match._pending) <= 12
            assert len(match.interpolation._held) <= 16
            assert len(match.connection._asides) == 0
            assert len(match.connection._reassembly) == 0


def plays(client: MatchClient) -> bool:
    return client.match is not None and client.match.predicted is not None


@contextmanager
def each_frame(host: SimulatedClient, look: Callable[[Any, float], None]) -> Iterator[None]:
    """Have ``look(client, time)`` called at each of this client's frames."""
    before, host.script = host.script, look
    try:
        yield
    finally:
        host.script = before


def entity_age_s(match: FaultMatch, number: int) -> float:
    """How far what this client's screen shows of the others is behind the server, now."""
    tick, fraction = match.match_of(number).interpolation.view
    return (match.truth().tick - tick - fraction / 256) * TICK_S


def speeds(record: Record, seat: int) -> np.ndarray[Any, Any]:
    """Units per tick that a walker moved, from step to step, in x."""
    xs = np.array([x for _, walker, x in record.used if walker == seat])
    return np.abs(np.diff(xs))
