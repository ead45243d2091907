from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datagram import (
    DATAGRAM_BYTES_MAX,
    MESSAGE_BYTES_MAX,
    SINGLE_MESSAGE_BYTES_MAX,
    Connected,
    Connection,
    DatagramLimits,
    Disconnected,
    Received,
    State,
)
from engine.datagram.messages import DATAGRAM_BYTES_MIN
from engine.errors import DisconnectReason, LocalProtocolError
from engine.ids import CARRIED
from tests.datagram.support import CLIENT, SERVER, TICKET, connected_pair, exchange, make_client, make_server

LIMITS = DatagramLimits()


def received(connection: Connection) -> list[bytes]:
    return [event.message for event in connection.events() if isinstance(event, Received)]


def relay(sender: Connection, receiver: Connection, now: float, *, up: bool) -> list[bytes]:
    datagrams = [datagram for _, datagram in sender.datagrams_to_send(now)]
    for datagram in datagrams:
        receiver.receive(datagram, CLIENT if up else SERVER, now)
    return datagrams


class TestOpening:
    def test_the_client_knocks_at_once_and_then_ten_times_a_second(self) -> None:
        client = make_client()
        times = [step for step in range(101) if client.datagrams_to_send(step / 100)]
        assert times[0] == 0
        assert 9 <= len(times) <= 11

    def test_a_knock_is_as_large_as_a_datagram_may_be(self) -> None:
        ((path, knock),) = make_client().datagrams_to_send(0.0)
        assert (path, len(knock)) == (SERVER, DATAGRAM_BYTES_MAX)

    def test_the_server_says_nothing_before_it_has_heard_something(self) -> None:
        server = make_server()
        server.send(b"too early")
        server.advance(5.0)
        assert server.datagrams_to_send(5.0) == []
        assert server.events() == []
        assert server.dropped == {"no_path": 1}

    def test_one_knock_and_one_answer_connect_both(self) -> None:
        client, server = make_client(), make_server()
        relay(client, server, 0.0, up=True)
        assert server.events() == [Connected(CLIENT)]
        assert server.path == CLIENT
        relay(server, client, 0.01, up=False)
        relay(server, client, 0.04, up=False)  # the acknowledgement that the knock asks for
        assert client.events() == [Connected(SERVER)]
        assert client.state is server.state is State.CONNECTED

    def test_messages_may_travel_with_the_knocks(self) -> None:
        client, server = make_client(), make_server()
        client.send(b"first command")
        relay(client, server, 0.0, up=True)
        assert server.events() == [Connected(CLIENT), Received(b"first command")]

    def test_a_ticket_runs_out(self) -> None:
        client, server = make_client(), make_server()
        datagrams = [datagram for _, datagram in client.datagrams_to_send(0.0)]
        server.receive(datagrams[0], CLIENT, TICKET.lifetime_s + 0.01)  # even if nobody has called advance yet
        assert server.dropped == {"expired": 1}
        server.advance(TICKET.lifetime_s + 0.02)
        assert server.events() == [Disconnected(DisconnectReason.TIMED_OUT)]
        assert server.state is State.CLOSED

    def test_a_client_gives_up(self) -> None:
        client = make_client()
        client.advance(LIMITS.timeout_s)
        assert client.state is State.OPENING
        client.advance(LIMITS.timeout_s + 0.01)
        assert client.events() == [Disconnected(DisconnectReason.TIMED_OUT)]

    def test_a_client_without_a_path_waits_for_one(self) -> None:
        client = make_client(path=None)
        assert client.datagrams_to_send(0.0) == []
        client.set_path(SERVER)
        assert [path for path, _ in client.datagrams_to_send(0.1)] == [SERVER]


