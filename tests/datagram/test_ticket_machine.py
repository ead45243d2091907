"""The life of tickets in the hands of hypothesis: issued, used, run out, revoked, stolen and replayed, in any order."""

from __future__ import annotations

from random import Random

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from engine.datagram import Connected, Connection, DatagramLimits, Disconnected, Endpoint, Received, State
from engine.errors import DisconnectReason, LocalProtocolError
from engine.ids import Address, Ticket
from tests.datagram.support import ATTACKER, SERVER, drained

LIMITS = DatagramLimits(connections_max=6)


class Tickets(RuleBasedStateMachine):
    """A ticket admits one connection, once, while it is young; whoever has no ticket gets neither state nor reply."""

    unused = Bundle("unused")
    users = Bundle("users")
    captured = Bundle("captured")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.random = Random(7)
        self.endpoint = Endpoint(self.random.randbytes, LIMITS)
        self.issued: dict[int, float] = {}
        self.connected: list[int] = []
        self.ended: list[int] = []
        self.may_be_sent_to: set[Address] = set()

    @rule(target=unused)
    def issue(self) -> Ticket | None:
        try:
            ticket = self.endpoint.issue_ticket(self.now)
        except LocalProtocolError:
            held = len(self.endpoint._connections)  # those that still say farewell too
            assert held >= LIMITS.connections_max
            return None
        assert ticket.connection_id not in self.issued, "an id was issued twice"
        self.issued[ticket.connection_id] = self.now
        return ticket

    @rule(target=users, ticket=consumes(unused))
    def open(self, ticket: Ticket | None) -> tuple[Connection, Address] | None:
        if ticket is None:
            return None
        client = Connection(ticket, is_server=False, now=self.now, path=SERVER)
        address = Address("198.51.100.9", 2000 + len(self.issued))
        self.may_be_sent_to.add(address)
        return client, address

    @rule(target=captured, user=users)
    def send(self, user: tuple[Connection, Address] | None) -> list[bytes]:
        """What a client says reaches the server, and somebody on the way keeps a copy."""
        if user is None:
            return []
        client, address = user
        client.advance(self.now)
        if client.state is State.CONNECTED:
            client.send(b"hello")
        datagrams = [datagram for _, datagram in client.datagrams_to_send(self.now)]
        for datagram in datagrams:
            self.endpoint.receive(datagram, address, self.now)
        self.note_events()
        for connection_id, path, datagram in drained(self.endpoint, self.now):
            if path == address and connection_id == client.id:
                client.receive(datagram, SERVER, self.now)
        self.note_events()
        return datagrams

    @rule(datagrams=captured)
    def replay_from_elsewhere(self, datagrams: list[bytes]) -> None:
        """The same bytes again, from the thief's address: an opening that got through admits nobody a second time."""
        before = self.endpoint.statistics()
        for datagram in datagrams:
            self.endpoint.receive(datagram, ATTACKER, self.now)
        events = self.note_events()
        after = self.endpoint.statistics()
        assert not any(isinstance(event, (Connected, Received)) for event in events)
        assert sum(after.dropped.values()) == sum(before.dropped.values()) + len(datagrams)

    @rule(datagrams=captured, place=st.integers(0, 200), flip=st.integers(1, 255))
    def forge(self, datagrams: list[bytes], place: int, flip: int) -> None:
        for datagram in datagrams:
            broken = bytearray(datagram)
            broken[place % len(broken)] ^= flip
            self.endpoint.receive(bytes(broken), ATTACKER, self.now)
        assert not any(isinstance(event, (Connected, Received)) for event in self.note_events())

    @rule(ticket=consumes(unused))
    def revoke(self, ticket: Ticket | None) -> None:
        if ticket is None:
            return
        self.endpoint.disconnect(ticket.connection_id, DisconnectReason.KICKED, self.now)
        self.note_events()
        client = Connection(ticket, is_server=False, now=self.now, path=SERVER)
        for _, datagram in client.datagrams_to_send(self.now):
            self.endpoint.receive(datagram, ATTACKER, self.now)
        assert not any(isinstance(event, Connected) for event in self.note_events())

    @rule(seconds=st.sampled_from([0.05, 1.0, LIMITS.ticket_lifetime_s / 2, LIMITS.ticket_lifetime_s + 0.1]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.endpoint.advance(self.now)
        self.note_events()

    def note_events(self) -> list[object]:
        events = self.endpoint.events()
        for connection_id, event in events:
            if isinstance(event, Connected):
                assert self.now - self.issued[connection_id] <= LIMITS.ticket_lifetime_s, "a ticket that had run out was taken"
                self.connected.append(connection_id)
            elif isinstance(event, Disconnected):
                self.ended.append(connection_id)
        return [event for _, event in events]

    @invariant()
    def each_ticket_begins_once_and_ends_once(self) -> None:
        assert len(set(self.connected)) == len(self.connected)
        assert len(set(self.ended)) == len(self.ended)

    @invariant()
    def nobody_without_a_ticket_is_answered(self) -> None:
        for _, path, _ in drained(self.endpoint, self.now):
            assert path in self.may_be_sent_to
        self.note_events()

    @invariant()
    def what_is_held_is_bounded(self) -> None:
        statistics = self.endpoint.statistics()
        assert statistics.connections + statistics.tickets <= LIMITS.connections_max


TestTickets = Tickets.TestCase
TestTickets.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
