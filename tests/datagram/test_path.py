"""Where the server thinks the client is: it moves for whoever proves it, for the control connection at once, and for nobody else."""

from __future__ import annotations

from random import Random

import pytest

from engine.datagram import Connected, Connection, DatagramLimits, PathChanged, Received
from engine.datagram.outgoing import CHALLENGE_DATAGRAM_BYTES
from engine.datagram.path import AMPLIFICATION_MAX, PathWatch
from engine.ids import CARRIED, Address
from tests.datagram.support import ATTACKER, CLIENT, MOVED, SERVER, Net, connected_pair, make_client, make_server

LIMITS = DatagramLimits()


def connected_net(**conditions: float) -> Net:
    net = Net(**conditions)  # type: ignore[arg-type]
    net.run(1.0)
    net.run(0.5, up=b"command", down=b"snapshot")
    assert net.server.path == CLIENT
    net.client_events.clear()
    net.server_events.clear()
    net.sent_down.clear()
    return net


def moves(net: Net) -> list[PathChanged]:
    return [event for event in net.server_events if isinstance(event, PathChanged)]


class TestAttacker:
    def test_a_captured_datagram_that_wins_the_race_moves_nothing(self) -> None:
        net = connected_net(latency_s=0.02)
        for _ in range(60):
            net.step(b"command", b"snapshot")
            net.endpoint.receive(net.sent_up[-1], ATTACKER, net.now)  # before the original, which is still under way
        assert moves(net) == []
        # The attacker gets sealed challenges that he can neither read nor answer, at their pace, and nothing else.
        challenges = [datagram for path, datagram in net.sent_down if path == ATTACKER]
        assert 8 <= len(challenges) <= 11
        assert {len(datagram) for datagram in challenges} == {CHALLENGE_DATAGRAM_BYTES}
        assert len(net.heard_down()) >= 55  # the stream went on to where the client is

    def test_replaying_it_afterwards_does_not_even_start_a_challenge(self) -> None:
        net = connected_net()
        net.step()  # the last one arrives
        for datagram in net.sent_up[:-1]:
            net.endpoint.receive(datagram, ATTACKER, net.now)
        net.run(0.2, up=b"command", down=b"snapshot")
        assert moves(net) == []
        assert {path for path, _ in net.sent_down} == {CLIENT}

    def test_an_unproven_address_gets_at_most_three_times_what_came_from_it(self) -> None:
        net = connected_net(latency_s=0.02)
        bytes_in = 0
        for step in range(120):
            net.step(b"command", b"snapshot" * 100)
            if step % 7 == 0:
                bytes_in += len(net.sent_up[-1])
                net.endpoint.receive(net.sent_up[-1], ATTACKER, net.now)
            bytes_out = sum(len(datagram) for path, datagram in net.sent_down if path == ATTACKER)
            assert bytes_out <= AMPLIFICATION_MAX * bytes_in
        assert any(path == ATTACKER for path, _ in net.sent_down)  # it was challenged, so the bound was tested

    def test_many_addresses_cannot_push_the_genuine_new_one_out(self) -> None:
        net = connected_net(latency_s=0.02)
        net.client_address = MOVED
        for step in range(30):
            net.step(b"command", b"snapshot")
            if step % 4 == 0:  # whoever wins all races needs no new path: nothing of the client's is the newest any more
                net.endpoint.receive(net.sent_up[-1], Address("203.0.113.66", 1000 + step), net.now)
        assert net.server.path == MOVED

    def test_a_response_from_elsewhere_than_the_challenged_address_moves_nothing(self) -> None:
        client, server = connected_pair()
        client.send(b"x")
        ((_, datagram),) = client.datagrams_to_send(0.3)
        server.receive(datagram, MOVED, 0.3)
        challenges = [datagram for path, datagram in server.datagrams_to_send(0.3) if path == MOVED]
        client.receive(challenges[0], SERVER, 0.31)
        responses = [datagram for _, datagram in client.datagrams_to_send(0.32)]
        for response in responses:
            server.receive(response, ATTACKER, 0.33)  # captured, and faster than the client's own
        assert server.path == CLIENT

    def test_whoever_races_the_first_datagram_gets_no_stream_and_loses_the_path_to_the_client(self) -> None:
        net = Net(latency_s=0.02)
        net.step()
        net.endpoint.receive(net.sent_up[0], ATTACKER, net.now)
        assert net.server.path == ATTACKER
        bytes_in = len(net.sent_up[0])
        net.run(1.0, up=b"command", down=b"snapshot" * 50)
        assert sum(len(datagram) for path, datagram in net.sent_down if path == ATTACKER) <= AMPLIFICATION_MAX * bytes_in
        assert net.server.path == CLIENT
        assert len(net.heard_down()) > 30


