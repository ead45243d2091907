"""The two kinds of mistake, kept apart: ours raises, the peer's is counted or ends the connection with a reason."""

from __future__ import annotations

from enum import Enum


class LocalProtocolError(Exception):
    """Our own caller did what the protocol does not allow (a message too large, a send after close). Raised at once, at the call."""


class DisconnectReason(Enum):
    """Why a connection or a session ended. The value is the name on the wire and in ``--json``; ``sentence`` is for people."""

    CLOSED_BY_US = "closed_by_us"
    CLOSED_BY_PEER = "closed_by_peer"
    TIMED_OUT = "timed_out"
    STREAM_LOST = "stream_lost"
    PROTOCOL_ERROR = "protocol_error"
    FLOODING = "flooding"
    SERVER_CLOSING = "server_closing"
    KICKED = "kicked"
    VERSION_MISMATCH = "version_mismatch"
    SCHEMA_MISMATCH = "schema_mismatch"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - the name of a reason, not a secret
    SERVER_FULL = "server_full"
    ROOM_FULL = "room_full"
    NO_SUCH_ROOM = "no_such_room"
    RESUME_REFUSED = "resume_refused"
    CERTIFICATE_CHANGED = "certificate_changed"
    UNREACHABLE = "unreachable"
    CANNOT_PLAY = "cannot_play"

    @property
    def sentence(self) -> str:
        """One clear line for a player, saying what happened and, where something helps, what to do."""
        return _SENTENCES[self]


_SENTENCES = {
    DisconnectReason.CLOSED_BY_US: "You left.",
    DisconnectReason.CLOSED_BY_PEER: "The other side closed the connection.",
    DisconnectReason.TIMED_OUT: "Nothing was heard from the server for too long.",
    DisconnectReason.STREAM_LOST: "The connection to the server was lost.",
    DisconnectReason.PROTOCOL_ERROR: "The other side sent something that is not Skirmish's protocol.",
    DisconnectReason.FLOODING: "Too many messages were sent in too short a time.",
    DisconnectReason.SERVER_CLOSING: "The server is shutting down.",
    DisconnectReason.KICKED: "You were removed by the room's owner.",
    DisconnectReason.VERSION_MISMATCH: "Client and server speak different protocol versions: install the same version on both.",
    DisconnectReason.SCHEMA_MISMATCH: "Client and server describe the game's world differently: install the same version on both.",
    DisconnectReason.WRONG_PASSWORD: "The password is wrong.",
    DisconnectReason.SERVER_FULL: "The server is full.",
    DisconnectReason.ROOM_FULL: "The room is full.",
    DisconnectReason.NO_SUCH_ROOM: "There is no such room any more.",
    DisconnectReason.RESUME_REFUSED: "The server no longer keeps your seat.",
    DisconnectReason.CERTIFICATE_CHANGED: "The server's certificate is not the one that was seen before.",
    DisconnectReason.UNREACHABLE: "The server could not be reached.",
    DisconnectReason.CANNOT_PLAY: "The server plays what is not installed here: install the same version, with the same maps.",
}
