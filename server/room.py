"""A room and who is in it: plain data, and the questions that it can answer by itself.

What happens in rooms is decided elsewhere: :mod:`server.requests` (who may do what) and :mod:`server.rounds` (countdown, match, results).

::

    GATHERING --ready / owner starts--> COUNTDOWN --countdown_s--> PLAYING --match over--> RESULTS --results_s--> GATHERING
        ^                                  |                          |                       (permanent room, somebody ready: PLAYING)
        +------- nobody ready any more ----+-- no player has a seat --+
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from engine.contract import Settings
from engine.control.messages import Member as MemberLine
from engine.control.messages import RoomState, RoomSummary
from engine.ids import ConnectionId, MatchId, RoomId, Seat, SessionId

NOBODY: Final = SessionId(0)
"""The owner of a room without one; also who speaks when the server itself does, and who a bot is."""

PING_MS_MAX: Final = 65535


class Phase(Enum):
    """Where a room is; the value is the word on the wire."""

    GATHERING = "gathering"
    COUNTDOWN = "countdown"
    PLAYING = "playing"
    RESULTS = "results"


@dataclass(slots=True)
class Guest:
    """One session: a player who came through the door, in a room or not."""

    session_id: SessionId
    name: str
    colour: int
    is_connected: bool = True
    ping_ms: int = 0
    room_id: RoomId | None = None
    connection_id: ConnectionId | None = None
    """The datagram connection that the newest ticket opens."""


@dataclass(slots=True)
class Member:
    """A guest in a room."""

    guest: Guest
    ready: bool = False
    seat: Seat | None = None
    shown_ping_ms: int = 0


@dataclass(slots=True)
class BotPlayer:
    """A bot in a room."""

    name: str
    colour: int
    seat: Seat | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """The match that a room is playing."""

    match_id: MatchId
    settings: Settings
    """As the match was opened; the room's own may be changed meanwhile for the next."""


@dataclass(slots=True)
class Room:
    """One room. ``members`` keep the order in which they came."""

    room_id: RoomId
    name: str
    settings: dict[str, int | str]
    seats: int
    password: str = ""
    bots_wanted: int = 0
    is_permanent: bool = False
    has_owner: bool = True
    maps: tuple[str, ...] = ()
    """Played one after the other (permanent room); empty: always the one of the settings."""
    members: dict[SessionId, Member] = field(default_factory=dict)
    bots: list[BotPlayer] = field(default_factory=list)
    owner: SessionId = NOBODY
    phase: Phase = Phase.GATHERING
    deadline: float = 0.0
    """When countdown or results end."""
    is_forced: bool = False
    """The owner started this countdown: it goes on whoever is not ready."""
    round: Round | None = None
    kicked: set[SessionId] = field(default_factory=set)
    is_changed: bool = True
    """Members have not been shown the newest state yet."""
    shown_at: float = -math.inf
    shown_countdown_s: int = 0

    @property
    def is_full(self) -> bool:
        """Whether every seat is a player's; bots do not count, they give way."""
        return len(self.members) >= self.seats

    @property
    def is_running(self) -> bool:
        """Whether a match runs."""
        return self.round is not None

    @property
    def has_players(self) -> bool:
        """Whether a player (not a bot) has a seat in the match."""
        return any(member.seat is not None for member in self.members.values())

    @property
    def wants_match(self) -> bool:
        """Whether the players are ready: everybody, or (permanent room) anybody. Who is away does not hold up the others."""
        present = [member for member in self.members.values() if member.guest.is_connected]
        return self.has_ready and (self.is_permanent or all(member.ready for member in present))

    @property
    def has_ready(self) -> bool:
        """Whether anybody is here and ready."""
        return any(member.ready and member.guest.is_connected for member in self.members.values())

    @property
    def bots_due(self) -> int:
        """How many bots there should be now: those wanted, as far as members leave seats for them."""
        return max(0, min(self.bots_wanted, self.seats - len(self.members)))

    def free_seat(self) -> Seat | None:
        """The lowest seat that neither a player nor a bot has."""
        taken = {member.seat for member in self.members.values()} | {bot.seat for bot in self.bots}
        return next((Seat(seat) for seat in range(self.seats) if seat not in taken), None)

    def next_owner(self) -> SessionId:
        """Who owns the room if its owner goes: who has been here longest and is connected, else longest."""
        if not self.has_owner or not self.members:
            return NOBODY
        connected = [session_id for session_id, member in self.members.items() if member.guest.is_connected]
        return (connected or list(self.members))[0]

    def next_map(self) -> str | None:
        """The map after the present one in the rotation, or None without a rotation."""
        if not self.maps:
            return None
        present = self.settings.get("map")
        index = self.maps.index(str(present)) + 1 if present in self.maps else 0
        return self.maps[index % len(self.maps)]

    def countdown_s(self, now: float) -> int:
        """Whole seconds left of countdown or results, for people: 3, 2, 1."""
        if self.phase not in (Phase.COUNTDOWN, Phase.RESULTS):
            return 0
        return max(0, math.ceil(self.deadline - now - 1e-6))

    def summary(self) -> RoomSummary:
        """Its line in the list of rooms."""
        return RoomSummary(
            self.room_id, self.name, self.settings, len(self.members), self.seats, bool(self.password), self.phase is Phase.PLAYING
        )

    def state(self, now: float) -> RoomState:
        """The whole room, as its members see it."""
        settings = dict(self.round.settings if self.round is not None else self.settings)
        lines = [_member_line(member) for member in self.members.values()] + [_bot_line(bot) for bot in self.bots]
        return RoomState(
            room_id=self.room_id,
            name=self.name,
            settings=settings,
            seats=self.seats,
            owner=self.owner,
            phase=self.phase.value,
            countdown_s=self.countdown_s(now),
            has_password=bool(self.password),
            members=lines,
        )


def _member_line(member: Member) -> MemberLine:
    guest = member.guest
    seat = -1 if member.seat is None else member.seat
    return MemberLine(guest.session_id, guest.name, guest.colour, member.ready, seat, min(guest.ping_ms, PING_MS_MAX), guest.is_connected)


def _bot_line(bot: BotPlayer) -> MemberLine:
    seat = -1 if bot.seat is None else bot.seat
    return MemberLine(NOBODY, bot.name, bot.colour, ready=True, seat=seat, ping_ms=0, is_connected=True, is_bot=True)
