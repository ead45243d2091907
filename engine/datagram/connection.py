"""One datagram connection, the same class on both sides: what comes in is opened, checked and turned into events; what goes out is
numbered and sealed.

The order of checks on a received datagram is fixed, cheap ones first, and nothing changes before the seal has held:

    size, kind, connection id -> replay window (asked) -> seal -> replay window (advanced) -> flood limit -> parts well formed?
    -> acknowledgements -> state -> path -> what the parts say

The sides differ in three things. The client knocks until the server answers; the server says nothing before it has heard a valid
datagram. The server decides where the client is (see :mod:`engine.datagram.path`); the client knows where the server is and answers
challenges. And only the server limits how much a peer may send.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.datagram.due import Due
from engine.datagram.events import Connected, ConnectionEvent, Disconnected, PathChanged, Received
from engine.datagram.farewells import Farewells
from engine.datagram.fragments import Reassembly
from engine.datagram.limits import DatagramLimits
from engine.datagram.messages import (
    DATAGRAM_BYTES_MAX,
    DATAGRAM_BYTES_MIN,
    HEADER,
    HEADER_BYTES,
    KIND_SEALED,
    LAST_MESSAGE,
    MESSAGE_BYTES_MAX,
    PREFIX_BYTES,
    Challenge,
    Farewell,
    Fragment,
    Message,
    Part,
    Response,
    read_parts,
    write_response,
)
from engine.datagram.outgoing import PADDED_PING, ROUNDING_S, Outgoing
from engine.datagram.path import PathWatch, Probes
from engine.datagram.replay_window import SEQUENCE_MAX, ReplayWindow
from engine.datagram.sealing import make_seals
from engine.datagram.sender import Sender
from engine.datagram.states import TRANSITIONS, Input, State
from engine.datagram.statistics import DropReason
from engine.errors import DisconnectReason, LocalProtocolError
from engine.ids import CARRIED, Address, ConnectionId, Ticket
from engine.verbs import ALWAYS
from engine.wire.sequence import expand

_new = tuple.__new__
"""Makes a named tuple at half the price of its own constructor, which is a function in Python."""

ASIDES_MAX = 8
"""Datagrams to other addresses than the path (answers to challenges, probes) that wait for the next drain."""


class Connection(Outgoing):
    """One peer, reached at ``path``. Made from a ticket on both sides.

    ``path`` is the server's address for a client, and stays unknown on a server until the first valid datagram. ``entropy`` gives random
    bytes for path challenges; a server needs it. ``due`` is told, too, when there is something to do: one for many connections.
    """

    __slots__ = (
        "_began_at",
        "_bytes_in",
        "_closing_at",
        "_datagrams_in",
        "_dropped",
        "_events",
        "_heard_at",
        "_is_end_told",
        "_is_server",
        "_messages_in",
        "_opening_lasts_s",
        "_path_changes",
        "_reassembly",
        "_seal_in",
        "_second_began",
        "_second_datagrams",
        "_sender",
        "_window",
        "advance_at",
        "id",
        "path",
    )

    def __init__(
        self,
        ticket: Ticket,
        *,
        is_server: bool,
        now: float,
        path: Address | None = None,
        entropy: Callable[[int], bytes] | None = None,
        limits: DatagramLimits | None = None,
        due: Due | None = None,
    ) -> None:
        if is_server and (entropy is None or path is not None):
            raise LocalProtocolError("a server's connection needs entropy for its challenges, and learns its path from the first datagram")
        self.id: ConnectionId = ticket.connection_id
        self._is_server = is_server
        self._limits = limits if limits is not None else DatagramLimits()
        self.state = State.OPENING
        self._opening_lasts_s = ticket.lifetime_s if is_server else self._limits.timeout_s
        seal_out, self._seal_in = make_seals(ticket, is_server=is_server)
        self._window = ReplayWindow()
        self._sender = Sender(self.id, seal_out, self._window, self._limits, now)
        self._reassembly = Reassembly(self._limits)

        self.path = path
        self._watch = PathWatch(entropy, self._limits) if is_server and entropy is not None else None
        self._probes = Probes()
        self._asides: list[tuple[Address, bytes]] = []

        self._events: list[ConnectionEvent] = []
        self._is_end_told = False
        self._farewells = Farewells(self._limits)

        self._now = self._began_at = self._heard_at = self._closing_at = now
        self._knock_at = self._sent_at = ALWAYS
        self._ack_owed_at: float | None = None
        self._ack_delay_s = self._limits.ack_delay_max_s
        self._second_began = now
        self._second_datagrams = 0

        self._due = due if due is not None else Due()
        self._due.advance_at = self._due.send_at = ALWAYS
        self.advance_at = ALWAYS
        """Before this time :meth:`advance` has nothing to do: what an owner of many asks first."""
        self.send_at = ALWAYS
        """Before this time :meth:`datagrams_to_send` has nothing to send. ``send`` and ``receive`` may bring it forward."""

        self._datagrams_in = self._bytes_in = self._messages_in = self._path_changes = 0
        self._dropped: dict[DropReason, int] = {}

    @property
    def has_events(self) -> bool:
        """Whether :meth:`events` would return any."""
        return bool(self._events)

    # --- in ---------------------------------------------------------------------------------------------------------------------------

    def receive(self, datagram: bytes, path: Address, now: float) -> None:
        """Any bytes from anywhere. Never raises for them; what is not the peer's own fresh datagram changes nothing but a counter."""
        if not DATAGRAM_BYTES_MIN <= len(datagram) <= DATAGRAM_BYTES_MAX:
            return self._drop(DropReason.WRONG_SIZE)
        kind, connection_id, sequence = HEADER.unpack_from(datagram)
        if kind != KIND_SEALED:
            return self._drop(DropReason.WRONG_KIND)
        if connection_id != self.id:
            return self._drop(DropReason.UNKNOWN_CONNECTION)
        if (received := self.receive_checked(datagram, sequence, path, now)) is not None:
            self._events.append(received)  # alone: no other waits
        return None

    def receive_checked(self, datagram: bytes, wire_sequence: int, path: Address, now: float) -> Received | None:
        """As :meth:`receive`, for an endpoint that has already checked size, kind and id and read the sequence number. What a server hears
        mostly, one message and nothing else while no events wait, is returned, and :meth:`events` need not be asked (a fortieth of a tick).
        """
        state = self.state
        if state is not State.CONNECTED and (reason := self._refusal(now)) is not None:
            self._drop(reason)
            return None
        window = self._window
        sequence = window.newest + 1
        if sequence & 0xFFFF != wire_sequence or sequence > SEQUENCE_MAX:  # the one that comes next is most of them
            sequence = expand(wire_sequence, window.newest)
            if not window.is_fresh(sequence):
                self._drop(DropReason.REPLAYED)
                return None
        body = self._seal_in.open(sequence, datagram[:HEADER_BYTES], datagram[HEADER_BYTES:])
        if body is None:
            self._drop(DropReason.BAD_SEAL)
            return None

        is_newest = window.advance(sequence)
        self._now = self._heard_at = now
        self._datagrams_in += 1
        self._bytes_in += len(datagram)
        if is_newest:
            self._sender.newest_heard_at = now
        if self._is_server:
            if now - self._second_began >= 1.0:
                self._second_began = now
                self._second_datagrams = 0
            self._second_datagrams += 1
            if self._second_datagrams > self._limits.datagrams_per_s_max and state is not State.CLOSING:
                self.disconnect(DisconnectReason.FLOODING, now)
                return None

        if (
            state is State.CONNECTED
            and path == self.path
            and self._watch is not None
            and self._watch.unproven is None
            and len(body) > PREFIX_BYTES
            and body[PREFIX_BYTES] == LAST_MESSAGE
            and not self._events
        ):
            # What a server hears 15,000 times a second: one message of somebody who plays, along his proven path.
            self._sender.acknowledge(body, now)
            if self._ack_owed_at is None:
                self._owe_acknowledgement(now)
            self._messages_in += 1
            return _new(Received, (body[PREFIX_BYTES + 1 :], is_newest))
        parts = read_parts(body, PREFIX_BYTES)
        if parts is None:
            self._drop(DropReason.MALFORMED)
            return None
        self._sender.acknowledge(body, now)
        if parts:
            self._owe_acknowledgement(now)
        self._wake()  # fragments, challenges, new paths: they have times of their own
        self._take_parts(parts, path, len(datagram), is_newest, now)
        return None

    def _refusal(self, now: float) -> DropReason | None:
        """Why nothing is taken any more, or None: it is."""
        if self.state is State.CLOSED:
            return DropReason.CLOSED
        if self.state is State.OPENING and self._is_server and now - self._began_at > self._opening_lasts_s:
            return DropReason.EXPIRED
        return None

    def _owe_acknowledgement(self, now: float) -> None:
        """The peer asked for one: it goes with whatever goes next, or by itself in time."""
        if self._ack_owed_at is None:
            self._ack_owed_at = now
            at = now + self._ack_delay_s - ROUNDING_S
            if at < self.send_at:
                self.send_at = at
                if at < self._due.send_at:
                    self._due.send_at = at

    def _wake(self) -> None:
        """Whatever there is to do is done at the next call."""
        self.advance_at = self.send_at = self._due.advance_at = self._due.send_at = ALWAYS

    def _take_parts(self, parts: list[Part], path: Address, size: int, is_newest: bool, now: float) -> None:
        """State, then path, then contents of a datagram that is the peer's without doubt."""
        for part in parts:
            if type(part) is Farewell:
                return self._end(part.reason, Input.FAREWELL, now)
        was = self.state
        if was is not State.CONNECTED:  # where it would stay: the table costs half a microsecond
            self.state = TRANSITIONS[was, Input.DATAGRAM]
            if self.state is State.CLOSING:
                return None
        watch = self._watch
        if was is State.OPENING:
            if watch is not None:
                self.path = path
                watch.opened(path, now)
            self._events.append(Connected(self.path if self.path is not None else path))
        if watch is not None:
            if path == self.path:
                watch.heard_on_path(size, self._sender.sent.newest_acknowledged > 0)
            elif watch.heard_elsewhere(path, size, is_newest, now):
                self._move(path)
        elif self._probes.are_answered(path, self._sender.sent.is_acknowledged):
            self._move(path)
        for part in parts:
            self._take_part(part, path, is_newest, now)
        return None

    def _take_part(self, part: Part, path: Address, is_newest: bool, now: float) -> None:
        """What a part brings about, the state and the path being settled."""
        if type(part) is Message:
            self._deliver(Received(part.content, is_newest))
        elif type(part) is Fragment:
            message = self._reassembly.receive(part, now)
            if message is not None:
                self._deliver(Received(message, is_newest))
        elif type(part) is Challenge:
            self._answer(part.token, path)
        elif type(part) is Response and self._watch is not None and self._watch.is_answer(path, part.token):
            self._move(path)

    def _deliver(self, received: Received) -> None:
        if len(self._events) >= self._limits.events_max:
            return self._drop(DropReason.EVENTS_FULL)
        self._messages_in += 1
        return self._events.append(received)

    # --- path -------------------------------------------------------------------------------------------------------------------------

    def _move(self, path: Address) -> None:
        """From now on the peer is at ``path``, which is proven."""
        self.path = path
        self._path_changes += 1
        self._probes.clear()
        if self._watch is not None:
            self._watch.moved()
        self._events.append(PathChanged(path))

    def _answer(self, token: bytes, source: Address) -> None:
        """Client: send a challenge's bytes back, to the server and to nobody else.

        A challenge that reaches us at an address we probed has come through there in both directions: we use it again.
        """
        if self._is_server:
            return
        if source == self._probes.address:
            self._move(source)
        if self.path is not None and len(self._asides) < ASIDES_MAX:
            self._asides.append((self.path, write_response(token)))
            self.send_at = self._due.send_at = ALWAYS

    def set_path(self, path: Address) -> None:
        """Client: send to ``path`` from now on; CARRIED while UDP does not get through. A server's path follows the client's datagrams."""
        if self._is_server:
            raise LocalProtocolError("only a client chooses its path; the server follows")
        if path != self.path:
            self.path = path
            self._probes.clear()
            self._path_changes += 1
            self._knock_at = self.send_at = self._due.send_at = ALWAYS

    def probe(self, address: Address, now: float) -> None:
        """Client: try ``address`` with one padded ping and stay on the path. If the server answers from there, the path moves there."""
        if self._is_server:
            raise LocalProtocolError("only a client probes")
        self._now = now
        if address != self.path and self.state in (State.OPENING, State.CONNECTED) and len(self._asides) < ASIDES_MAX:
            self._probes.begin(address)
            self._asides.append((address, PADDED_PING))
            self.send_at = self._due.send_at = ALWAYS

    # --- time and ends ----------------------------------------------------------------------------------------------------------------

    def advance(self, now: float) -> None:
        """Let time pass: timeouts, and what waits too long."""
        self._now = now
        if self.state is State.CONNECTED:
            is_busy = False
            if now - self._heard_at > self._limits.timeout_s:
                self._end(DisconnectReason.TIMED_OUT, Input.TIMEOUT, now)
                is_busy = True
            elif len(self._reassembly):
                self._reassembly.advance(now)
                is_busy = True
            if self._watch is not None and self._watch.candidates:
                self._watch.advance(now)
                is_busy = True
            self.advance_at = ALWAYS if is_busy else self._heard_at + self._limits.timeout_s - ROUNDING_S
        elif self.state is State.OPENING:
            if now - self._began_at > self._opening_lasts_s:
                self._end(DisconnectReason.TIMED_OUT, Input.TIMEOUT, now)
        elif self.state is State.CLOSING and now - self._closing_at > self._limits.timeout_s:
            self._end(DisconnectReason.TIMED_OUT, Input.TIMEOUT, now)

    def disconnect(self, reason: DisconnectReason, now: float) -> None:
        """End it and tell the peer why, in several datagrams over the next drains. Ending what has ended is no mistake."""
        self._end(reason, Input.DISCONNECT, now)

    def _end(self, reason: DisconnectReason, input_: Input, now: float) -> None:
        """Go where the table says; the first time, tell our owner, and prepare the farewells if we are the one who ends it."""
        was = self.state
        self.state = TRANSITIONS[was, input_]
        if was is State.CLOSING or was is State.CLOSED:
            return
        self._events.append(Disconnected(reason))
        self._now = self._closing_at = now
        self._wake()
        self._sender.clear()
        self._asides.clear()
        self._reassembly.clear()
        if self._watch is not None:
            self._watch.clear()
        if self.state is State.CLOSING:
            self._farewells.begin(reason, is_reliable=self.path == CARRIED)
            if self.path is None:
                self.state = TRANSITIONS[self.state, Input.ALL_SAID]

    # --- out --------------------------------------------------------------------------------------------------------------------------

    def send(self, message: bytes) -> None:
        """Queue one message, unreliable and unordered, for the next drain. Messages queued together share datagrams where they fit."""
        if len(message) > MESSAGE_BYTES_MAX:
            raise LocalProtocolError(f"a message of {len(message)} bytes is above the {MESSAGE_BYTES_MAX} that fragments carry")
        if self.state is not State.CONNECTED and self.state is not State.OPENING:
            if self._is_end_told:
                raise LocalProtocolError("this connection has ended, and its owner was told")
            return self._drop(DropReason.LATE_SEND)
        if self.path is None:
            return self._drop(DropReason.NO_PATH)
        self.send_at = self._due.send_at = ALWAYS
        if not self._sender.queue(message):
            self._drop(DropReason.OUTBOX_FULL)
        return None

    def events(self) -> list[ConnectionEvent]:
        """Drain: what happened, in order."""
        events, self._events = self._events, []
        self._is_end_told = self.state is State.CLOSING or self.state is State.CLOSED
        return events
