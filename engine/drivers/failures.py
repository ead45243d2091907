"""Why no stream came up, as a type and as one clear line for the player."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from enum import Enum
from typing import Final

from engine.errors import DisconnectReason


class ConnectFailureKind(Enum):
    """The cases that a player can do something different about."""

    UNKNOWN_HOST = "unknown_host"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    NO_ROUTE = "no_route"
    NOT_SECURE = "not_secure"
    CERTIFICATE_CHANGED = "certificate_changed"
    OTHER = "other"


_SENTENCES: Final = {
    ConnectFailureKind.UNKNOWN_HOST: "No computer is known by the name {host}: check the spelling, or use its number, as in 192.168.1.5.",
    ConnectFailureKind.REFUSED: "{host} is there, but no server listens on port {port}: is it running, and is the port right?",
    ConnectFailureKind.TIMED_OUT: "{host} port {port} did not answer: is the address right, and does its firewall let port {port} in?",
    ConnectFailureKind.NO_ROUTE: "There is no way to {host} from here: are both computers on the same network?",
    ConnectFailureKind.NOT_SECURE: "No secure connection to {host} port {port}: {detail}. Is that a Skirmish server?",
    ConnectFailureKind.CERTIFICATE_CHANGED: (
        "{host} port {port} shows another certificate than the last time: a new installation of the server, or somebody in between."
    ),
    ConnectFailureKind.OTHER: "No connection to {host} port {port}: {detail}.",
}


@dataclass(frozen=True, slots=True)
class ConnectFailure:
    """One failed attempt to open a stream."""

    kind: ConnectFailureKind
    host: str
    port: int
    detail: str = ""

    @property
    def sentence(self) -> str:
        """What happened, and what to try, in one line."""
        return _SENTENCES[self.kind].format(host=self.host, port=self.port, detail=self.detail)

    @property
    def reason(self) -> DisconnectReason:
        """As the reason of a session that did not come about."""
        is_changed = self.kind is ConnectFailureKind.CERTIFICATE_CHANGED
        return DisconnectReason.CERTIFICATE_CHANGED if is_changed else DisconnectReason.UNREACHABLE


_REFUSED: Final = {errno.ECONNREFUSED, errno.ECONNRESET, getattr(errno, "WSAECONNREFUSED", -1), getattr(errno, "WSAECONNRESET", -1)}
_TIMED_OUT: Final = {errno.ETIMEDOUT, getattr(errno, "WSAETIMEDOUT", -1)}
_NO_ROUTE: Final = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EHOSTDOWN} | {
    getattr(errno, name, -1) for name in ("WSAENETUNREACH", "WSAEHOSTUNREACH")
}


def failure_of(error: OSError, host: str, port: int) -> ConnectFailure:
    """The typed form of what the operating system said."""
    if isinstance(error, socket.gaierror):
        return ConnectFailure(ConnectFailureKind.UNKNOWN_HOST, host, port, error.strerror or str(error))
    number = error.errno or 0
    detail = error.strerror or str(error)
    for kind, numbers in (
        (ConnectFailureKind.REFUSED, _REFUSED),
        (ConnectFailureKind.TIMED_OUT, _TIMED_OUT),
        (ConnectFailureKind.NO_ROUTE, _NO_ROUTE),
    ):
        if number in numbers:
            return ConnectFailure(kind, host, port, detail)
    return ConnectFailure(ConnectFailureKind.OTHER, host, port, detail)