class TestRebinding:
    def test_a_genuine_new_address_is_taken_after_the_challenge(self) -> None:
        net = connected_net(latency_s=0.02)
        net.client_address = MOVED
        began = net.now
        while net.server.path != MOVED:
            before = list(net.sent_down)
            net.step(b"command", b"snapshot")
            assert net.now - began < 0.25, "the gap budget"
        assert moves(net) == [PathChanged(MOVED)]
        # Until the answer came, nothing but challenges went there.
        assert {len(datagram) for path, datagram in before if path == MOVED} == {CHALLENGE_DATAGRAM_BYTES}
        net.run(0.5, up=b"command", down=b"snapshot")
        assert net.heard_down()[-1] == b"snapshot"
        assert net.server.statistics().path_changes == 1

    def test_a_hundred_rebindings_under_loss(self) -> None:
        net = connected_net(latency_s=0.02, jitter_s=0.01, loss=0.1)
        for index in range(100):
            net.client_address = Address("198.51.100.7", 50100 + index)
            net.run(1.0, up=b"command", down=b"snapshot")
            assert net.server.path == net.client_address, index
        assert net.server.statistics().path_changes >= 100

    def test_a_datagram_that_is_not_the_newest_starts_no_challenge(self) -> None:
        client, server = connected_pair()
        client.send(b"older")
        client.datagrams_to_send(0.3)
        client.send(b"older")
        ((_, older),) = client.datagrams_to_send(0.3)
        client.send(b"newer")
        ((_, newer),) = client.datagrams_to_send(0.3)
        server.receive(newer, CLIENT, 0.3)
        server.receive(older, MOVED, 0.3)
        assert Received(b"older", is_newest=False) in server.events()
        assert [path for path, _ in server.datagrams_to_send(0.4)] == [CLIENT]

    def test_a_lost_challenge_is_repeated_and_a_silent_candidate_forgotten(self) -> None:
        client, server = connected_pair()
        now = 0.3
        challenges = 0
        for step in range(20):
            now = 0.3 + step / 20
            client.send(bytes(60))
            for _, datagram in client.datagrams_to_send(now):
                server.receive(datagram, MOVED, now)
            challenges += sum(path == MOVED for path, _ in server.datagrams_to_send(now))
        assert 8 <= challenges <= 11  # one per 100 ms
        server.advance(now + LIMITS.candidate_ttl_s + 0.01)
        assert MOVED not in {path for path, _ in server.datagrams_to_send(now + LIMITS.candidate_ttl_s + 0.02)}