class TestMessages:
    @given(
        st.lists(
            st.one_of(st.integers(0, 1300), st.sampled_from((0, 1, 1161, 1162, 1163, 1164, 1165, 1166, 2048, 2049, 9000))), max_size=12
        )
    )
    def test_what_is_sent_together_arrives_in_order(self, sizes: list[int]) -> None:
        random = Random(len(sizes))
        client, server = connected_pair()
        messages = [random.randbytes(size) for size in sizes]
        for message in messages:
            client.send(message)
        datagrams = relay(client, server, 0.3, up=True)
        assert all(len(datagram) <= DATAGRAM_BYTES_MAX for datagram in datagrams)
        assert received(server) == messages

    def test_the_largest_message_arrives_and_one_byte_more_is_refused(self) -> None:
        client, server = connected_pair()
        message = Random(1).randbytes(MESSAGE_BYTES_MAX)
        client.send(message)
        assert len(relay(client, server, 0.3, up=True)) == 64
        assert received(server) == [message]
        with pytest.raises(LocalProtocolError):
            client.send(bytes(MESSAGE_BYTES_MAX + 1))

    def test_small_messages_share_a_datagram(self) -> None:
        client, server = connected_pair()
        for index in range(20):
            client.send(bytes([index]) * 40)
        assert len(relay(client, server, 0.3, up=True)) == 1
        assert len(received(server)) == 20

    def test_one_message_costs_one_byte_of_framing(self) -> None:
        client, server = connected_pair()
        client.send(bytes(SINGLE_MESSAGE_BYTES_MAX))
        (datagram,) = relay(client, server, 0.3, up=True)
        assert len(datagram) == DATAGRAM_BYTES_MAX
        client.send(bytes(50))
        (datagram,) = relay(client, server, 0.4, up=True)
        assert len(datagram) == DATAGRAM_BYTES_MIN + 1 + 50

    def test_a_duplicate_is_delivered_once(self) -> None:
        client, server = connected_pair()
        client.send(b"once")
        ((_, datagram),) = client.datagrams_to_send(0.3)
        for _ in range(3):
            server.receive(datagram, CLIENT, 0.3)
        assert received(server) == [b"once"]
        assert server.dropped == {"replayed": 2}

    def test_reordered_datagrams_all_arrive(self) -> None:
        client, server = connected_pair()
        datagrams = []
        for index in range(100):
            client.send(bytes([index]))
            datagrams += [datagram for _, datagram in client.datagrams_to_send(0.3)]
        Random(2).shuffle(datagrams)
        for datagram in datagrams:
            server.receive(datagram, CLIENT, 0.3)
        assert sorted(received(server)) == [bytes([index]) for index in range(100)]

    def test_sequence_numbers_go_on_past_sixteen_bits(self) -> None:
        client, server = connected_pair(DatagramLimits(datagrams_per_s_max=10**9, events_max=10**9))
        for index in range(66_000):
            client.send(index.to_bytes(4))
            for _, datagram in client.datagrams_to_send(0.3):
                server.receive(datagram, CLIENT, 0.3)
        assert received(server) == [index.to_bytes(4) for index in range(66_000)]

    def test_a_full_outbox_and_full_events_drop_and_count(self) -> None:
        client, server = connected_pair(DatagramLimits(outbox_bytes_max=100, events_max=3))
        for _ in range(5):
            client.send(bytes(25))
        assert client.dropped == {"outbox_full": 1}
        relay(client, server, 0.3, up=True)
        assert len(received(server)) == 3
        assert server.dropped == {"events_full": 1}
        client.send(b"again")
        relay(client, server, 0.4, up=True)
        assert received(server) == [b"again"]


class TestAcknowledging:
    def test_one_way_traffic_is_acknowledged_without_asking_back(self) -> None:
        client, server = connected_pair()
        answers = 0
        for step in range(60):
            now = 0.3 + step / 60
            client.send(b"command")
            relay(client, server, now, up=True)
            answers += len(relay(server, client, now, up=False))
        assert 15 <= answers <= 40  # at most one per 25 ms, and not one per datagram
        assert client.statistics().loss_pct == 0.0

    def test_an_idle_connection_stays_alive_cheaply(self) -> None:
        client, server = connected_pair()
        datagrams = 0
        for step in range(60 * 30):
            now = 0.3 + step / 60
            client.advance(now)
            server.advance(now)
            datagrams += len(relay(client, server, now, up=True)) + len(relay(server, client, now, up=False))
        assert client.state is server.state is State.CONNECTED
        assert datagrams <= 30 * 4
        assert client.statistics().rtt_samples > 10
        assert client.statistics().loss_pct == server.statistics().loss_pct == 0.0

    def test_silence_ends_it_on_time_and_says_so_to_a_peer_that_may_still_hear(self) -> None:
        client, server = connected_pair()
        last_heard = 0.1
        client.advance(last_heard + LIMITS.timeout_s)
        assert client.state is State.CONNECTED
        client.advance(last_heard + LIMITS.timeout_s + 0.01)
        assert client.events() == [Disconnected(DisconnectReason.TIMED_OUT)]
        relay(client, server, last_heard + LIMITS.timeout_s + 0.02, up=True)
        assert server.events() == [Disconnected(DisconnectReason.TIMED_OUT)]


