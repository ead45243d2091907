"""A server's side of the control connection: many streams, the sessions that they carry, no sockets.

A *peer* is one stream, numbered by the driver (a number is used once). A *session* is one player; it is made by a good Hello, and outlives
its stream for ``resume_s``. The driver's rhythm: ``opened``/``receive``/``closed`` as it happens, then ``advance``, ``events``,
``bytes_to_send``, ``peers_to_close``. ``opened`` is called when a connection is accepted, before its TLS handshake, so that the deadline
for Hello covers the handshake too. The driver must give up writing to a peer of ``peers_to_close`` after a second or two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from engine.control import messages, server_events
from engine.control.admission import Admission, Refusal
from engine.control.client import Difference, reason_of
from engine.control.codec import read_hello_protocol, read_request, schema_message, write_news
from engine.control.limits import ControlLimits
from engine.control.messages import ConnectionMessage, News
from engine.control.reliable import Arrival, Outgoing
from engine.control.roster import RESUMABLE, Roster
from engine.control.server_events import Joined, Requested, ServerEvent
from engine.control.session import Peer, Session
from engine.control.states import SERVER_TRANSITIONS, SIGNAL_OF, PeerState, Signal
from engine.control.stream import ControlStream
from engine.control.text import clean_line, clean_request
from engine.errors import DisconnectReason, LocalProtocolError
from engine.ids import PROTOCOL_VERSION, Address, ConnectionId, SessionId

RELIABLE_FRAME_BYTES: Final = 64
"""At most this much stands around a message inside its frame."""

_REPLACED_BY_NEWER: Final = frozenset({"Rooms", "RoomState"})
"""News that give a whole state: only the newest of those that have not gone out is worth sending."""


@dataclass(frozen=True, slots=True)
class ControlServerStatistics:
    """The whole control side."""

    peers: int
    pending: int
    sessions: int
    sessions_lost: int
    joined: int
    resumed: int
    bytes_in: int
    bytes_out: int
    turned_away: dict[str, int]
    """By reason."""
    dropped: dict[str, int]
    """What was not carried out, by name."""


class ControlServer:
    """All players of one server process. ``difference`` as in :class:`~engine.control.client.ControlClient`."""

    def __init__(
        self,
        *,
        schema_digest: bytes,
        schema_description: dict[str, Any],
        difference: Difference,
        server_name: str,
        udp_port: int,
        entropy: Callable[[int], bytes],
        password: str = "",
        limits: ControlLimits | None = None,
        protocol: int = PROTOCOL_VERSION,
    ) -> None:
        self._limits: Final = limits or ControlLimits()
        self._schema: Final = schema_description
        self._schema_message: Final = schema_message(schema_description, self._limits.frame_bytes_max)
        self._difference: Final = difference
        self._server_name: Final = clean_line(server_name, messages.ROOM_NAME_CHARACTERS_MAX)
        self._udp_port: Final = udp_port
        self._entropy: Final = entropy
        self._admission: Final = Admission(protocol=protocol, schema_digest=schema_digest, password=password, limits=self._limits)
        self._roster: Final = Roster(self._limits, entropy)
        self._peers: Final = self._roster.peers
        self._sessions: Final = self._roster.sessions
        self._joined = self._resumed = self._bytes_in = self._bytes_out = 0
        self._dropped: Counter[str] = Counter()

    # --- streams ---

    def opened(self, peer: int, address: Address, now: float) -> None:
        """A connection was accepted."""
        if peer in self._peers:
            raise LocalProtocolError(f"peer {peer} is open already")
        limits = self._limits
        stream = ControlStream(
            now, limits, limits.frame_bytes_hello_max, limits.ping_interval_s, lambda: int.from_bytes(self._entropy(4), "big")
        )
        self._peers[peer] = entry = Peer(peer, address, stream, self._limits, now)
        self._roster.touch(entry)
        displaced = self._roster.pending.add(peer, address)
        if displaced is not None:
            refusal = Refusal(DisconnectReason.FLOODING, "displaced by newer connections")
            self._roster.turn_away(self._peers[displaced], Signal.END, refusal, is_told=False)

    def receive(self, peer: int, data: bytes, now: float) -> None:
        """Take bytes of a stream. Any bytes: they harm nobody else, and what is not the protocol ends the stream and its session."""
        self._bytes_in += len(data)
        entry = self._peers.get(peer)
        if entry is None or entry.is_closing:
            self._dropped["bytes_after_close"] += 1
            return
        self._roster.touch(entry)
        entry.stream.receive(data, now)
        while not entry.is_closing and (message := entry.stream.next_message(now)) is not None:
            self._handle(entry, message, now)
        self._notice_failure(entry, now)
        if entry.is_closing:
            entry.stream.forget_input()

    def closed(self, peer: int, now: float) -> None:
        """A stream ended; for a peer that we closed ourselves this changes nothing."""
        entry = self._peers.get(peer)
        if entry is None:
            return
        if not entry.is_closing:
            self._roster.stop(entry, Signal.STREAM_LOST, DisconnectReason.STREAM_LOST, now)
        self._roster.forget(entry)

    @property
    def due_at(self) -> float:
        """Before this time :meth:`advance` finds nothing to do, unless another verb is called meanwhile."""
        return self._roster.due_at

    def advance(self, now: float) -> None:
        """Pings, deadlines, and the end of sessions that nobody resumed."""
        roster = self._roster
        if now < roster.due_at:
            return
        for entry in roster.due(now):
            if not entry.is_closing:
                self._advance_stream(entry, now)
            entry.due_at = entry.next_due_s()
        for session in list(self._sessions.values()):
            if session.peer is None and now - session.lost_s > self._limits.resume_s:
                roster.end_session(session, DisconnectReason.TIMED_OUT)
        roster.rest()

    def _advance_stream(self, entry: Peer, now: float) -> None:
        entry.stream.advance(now)
        if entry.state is not PeerState.JOINED and now > entry.deadline_s:
            self._roster.turn_away(entry, Signal.STREAM_LOST, Refusal(DisconnectReason.TIMED_OUT, "no hello in time"), is_told=False)
        else:
            self._notice_failure(entry, now)
        if entry.stream.has_bytes_to_send:
            self._roster.wake(entry)

    def bytes_to_send(self, now: float) -> list[tuple[int, bytes]]:
        """Drain what the streams should carry."""
        roster = self._roster
        result = []
        for entry in roster.working():
            stream = entry.stream
            if entry.session is not None and entry.state is PeerState.JOINED:
                stream.write_reliable(entry.session.channel)
                stream.acknowledge(entry.session.channel.received, now)
                if stream.is_acknowledging:
                    roster.wake(entry)
            if stream.has_bytes_to_send:
                data = stream.bytes_to_send()
                self._bytes_out += len(data)
                result.append((entry.number, data))
        return result

    def peers_to_close(self) -> list[int]:
        """Streams to close now that their last bytes are drained. They are forgotten here: ``closed`` need not follow, and may."""
        if not self._roster.has_closing:
            return []
        done = [entry for entry in self._peers.values() if entry.is_closing and not entry.stream.has_bytes_to_send]
        for entry in done:
            self._roster.forget(entry)
        self._roster.has_closing = any(entry.is_closing for entry in self._peers.values())
        return [entry.number for entry in done]

    # --- sessions ---

    def send(self, session_id: SessionId, news: News) -> bool:
        """Tell one player something; see :meth:`broadcast`. False where there is no such session any more."""
        return self.broadcast((session_id,), news) == 1

    def broadcast(self, session_ids: Iterable[SessionId], news: News) -> int:
        """Tell players something, each exactly once and in order, if need be after a resume. Gives how many sessions took it.

        A whole state (Rooms, RoomState) that has not gone out yet is replaced by a newer one. A session with too much unacknowledged
        ends as ``flooding``.
        Raises :class:`LocalProtocolError` for news outside their limits.
        """
        outgoing = self._outgoing(news)
        taken = 0
        for session_id in session_ids:
            session = self._sessions.get(session_id)
            if session is None:
                self._dropped["news_for_nobody"] += 1
            elif session.channel.send_outgoing(outgoing):
                taken += 1
                if session.peer is not None:
                    self._roster.wake(self._peers[session.peer])
            else:
                self._dropped["news_unacknowledged"] += 1
                self._roster.close_session(session, DisconnectReason.FLOODING)
        return taken

    def _outgoing(self, news: News) -> Outgoing:
        name = type(news).__name__
        body = write_news(news, self._limits.frame_bytes_max - RELIABLE_FRAME_BYTES)
        return Outgoing(body, name if name in _REPLACED_BY_NEWER else None)

    def send_datagram(self, session_id: SessionId, connection_id: ConnectionId, datagram: bytes) -> bool:
        """Carry a datagram inside a player's stream. False where it is dropped: no stream, or much on the way already."""
        if len(datagram) > messages.CARRIED_BYTES_MAX:
            raise LocalProtocolError(f"a carried datagram of {len(datagram)} bytes, more than {messages.CARRIED_BYTES_MAX}")
        session = self._sessions.get(session_id)
        if session is None or session.peer is None:
            self._dropped["carried_without_stream"] += 1
            return False
        entry = self._peers[session.peer]
        self._roster.touch(entry)
        if not entry.stream.write_carried(connection_id, datagram):
            self._dropped["carried_queue_full"] += 1
            return False
        return True

    def close_session(self, session_id: SessionId, reason: DisconnectReason) -> None:
        """End a session for good and tell the player why. An unknown one has ended already."""
        session = self._sessions.get(session_id)
        if session is not None:
            self._roster.close_session(session, reason)

    def drain(self) -> None:
        """Shut down: everybody is told, every session ends, nobody gets in any more."""
        self._admission.is_draining = True
        for session in list(self._sessions.values()):
            self._roster.close_session(session, DisconnectReason.SERVER_CLOSING)
        for entry in self._peers.values():
            if not entry.is_closing:
                self._roster.turn_away(entry, Signal.END, Refusal(DisconnectReason.SERVER_CLOSING))

    def ping_ms(self, session_id: SessionId) -> int | None:
        """Smoothed round trip of the stream, the last known of a lost one; None before the first."""
        session = self._sessions.get(session_id)
        return None if session is None else session.ping_ms

    def events(self) -> list[ServerEvent]:
        """Drain what happened."""
        events, self._roster.events = self._roster.events, []
        return events

    def statistics(self) -> ControlServerStatistics:
        """Counters since the start, and what stands now."""
        return ControlServerStatistics(
            peers=len(self._peers),
            pending=len(self._roster.pending),
            sessions=len(self._sessions),
            sessions_lost=sum(session.peer is None for session in self._sessions.values()),
            joined=self._joined,
            resumed=self._resumed,
            bytes_in=self._bytes_in,
            bytes_out=self._bytes_out,
            turned_away=dict(self._roster.turned_away),
            dropped=dict(self._dropped),
        )

    # --- messages ---

    def _handle(self, entry: Peer, message: ConnectionMessage, now: float) -> None:
        if (entry.state, SIGNAL_OF[type(message)]) not in SERVER_TRANSITIONS:
            self._roster.fail(entry, f"{type(message).__name__} is not expected now", now)
        elif isinstance(message, messages.Hello):
            self._greet(entry, message, now)
        elif isinstance(message, messages.Resume):
            self._resume(entry, message, now)
        elif isinstance(message, messages.SchemaDiffers):
            detail = clean_line(self._difference(self._schema, message.schema) or "")
            self._roster.turn_away(entry, Signal.SCHEMA, Refusal(DisconnectReason.SCHEMA_MISMATCH, detail), is_told=False)
        elif isinstance(message, messages.Bye):
            self._roster.stop(entry, Signal.BYE, reason_of(message.reason), now)
        elif isinstance(message, messages.Carried):
            self._receive_carried(entry, message, now)
        elif not entry.frames.take(now):
            self._roster.fail(entry, "too many frames", now, DisconnectReason.FLOODING)
        else:
            self._handle_in_session(entry, message, now)

    def _handle_in_session(self, entry: Peer, message: ConnectionMessage, now: float) -> None:
        session = entry.session
        assert session is not None  # the table lets these messages through in JOINED only
        if isinstance(message, messages.Reliable):
            self._receive_reliable(entry, session, message, now)
        elif isinstance(message, messages.Acknowledge):
            if not session.channel.acknowledge(message.received):
                self._roster.fail(entry, "acknowledged what was never sent", now)
        elif isinstance(message, messages.Ping):
            entry.stream.answer_ping(message)
        elif isinstance(message, messages.Pong):
            if entry.stream.receive_pong(message, now) and entry.stream.rtt_s is not None:
                session.ping_ms = min(65535, round(entry.stream.rtt_s * 1000.0))
            else:
                self._dropped["pong_not_asked"] += 1

    def _receive_reliable(self, entry: Peer, session: Session, message: messages.Reliable, now: float) -> None:
        arrival = session.channel.receive(message.id)
        if arrival is Arrival.GAP:
            self._roster.fail(entry, "a reliable message is missing", now)
        if arrival is not Arrival.NEW:
            return
        request = read_request(bytes(message.body))
        if request is None:
            self._roster.fail(entry, "a request that cannot be read", now)
            return
        verb = type(request).__name__
        if session.may_request(verb, now):
            self._roster.events.append(Requested(session.session_id, clean_request(request)))
        else:
            self._dropped[f"too_fast_{verb}"] += 1
            self.send(session.session_id, messages.Denied(verb, "too_fast", "That was too fast: wait a moment."))

    def _receive_carried(self, entry: Peer, message: messages.Carried, now: float) -> None:
        assert entry.session is not None  # the table lets it through in JOINED only
        if entry.session.may_carry(now):
            connection_id = ConnectionId(message.connection_id)
            self._roster.events.append(server_events.CarriedReceived(entry.session.session_id, connection_id, message.datagram))
        else:
            self._dropped["carried_too_fast"] += 1

    def _greet(self, entry: Peer, hello: messages.Hello, now: float) -> None:
        refusal = self._admission.judge_version(hello.protocol)
        if refusal is None and not self._admission.is_same_schema(hello):
            if self._schema_message is not None:
                self._roster.move(entry, Signal.DIFFERENCE)
                entry.stream.allow_large_frames()
                entry.stream.write(self._schema_message)
                return
            refusal = Refusal(DisconnectReason.SCHEMA_MISMATCH)
        if refusal is None:
            refusal = self._admission.judge_hello(hello, entry.address, self._sessions.values(), now)
        if refusal is not None:
            self._roster.turn_away(entry, Signal.REFUSAL, refusal)
            return
        session = self._roster.new_session(hello, entry.address, now)
        self._roster.attach(entry, session, Signal.HELLO)
        entry.stream.write(
            messages.Welcome(
                session_id=session.session_id,
                token=session.token,
                name=session.name,
                server_name=self._server_name,
                resume_s=min(65535, int(self._limits.resume_s)),
                udp_port=self._udp_port,
            )
        )
        entry.stream.join(now)
        self._joined += 1
        self._roster.events.append(Joined(session.session_id, session.name, session.colour, entry.address))

    def _resume(self, entry: Peer, resume: messages.Resume, now: float) -> None:
        found = self._admission.judge_version(resume.protocol) or self._admission.judge_resume(resume, self._sessions)
        if isinstance(found, Refusal):
            self._roster.turn_away(entry, Signal.REFUSAL, found)
            return
        if found.peer is not None:
            # The new stream came before the old one's end was noticed. No Bye: the player's side has dropped that stream already.
            old = self._peers[found.peer]
            old.session = None
            self._roster.move(old, Signal.END)
        accepted = found.channel.restart(resume.received)
        assert accepted  # judge_resume looked
        self._roster.attach(entry, found, Signal.RESUME)
        found.move_to(entry.address)
        entry.stream.write(messages.Resumed(found.channel.received))
        entry.stream.join(now, found.channel.received)
        self._resumed += 1
        self._roster.events.append(server_events.Resumed(found.session_id, entry.address))

    # --- ends ---

    def _notice_failure(self, entry: Peer, now: float) -> None:
        failure = entry.stream.failure
        if failure is None or entry.is_closing:
            return
        unread = entry.stream.unread
        protocol = None if unread is None or entry.state is not PeerState.WAITING else read_hello_protocol(unread)
        refusal = None if protocol is None else self._admission.judge_version(protocol)
        if refusal is not None:  # a Hello of another version, not garbage
            self._roster.turn_away(entry, Signal.REFUSAL, refusal)
        elif failure in RESUMABLE:
            self._roster.stop(entry, Signal.STREAM_LOST, failure, now)
        else:
            self._roster.fail(entry, "", now, failure)