class TestCarried:
    def test_to_carried_at_once_and_back_after_the_challenge(self) -> None:
        net = connected_net(latency_s=0.02)
        net.is_up_blocked = net.is_down_blocked = True
        net.run(2.0, up=b"command", down=b"snapshot")
        assert net.client.statistics().unacknowledged_ms > 1900
        net.client.set_path(CARRIED)
        net.run(0.1, up=b"command", down=b"snapshot")
        assert moves(net) == [PathChanged(CARRIED)]
        assert net.server.path == CARRIED
        net.run(1.0, up=b"command", down=b"snapshot")
        assert net.heard_down()[-1] == b"snapshot"

        net.client.probe(SERVER, net.now)  # still blocked: nothing happens
        net.run(0.5, up=b"command", down=b"snapshot")
        assert net.server.path == net.client.path == CARRIED

        net.is_up_blocked = net.is_down_blocked = False
        net.client.probe(SERVER, net.now)
        net.run(0.3, up=b"command", down=b"snapshot")
        assert net.client.path == SERVER
        assert net.server.path == CLIENT
        assert net.client_events[-1] == Received(b"snapshot")
        assert PathChanged(SERVER) in net.client_events
        assert moves(net) == [PathChanged(CARRIED), PathChanged(CLIENT)]

    def test_back_also_by_the_owners_word(self) -> None:
        net = connected_net()
        net.client.set_path(CARRIED)
        net.run(0.2, up=b"command")
        net.client.set_path(SERVER)
        net.run(0.2, up=b"command")
        assert moves(net) == [PathChanged(CARRIED), PathChanged(CLIENT)]

    @pytest.mark.parametrize("blocked", ["up", "down"])
    def test_a_probe_that_gets_through_one_way_only_moves_nothing(self, blocked: str) -> None:
        net = connected_net()
        net.client.set_path(CARRIED)
        net.run(0.2, up=b"command")
        net.is_up_blocked, net.is_down_blocked = blocked == "up", blocked == "down"
        net.client.probe(SERVER, net.now)
        net.run(0.5, up=b"command")
        assert net.client.path == net.server.path == CARRIED

    def test_back_at_the_first_answered_probe_where_the_server_never_left_udp(self) -> None:
        """Nothing at all got through for a while, nor does the stream yet: the server sees nothing new in a probe from the old address."""
        net = connected_net()
        net.is_carried_blocked = net.is_up_blocked = net.is_down_blocked = True
        net.client.set_path(CARRIED)
        net.run(1.0, up=b"command", down=b"snapshot")
        net.client.probe(SERVER, net.now)
        net.run(0.5, up=b"command", down=b"snapshot")
        net.is_up_blocked = net.is_down_blocked = False
        net.run(0.5, up=b"command", down=b"snapshot")
        assert net.client.path == CARRIED, "hearing the server proves one direction"
        net.client.probe(SERVER, net.now)
        net.run(0.2, up=b"command", down=b"snapshot")
        assert net.client.path == SERVER
        assert PathChanged(SERVER) in net.client_events
        assert moves(net) == [], "the server never left"
        heard = len(net.heard_up())
        net.run(0.2, up=b"command", down=b"snapshot")
        assert len(net.heard_up()) > heard

    def test_a_probe_made_before_the_path_was_chosen_anew_counts_no_more(self) -> None:
        net = connected_net()
        net.client.set_path(CARRIED)
        net.client.probe(SERVER, net.now)
        net.run(0.01)
        net.client.set_path(SERVER)
        net.is_down_blocked = True
        net.client.set_path(CARRIED)
        net.run(0.2, up=b"command", down=b"snapshot")
        net.is_down_blocked = False
        net.run(0.2, up=b"command", down=b"snapshot")
        assert net.client.path == CARRIED

    def test_an_older_carried_datagram_does_not_move_it(self) -> None:
        client, server = connected_pair()
        client.send(b"older")
        ((_, older),) = client.datagrams_to_send(0.3)
        client.send(b"newer")
        ((_, newer),) = client.datagrams_to_send(0.3)
        server.receive(newer, CLIENT, 0.3)
        server.receive(older, CARRIED, 0.3)
        assert server.path == CLIENT

    def test_a_connection_may_begin_carried_and_is_then_served_without_a_budget(self) -> None:
        client, server = make_client(path=CARRIED), make_server()
        ((path, knock),) = client.datagrams_to_send(0.0)
        assert path == CARRIED
        assert len(knock) < 50  # padding proves nothing there
        server.receive(knock, CARRIED, 0.0)
        assert server.events() == [Connected(CARRIED)]
        server.send(bytes(20_000))
        assert sum(len(datagram) for _, datagram in server.datagrams_to_send(0.0)) > 20_000


class TestFirstPath:
    def test_until_the_client_acknowledges_the_budget_is_three_times_the_knock(self) -> None:
        client, server = make_client(), make_server()
        ((_, knock),) = client.datagrams_to_send(0.0)
        server.receive(knock, CLIENT, 0.0)
        sent = []
        for _ in range(10):
            server.send(bytes(1000))
            sent += [datagram for _, datagram in server.datagrams_to_send(0.0)]
        assert sum(map(len, sent)) <= AMPLIFICATION_MAX * len(knock)
        assert len(sent) == 3
        assert server.dropped["path_budget"] == 7
        client.receive(sent[0], SERVER, 0.01)
        client.send(b"x")
        for _, datagram in client.datagrams_to_send(0.02):
            server.receive(datagram, CLIENT, 0.02)
        for _ in range(10):
            server.send(bytes(1000))
            assert len(server.datagrams_to_send(0.03)) == 1

    def test_an_acknowledgement_from_elsewhere_proves_nothing(self) -> None:
        client, server = make_client(), make_server()
        ((_, knock),) = client.datagrams_to_send(0.0)
        server.receive(knock, ATTACKER, 0.0)
        server.send(bytes(1000))
        for _, datagram in server.datagrams_to_send(0.0):
            client.receive(datagram, SERVER, 0.0)  # relayed by the attacker
        client.send(b"x")
        for _, datagram in client.datagrams_to_send(0.02):
            server.receive(datagram, CLIENT, 0.02)
        server.send(bytes(1150))
        server.datagrams_to_send(0.03)
        server.send(bytes(1150))
        server.datagrams_to_send(0.03)
        server.send(bytes(1150))
        assert ATTACKER not in {path for path, _ in server.datagrams_to_send(0.03)}


