"""All the connections behind one UDP port of a server, found by the connection id in the datagram and not by its address.

The port answers nobody who has not come through the control connection: a ticket is issued there, and only a datagram sealed with its
keys makes the endpoint say anything or change anything. Unknown id, bad seal, replay, any other bytes: dropped and counted, no reply, no
state. So there is nothing to amplify and nothing to fill.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from engine.datagram.connection import Connection
from engine.datagram.due import Due
from engine.datagram.events import ConnectionEvent
from engine.datagram.limits import DatagramLimits
from engine.datagram.messages import DATAGRAM_BYTES_MAX, DATAGRAM_BYTES_MIN, HEADER, KIND_SEALED
from engine.datagram.states import State
from engine.datagram.statistics import DropReason, EndpointStatistics
from engine.errors import DisconnectReason, LocalProtocolError
from engine.ids import CARRIED, Address, ConnectionId, Ticket
from engine.verbs import NEVER

KEY_BYTES = 16
ID_BYTES = 4
RECEIVED_MAX = 65536
"""Messages between two drains of the events, of all connections; whoever lets more wait has stopped draining. Beyond: dropped, counted."""
ID_TRIES_MAX = 64
"""With random bytes and at most 70,000 ids taken of 2^32, one try nearly always does."""


class Endpoint:
    """A server's side of many connections. ``entropy`` gives random bytes for ids, keys and challenges."""

    def __init__(self, entropy: Callable[[int], bytes], limits: DatagramLimits | None = None) -> None:
        self._entropy = entropy
        self._limits = limits if limits is not None else DatagramLimits()
        self._connections: dict[ConnectionId, Connection] = {}
        self._due = Due()
        """Of all of them: 256 connections that are asked four times a tick whether they have anything to do took a fiftieth of it."""
        self._stirred: dict[ConnectionId, Connection] = {}
        """Those that may have events or have ended: :meth:`events` looks at no others, because it is called after every datagram."""
        self._received: list[tuple[ConnectionId, ConnectionEvent]] = []
        """Messages of connections that had no other event before them, since the last :meth:`events`."""
        self._carried: list[tuple[ConnectionId, bytes]] = []
        self._retired: deque[int] = deque()
        self._retired_ids: set[int] = set()
        self._datagrams_in = self._datagrams_out = self._bytes_in = self._bytes_out = 0
        self._dropped: dict[str, int] = {}

    def issue_ticket(self, now: float) -> Ticket:
        """Permission for one connection, to be handed over inside the control connection. Its id and keys are random and never reused."""
        if len(self._connections) >= self._limits.connections_max:
            raise LocalProtocolError(f"this endpoint holds its maximum of {self._limits.connections_max} connections and tickets")
        for _ in range(ID_TRIES_MAX):
            connection_id = ConnectionId(int.from_bytes(self._entropy(ID_BYTES)))
            if connection_id and connection_id not in self._connections and connection_id not in self._retired_ids:
                break
        else:
            raise LocalProtocolError("the entropy gives no connection id that is not in use: it is not random")
        ticket = Ticket(connection_id, self._entropy(KEY_BYTES), self._entropy(KEY_BYTES), self._limits.ticket_lifetime_s)
        self._connections[connection_id] = Connection(
            ticket, is_server=True, now=now, entropy=self._entropy, limits=self._limits, due=self._due
        )
        return ticket

    def receive(self, datagram: bytes, path: Address, now: float) -> None:
        """Any bytes from anywhere; never raises for them."""
        size = len(datagram)
        self._datagrams_in += 1
        self._bytes_in += size
        if not DATAGRAM_BYTES_MIN <= size <= DATAGRAM_BYTES_MAX:
            return self._drop(DropReason.WRONG_SIZE)
        kind, connection_id, sequence = HEADER.unpack_from(datagram)
        if kind != KIND_SEALED:
            return self._drop(DropReason.WRONG_KIND)
        connection = self._connections.get(connection_id)
        if connection is None:
            return self._drop(DropReason.CLOSED if connection_id in self._retired_ids else DropReason.UNKNOWN_CONNECTION)
        received = connection.receive_checked(datagram, sequence, path, now)
        if received is None:
            self._stirred[connection_id] = connection  # :meth:`events` asks whether there are any
        elif len(self._received) < RECEIVED_MAX:
            self._received.append((connection_id, received))
        else:
            self._drop(DropReason.EVENTS_FULL)
        return None

    def advance(self, now: float) -> None:
        """Let time pass: tickets and connections run out."""
        if now < self._due.advance_at:
            return
        next_at = NEVER
        for connection in self._connections.values():
            if now >= connection.advance_at:
                connection.advance(now)
                if connection.has_events:
                    self._stirred[connection.id] = connection
            if connection.advance_at < next_at:
                next_at = connection.advance_at
        self._due.advance_at = next_at

    def connection(self, connection_id: ConnectionId | int) -> Connection | None:
        """The connection or unused ticket of this id; None once it has ended and its end was told by :meth:`events`."""
        return self._connections.get(ConnectionId(connection_id))

    def disconnect(self, connection_id: ConnectionId | int, reason: DisconnectReason, now: float) -> None:
        """End a connection and tell the peer why, or make an unused ticket worthless. One that has ended already is no mistake."""
        connection = self._connections.get(ConnectionId(connection_id))
        if connection is not None:
            connection.disconnect(reason, now)
            self._stirred[connection.id] = connection

    def events(self) -> list[tuple[ConnectionId, ConnectionEvent]]:
        """Drain: what happened on each connection, in order per connection; ended ones are then let go."""
        events, self._received = self._received, []
        if not self._stirred:
            return events
        stirred, self._stirred = self._stirred, {}
        for connection_id, connection in stirred.items():
            for event in connection.events():
                events.append((connection_id, event))
            if connection.state is State.CLOSED:
                self._retire(connection_id)
        return events

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        """Drain: (where, datagram) of all that go by UDP. Those that do not are then there for :meth:`carried_to_send`."""
        out: list[tuple[Address, bytes]] = []
        self._carried = []
        if now < self._due.send_at:
            return out
        next_at = NEVER
        for connection in self._connections.values():
            if now < connection.send_at:
                if connection.send_at < next_at:
                    next_at = connection.send_at
                continue
            datagrams = connection.datagrams_to_send(now)
            if connection.path != CARRIED:
                out += datagrams
            else:
                out += [(path, datagram) for path, datagram in datagrams if path != CARRIED]
                self._carried += [(connection.id, datagram) for path, datagram in datagrams if path == CARRIED]
            if connection.state is State.CLOSED:
                self._stirred[connection.id] = connection
            if connection.send_at < next_at:
                next_at = connection.send_at
        self._due.send_at = next_at
        self._datagrams_out += len(out)
        self._bytes_out += sum([len(datagram) for _, datagram in out])
        return out

    def carried_to_send(self) -> list[tuple[ConnectionId, bytes]]:
        """Drain: (whose, datagram) of what the last :meth:`datagrams_to_send` had for players' control connections."""
        carried, self._carried = self._carried, []
        if carried:
            self._datagrams_out += len(carried)
            self._bytes_out += sum([len(datagram) for _, datagram in carried])
        return carried

    def statistics(self) -> EndpointStatistics:
        """Counters of the port as a whole, connections that ended included."""
        dropped = dict(self._dropped)
        for connection in self._connections.values():
            _add(dropped, connection.dropped)
        states = [connection.state for connection in self._connections.values()]
        return EndpointStatistics(
            connections=states.count(State.CONNECTED),
            tickets=states.count(State.OPENING),
            datagrams_in=self._datagrams_in,
            datagrams_out=self._datagrams_out,
            bytes_in=self._bytes_in,
            bytes_out=self._bytes_out,
            dropped=dropped,
        )

    def _drop(self, reason: DropReason) -> None:
        self._dropped[reason.value] = self._dropped.get(reason.value, 0) + 1

    def _retire(self, connection_id: ConnectionId) -> None:
        """Let an ended connection go, keep its counters, and keep its id out of reuse."""
        _add(self._dropped, self._connections.pop(connection_id).dropped)
        self._retired.append(connection_id)
        self._retired_ids.add(connection_id)
        if len(self._retired) > self._limits.retired_ids_max:
            self._retired_ids.discard(self._retired.popleft())


def _add(total: dict[str, int], more: dict[str, int]) -> None:
    for reason, count in more.items():
        total[reason] = total.get(reason, 0) + count
