"""What a :class:`~engine.control.client.ControlClient` tells."""

from __future__ import annotations

from dataclasses import dataclass

from engine.control.messages import News
from engine.errors import DisconnectReason
from engine.ids import ConnectionId, SessionId


@dataclass(frozen=True, slots=True)
class Welcomed:
    """We are in. ``name`` is ours as the server wrote it."""

    session_id: SessionId
    name: str
    server_name: str
    udp_port: int
    resume_s: int


@dataclass(frozen=True, slots=True)
class NewsReceived:
    """News of the lobby: exactly once, in order, across resumes."""

    message: News


@dataclass(frozen=True, slots=True)
class CarriedReceived:
    """A datagram that travelled inside the stream."""

    connection_id: ConnectionId
    datagram: bytes


@dataclass(frozen=True, slots=True)
class Resumed:
    """A new stream goes on where the lost one ended."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The stream is gone. With ``can_resume``: open another and call ``reopened``. Without: this client is finished."""

    reason: DisconnectReason
    detail: str
    """More for people, or empty: which field differs, which version the server speaks."""
    can_resume: bool


ClientEvent = Welcomed | NewsReceived | CarriedReceived | Resumed | Disconnected
