"""A MatchClient without a network: the arena runs right here, everybody but us is a simple roamer, commands count at once."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from engine.contract import Commands, PresentOnly
from engine.control.messages import Member, RoomState, Standing
from engine.ids import MatchId, Seat, Tick
from engine.session.client_events import ClientEvent, GameAnnounced, MatchFinished
from engine.session.client_statistics import ClientStatistics
from engine.world import World
from game.arena import ARENA_COMMAND, Arena, make_arena

NAMES = (
    "Nova",
    "Quill",
    "Ember",
    "Sable",
    "Juno",
    "Rook",
    "Vesper",
    "Kite",
    "Onyx",
    "Pixel",
    "Mira",
    "Flint",
    "Echo",
    "Zephyr",
    "Lark",
    "Bolt",
)


@dataclass
class FakeMatch:
    game: Arena
    seat: int
    seats: int
    match_id: int = 1


@dataclass
class Roamer:
    """Walks about and shoots at whoever is nearest."""

    random: random.Random
    heading: tuple[int, int] = (127, 0)
    until: int = 0

    def fields(self, world: World, seat: int) -> dict[str, int]:
        player = world.player
        if world.tick >= self.until:
            angle = self.random.uniform(0, 2 * math.pi)
            self.heading = round(120 * math.cos(angle)), round(120 * math.sin(angle))
            self.until = world.tick + self.random.randint(20, 70)
        x, y = int(player.x[seat]), int(player.y[seat])
        others = [s for s in player.rows().tolist() if s != seat and player.life[s] == 1]
        aim, fire = 0, 0
        if others:
            near = min(others, key=lambda s: (int(player.x[s]) - x) ** 2 + (int(player.y[s]) - y) ** 2)
            dx, dy = int(player.x[near]) - x, int(player.y[near]) - y
            aim = round(math.atan2(dy, dx) * 512 / math.pi + self.random.gauss(0, 12)) % 1024
            fire = int(math.hypot(dx, dy) < 9000 and self.random.random() < 0.8)
        weapon = int((world.tick // 200 + seat) % 3 == 0)
        return {
            "move_x": self.heading[0],
            "move_y": self.heading[1],
            "aim": aim,
            "fire": fire,
            "weapon": weapon,
            "dash": int(self.random.random() < 0.01),
        }


@dataclass
class FakeClient:
    """The members that ``game.client.feed.MatchFeed`` asks for."""

    players: int = 8
    seed: int = 1
    settings: dict[str, int | str] = field(default_factory=dict)
    seat: int = 0
    plays_itself: bool = False

    def __post_init__(self) -> None:
        seats = max(16, self.players)
        game = make_arena({"warmup_s": 0, **self.settings}, seats)
        self.match: FakeMatch | None = FakeMatch(game, self.seat, seats)
        self.game = game
        self.world = game.new_world(self.seed)
        for seat in range(self.players):
            game.join(self.world, Seat(seat))
        self._commands = Commands(ARENA_COMMAND, seats)
        self._pilots = [Roamer(random.Random(self.seed * 1000 + seat)) for seat in range(self.players)]
        self._events: list[ClientEvent] = []
        self.wanted: dict[str, int] = {}
        self.requests: list[object] = []
        self.left = False
        self.session_id: int | None = 7
        self.player_name = NAMES[self.seat]
        self.resume_s = 60
        self.room: RoomState | None = self._make_room()
        self.figures = ClientStatistics(connected=True, rtt_ms=18.0, jitter_ms=2.0, snapshots_per_s=60.0, interpolation_delay_ms=27.0)
        self.shows_world = True

    def _make_room(self) -> RoomState:
        members = [
            Member(
                session_id=7 if seat == self.seat else 0 if seat % 3 == 2 else 100 + seat,
                name=NAMES[seat % 16] if seat < 16 else f"Guest {seat}",
                colour=0,
                ready=True,
                seat=seat,
                ping_ms=(11 + seat * 37) % 190,
                is_connected=True,
                is_bot=seat % 3 == 2 and seat != self.seat,
            )
            for seat in range(self.players)
        ]
        settings = dict(self.game.settings)
        return RoomState(1, "Friday night", settings, 16, 7, "playing", 0, False, members)

    def step(self, ticks: int = 1) -> None:
        """The server's side."""
        for _ in range(ticks):
            self.world.tick += 1
            self._commands.clear()
            for seat in range(self.players):
                own = seat == self.seat and not self.plays_itself
                fields = self.wanted if own else self._pilots[seat].fields(self.world, seat)
                self._commands.set(seat, ARENA_COMMAND.make(**fields))
            self.game.step(self.world, self._commands, PresentOnly())
            for body in self.game.announcements(self.world):
                self._events.append(GameAnnounced(Tick(self.world.tick), body))

    def finish(self) -> None:
        """The server ends the match."""
        standings = tuple(Standing(NAMES[seat % 16], 0, score, deaths) for seat, score, deaths in self.game.standings(self.world))
        self.match = None
        self._events.append(MatchFinished(standings))

    def tell(self, *events: ClientEvent) -> None:
        self._events.extend(events)

    @property
    def next_match(self) -> MatchId:
        return MatchId(2)

    # --- what the screen uses

    def scene(self, now: float) -> World | None:
        return self.world if self.shows_world and self.match is not None else None

    def statistics(self) -> ClientStatistics:
        return self.figures

    def events(self) -> list[ClientEvent]:
        events, self._events = self._events, []
        return events

    def request(self, request: object) -> None:
        self.requests.append(request)

    def set_command(self, **fields: int) -> None:
        self.wanted = dict(fields)

    def leave(self, now: float) -> None:
        self.left = True
