"""Who is there: the streams and the players of a server, and how each of them ends.

A stream ends by a refusal (it never had a player), lost (its player is kept for a while), or with its player's session. What has ended
is told in ``events``; :mod:`engine.control.server` decides which end it is.

It also knows which of the streams need a look, because most of the time none of them does: whatever is done to a stream ``touches`` it,
and what only time does has a time before which nobody asks. A look too many does no harm, one too few would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from engine.control import messages
from engine.control.admission import Pending, Refusal
from engine.control.codec import write_checked
from engine.control.limits import ControlLimits
from engine.control.server_events import Left, Lost, ServerEvent, TurnedAway
from engine.control.session import Peer, Session
from engine.control.states import SERVER_TRANSITIONS, Signal
from engine.control.stream import EARLY_S
from engine.control.text import clean_name, unique_name
from engine.errors import DisconnectReason
from engine.ids import Address, SessionId
from engine.verbs import ALWAYS, NEVER

RESUMABLE: Final = frozenset({DisconnectReason.TIMED_OUT, DisconnectReason.STREAM_LOST})
"""Ends of a stream that its session outlives."""


class Roster:
    """Streams by their driver's number, sessions by their id."""

    def __init__(self, limits: ControlLimits, entropy: Callable[[int], bytes]) -> None:
        self.peers: Final[dict[int, Peer]] = {}
        self.sessions: Final[dict[SessionId, Session]] = {}
        self.pending: Final = Pending(limits.pending_max)
        self.events: list[ServerEvent] = []
        self.turned_away: Final[Counter[str]] = Counter()
        """By reason."""
        self.due_at = ALWAYS
        """Before this time nothing becomes due for anybody."""
        self.has_work = False
        """Whether a stream has."""
        self.has_closing = False
        """Whether a stream is closing."""
        self._limits: Final = limits
        self._entropy: Final = entropy
        self._next_session_id = 1

    def touch(self, entry: Peer) -> None:
        """Something was done to a stream: it may have bytes to send, and other deadlines."""
        entry.has_work = self.has_work = True
        entry.due_at = self.due_at = ALWAYS

    def wake(self, entry: Peer) -> None:
        """A stream may have bytes to send."""
        entry.has_work = self.has_work = True

    def working(self) -> list[Peer]:
        """Drain the streams that may have bytes to send; what is written changes their deadlines."""
        if not self.has_work:
            return []
        self.has_work = False
        working = [entry for entry in self.peers.values() if entry.has_work]
        for entry in working:
            entry.has_work = False
            entry.due_at = self.due_at = ALWAYS
        return working

    def due(self, now: float) -> list[Peer]:
        """The streams to which time does something now. Each wants a new ``due_at``; then call :meth:`rest`."""
        return [entry for entry in self.peers.values() if entry.due_at <= now]

    def rest(self) -> None:
        """Everybody who was due has been looked at: find out when the next one is."""
        kept_s = self._limits.resume_s - EARLY_S
        lost_until = (session.lost_s + kept_s for session in self.sessions.values() if session.peer is None)
        self.due_at = min(min((entry.due_at for entry in self.peers.values()), default=NEVER), min(lost_until, default=NEVER))

    def move(self, entry: Peer, signal: Signal) -> None:
        """A stream's next state."""
        entry.state = SERVER_TRANSITIONS[entry.state, signal]
        self.has_closing |= entry.is_closing
        self.touch(entry)

    def new_session(self, hello: messages.Hello, address: Address, now: float) -> Session:
        """A player whose Hello was good."""
        name = unique_name(clean_name(hello.name), [session.name for session in self.sessions.values()])
        session_id = SessionId(self._next_session_id)
        self._next_session_id += 1
        session = Session(session_id, self._entropy(16), name, hello.colour, address, self._limits, now)
        self.sessions[session_id] = session
        return session

    def attach(self, entry: Peer, session: Session, signal: Signal) -> None:
        """From now on this stream carries the session."""
        self.move(entry, signal)
        self.pending.remove(entry.number)
        entry.session = session
        session.peer = entry.number

    def fail(self, entry: Peer, detail: str, now: float, reason: DisconnectReason = DisconnectReason.PROTOCOL_ERROR) -> None:
        """The peer broke the protocol or a bound: its stream and session end."""
        if entry.session is None:
            self.turn_away(entry, Signal.FAILED, Refusal(reason, detail))
        else:
            entry.stream.write(messages.Bye(reason.value))
            self.stop(entry, Signal.FAILED, reason, now)

    def turn_away(self, entry: Peer, signal: Signal, refusal: Refusal, *, is_told: bool = True) -> None:
        """End a stream that has no session. One that knows why, or that does not even greet, is not told."""
        self.move(entry, signal)
        self.pending.remove(entry.number)
        if is_told:
            message = messages.Refused(refusal.reason.value, refusal.detail)
            write_checked(message)
            entry.stream.write(message)
        self.turned_away[refusal.reason.value] += 1
        self.events.append(TurnedAway(entry.address, refusal.reason, refusal.detail))

    def stop(self, entry: Peer, signal: Signal, reason: DisconnectReason, now: float) -> None:
        """End a stream; its session is lost (and kept) or over, by the reason."""
        self.move(entry, signal)
        self.pending.remove(entry.number)
        session, entry.session = entry.session, None
        if session is None:
            self.turned_away[reason.value] += 1
            self.events.append(TurnedAway(entry.address, reason, ""))
        elif reason in RESUMABLE and signal is Signal.STREAM_LOST:
            session.peer = None
            session.lost_s = now
            self.events.append(Lost(session.session_id))
        else:
            self.end_session(session, reason)

    def close_session(self, session: Session, reason: DisconnectReason) -> None:
        """End a session for good, and tell the player why."""
        if session.peer is not None:
            entry = self.peers[session.peer]
            entry.stream.write_reliable(session.channel)
            entry.stream.write(messages.Bye(reason.value))
            self.move(entry, Signal.END)
            entry.session = None
        self.end_session(session, reason)

    def end_session(self, session: Session, reason: DisconnectReason) -> None:
        """It is over, and nothing more can be told."""
        session.peer = None
        del self.sessions[session.session_id]
        self.events.append(Left(session.session_id, reason))

    def forget(self, entry: Peer) -> None:
        """The stream is gone."""
        self.pending.remove(entry.number)
        del self.peers[entry.number]
