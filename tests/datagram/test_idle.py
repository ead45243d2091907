"""A server asks a connection nothing before the time that it named. Beside an endpoint that always asks, all is the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest

from engine.datagram import Connection, Endpoint, State
from engine.errors import DisconnectReason
from engine.ids import CARRIED, Address
from engine.verbs import ALWAYS
from tests.datagram.support import ATTACKER, SERVER, drained

STEPS = 1500
USERS_MAX = 5


class AlwaysAsks(Endpoint):
    """Every connection, every time."""

    def advance(self, now: float) -> None:
        for connection in self._connections.values():
            connection.advance_at = self._due.advance_at = ALWAYS
        super().advance(now)

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        for connection in self._connections.values():
            connection.send_at = self._due.send_at = ALWAYS
        return super().datagrams_to_send(now)


@dataclass
class User:
    """A client and his habits."""

    connection: Connection
    address: Address
    talks: bool
    silent_until: float = 0.0


def act(user: User, random: Random, now: float) -> None:
    """Now and then: silence, a new address, another path, a probe, an end; mostly a message."""
    connection = user.connection
    if random.random() < 0.002:
        user.silent_until = now + random.choice((0.3, 2, 12))
    if random.random() < 0.002:
        user.talks = not user.talks
    if random.random() < 0.002:
        user.address = Address("198.51.100.9", random.randrange(1000, 60000))
    if connection.state is State.CONNECTED and random.random() < 0.001:
        connection.disconnect(DisconnectReason.CLOSED_BY_US, now)
    if connection.state in (State.OPENING, State.CONNECTED) and random.random() < 0.002:
        connection.set_path(random.choice((SERVER, CARRIED)))
    if random.random() < 0.002:
        connection.probe(SERVER, now)
    connection.advance(now)
    if connection.state is State.CONNECTED and user.talks and random.random() < 0.3:
        connection.send(bytes(random.randrange(1, 1500 if random.random() < 0.1 else 60)))
    connection.events()


def arrivals(user: User, random: Random, now: float) -> Iterator[tuple[bytes, Address]]:
    """What the server gets of what he sends: a tenth is lost, and some of it somebody sends again."""
    for to, datagram in user.connection.datagrams_to_send(now):
        if random.random() > 0.1:
            yield datagram, CARRIED if to == CARRIED else user.address
        if random.random() < 0.02:
            yield datagram, ATTACKER


def answer(user: User, both: tuple[Endpoint, Endpoint], random: Random, now: float) -> None:
    """The server says something to him now and then, and seldom goodbye."""
    said = bytes(random.randrange(1400)) if random.random() < 0.1 else None
    is_kicked = random.random() < 0.0005
    for endpoint in both:
        connection = endpoint.connection(user.connection.id)
        if said is not None and connection is not None and connection.state is State.CONNECTED:
            connection.send(said)
        if is_kicked:
            endpoint.disconnect(user.connection.id, DisconnectReason.KICKED, now)


@pytest.mark.parametrize("seed", range(8))
def test_an_endpoint_that_skips_the_idle_does_what_one_does_that_always_asks(seed: int) -> None:
    random = Random(seed)
    both = Endpoint(Random(1).randbytes), AlwaysAsks(Random(1).randbytes)
    users: list[User] = []
    now = 0.0
    for _ in range(STEPS):
        now += random.choice((0.0005, 0.004, 0.016)) if random.random() < 0.995 else random.choice((0.2, 1.0, 5.0, 11.0, 31.0))
        if len(users) < USERS_MAX and random.random() < 0.05:
            ticket, same = (endpoint.issue_ticket(now) for endpoint in both)
            assert ticket == same
            address = Address("198.51.100.9", random.randrange(1000, 60000))
            users.append(User(Connection(ticket, is_server=False, now=now, path=SERVER), address, random.random() < 0.5))
        users = [user for user in users if user.connection.state is not State.CLOSED or random.random() < 0.9]
        for user in users:
            if now >= user.silent_until:
                act(user, random, now)
                for datagram, source in arrivals(user, random, now):
                    for endpoint in both:
                        endpoint.receive(datagram, source, now)
        for endpoint in both:
            endpoint.advance(now)
        assert both[0].events() == both[1].events()
        for user in users:
            answer(user, both, random, now)
        sent = drained(both[0], now)
        assert sent == drained(both[1], now)
        for connection_id, to, datagram in sent:
            for user in users:
                if (
                    user.connection.id == connection_id
                    and now >= user.silent_until
                    and to in (CARRIED, user.address)
                    and random.random() > 0.1
                ):
                    user.connection.receive(datagram, CARRIED if to == CARRIED else SERVER, now)
    assert both[0].statistics() == both[1].statistics()
