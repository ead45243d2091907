from __future__ import annotations

from random import Random

import pytest

from engine.datagram import Connected, Connection, DatagramLimits, Disconnected, Endpoint, Received, State
from engine.errors import DisconnectReason, LocalProtocolError
from engine.ids import CARRIED, Address, Ticket
from tests.datagram.support import ATTACKER, CLIENT, Net, drained, make_client

LIMITS = DatagramLimits()


def make_endpoint(seed: int = 1, limits: DatagramLimits | None = None) -> Endpoint:
    return Endpoint(Random(seed).randbytes, limits)


def connect(endpoint: Endpoint, ticket: Ticket, address: Address = CLIENT, now: float = 0.0) -> Connection:
    client = Connection(ticket, is_server=False, now=now, path=Address("192.0.2.1", 7777))
    for _, datagram in client.datagrams_to_send(now):
        endpoint.receive(datagram, address, now)
    return client


def test_tickets_are_distinct_and_nothing_is_predictable_from_another() -> None:
    endpoint = make_endpoint()
    tickets = [endpoint.issue_ticket(0.0) for _ in range(500)]
    assert len({ticket.connection_id for ticket in tickets}) == 500
    assert 0 not in {ticket.connection_id for ticket in tickets}
    keys = [key for ticket in tickets for key in (ticket.key_to_server, ticket.key_to_client)]
    assert len(set(keys)) == 1000
    assert {len(key) for key in keys} == {16}
    assert endpoint.statistics().tickets == 500


def test_ids_taken_or_zero_are_not_issued() -> None:
    ids = iter([b"\0\0\0\0", b"\0\0\0\1", b"\0\0\0\1", b"\0\0\0\2"])
    endpoint = Endpoint(lambda size: next(ids) if size == 4 else bytes(size))
    assert [endpoint.issue_ticket(0.0).connection_id for _ in range(2)] == [1, 2]


def test_entropy_that_is_not_random_is_found_out() -> None:
    endpoint = Endpoint(lambda size: bytes([1] * size))
    endpoint.issue_ticket(0.0)
    with pytest.raises(LocalProtocolError):
        endpoint.issue_ticket(0.0)


def test_the_number_of_connections_is_bounded() -> None:
    endpoint = make_endpoint(limits=DatagramLimits(connections_max=3))
    for _ in range(3):
        endpoint.issue_ticket(0.0)
    with pytest.raises(LocalProtocolError):
        endpoint.issue_ticket(0.0)
    endpoint.advance(LIMITS.ticket_lifetime_s + 1)
    endpoint.events()
    endpoint.issue_ticket(0.0)


def test_many_clients_each_get_their_own() -> None:
    endpoint = make_endpoint()
    clients = [connect(endpoint, endpoint.issue_ticket(0.0), Address("198.51.100.1", 1000 + index)) for index in range(50)]
    assert sum(isinstance(event, Connected) for _, event in endpoint.events()) == 50
    for client in clients:
        connection = endpoint.connection(client.id)
        assert connection is not None
        connection.send(client.id.to_bytes(4))
        client.send(b"up" + client.id.to_bytes(4))
    by_id = {client.id: client for client in clients}
    for connection_id, path, datagram in drained(endpoint, 0.1):
        assert path.port - 1000 == clients.index(by_id[connection_id])
        by_id[connection_id].receive(datagram, path, 0.1)
    for client in clients:
        assert Received(client.id.to_bytes(4)) in client.events()
        for _, datagram in client.datagrams_to_send(0.1):
            endpoint.receive(datagram, Address("198.51.100.1", 1000 + clients.index(client)), 0.1)
    messages = [(connection_id, event.message) for connection_id, event in endpoint.events() if isinstance(event, Received)]
    assert sorted(messages) == sorted((client.id, b"up" + client.id.to_bytes(4)) for client in clients)
    assert endpoint.statistics().connections == 50


def test_an_unused_ticket_runs_out_and_says_so() -> None:
    endpoint = make_endpoint()
    ticket = endpoint.issue_ticket(5.0)
    endpoint.advance(5.0 + LIMITS.ticket_lifetime_s)
    assert endpoint.events() == []
    endpoint.advance(5.01 + LIMITS.ticket_lifetime_s)
    assert endpoint.events() == [(ticket.connection_id, Disconnected(DisconnectReason.TIMED_OUT))]
    assert endpoint.connection(ticket.connection_id) is None
    connect(endpoint, ticket, now=16.0)
    assert (endpoint.events(), drained(endpoint, 16.0)) == ([], [])
    assert endpoint.statistics().dropped == {"closed": 1}


