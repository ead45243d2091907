"""A server and clients of any game, on a simulated network: what a test of a game begins with.

    match = SimulatedMatch(GameUnderTest(make_game, seats=4), clients=2, simulation=Simulation(seed=7))
    match.start()
    match.clients[0].set_command(dx=1)
    match.run_for(2)
    assert match.world.walker.x[0] > 100

The server is an :class:`engine.session.MatchServer` without rooms, so whoever connects has a seat. For a server of your own, use
:class:`~engine.testing.simulation.Simulation` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from engine.conditions import NetConditions
from engine.contract import Pilot
from engine.errors import LocalProtocolError
from engine.ids import Seat
from engine.session.client import MatchClient
from engine.session.match import Match
from engine.session.server import MatchServer
from engine.testing.misuse import MisuseError, read_conditions
from engine.testing.participants import SimulatedClient, SimulatedServer
from engine.testing.report import cause
from engine.testing.rollback_check import checked_factory
from engine.testing.simulation import FRAME_HZ, Action, At, Simulation, check_condition
from engine.testing.tested_game import GameUnderTest
from engine.world import World

START_LIMIT_S: Final = 20.0
"""Worst conditions included: a welcome whose segments are lost four times in a row is still there after 6.2 s."""

Frame = Callable[[MatchClient, float], None]


class SimulatedMatch:
    """One server, its clients, and the simulation that they are in."""

    def __init__(
        self,
        game: GameUnderTest,
        *,
        clients: int = 2,
        simulation: Simulation | None = None,
        checks_rollbacks: bool = True,
        names: str = "player",
    ) -> None:
        """Nothing has run yet: see :meth:`start`. With ``checks_rollbacks`` the server computes every step twice and compares.

        Raises :class:`~engine.testing.misuse.MisuseError` for a game without all of the contract, or with too few seats.
        """
        __tracebackhide__ = True
        if not isinstance(clients, int) or clients < 0:
            raise MisuseError(f"clients must be a whole number, not {clients!r}")
        self.game: Final = game
        self.simulation: Final = Simulation() if simulation is None else simulation
        self._checks_rollbacks: Final = checks_rollbacks
        self._names: Final = names
        self._shape: Final = game.make()
        self._servers_made = 0
        self.host: Final[SimulatedServer] = self.simulation.add_server(self.make_server())
        """The server's place on the network: pause it, crash it, set its clock."""
        self.nodes: Final[list[SimulatedClient]] = []
        """The clients' places on the network, in the order of their joining."""
        for _ in range(clients):
            self.add_client()
        self._check_seats()

    # --- who is there

    @property
    def server(self) -> MatchServer:
        """The server; after a restart, the new one."""
        server = self.host.server
        assert isinstance(server, MatchServer)
        return server

    @property
    def clients(self) -> list[MatchClient]:
        """The clients, in the order of their joining."""
        return [node.client for node in self.nodes if isinstance(node.client, MatchClient)]

    def add_client(
        self,
        name: str = "",
        *,
        conditions: NetConditions | str | None = None,
        pilot: Pilot | None = None,
        frame: Frame | None = None,
        frame_hz: float = FRAME_HZ,
        clock_rate: float = 1.0,
    ) -> MatchClient:
        """One more player; he connects as soon as time passes.

        ``frame`` is called once per frame (and should draw), ``pilot`` plays for it. ``conditions`` are those of his own
        link, in words as for ``--net`` or as they are.
        """
        client = self.make_client(name or f"{self._names} {len(self.nodes) + 1}")
        client.pilot = pilot
        own = None if conditions is None else read_conditions(conditions)
        self.nodes.append(
            self.simulation.add_client(client, conditions=own, frame_hz=frame_hz, clock_rate=clock_rate, script=frame or draw)
        )
        return client

    def node(self, client: MatchClient) -> SimulatedClient:
        """Where this client is on the network: for ``block``, ``rebind``, ``pause`` and scenarios."""
        return next(node for node in self.nodes if node.client is client)

    def make_client(self, name: str) -> MatchClient:
        """A client of this game that is not on the network: for ``restart`` after a crash."""
        shape, game = self._shape, self.game
        return MatchClient(schema=shape.schema, command=shape.command, game_factory=game.factory, name=name, config=game.client_config)

    def make_server(self) -> MatchServer:
        """A server of this game that is not on the network: for ``restart`` after a crash. Each has random bytes of its own."""
        shape, game = self._shape, self.game
        self._servers_made += 1
        return MatchServer(
            checked_factory(game.factory) if self._checks_rollbacks else game.factory,
            schema=shape.schema,
            command=shape.command,
            entropy=Random(f"{self.simulation.seed}/server {self._servers_made}").randbytes,
            settings=game.settings,
            seats=game.seats,
            seed=self.simulation.seed,
            config=game.host_config,
        )

    # --- time

    def start(self, limit_s: float = START_LIMIT_S) -> None:
        """Let time pass until every client has a seat and has seen the world."""
        __tracebackhide__ = True
        if not self.nodes:
            raise MisuseError("nobody can play where no client is: add_client first")
        self._check_seats()
        self.run_until(self.all_play, limit_s, "every client plays")

    def run_for(self, seconds: float) -> None:
        """Let this much time pass. A game that raises on the server ends it at that moment, and fails the test."""
        __tracebackhide__ = True
        if not self.server.failures:
            self.simulation.run_for(seconds, unless=lambda: self.server.failures)
        self._check_failures()

    def run_until(self, condition: Callable[[], object], limit_s: float = 10.0, what: str = "what the test waits for") -> float:
        """Let time pass until this holds; returns the seconds that took.

        Raises :class:`~engine.testing.simulation.SimulationStalledError`, which says what everybody was waiting for.
        """
        __tracebackhide__ = True
        check_condition(condition)
        took = self.simulation.run_until(lambda: bool(self.server.failures) or condition(), limit_s, what)
        self._check_failures()
        return took

    def at(self, seconds: float, action: Action) -> None:
        """Let something happen so many seconds from now: see :mod:`engine.testing.scenario`."""
        self.simulation.at(seconds, action)

    def play(self, *timed: At) -> None:
        """Let a scenario happen, beginning now."""
        self.simulation.play(*timed)

    # --- what is so

    @property
    def now(self) -> float:
        """The simulation's time, in seconds."""
        return self.simulation.now

    @property
    def running(self) -> Match:
        """The match as the server runs it."""
        match = self.server.host.match(self.server.match_id)
        if match is None:
            raise LocalProtocolError("no match runs: let time pass first")
        return match

    @property
    def world(self) -> World:
        """The world as the server holds it: the truth."""
        return self.running.world

    def all_play(self) -> bool:
        """Whether every client has a seat and has seen the world."""
        return bool(self.nodes) and all(client.match is not None and client.match.predicted is not None for client in self.clients)

    def seat(self, client: MatchClient) -> Seat:
        """Where this client sits. Seats go by who arrives first, which a bad network decides: a test must ask."""
        if client.match is None:
            raise AssertionError(f"{client.player_name} has no seat")
        return client.match.seat

    def view(self, client: MatchClient) -> World:
        """The newest snapshot that this client holds; its own prediction is ``client.match.predicted``, what it draws ``client.scene``."""
        match = client.match
        world = None if match is None or match.decoder.newest_tick is None else match.decoder.world_at(match.decoder.newest_tick)
        if world is None:
            raise AssertionError(f"{client.player_name} has no snapshot yet")
        return world

    def events(self, client: MatchClient) -> list[Any]:
        """Everything that this client has reported so far, oldest first."""
        return list(self.node(client).events)

    def disagreements(self, age_ticks_max: int = 30) -> Mapping[str, str]:
        """For each client that does not hold the server's world, what is wrong: cell by cell, at its newest snapshot's tick.

        A client whose newest snapshot is older than ``age_ticks_max`` disagrees too: nothing reaches it. So does everybody while the
        server is down, and a client that is: there is nothing to compare with.
        """
        if self.host.is_down:
            return {client.player_name: "has nothing to be compared with: the server is down" for client in self.clients}
        found = {}
        for node, client in zip(self.nodes, self.clients, strict=True):
            if node.is_down:
                found[client.player_name] = "holds nothing: it is down"
                continue
            match = client.match
            newest = None if match is None else match.decoder.newest_tick
            if match is None or newest is None:
                found[client.player_name] = "has no snapshot"
                continue
            if self.running.tick - newest > age_ticks_max:
                found[client.player_name] = f"has snapshot {newest}, the server is at {self.running.tick}"
                continue
            truth, held = self.running.past_world(newest), match.decoder.world_at(newest)
            if truth is None or held is None or held.view_checksum(match.seat) != truth.view_checksum(match.seat):
                found[client.player_name] = f"holds another world of tick {newest} than the server"
        return found

    def check_worlds_agree(self, age_ticks_max: int = 30) -> None:
        """Assert that every client holds what the server computed. For games that hide no rows."""
        __tracebackhide__ = True
        if not self.nodes:
            raise AssertionError("no client is here whose world could be compared")
        wrong = self.disagreements(age_ticks_max)
        if wrong:
            raise AssertionError("\n".join(f"{name} {what}" for name, what in wrong.items()))

    def _check_seats(self) -> None:
        __tracebackhide__ = True
        if len(self.nodes) > self.game.seats:
            raise MisuseError(
                f"{len(self.nodes)} clients, but the game has {self.game.seats} seats: GameUnderTest(..., seats=N) gives it more"
            )

    def _check_failures(self) -> None:
        __tracebackhide__ = True
        if self.server.failures:
            first = self.server.failures[0]  # the later ones are of matches that began with what this one left
            raise AssertionError(f"the game raised on the server: {cause(first)}\n{first.strip()}")


def draw(client: MatchClient, now: float) -> None:
    """What a game does each frame: without it, nothing is interpolated and nobody's view is known to lag compensation."""
    client.scene(now)
