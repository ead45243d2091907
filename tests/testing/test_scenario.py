from itertools import pairwise

import pytest

from engine.conditions import NetConditions
from engine.errors import LocalProtocolError
from engine.ids import Address
from engine.testing import Simulation
from engine.testing.scenario import (
    at,
    call,
    crash,
    drift,
    every,
    flap,
    heal,
    one_way,
    partition,
    pause,
    rebind,
    reset_stream,
    restart,
    step_clock,
    weather,
)
from tests.testing.echo import EchoClient, EchoServer


def simulate(clients: int = 1) -> tuple[Simulation, EchoServer, list[EchoClient]]:
    simulation = Simulation(1)
    server = EchoServer()
    simulation.add_server(server)
    made = [EchoClient() for _ in range(clients)]
    for client in made:
        simulation.add_client(client)
    return simulation, server, made


def gaps(client: EchoClient, longer_than_s: float = 0.1) -> list[tuple[float, float]]:
    """When nothing came for a while: from, to, in seconds after the beginning."""
    times = [time - 1000 for _, time in client.received]
    return [(begin, end) for begin, end in pairwise(times) if end - begin > longer_than_s]


def test_a_partition_begins_and_heals_at_its_times() -> None:
    simulation, _, (near, far) = simulate(2)
    simulation.play(at(1, partition("client 1", "server")), at(3, heal()))
    simulation.run_for(5)
    ((begin, end),) = gaps(near)
    assert begin == pytest.approx(1, abs=0.05)
    assert end == pytest.approx(3, abs=0.05)
    assert gaps(far) == []
    assert list(simulation.happened) == ["1.000000 partition between client 1 and server", "3.000000 all partitions heal"]


def test_a_scenario_begins_when_it_is_played() -> None:
    simulation, _, (client,) = simulate()
    simulation.run_for(2)
    simulation.at(1, partition(simulation.clients[0], simulation.servers[0]))
    simulation.run_for(2)
    assert client.received[-1][1] == pytest.approx(1003, abs=0.05)
    with pytest.raises(LocalProtocolError):
        simulation.at(-1, heal())


def test_one_way_lets_the_other_way_through() -> None:
    simulation, _, (client,) = simulate()
    simulation.run_for(1)
    simulation.at(0, one_way("server", "client 1", streams=False))
    simulation.run_for(1)
    heard = len(client.received)
    before = simulation.network.statistics().datagrams_delivered
    simulation.run_for(1)
    assert len(client.received) == heard
    assert simulation.network.statistics().datagrams_delivered - before == pytest.approx(60, abs=2)


def test_groups_are_cut_from_each_other() -> None:
    simulation, _, clients = simulate(3)
    simulation.at(1, partition(["client 1", "client 2"], "server"))
    simulation.run_for(2)
    lasts = [client.received[-1][1] - 1000 for client in clients]
    assert lasts == pytest.approx([1, 1, 2], abs=0.05)


def test_flapping_is_as_often_and_as_long_as_said() -> None:
    simulation, _, (client,) = simulate()
    simulation.at(1, flap("client 1", "server", up_s=0.5, down_s=0.25, times=4))
    simulation.run_for(5)
    found = gaps(client)
    assert [begin for begin, _ in found] == pytest.approx([1, 1.75, 2.5, 3.25], abs=0.05)
    assert [end - begin for begin, end in found] == pytest.approx([0.25] * 4, abs=0.05)
    assert simulation.network.blocked() == []


def test_the_weather_changes_for_all_or_for_one_direction() -> None:
    simulation, _, (near, far) = simulate(2)
    simulation.play(
        at(1, weather("lan,loss=100", "client 1", up=False)), at(2, weather(NetConditions(loss_pct=100))), at(3, weather("none"))
    )
    simulation.run_for(4)
    assert gaps(near)[0] == pytest.approx((1, 3), abs=0.05)
    assert gaps(far)[0] == pytest.approx((2, 3), abs=0.05)
    assert simulation.conditions.is_perfect


def test_every_repeats() -> None:
    simulation, server, _ = simulate()
    simulation.play(*every(0.5, rebind("client 1"), times=5))
    simulation.run_for(4)
    assert len(server.sources) == 6


def test_pause_reset_and_call_happen_in_order() -> None:
    simulation, server, (client,) = simulate()
    seen: list[float] = []
    simulation.play(
        at(1, pause("client 1", 1.0)), at(3, reset_stream("client 1")), at(3.5, call(lambda: seen.append(simulation.now), "look"))
    )
    simulation.run_for(4)
    assert max(b - a for a, b in zip(client.advanced_at, client.advanced_at[1:], strict=False)) == pytest.approx(1, abs=0.05)
    assert server.lost == [1]
    assert seen == [1003.5]
    assert simulation.happened[-1] == "3.500000 look"


