"""What a :class:`~engine.session.client.MatchClient` tells the game that uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from engine.control.messages import Standing
from engine.errors import DisconnectReason
from engine.ids import MatchId, Tick
from engine.session.carrier import CarrierKind


@dataclass(frozen=True, slots=True)
class LobbyEntered:
    """The server said welcome: requests may be made."""


@dataclass(frozen=True, slots=True)
class RoomsListed:
    """``client.rooms`` is new."""


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """``client.room`` is new."""


@dataclass(frozen=True, slots=True)
class RoomLeft:
    """We are in no room any more, and why (CLOSED_BY_US after a LeaveRoom)."""

    reason: DisconnectReason


@dataclass(frozen=True, slots=True)
class RequestDenied:
    """The server did not carry out a request: its name, a reason's value and a sentence for the player."""

    request: str
    reason: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ChatReceived:
    """Somebody said something; ``session_id`` 0 is the server."""

    session_id: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class MatchStarted:
    """``client.match`` is there."""

    match_id: MatchId


@dataclass(frozen=True, slots=True)
class GameAnnounced:
    """A reliable event of the game: once, in order."""

    tick: Tick
    body: bytes


@dataclass(frozen=True, slots=True)
class MatchFinished:
    """The match is over; best first."""

    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """The connection is lost; the client tries to resume by itself while the seat is kept."""

    reason: DisconnectReason


@dataclass(frozen=True, slots=True)
class ConnectionResumed:
    """The same session goes on; nothing was lost."""


@dataclass(frozen=True, slots=True)
class CarrierChanged:
    """Datagrams get through by another way than before: inside the control connection (nothing that we sent over UDP was answered for a
    while), or over UDP again.
    """

    carrier: CarrierKind


@dataclass(frozen=True, slots=True)
class Noticed:
    """A line from the server for everybody."""

    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of the session, and why; ``detail`` is empty or says what helps."""

    reason: DisconnectReason
    detail: str = ""


ClientEvent: TypeAlias = (
    LobbyEntered
    | RoomsListed
    | RoomChanged
    | RoomLeft
    | RequestDenied
    | ChatReceived
    | MatchStarted
    | GameAnnounced
    | MatchFinished
    | ConnectionLost
    | ConnectionResumed
    | CarrierChanged
    | Noticed
    | Closed
)
