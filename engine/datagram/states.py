"""Where a connection stands, as a table: a pair that is not in it cannot happen and would be our own mistake.

    OPENING    nothing valid heard yet; a client knocks, a server has only issued a ticket and knows no path
    CONNECTED  sealed datagrams have come from the peer
    CLOSING    ended for our owner (Disconnected is told); the last datagrams still tell the peer why
    CLOSED     nothing is sent or accepted any more

A state says where; a :class:`~engine.errors.DisconnectReason` says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final


class State(Enum):
    """Where a connection stands."""

    OPENING = "opening"
    CONNECTED = "connected"
    CLOSING = "closing"
    CLOSED = "closed"


class Input(Enum):
    """What can happen to a connection."""

    DATAGRAM = "datagram"
    """A validly sealed, fresh, well-formed datagram without a farewell."""
    FAREWELL = "farewell"
    """The same, with the peer's farewell in it."""
    DISCONNECT = "disconnect"
    """Our owner (or our own flood limit) ends it."""
    TIMEOUT = "timeout"
    """Nothing valid was heard for too long."""
    ALL_SAID = "all_said"
    """The last of our farewell datagrams was handed out, or there is nowhere to send one."""


TRANSITIONS: Final[Mapping[tuple[State, Input], State]] = {
    (State.OPENING, Input.DATAGRAM): State.CONNECTED,
    (State.OPENING, Input.FAREWELL): State.CLOSED,
    (State.OPENING, Input.DISCONNECT): State.CLOSING,  # a client's knocks may have arrived: the server should free the seat
    (State.OPENING, Input.TIMEOUT): State.CLOSING,
    (State.CONNECTED, Input.DATAGRAM): State.CONNECTED,
    (State.CONNECTED, Input.FAREWELL): State.CLOSED,
    (State.CONNECTED, Input.DISCONNECT): State.CLOSING,
    (State.CONNECTED, Input.TIMEOUT): State.CLOSING,  # the way to the peer may still work: a one-way partition ends on both sides
    (State.CLOSING, Input.DATAGRAM): State.CLOSING,
    (State.CLOSING, Input.FAREWELL): State.CLOSED,
    (State.CLOSING, Input.DISCONNECT): State.CLOSING,
    (State.CLOSING, Input.TIMEOUT): State.CLOSED,
    (State.CLOSING, Input.ALL_SAID): State.CLOSED,
    (State.CLOSED, Input.DATAGRAM): State.CLOSED,
    (State.CLOSED, Input.FAREWELL): State.CLOSED,
    (State.CLOSED, Input.DISCONNECT): State.CLOSED,
    (State.CLOSED, Input.TIMEOUT): State.CLOSED,
}
"""(OPENING, CONNECTED or CLOSED) x ALL_SAID are missing on purpose: farewells are only ever sent while CLOSING."""
