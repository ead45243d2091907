"""A player's side of the control connection, without a socket: bytes and time in, bytes and events out.

Life: ``opened`` sends Hello; Welcome joins. When the stream is lost the session stays: ``reopened`` on a new stream sends Resume with
the token, and both sides repeat what the other does not have. After a purposeful end (Bye, refusal, protocol error) it does not come back;
make a new client for a new try. The states and what each accepts are a table in :mod:`engine.control.states`.

The driver's rhythm: ``receive`` what came, ``advance``, take ``events``, write ``bytes_to_send``; close the stream when ``wants_close``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from engine.control import client_events, messages
from engine.control.client_events import ClientEvent, Disconnected, NewsReceived, Welcomed
from engine.control.codec import read_news, schema_message, write_checked, write_request
from engine.control.limits import ControlLimits
from engine.control.messages import ConnectionMessage, Request
from engine.control.reliable import Arrival, ReliableChannel, ReliableStatistics
from engine.control.states import CLIENT_TRANSITIONS, SIGNAL_OF, ClientState, Signal
from engine.control.stream import ControlStream, StreamStatistics
from engine.control.text import clean_line, clean_request
from engine.errors import DisconnectReason, LocalProtocolError
from engine.ids import PROTOCOL_VERSION, ConnectionId, SessionId

Difference = Callable[[Any, Any], str | None]
"""Where two schema descriptions (ours, theirs) differ, in words; never raises (``engine.world.first_difference``)."""


@dataclass(frozen=True, slots=True)
class ControlClientStatistics:
    """The session since it began; ``stream`` is of the present stream."""

    state: ClientState
    rtt_ms: float | None
    resumes: int
    carried_dropped: int
    stream: StreamStatistics | None
    reliable: ReliableStatistics


class ControlClient:
    """One player's session with one server."""

    def __init__(
        self,
        *,
        schema_digest: bytes,
        schema_description: dict[str, Any],
        difference: Difference,
        name: str,
        colour: int = 0,
        password: str = "",
        limits: ControlLimits | None = None,
        protocol: int = PROTOCOL_VERSION,
    ) -> None:
        self._limits: Final = limits or ControlLimits()
        self._schema: Final = schema_description
        self._schema_message: Final = schema_message(schema_description, self._limits.frame_bytes_max)
        self._difference: Final = difference
        self._protocol: Final = protocol
        self._hello: Final = messages.Hello(
            protocol=protocol, schema_digest=schema_digest, name=clean_line(name, 64), colour=colour, password=password
        )
        write_checked(self._hello)
        self._state = ClientState.NEW
        self._stream: ControlStream | None = None
        self._channel: Final = ReliableChannel(self._limits.unacknowledged_messages_max, self._limits.unacknowledged_bytes_max)
        self._welcome: messages.Welcome | None = None
        self._events: list[ClientEvent] = []
        self._ping_numbers: Final = itertools.count(1)
        self._deadline_s: float | None = None
        """Of the answer to Hello or Resume."""
        self._give_up_s = 0.0
        """When the server no longer keeps a lost session."""
        self._resumes = 0
        self._carried_dropped = 0

    # --- the stream ---

    def opened(self, now: float) -> None:
        """The first stream is up: greet."""
        if self._state is not ClientState.NEW:
            raise LocalProtocolError(f"opened() in state {self._state.value}: a lost session goes on with reopened()")
        self._move(Signal.OPENED)
        self._stream = self._new_stream(now)
        self._stream.write(self._hello)

    def reopened(self, now: float) -> None:
        """Another stream is up after the last one was lost: resume."""
        if self._state is not ClientState.LOST or self._welcome is None:
            raise LocalProtocolError(f"reopened() in state {self._state.value}: only a lost session can go on")
        self._move(Signal.OPENED)
        self._stream = self._new_stream(now)
        resume = messages.Resume(self._protocol, self._welcome.session_id, self._welcome.token, self._channel.received)
        self._stream.write(resume)

    def _new_stream(self, now: float) -> ControlStream:
        self._deadline_s = now + self._limits.answer_deadline_s
        limits = self._limits
        return ControlStream(
            now, limits, limits.frame_bytes_max, limits.client_ping_interval_s, lambda: next(self._ping_numbers) & 0xFFFFFFFF
        )

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes of the stream. Any bytes: what is not the protocol ends the session."""
        stream = self._stream
        if stream is None or self._state is ClientState.CLOSED:
            return
        stream.receive(data, now)
        while self._is_reading(stream) and (message := stream.next_message(now)) is not None:
            self._handle(message, stream, now)
        self._notice_failure(now)

    def _is_reading(self, stream: ControlStream) -> bool:
        return self._stream is stream and self._state is not ClientState.CLOSED

    def closed(self, now: float) -> None:
        """The stream ended, or could not be opened."""
        self._lose_stream(DisconnectReason.STREAM_LOST, now)

    def advance(self, now: float) -> None:
        """Pings and deadlines."""
        if self._stream is not None:
            self._stream.advance(now)
            self._notice_failure(now)
        if self._deadline_s is not None and now > self._deadline_s:
            self._lose_stream(DisconnectReason.TIMED_OUT, now)
        if self._state in (ClientState.LOST, ClientState.RESUMING) and now > self._give_up_s:
            self._end(Signal.GIVEN_UP, DisconnectReason.TIMED_OUT, "the seat was not kept any longer", None)

    def bytes_to_send(self, now: float) -> bytes:
        """Drain what the stream should carry."""
        if self._stream is None:
            return b""
        if self._state is ClientState.JOINED:
            self._stream.write_reliable(self._channel)
            self._stream.acknowledge(self._channel.received, now)
        data = self._stream.bytes_to_send()
        if self._state is ClientState.CLOSED:
            self._stream = None
        return data

    @property
    def wants_close(self) -> bool:
        """Whether the driver should close the stream once the bytes of :meth:`bytes_to_send` are written."""
        return self._state in (ClientState.CLOSED, ClientState.LOST)

    @property
    def wants_stream(self) -> bool:
        """Whether a (new) stream is what is missing: call ``opened`` or, once welcomed, ``reopened`` on it."""
        return self._state in (ClientState.NEW, ClientState.LOST)

    # --- the lobby and the match ---

    def request(self, message: Request) -> bool:
        """Ask something of the lobby: it arrives exactly once and in order, if need be after a resume.

        False (not taken) once closed, or where more waits than is kept. Raises :class:`LocalProtocolError` for what is no request within
        its limits.
        """
        body = write_request(clean_request(message))
        if self._state is ClientState.CLOSED:
            return False
        return self._channel.send(body)

    def send_datagram(self, connection_id: ConnectionId, datagram: bytes) -> bool:
        """Carry a datagram inside the stream. False where it is dropped: no stream, or much on the way already."""
        if len(datagram) > messages.CARRIED_BYTES_MAX:
            raise LocalProtocolError(f"a carried datagram of {len(datagram)} bytes, more than {messages.CARRIED_BYTES_MAX}")
        if self._state is ClientState.JOINED and self._stream is not None and self._stream.write_carried(connection_id, datagram):
            return True
        self._carried_dropped += 1
        return False

    def leave(self) -> None:
        """End the session on purpose. What was requested before goes out first, as far as it fits."""
        if self._state is ClientState.CLOSED:
            return
        if self._state is ClientState.JOINED and self._stream is not None:
            self._stream.write_reliable(self._channel)
        self._end(Signal.LEAVE, DisconnectReason.CLOSED_BY_US, "", DisconnectReason.CLOSED_BY_US)

    def events(self) -> list[ClientEvent]:
        """Drain what happened."""
        events, self._events = self._events, []
        return events

    @property
    def state(self) -> ClientState:
        """Where the session stands."""
        return self._state

    @property
    def session_id(self) -> SessionId | None:
        """Ours on that server, once welcomed."""
        return None if self._welcome is None else SessionId(self._welcome.session_id)

    def statistics(self) -> ControlClientStatistics:
        """Counters and the round trip."""
        stream = self._stream
        return ControlClientStatistics(
            state=self._state,
            rtt_ms=None if stream is None or stream.rtt_s is None else stream.rtt_s * 1000.0,
            resumes=self._resumes,
            carried_dropped=self._carried_dropped,
            stream=None if stream is None else stream.statistics(),
            reliable=self._channel.statistics(),
        )

    # --- messages ---

    def _handle(self, message: ConnectionMessage, stream: ControlStream, now: float) -> None:
        if (self._state, SIGNAL_OF[type(message)]) not in CLIENT_TRANSITIONS:
            self._fail(f"{type(message).__name__} is not expected now")
        elif isinstance(message, messages.Reliable):
            self._receive_reliable(message)
        elif isinstance(message, messages.Carried):
            self._events.append(client_events.CarriedReceived(ConnectionId(message.connection_id), message.datagram))
        elif isinstance(message, messages.Acknowledge):
            if not self._channel.acknowledge(message.received):
                self._fail("acknowledged what was never sent")
        elif isinstance(message, messages.Ping):
            stream.answer_ping(message)
        elif isinstance(message, messages.Pong):
            stream.receive_pong(message, now)
        else:
            self._handle_turn(message, stream, now)

    def _handle_turn(self, message: ConnectionMessage, stream: ControlStream, now: float) -> None:
        """Messages that begin or end something."""
        if isinstance(message, messages.Welcome):
            self._move(Signal.WELCOME)
            self._deadline_s = None
            self._welcome = message
            stream.join(now)
            session_id = SessionId(message.session_id)
            self._events.append(Welcomed(session_id, message.name, message.server_name, message.udp_port, message.resume_s))
        elif isinstance(message, messages.Resumed):
            if not self._channel.restart(message.received):
                self._fail("resumed with what was never sent")
                return
            self._move(Signal.RESUMED)
            self._deadline_s = None
            self._resumes += 1
            stream.join(now, self._channel.received)
            self._events.append(client_events.Resumed())
        elif isinstance(message, messages.SchemaDiffers):
            detail = clean_line(self._difference(self._schema, message.schema) or "")
            if self._schema_message is not None:
                stream.write(self._schema_message)
            self._end(Signal.SCHEMA, DisconnectReason.SCHEMA_MISMATCH, detail, None)
        elif isinstance(message, messages.Refused):
            self._end(Signal.REFUSED, reason_of(message.reason), message.detail, None)
        elif isinstance(message, messages.Bye):
            self._end(Signal.BYE, reason_of(message.reason), "", None)

    def _receive_reliable(self, message: messages.Reliable) -> None:
        arrival = self._channel.receive(message.id)
        if arrival is Arrival.GAP:
            self._fail("a reliable message is missing")
        elif arrival is Arrival.NEW:
            news = read_news(bytes(message.body))
            if news is None:
                self._fail("news that cannot be read")
            else:
                self._events.append(NewsReceived(news))

    # --- ends ---

    def _move(self, signal: Signal) -> None:
        self._state = CLIENT_TRANSITIONS[self._state, signal]

    def _notice_failure(self, now: float) -> None:
        if self._stream is None or self._stream.failure is None or self._state is ClientState.CLOSED:
            return
        if self._stream.failure is DisconnectReason.TIMED_OUT:
            self._lose_stream(DisconnectReason.TIMED_OUT, now)
        else:
            self._end(Signal.FAILED, self._stream.failure, "", self._stream.failure)

    def _fail(self, detail: str) -> None:
        self._end(Signal.FAILED, DisconnectReason.PROTOCOL_ERROR, detail, DisconnectReason.PROTOCOL_ERROR)

    def _lose_stream(self, reason: DisconnectReason, now: float) -> None:
        if self._state is ClientState.CLOSED:
            self._stream = None
            return
        before = self._state
        self._move(Signal.STREAM_LOST)
        self._stream = None
        self._deadline_s = None
        if before is ClientState.JOINED and self._welcome is not None:
            self._give_up_s = now + self._welcome.resume_s
            self._events.append(Disconnected(reason, "", can_resume=True))
        elif before in (ClientState.NEW, ClientState.GREETING):
            never_reached = before is ClientState.NEW or reason is DisconnectReason.TIMED_OUT
            self._events.append(Disconnected(DisconnectReason.UNREACHABLE if never_reached else reason, "", can_resume=False))

    def _end(self, signal: Signal, reason: DisconnectReason, detail: str, told: DisconnectReason | None) -> None:
        """Close for good; ``told`` is what the other side hears as Bye."""
        self._move(signal)
        self._deadline_s = None
        if told is not None and self._stream is not None:
            self._stream.write(messages.Bye(told.value))
        self._events.append(Disconnected(reason, detail, can_resume=False))


def reason_of(word: str) -> DisconnectReason:
    """The reason that the other side gave; its own leaving, and a word that we do not know, is a closing by it."""
    try:
        reason = DisconnectReason(word)
    except ValueError:
        return DisconnectReason.CLOSED_BY_PEER
    return DisconnectReason.CLOSED_BY_PEER if reason is DisconnectReason.CLOSED_BY_US else reason
