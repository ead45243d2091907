"""A whole arena server with rooms, and bot players on clients of their own, over a simulated network."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from engine.conditions import PERFECT, NetConditions
from engine.session import MatchClient
from engine.session import client_events as e
from engine.session.values import AnnouncementMade
from engine.testing import Simulation
from engine.world import World
from game.arena import ARENA_COMMAND, ARENA_SCHEMA, make_arena
from game.client.autopilot import Autopilot
from server.arena_rules import ArenaRules
from server.config import ServerConfig
from server.match import RoomServer


@dataclass
class Player:
    """A client, what plays it, and everything that it was told."""

    client: MatchClient
    autopilot: Autopilot
    events: list[e.ClientEvent] = field(default_factory=list)

    def frame(self, client: Any, now: float) -> None:
        client.scene(now)
        self.events += self.autopilot.update()

    def announced(self) -> list[tuple[int, bytes]]:
        return [(event.tick, event.body) for event in self.events if isinstance(event, e.GameAnnounced)]


class RecordingServer(RoomServer):
    """Keeps what every match announced."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.announced: list[tuple[int, bytes]] = []

    def _pass_events(self, now: float) -> None:
        for event in self.host.events():
            if isinstance(event, AnnouncementMade):
                self.announced.append((event.tick, event.body))
            self.side.host_event(event, now)


def config(**match: int) -> ServerConfig:
    base = ServerConfig()
    settings = {"frag_limit": 0, "time_limit_s": 600, "warmup_s": 1, **match}
    return replace(
        base,
        match=replace(base.match, **settings),
        arena=replace(base.arena, maps=("crossfire",), has_owner=False),
        rooms=replace(base.rooms, countdown_s=1.0),
    )


class ArenaMatch:
    """``players`` bots on clients, one :class:`RoomServer`, all from one seed."""

    def __init__(
        self, players: int, *, seed: int = 1, conditions: NetConditions = PERFECT, level: int = 1, settings: ServerConfig | None = None
    ) -> None:
        self.simulation = Simulation(seed, conditions)
        chosen = settings or config()
        self.server = RecordingServer(chosen, ArenaRules.of(chosen), entropy=Random(f"{seed}/server").randbytes)
        self.host = self.simulation.add_server(self.server)
        self.players = [self.add_player(f"player {number}", seed * 100 + number, level) for number in range(players)]

    def add_player(self, name: str, seed: int, level: int = 1) -> Player:
        client = MatchClient(schema=ARENA_SCHEMA, command=ARENA_COMMAND, game_factory=make_arena, name=name)
        player = Player(client, Autopilot(client, level=level, seed=seed))
        self.simulation.add_client(client, script=player.frame)
        return player

    def start(self, limit_s: float = 20) -> None:
        """Until everybody is in the match and has a world."""
        self.simulation.run_until(self.all_play, limit_s, "everybody plays")

    def all_play(self) -> bool:
        return all(player.client.match is not None and player.client.match.predicted is not None for player in self.players)

    def authority(self) -> World:
        match = self.server.host.match(self.players[0].client.match.match_id)  # type: ignore[union-attr]
        assert match is not None
        return match.world
