"""A :class:`MatchServer` with a toy game and clients that walk about, over a simulated network."""

from __future__ import annotations

from random import Random
from typing import Any

from engine.conditions import PERFECT, NetConditions
from engine.contract import Command, Settings
from engine.ids import Seat
from engine.session import MatchClient, MatchServer
from engine.testing import Simulation
from engine.world import World
from tests.timeline.toy import COMMAND, SCHEMA, Toy


def make_toy(settings: Settings, seats: int) -> Toy:
    if settings.get("broken"):
        raise ValueError("The toy is broken.")
    return Toy(SCHEMA.for_seats(seats))


class Walker:
    """A pilot that walks, turns and shoots by a seed of its own."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._dx = self._dy = 0

    def command(self, world: World, seat: Seat) -> Command:
        if self._random.random() < 0.05:
            self._dx, self._dy = self._random.choice((-1, 0, 1)), self._random.choice((-1, 0, 1))
        return COMMAND.make(dx=self._dx, dy=self._dy, aim=self._random.randrange(1024), fire=int(self._random.random() < 0.1))


class ToyMatch:
    """``players`` clients on one server; everything from one seed."""

    def __init__(
        self, players: int = 2, *, seed: int = 1, conditions: NetConditions = PERFECT, factory: Any = make_toy, **options: Any
    ) -> None:
        self.simulation = Simulation(seed, conditions)
        self.factory = factory
        self.options = {"seats": 4, **options}
        self.server = self.make_server(seed)
        self.host = self.simulation.add_server(self.server)
        self.clients: list[MatchClient] = []
        self.hosts = []
        for number in range(players):
            self.add_client(number)

    def make_server(self, seed: int) -> MatchServer:
        entropy = Random(f"{seed}/server").randbytes
        return MatchServer(self.factory, schema=SCHEMA, command=COMMAND, entropy=entropy, **self.options)

    def add_client(self, number: int, **options: Any) -> MatchClient:
        client = MatchClient(
            schema=options.pop("schema", SCHEMA), command=COMMAND, game_factory=self.factory, name=f"walker {number}", **options
        )
        client.pilot = Walker(number)
        self.clients.append(client)
        self.hosts.append(self.simulation.add_client(client, script=lambda driven, now: driven.scene(now)))
        return client

    def start(self) -> None:
        self.simulation.run_until(lambda: all(plays(client) for client in self.clients), 10, "everybody plays")

    def events(self, number: int, kind: type) -> list[Any]:
        return [event for event in self.hosts[number].events if isinstance(event, kind)]

    def truth(self) -> World:
        match = self.server.host.match(self.server.match_id)
        assert match is not None
        return match.world


def plays(client: MatchClient) -> bool:
    return client.match is not None and client.match.predicted is not None