def test_the_candidates_are_bounded() -> None:
    watch = PathWatch(Random(1).randbytes, LIMITS)
    for port in range(1, 1000):
        watch.heard_elsewhere(Address("203.0.113.1", port), 100, True, port / 1000)
        assert len(watch.candidates) <= LIMITS.candidates_max


def test_an_unchallenged_candidate_cannot_be_answered_for() -> None:
    watch = PathWatch(lambda size: bytes(size), LIMITS)
    watch.heard_elsewhere(MOVED, 100, True, 0.0)
    assert not watch.is_answer(MOVED, bytes(8))
    assert [candidate.address for candidate in watch.due(CHALLENGE_DATAGRAM_BYTES, 0.0)] == [MOVED]
    assert watch.is_answer(MOVED, bytes(8))
    assert not watch.is_answer(CLIENT, bytes(8))
    assert not watch.is_answer(MOVED, bytes(7) + b"\x01")


def test_a_client_answers_only_towards_its_server() -> None:
    client, server = connected_pair()
    client.send(b"x")
    ((_, datagram),) = client.datagrams_to_send(0.3)
    server.receive(datagram, MOVED, 0.3)
    for _, challenge in server.datagrams_to_send(0.3):
        client.receive(challenge, ATTACKER, 0.31)  # relayed from somewhere else
    assert {path for path, _ in client.datagrams_to_send(0.32)} == {SERVER}
    assert client.path == SERVER


def test_a_server_does_not_answer_challenges() -> None:
    client, server = connected_pair()
    client._asides.append((SERVER, b"\x05" + bytes(8)))  # a client that does what clients do not
    for _, datagram in client.datagrams_to_send(0.3):
        server.receive(datagram, CLIENT, 0.3)
    assert all(len(datagram) == 35 for _, datagram in server.datagrams_to_send(0.4))  # acknowledged, no more


def test_probing_is_bounded_and_over_with_the_connection() -> None:
    client, _ = connected_pair()
    client.set_path(CARRIED)
    for _ in range(100):
        client.probe(SERVER, 0.3)
    assert 1 <= [path for path, _ in client.datagrams_to_send(0.3)].count(SERVER) <= 8
    assert isinstance(client, Connection)


def test_the_candidate_heard_longest_ago_makes_room() -> None:
    watch = PathWatch(Random(1).randbytes, LIMITS)
    addresses = [Address("203.0.113.1", port) for port in range(1, LIMITS.candidates_max + 2)]
    for index, address in enumerate(addresses[:-1]):
        watch.heard_elsewhere(address, 100, True, float(index))
    watch.heard_elsewhere(addresses[0], 100, True, 9.0)  # the oldest speaks again
    watch.heard_elsewhere(addresses[-1], 100, True, 10.0)
    assert {candidate.address for candidate in watch.due(CHALLENGE_DATAGRAM_BYTES, 10.0)} == {addresses[0], *addresses[2:]}


def test_while_another_path_is_under_test_an_acknowledgement_does_not_prove_the_first() -> None:
    """What is acknowledged may be the challenge that went to the other address."""
    watch = PathWatch(Random(1).randbytes, LIMITS)
    watch.opened(ATTACKER, 0.0)
    watch.heard_on_path(1200, False)
    watch.heard_elsewhere(CLIENT, 100, True, 0.1)
    watch.heard_on_path(100, True)
    assert not watch.may_send(4000)
    watch.advance(0.1 + LIMITS.candidate_ttl_s + 0.01)
    watch.heard_on_path(100, True)
    assert watch.may_send(4000)