class TestEnding:
    def test_the_reason_arrives_even_if_only_the_last_farewell_does(self) -> None:
        client, server = connected_pair()
        server.disconnect(DisconnectReason.SERVER_CLOSING, 0.3)
        assert server.events() == [Disconnected(DisconnectReason.SERVER_CLOSING)]
        farewells = [[datagram for _, datagram in server.datagrams_to_send(0.3 + step / 60)] for step in range(100)]
        sent = [datagram for batch in farewells for datagram in batch]
        assert len(farewells[0]) == LIMITS.farewells_at_once
        assert len(sent) == LIMITS.farewells
        assert server.state is State.CLOSED
        client.receive(sent[-1], SERVER, 1.0)
        assert client.events() == [Disconnected(DisconnectReason.SERVER_CLOSING)]
        assert client.state is State.CLOSED

    def test_leaving_reads_as_closed_by_the_peer(self) -> None:
        client, server = connected_pair()
        client.disconnect(DisconnectReason.CLOSED_BY_US, 0.3)
        relay(client, server, 0.3, up=True)
        assert server.events() == [Disconnected(DisconnectReason.CLOSED_BY_PEER)]

    def test_nothing_follows_the_end(self) -> None:
        client, server = connected_pair()
        client.send(b"late")
        datagrams = [datagram for _, datagram in client.datagrams_to_send(0.3)]
        server.disconnect(DisconnectReason.KICKED, 0.3)
        server.receive(datagrams[0], CLIENT, 0.3)
        assert server.events() == [Disconnected(DisconnectReason.KICKED)]
        for step in range(60):
            server.datagrams_to_send(0.3 + step / 20)
        server.receive(datagrams[0], CLIENT, 4.0)
        assert (server.events(), server.datagrams_to_send(4.0)) == ([], [])
        assert server.dropped == {"closed": 1}

    def test_sending_after_the_end_is_our_mistake_once_we_were_told(self) -> None:
        client, server = connected_pair()
        server.disconnect(DisconnectReason.KICKED, 0.3)
        relay(server, client, 0.3, up=False)
        client.send(b"could not know yet")
        assert client.dropped["late_send"] == 1
        client.events()
        with pytest.raises(LocalProtocolError):
            client.send(b"should know")

    def test_ending_twice_is_no_mistake(self) -> None:
        client, _ = connected_pair()
        client.disconnect(DisconnectReason.CLOSED_BY_US, 0.3)
        client.disconnect(DisconnectReason.KICKED, 0.3)
        assert client.events() == [Disconnected(DisconnectReason.CLOSED_BY_US)]

    def test_inside_the_control_connection_one_farewell_is_enough(self) -> None:
        client, _ = connected_pair()
        client.set_path(CARRIED)
        client.disconnect(DisconnectReason.CLOSED_BY_US, 0.3)
        assert len(client.datagrams_to_send(0.3)) == 1
        assert client.state is State.CLOSED

    def test_a_flood_of_valid_datagrams_ends_the_connection_and_a_forged_one_does_not(self) -> None:
        client, server = connected_pair(DatagramLimits(datagrams_per_s_max=50))
        client.send(b"x")
        ((_, genuine),) = client.datagrams_to_send(0.3)
        for index in range(500):
            server.receive(genuine[:5] + (500 + index).to_bytes(2) + genuine[7:], CLIENT, 0.3)
        assert (server.state, server.dropped) == (State.CONNECTED, {"bad_seal": 500})
        for _ in range(60):
            client.send(b"x")
            relay(client, server, 0.4, up=True)
        assert server.events()[-1] == Disconnected(DisconnectReason.FLOODING)
        relay(server, client, 0.5, up=False)
        assert client.events() == [Disconnected(DisconnectReason.FLOODING)]

    def test_a_client_does_not_judge_its_server_by_number(self) -> None:
        client, server = connected_pair(DatagramLimits(datagrams_per_s_max=50))
        for _ in range(200):
            server.send(b"x")
            relay(server, client, 0.3, up=False)
        assert client.state is State.CONNECTED


def test_misuse_is_refused_at_the_call() -> None:
    with pytest.raises(LocalProtocolError):
        Connection(TICKET, is_server=True, now=0.0)
    with pytest.raises(LocalProtocolError):
        Connection(TICKET, is_server=True, now=0.0, entropy=Random(1).randbytes, path=CLIENT)
    server = make_server()
    with pytest.raises(LocalProtocolError):
        server.set_path(CLIENT)
    with pytest.raises(LocalProtocolError):
        server.probe(CLIENT, 0.0)


@pytest.mark.parametrize("wrong", [{"timeout_s": 0.0}, {"farewells": 3}, {"keep_alive_s": 8.0}, {"events_max": -1}])
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"_s|farewells|limit"):
        DatagramLimits(**wrong)  # type: ignore[arg-type]


def test_exchange_helper_leaves_both_connected() -> None:
    client, server = connected_pair()
    exchange(client, server, 0.3)
    assert client.state is server.state is State.CONNECTED
