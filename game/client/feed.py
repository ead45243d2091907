# ruff: noqa: D102 - the members are documented where they are implemented
"""What the match screen needs of ``engine.session.MatchClient``: a protocol, so that tests play it without a network.

Also :class:`Roster`: who sits where, read from the room's members.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from engine.control.messages import Request, RoomState
from engine.session.client_events import ClientEvent
from engine.world import World
from game.client.theme import Colour, player_colour


class RunningMatchLike(Protocol):
    """The match that we are in."""

    @property
    def game(self) -> Any: ...
    @property
    def seat(self) -> int: ...
    @property
    def seats(self) -> int: ...
    @property
    def match_id(self) -> int: ...


class MatchFeed(Protocol):
    """The part of ``MatchClient`` that a match screen uses; see there for the meanings."""

    @property
    def session_id(self) -> int | None: ...
    @property
    def player_name(self) -> str: ...
    @property
    def resume_s(self) -> int: ...
    @property
    def room(self) -> RoomState | None: ...
    @property
    def match(self) -> RunningMatchLike | None: ...
    def scene(self, now: float) -> World | None: ...
    def statistics(self) -> Any: ...
    def events(self) -> Sequence[ClientEvent]: ...
    def request(self, request: Request) -> None: ...
    def set_command(self, **fields: int) -> None: ...
    def leave(self, now: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a seat, as the screen shows him."""

    name: str
    colour: Colour
    ping_ms: int = 0
    is_bot: bool = False
    is_connected: bool = True


class Roster:
    """Names and colours by seat. A seat that the room says nothing about (yet) gets a made-up name, never a gap."""

    def __init__(self) -> None:
        self._room: RoomState | None = None
        self._people: dict[int, Person] = {}
        self._unknown: Final[dict[int, Person]] = {}

    def update(self, room: RoomState | None) -> None:
        """Take over a new state of the room; the same one again costs nothing. None (reconnecting) keeps what was known."""
        if room is None or room is self._room:
            return
        self._room = room
        self._people = {
            member.seat: Person(member.name, player_colour(member.colour, member.seat), member.ping_ms, member.is_bot, member.is_connected)
            for member in room.members
            if member.seat >= 0
        }

    def person(self, seat: int) -> Person:
        """Who sits there."""
        found = self._people.get(seat) or self._unknown.get(seat)
        if found is None:
            found = self._unknown[seat] = Person(f"Player {seat + 1}", player_colour(0, seat))
        return found
