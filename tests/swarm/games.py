"""What the swarm plays: a toy without rooms, the same toy in the rooms of the real lobby, and the arena; and the clients that play it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final

import numpy as np

from engine.contract import Commands, CommandSchema, Game, Mask, Past, Pilot, Settings
from engine.control import messages as m
from engine.ids import Seat
from engine.session import MatchClient, MatchServer
from engine.session import client_events as e
from engine.testing import checked_factory
from engine.world import Schema, World
from game.arena import ARENA_COMMAND, ARENA_SCHEMA, make_arena
from game.client.autopilot import Autopilot
from server.arena_rules import ArenaRules
from server.config import ServerConfig
from server.match import RoomServer
from tests.faults.match import Walker
from tests.swarm.drawing import GameKind, Plan
from tests.timeline.toy import COMMAND, SCHEMA, Toy

SIGHT_UNITS: Final = 3_000
"""In the fog: walkers and shots further away in x are hidden."""

MONEY_MAX: Final = 900


class SwarmToy(Toy):
    """The toy with reliable events, and by its settings with an end and with fog."""

    def __init__(self, settings: Settings, seats: int) -> None:
        super().__init__(SCHEMA.for_seats(seats))
        self._end_ticks: Final = int(settings.get("end_ticks", 0))
        self._event_ticks: Final = int(settings.get("event_ticks", 20))
        self._told = 0

    def step(self, world: World, commands: Commands, past: Past) -> None:
        super().step(world, commands, past)
        np.minimum(world.walker.money, MONEY_MAX, out=world.walker.money)

    def announcements(self, world: World) -> list[bytes]:
        """One now and then, and now and then a handful of long ones."""
        if world.tick % self._event_ticks:
            return []
        count = 5 if world.tick % (8 * self._event_ticks) == 0 else 1
        bodies = [f"{self._told + number}".encode() + bytes(400 * (count > 1)) for number in range(count)]
        self._told += count
        return bodies

    def is_over(self, world: World) -> bool:
        """After so many ticks, if at all."""
        return self._end_ticks > 0 and world.tick >= self._end_ticks


class FoggyToy(SwarmToy):
    """Hides who is far away."""

    def visible(self, world: World, seat: Seat) -> Mask:
        """A line of sight along x."""
        near = int(world.walker.x[seat])
        return {"walker": np.abs(world.walker.x - near) < SIGHT_UNITS, "shot": np.abs(world.shot.x - near) < SIGHT_UNITS}


def make_toy(settings: Settings, seats: int) -> SwarmToy:
    """The :class:`engine.contract.GameFactory`."""
    return (FoggyToy if settings.get("fog") else SwarmToy)(settings, seats)


class ToyRules:
    """The toy, as the rooms see a game."""

    def __init__(self, settings: Settings, *, is_checked: bool) -> None:
        self._settings: Final = dict(settings)
        self._factory: Final = checked_factory(make_toy) if is_checked else make_toy

    schema: Schema = SCHEMA
    command: CommandSchema = COMMAND

    def maps(self) -> tuple[str, ...]:
        return ()

    def complete(self, given: Settings, seats: int) -> dict[str, int | str]:
        return {**self._settings, **given}

    def pilot(self, settings: Settings, seats: int, seed: int) -> Pilot:
        return Walker(seed)

    def standings(self, settings: Settings, seats: int, world: World) -> Sequence[tuple[int, int, int]]:
        return [(int(seat), int(world.walker.money[seat]), 0) for seat in world.walker.rows()]

    def make_game(self, settings: Settings, seats: int) -> Game:
        return self._factory(settings, seats)


class SwarmClient(MatchClient):
    """Goes through the lobby by itself and remembers what it was told, match by match."""

    def __init__(self, *, plays_rooms: bool, **options: Any) -> None:
        super().__init__(**options)
        self.segments: Final[list[Segment]] = []
        self.mismatches = 0
        """Of checksums, in matches that are over."""
        self.nondeterminism = 0
        """Corrections of that cause, likewise."""
        self._plays_rooms: Final = plays_rooms
        self._has_asked = False
        self._seats_taken: Final[list[Segment]] = []

    def _take_seat(self, seated: m.Seated, now: float) -> None:
        before = self.match
        super()._take_seat(seated, now)
        if self.match is not None and self.match is not before:
            self._seats_taken.append(Segment(seated.key_to_server, seated.announced))

    def _end_match(self, now: float) -> None:
        self.mismatches, self.nondeterminism = self.found_wrong()
        super()._end_match(now)

    def found_wrong(self) -> tuple[int, int]:
        """Checksums that did not match, and corrections whose cause is nondeterminism: until now, in all matches."""
        if self.match is None:
            return self.mismatches, self.nondeterminism
        refused = self.match.decoder.statistics().refused.get("checksum", 0)
        return self.mismatches + refused, self.nondeterminism + self.match.prediction.statistics().corrections_by_cause["nondeterminism"]

    def events(self) -> list[e.ClientEvent]:
        """Drain; what matters for the checks is kept."""
        told = super().events()
        for event in told:
            if isinstance(event, e.MatchStarted):
                self.segments.append(self._seats_taken.pop(0))
            elif isinstance(event, e.GameAnnounced):
                self.segments[-1].heard.append((event.tick, event.body))
            elif self._plays_rooms and self.closed_because is None:
                self._go_through_the_lobby(event)
        return told

    def _go_through_the_lobby(self, event: e.ClientEvent) -> None:
        if isinstance(event, e.LobbyEntered):
            self._has_asked = False
            self.request(m.JoinRoom())
        elif isinstance(event, e.RequestDenied):
            self._has_asked = False
        elif isinstance(event, e.RoomChanged) and self.room is not None:
            me = next((member for member in self.room.members if member.session_id == self.session_id), None)
            if me is not None and not me.ready and not self._has_asked:
                self._has_asked = True
                self.request(m.SetReady(ready=True))
            elif me is not None and me.ready:
                self._has_asked = False


class Segment:
    """What a client heard in one match, from the seat that it was given to the next."""

    def __init__(self, key: bytes, announced: int) -> None:
        self.key: Final = key
        """Of the ticket: names the seat, whatever numbers the next server begins with."""
        self.announced: Final = announced
        self.heard: Final[list[tuple[int, bytes]]] = []


class Player:
    """One player's program: the client, and what it does each frame."""

    def __init__(self, plan: Plan, name: str, seed: int) -> None:
        self.leaves = False
        is_arena = plan.game is GameKind.ARENA
        self.client: Final = SwarmClient(
            plays_rooms=plan.game is GameKind.ROOMS,
            schema=ARENA_SCHEMA if is_arena else SCHEMA.for_seats(plan.seats),
            command=ARENA_COMMAND if is_arena else COMMAND,
            game_factory=make_arena if is_arena else make_toy,
            name=name,
        )
        self._autopilot: Final = Autopilot(self.client, level=seed % 3, seed=seed) if is_arena else None
        if not is_arena:
            self.client.pilot = Walker(seed)

    def frame(self, client: Any, now: float) -> None:
        """Draw, react; leave once that is wanted."""
        client.scene(now)
        if self._autopilot is not None:
            self._autopilot.update()
        if self.leaves:
            client.leave(now)


def make_server(plan: Plan, incarnation: int) -> MatchServer | RoomServer:
    """The server of a plan; each start has random bytes of its own."""
    entropy = Random(f"swarm/{plan.seed}/server {incarnation}").randbytes
    if plan.game is GameKind.TOY:
        return MatchServer(
            checked_factory(make_toy) if plan.checks_rollbacks else make_toy,
            schema=SCHEMA.for_seats(plan.seats),
            command=COMMAND,
            entropy=entropy,
            settings=plan.settings,
            seats=plan.seats,
            seed=plan.seed,
        )
    base = ServerConfig()
    config = replace(
        base,
        server=replace(base.server, seat_kept_s=plan.seat_kept_s),
        match=replace(base.match, frag_limit=0, time_limit_s=600, warmup_s=1),
        arena=replace(base.arena, maps=("crossfire",) if plan.game is GameKind.ARENA else (), has_owner=False, seats=plan.seats),
        rooms=replace(base.rooms, countdown_s=0.5, results_s=0.5),
    )
    rules = ArenaRules.of(config) if plan.game is GameKind.ARENA else ToyRules(plan.settings, is_checked=plan.checks_rollbacks)
    return RoomServer(config, rules, entropy=entropy)
