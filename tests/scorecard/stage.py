"""A match to measure: an arena server with rooms, bots on clients of their own, and a note of everything."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from engine.session import ClientConfig, HostConfig
from engine.session.match import Match
from engine.testing import Simulation
from engine.testing.participants import SimulatedClient
from engine.world import FRACTIONS
from server.match import RoomServer
from tests.scorecard.cells import Cell
from tests.scorecard.links import LinkRecorder
from tests.scorecard.screen import WatchedClient
from tests.scorecard.truth import Judgement, Truth, WatchedRules
from tests.simulation.arena_match import config


class WatchedServer(RoomServer):
    """Notes for each tick which seats' commands were there."""

    def __init__(self, *arguments: Any, truth: Truth, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.truth: Final = truth
        self.used: Final[dict[int, dict[int, bool]]] = {}
        """Seat, tick: whether the step of the tick had the seat's own command."""
        self._used_before: dict[int, int] = {}
        self._watched: Match | None = None

    def advance(self, now: float) -> None:
        super().advance(now)
        match = self.running_match()
        if match is None:
            return
        if match is not self._watched:
            self._watch(match)
        for seat, state in match.seats.items():
            used = state.buffer.statistics().used
            log = self.used.setdefault(seat, {})
            if match.tick not in log:
                log[match.tick] = used > self._used_before.get(seat, 0)
                self._used_before[seat] = used

    def _watch(self, match: Match) -> None:
        """Note by which moment each command is judged."""
        self._watched = match
        past, judgements = match._past, self.truth.judgements
        judge = past.claim

        def claim(seat: int, view_tick: int, view_fraction: int, **options: Any) -> None:
            judge(seat, view_tick, view_fraction, **options)
            tick, age = past._ages[seat][:2]
            judgements[seat, tick] = Judgement(tick - age / FRACTIONS, view_tick + view_fraction / FRACTIONS)

        past.claim = claim  # type: ignore[method-assign]

    def running_match(self) -> Match | None:
        """The match, once it runs."""
        return next(iter(self.host._matches.values()), None)


class Stage:
    """One cell's server, clients and network."""

    def __init__(self, cell: Cell, host_config: HostConfig | None = None) -> None:
        self.cell: Final = cell
        self.simulation: Final = Simulation(cell.seed, cell.conditions)
        self.links: Final = LinkRecorder(self.simulation.network)
        self.truth: Final = Truth(lambda: self.simulation.now)
        settings = config()
        rules = WatchedRules.of(settings)
        assert isinstance(rules, WatchedRules)
        rules.truth = self.truth
        entropy = Random(f"{cell.seed}/server").randbytes
        self.server: Final = WatchedServer(settings, rules, entropy=entropy, truth=self.truth, host_config=host_config)
        self.host: Final = self.simulation.add_server(self.server)
        self.clients: Final[list[WatchedClient]] = []
        self.hosts: Final[list[SimulatedClient]] = []
        for number in range(cell.players):
            client_config = ClientConfig(input_delay_ticks=cell.input_delay_ticks)
            client = WatchedClient(f"player {number}", cell.seed * 100 + number, lambda: self.simulation.now, client_config)
            self.clients.append(client)
            self.hosts.append(self.simulation.add_client(client, frame_hz=cell.frame_hz))

    def start(self, limit_s: float = 30.0) -> None:
        """Until everybody is in the match and has a world."""
        self.simulation.run_until(self._all_play, limit_s, "everybody plays")

    def _all_play(self) -> bool:
        return all(client.match is not None and client.match.predicted is not None for client in self.clients)
