"""A lobby on a table: toy rules, a pretended clock, and what it said sorted by who was told. Shared by the tests of the rooms."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from engine.contract import Command, CommandField, Commands, CommandSchema, Game, Past, Pilot, Settings
from engine.control.messages import CreateRoom, Denied, JoinRoom, News, Request, RoomState, Seated, SetReady
from engine.ids import ConnectionId, MatchId, Seat, SessionId, Ticket
from engine.session.values import AdmitSeat, HostRequest, MatchOver, OpenMatch, TicketIssued
from engine.world import Field, Kind, Range, Schema, World
from server.config import ServerConfig
from server.rooms import Lobby

T = TypeVar("T")

TOY_SCHEMA = Schema(Kind("runner", (Field("x", Range(0, 1000)), Field("score", Range(0, 99))), per_seat=1))
TOY_COMMAND = CommandSchema(CommandField("go", Range(-1, 1)))


class ToyGame:
    """Runners on a line; over when the setting ``ticks`` have passed."""

    tick_rate_hz = 60
    command = TOY_COMMAND

    def __init__(self, settings: Settings, seats: int) -> None:
        if settings.get("map") == "broken":
            raise ValueError("The map broken is broken.")
        self.schema = TOY_SCHEMA.for_seats(seats)
        self.ticks = int(settings.get("ticks", 0))

    def new_world(self, seed: int) -> World:
        return World(self.schema)

    def join(self, world: World, seat: Seat) -> None:
        world.runner.spawn(world.tick, seat, x=500)

    def leave(self, world: World, seat: Seat) -> None:
        world.runner.free(world.runner.slots_of(seat))

    def step(self, world: World, commands: Commands, past: Past) -> None:
        moved = world.runner.x + np.where(commands.present, commands.go, 0) * world.runner.alive
        world.runner.x[:] = np.clip(moved, 0, 1000)

    def is_over(self, world: World) -> bool:
        return 0 < self.ticks <= world.tick


@dataclass(frozen=True)
class ToyPilot:
    def command(self, world: World, seat: Seat) -> Command:
        return (1,)


class ToyRules:
    """Two maps, and one that never works."""

    schema = TOY_SCHEMA
    command = TOY_COMMAND

    def maps(self) -> tuple[str, ...]:
        return ("yard", "hall")

    def complete(self, given: Settings, seats: int) -> dict[str, int | str]:
        settings: dict[str, int | str] = {"map": "yard", "frag_limit": 20, **given}
        if settings["map"] not in self.maps():
            raise ValueError(f"There is no map {settings['map']!r}; there are yard, hall.")
        return settings

    def pilot(self, settings: Settings, seats: int, seed: int) -> Pilot:
        return ToyPilot()

    def standings(self, settings: Settings, seats: int, world: World) -> Sequence[tuple[int, int, int]]:
        alive = np.flatnonzero(world.runner.alive)
        return sorted(((int(seat), int(world.runner.score[seat]), 0) for seat in alive), key=lambda line: -line[1])

    def make_game(self, settings: Settings, seats: int) -> Game:
        return ToyGame(settings, seats)


def config_with(**tables: dict[str, object]) -> ServerConfig:
    """The defaults with some settings changed: ``config_with(arena={"bots": 3})``."""
    config = ServerConfig()
    return dataclasses.replace(config, **{name: dataclasses.replace(getattr(config, name), **values) for name, values in tables.items()})


class Bench:
    """A lobby, its clock, and ears for everybody."""

    def __init__(self, config: ServerConfig | None = None) -> None:
        self.now = 100.0
        self.lobby = Lobby(config or config_with(arena={"enabled": False}), ToyRules(), entropy=bytes)
        self.heard: dict[int, list[News]] = {}
        self.asked: list[HostRequest] = []
        self.answered = 0
        self.tickets = 0

    def collect(self) -> None:
        for delivery in self.lobby.outbox.drain_news():
            for session_id in delivery.session_ids:
                self.heard.setdefault(session_id, []).append(delivery.news)
        self.asked += self.lobby.outbox.drain_requests()

    def come(self, *session_ids: int) -> None:
        """Players come through the door, named after their numbers."""
        for session_id in session_ids:
            self.lobby.joined(SessionId(session_id), f"P{session_id}", session_id)
        self.collect()

    def do(self, session_id: int, request: Request) -> None:
        self.lobby.requested(SessionId(session_id), request, self.now)
        self.collect()

    def gather(self, *session_ids: int, seats: int = 4, bots: int = 0, **settings: int | str) -> None:
        """Players come, the first opens room 1 and the others join it."""
        self.come(*session_ids)
        self.do(session_ids[0], CreateRoom("Den", dict(settings), seats=seats, bots=bots))
        for session_id in session_ids[1:]:
            self.do(session_id, JoinRoom(1))

    def ready(self, *session_ids: int) -> None:
        for session_id in session_ids:
            self.do(session_id, SetReady(True))

    def wait(self, seconds: float, step_s: float = 0.25) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + step_s)
            self.lobby.advance(self.now)
        self.collect()

    def play(self, *session_ids: int, seats: int = 4, bots: int = 0) -> OpenMatch:
        """Gather, get ready, wait for the match, hand over the tickets."""
        self.gather(*session_ids, seats=seats, bots=bots)
        self.ready(*session_ids)
        self.wait(3.0)
        self.issue_tickets()
        return self.last_asked(OpenMatch)

    def issue_tickets(self) -> None:
        """What the match host would answer to every AdmitSeat since the last time."""
        requests = self.asked[self.answered :]
        self.answered = len(self.asked)
        for request in requests:
            if isinstance(request, AdmitSeat):
                self.tickets += 1
                ticket = Ticket(ConnectionId(1000 + self.tickets), bytes(16), bytes(16), 10.0)
                self.lobby.host_event(TicketIssued(request.match_id, request.seat, request.session_id, ticket), self.now)
        self.collect()

    def finish(self, scores: dict[int, int], match_id: int = 1, seats: int = 4) -> None:
        """The match is over with these scores by seat."""
        game = ToyGame({}, seats)
        world = game.new_world(0)
        for seat, score in scores.items():
            game.join(world, Seat(seat))
            world.runner.score[seat] = score
        self.lobby.host_event(MatchOver(MatchId(match_id), world), self.now)
        self.collect()

    def all_heard(self, session_id: int, kind: type[T]) -> list[T]:
        return [news for news in self.heard.get(session_id, []) if isinstance(news, kind)]

    def last_heard(self, session_id: int, kind: type[T]) -> T:
        return self.all_heard(session_id, kind)[-1]

    def all_asked(self, kind: type[T]) -> list[T]:
        return [request for request in self.asked if isinstance(request, kind)]

    def last_asked(self, kind: type[T]) -> T:
        return self.all_asked(kind)[-1]

    def room(self, session_id: int) -> RoomState:
        """The room as this player sees it now."""
        self.wait(1.1)
        return self.last_heard(session_id, RoomState)

    def denial(self, session_id: int) -> Denied:
        return self.last_heard(session_id, Denied)

    def seat_of(self, session_id: int) -> int:
        return self.last_heard(session_id, Seated).seat