def test_a_ticket_is_used_once() -> None:
    """A second client with the same ticket starts again at sequence number 1: replayed, whatever it sends."""
    endpoint = make_endpoint()
    ticket = endpoint.issue_ticket(0.0)
    connect(endpoint, ticket)
    endpoint.events()
    thief = connect(endpoint, ticket, ATTACKER)
    assert endpoint.events() == []
    assert endpoint.statistics().dropped == {"replayed": 1}
    assert thief.state is State.OPENING


def test_an_ended_connection_is_forgotten_but_its_id_and_counters_are_kept() -> None:
    endpoint = make_endpoint()
    client = connect(endpoint, endpoint.issue_ticket(0.0))
    endpoint.receive(bytes([1]) + client.id.to_bytes(4) + bytes(60), ATTACKER, 0.0)
    endpoint.receive(bytes([1]) + client.id.to_bytes(4) + b"\0\7" + bytes(60), ATTACKER, 0.0)
    endpoint.disconnect(client.id, DisconnectReason.KICKED, 0.1)
    assert endpoint.events()[-1] == (client.id, Disconnected(DisconnectReason.KICKED))
    datagrams = [datagram for step in range(40) for _, _, datagram in drained(endpoint, 0.1 + step / 50)]
    assert len(datagrams) == LIMITS.farewells
    client.receive(datagrams[-1], CLIENT, 1.0)
    assert client.events()[-1] == Disconnected(DisconnectReason.KICKED)
    assert endpoint.events() == []
    assert endpoint.connection(client.id) is None
    assert endpoint.statistics().dropped == {"replayed": 1, "bad_seal": 1}
    endpoint.disconnect(client.id, DisconnectReason.KICKED, 2.0)  # no mistake


def test_the_id_of_an_ended_connection_is_not_issued_again_until_many_others_were() -> None:
    ids = [1, 1, 2, 1, 3]
    endpoint = Endpoint(lambda size: ids.pop(0).to_bytes(4) if size == 4 else bytes(size), DatagramLimits(retired_ids_max=1))

    def end(ticket: Ticket) -> int:
        endpoint.disconnect(ticket.connection_id, DisconnectReason.KICKED, 0.0)
        endpoint.events()
        return ticket.connection_id

    assert end(endpoint.issue_ticket(0.0)) == 1
    assert end(endpoint.issue_ticket(0.0)) == 2  # 1 was refused
    assert end(endpoint.issue_ticket(0.0)) == 1  # only the last one is remembered here
    assert end(endpoint.issue_ticket(0.0)) == 3


def test_the_end_is_told_before_the_connection_is_forgotten() -> None:
    net = Net()
    net.run(0.5)
    net.client.disconnect(DisconnectReason.CLOSED_BY_US, net.now)
    net.run(0.2)
    assert net.server_events[-1] == Disconnected(DisconnectReason.CLOSED_BY_PEER)
    assert net.endpoint.connection(net.ticket.connection_id) is None


def test_carried_datagrams_are_marked_as_such() -> None:
    endpoint = make_endpoint()
    client = connect(endpoint, endpoint.issue_ticket(0.0), CARRIED)
    connection = endpoint.connection(client.id)
    assert connection is not None
    connection.send(b"x")
    assert [(connection_id, path) for connection_id, path, _ in drained(endpoint, 0.0)] == [(client.id, CARRIED)]


def test_a_connection_of_another_ticket_drops_what_is_not_its_own() -> None:
    client = make_client()
    other = connect(make_endpoint(), make_endpoint().issue_ticket(0.0))
    for _, datagram in other.datagrams_to_send(0.2):
        client.receive(datagram, CLIENT, 0.2)
    assert client.dropped == {"unknown_connection": 1}


def test_the_endpoints_counters_add_up() -> None:
    net = Net(loss=0.1)
    net.run(2.0, up=bytes(30), down=bytes(100))
    endpoint, server = net.endpoint.statistics(), net.server.statistics()
    assert endpoint.datagrams_in == server.datagrams_in
    assert endpoint.bytes_in == server.bytes_in
    assert endpoint.datagrams_out == server.datagrams_out == len(net.sent_down)
    assert endpoint.bytes_out == server.bytes_out == sum(len(datagram) for _, datagram in net.sent_down)