def test_clocks_step_and_drift_and_keep_what_they_gained() -> None:
    simulation, _, (client,) = simulate()
    simulation.play(at(1, step_clock("client 1", 262.0)), at(2, drift("client 1", 100_000)), at(3, drift("client 1", 0)))
    simulation.run_for(4)
    assert client.advanced_at[-1] - 1000 == pytest.approx(4 + 262 + 0.1, abs=0.05)
    simulation.clients[0].step_clock(-300.0)
    simulation.run_for(1)
    assert client.advanced_at[-1] - 1000 == pytest.approx(5 + 262 + 0.1 - 300, abs=0.05)
    assert len(client.advanced_at) == pytest.approx(300, abs=2)


@pytest.mark.parametrize("silently", [False, True])
def test_a_crashed_server_starts_again(silently: bool) -> None:
    simulation, server, (client,) = simulate()
    second = EchoServer()
    simulation.play(at(1, crash("server", silently=silently)), at(1.001, crash("server", silently=silently)))
    simulation.run_for(1.5)
    assert ("lost" in simulation.clients[0].events) is not silently
    simulation.at(0.5, restart("server", lambda: second))
    simulation.run_for(2)
    assert simulation.servers[0].server is second
    assert server.advanced_at[-1] == pytest.approx(1001, abs=0.05)
    assert len(second.advanced_at) == pytest.approx(360, abs=2)
    assert client.stream == b"HELLO HELLO "
    ((begin, end),) = gaps(client)
    assert (begin, end) == pytest.approx((1, 2), abs=0.05)


def test_nobody_answers_a_call_to_a_machine_that_is_gone() -> None:
    simulation, _, _ = simulate()
    simulation.run_for(0.5)
    simulation.servers[0].crash(silently=True)
    simulation.clients[0].cut_stream()
    simulation.run_for(4)
    assert list(simulation.clients[0].events) == ["opened", "lost"]
    simulation.run_for(2)
    assert simulation.clients[0].events[-1] == "failed: 10.0.0.1:7777 did not answer."


@pytest.mark.parametrize("silently", [False, True])
def test_a_crashed_client_starts_again(silently: bool) -> None:
    simulation, server, (client,) = simulate()
    simulation.at(1, crash("client 1", silently=silently))
    simulation.run_for(2)
    assert server.lost == ([] if silently else [1])
    again = EchoClient()
    simulation.clients[0].restart(again)
    simulation.run_for(1)
    assert again.stream == b"HELLO "
    assert len(client.received) == pytest.approx(60, abs=2)
    assert len(again.received) == pytest.approx(60, abs=2)


def test_a_crashed_client_that_is_rebound_starts_again_at_its_new_address() -> None:
    simulation, _, (client,) = simulate()
    again = EchoClient()
    simulation.play(at(1, crash("client 1")), at(1.5, rebind("client 1")), at(2, restart("client 1", lambda: again)))
    simulation.run_for(1.9)
    heard = len(client.received)
    simulation.run_for(1.1)
    assert simulation.clients[0].address.port == 39_999
    assert len(client.received) == heard
    assert len(again.received) > 20


def test_an_unknown_name_says_who_is_there() -> None:
    simulation, _, _ = simulate(2)
    with pytest.raises(LocalProtocolError, match="nobody here is called 'alice'; here are: server, client 1, client 2"):
        simulation.node("alice")
    simulation.at(0, rebind("server"))
    with pytest.raises(TypeError, match="server is not a client"):
        simulation.run_for(0.1)


def test_a_crash_resets_streams_that_nobody_had_accepted_yet() -> None:
    simulation, _, _ = simulate(0)
    near = simulation.network.connect(Address("10.9.9.9", 1), simulation.servers[0].address, simulation.now)
    simulation.network.advance(simulation.now)
    simulation.servers[0].crash()
    simulation.run_for(1)
    assert near.is_ended


def test_a_crash_of_what_has_crashed_leaves_alone_who_came_after_it() -> None:
    simulation, _, (client,) = simulate()
    simulation.servers[0].stop()
    simulation.add_server(EchoServer())
    simulation.servers[0].crash()
    simulation.servers[0].port.close()
    simulation.run_for(1)
    assert len(client.received) > 50
