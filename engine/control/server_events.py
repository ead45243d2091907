"""What a :class:`~engine.control.server.ControlServer` tells."""

from __future__ import annotations

from dataclasses import dataclass

from engine.control.messages import Request
from engine.errors import DisconnectReason
from engine.ids import Address, ConnectionId, SessionId


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody new; the name is clean and unique."""

    session_id: SessionId
    name: str
    colour: int
    address: Address


@dataclass(frozen=True, slots=True)
class Requested:
    """A request of the lobby, its typed strings cleaned: exactly once, in order, across resumes."""

    session_id: SessionId
    request: Request


@dataclass(frozen=True, slots=True)
class CarriedReceived:
    """A datagram that travelled inside the stream."""

    session_id: SessionId
    connection_id: ConnectionId
    datagram: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """The session has no stream; it is kept for a while, and so should be its seat."""

    session_id: SessionId


@dataclass(frozen=True, slots=True)
class Resumed:
    """The session has a stream again (also without a Lost before: the new one came before the old one's end was noticed)."""

    session_id: SessionId
    address: Address


@dataclass(frozen=True, slots=True)
class Left:
    """The session is over for good; always the last event of a session."""

    session_id: SessionId
    reason: DisconnectReason


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Somebody did not get in: for the log."""

    address: Address
    reason: DisconnectReason
    detail: str


ServerEvent = Joined | Requested | CarriedReceived | Lost | Resumed | Left | TurnedAway
