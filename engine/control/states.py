"""Both sides' states as tables: (state, signal) -> next state. A message that has no entry is a protocol error.

::

    client: NEW --OPENED--> GREETING --WELCOME--> JOINED --STREAM_LOST--> LOST --OPENED--> RESUMING --RESUMED--> JOINED
                               |                    |                       |                  |
                               +----- REFUSED, SCHEMA, BYE, LEAVE, FAILED, GIVEN_UP ... -------+--> CLOSED

    server, per stream: WAITING --HELLO or RESUME--> JOINED --BYE, END, STREAM_LOST--> CLOSING
                           |--DIFFERENCE--> COMPARING --SCHEMA--> CLOSING
                           +--REFUSAL--> CLOSING

The server's states are a stream's, not a player's: a session outlives its stream (:mod:`engine.control.session`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from engine.control import messages
from engine.control.messages import Message


class Signal(Enum):
    """What moves a state: a message that came (by its type), something that happened, or a decision of our own."""

    HELLO = "hello"
    WELCOME = "welcome"
    SCHEMA = "schema"
    REFUSED = "refused"
    RESUME = "resume"
    RESUMED = "resumed"
    RELIABLE = "reliable"
    ACKNOWLEDGE = "acknowledge"
    CARRIED = "carried"
    PING = "ping"
    PONG = "pong"
    BYE = "bye"
    OPENED = "opened"
    """A stream is up (client)."""
    STREAM_LOST = "stream_lost"
    """The stream is gone, or so silent that it counts as gone."""
    FAILED = "failed"
    """The other side broke the protocol or a bound."""
    LEAVE = "leave"
    """Our player leaves (client)."""
    GIVEN_UP = "given_up"
    """No resume within the time (client)."""
    DIFFERENCE = "difference"
    """The hello was good but for its schema digest (server)."""
    REFUSAL = "refusal"
    """The hello or resume is refused (server)."""
    END = "end"
    """We end it: removed, shutting down, resumed elsewhere, displaced (server)."""


SIGNAL_OF: Final[Mapping[type[Message], Signal]] = MappingProxyType(
    {
        messages.Hello: Signal.HELLO,
        messages.Welcome: Signal.WELCOME,
        messages.SchemaDiffers: Signal.SCHEMA,
        messages.Refused: Signal.REFUSED,
        messages.Resume: Signal.RESUME,
        messages.Resumed: Signal.RESUMED,
        messages.Reliable: Signal.RELIABLE,
        messages.Acknowledge: Signal.ACKNOWLEDGE,
        messages.Carried: Signal.CARRIED,
        messages.Ping: Signal.PING,
        messages.Pong: Signal.PONG,
        messages.Bye: Signal.BYE,
    }
)


class ClientState(Enum):
    """Where a client's session stands."""

    NEW = "new"
    GREETING = "greeting"
    """Hello is sent."""
    JOINED = "joined"
    LOST = "lost"
    """Joined, but without a stream; the server keeps our place."""
    RESUMING = "resuming"
    """Resume is sent."""
    CLOSED = "closed"


class PeerState(Enum):
    """Where one stream of a server stands."""

    WAITING = "waiting"
    """For Hello or Resume."""
    COMPARING = "comparing"
    """Our schema is sent, theirs is awaited, so that both can name the difference."""
    JOINED = "joined"
    CLOSING = "closing"
    """Nothing is read any more; what is queued goes out, then the stream is closed."""


_IN_SESSION: Final = (Signal.RELIABLE, Signal.ACKNOWLEDGE, Signal.CARRIED, Signal.PING, Signal.PONG)

CLIENT_TRANSITIONS: Final[Mapping[tuple[ClientState, Signal], ClientState]] = MappingProxyType(
    {
        (ClientState.NEW, Signal.OPENED): ClientState.GREETING,
        (ClientState.NEW, Signal.STREAM_LOST): ClientState.CLOSED,  # could not connect
        (ClientState.NEW, Signal.LEAVE): ClientState.CLOSED,
        (ClientState.GREETING, Signal.WELCOME): ClientState.JOINED,
        (ClientState.GREETING, Signal.SCHEMA): ClientState.CLOSED,
        (ClientState.GREETING, Signal.REFUSED): ClientState.CLOSED,
        (ClientState.GREETING, Signal.BYE): ClientState.CLOSED,
        (ClientState.GREETING, Signal.STREAM_LOST): ClientState.CLOSED,
        (ClientState.GREETING, Signal.FAILED): ClientState.CLOSED,
        (ClientState.GREETING, Signal.LEAVE): ClientState.CLOSED,
        **{(ClientState.JOINED, signal): ClientState.JOINED for signal in _IN_SESSION},
        (ClientState.JOINED, Signal.BYE): ClientState.CLOSED,
        (ClientState.JOINED, Signal.STREAM_LOST): ClientState.LOST,
        (ClientState.JOINED, Signal.FAILED): ClientState.CLOSED,
        (ClientState.JOINED, Signal.LEAVE): ClientState.CLOSED,
        (ClientState.LOST, Signal.OPENED): ClientState.RESUMING,
        (ClientState.LOST, Signal.STREAM_LOST): ClientState.LOST,  # another attempt that did not get through
        (ClientState.LOST, Signal.GIVEN_UP): ClientState.CLOSED,
        (ClientState.LOST, Signal.LEAVE): ClientState.CLOSED,
        (ClientState.RESUMING, Signal.RESUMED): ClientState.JOINED,
        (ClientState.RESUMING, Signal.REFUSED): ClientState.CLOSED,
        (ClientState.RESUMING, Signal.BYE): ClientState.CLOSED,
        (ClientState.RESUMING, Signal.STREAM_LOST): ClientState.LOST,
        (ClientState.RESUMING, Signal.FAILED): ClientState.CLOSED,
        (ClientState.RESUMING, Signal.GIVEN_UP): ClientState.CLOSED,
        (ClientState.RESUMING, Signal.LEAVE): ClientState.CLOSED,
    }
)

SERVER_TRANSITIONS: Final[Mapping[tuple[PeerState, Signal], PeerState]] = MappingProxyType(
    {
        (PeerState.WAITING, Signal.HELLO): PeerState.JOINED,
        (PeerState.WAITING, Signal.RESUME): PeerState.JOINED,
        (PeerState.WAITING, Signal.DIFFERENCE): PeerState.COMPARING,
        (PeerState.WAITING, Signal.REFUSAL): PeerState.CLOSING,
        (PeerState.WAITING, Signal.BYE): PeerState.CLOSING,
        (PeerState.COMPARING, Signal.SCHEMA): PeerState.CLOSING,
        (PeerState.COMPARING, Signal.BYE): PeerState.CLOSING,
        **{(PeerState.JOINED, signal): PeerState.JOINED for signal in _IN_SESSION},
        (PeerState.JOINED, Signal.BYE): PeerState.CLOSING,
        **{
            (state, signal): PeerState.CLOSING
            for state in (PeerState.WAITING, PeerState.COMPARING, PeerState.JOINED)
            for signal in (Signal.STREAM_LOST, Signal.FAILED, Signal.END)
        },
    }
)
