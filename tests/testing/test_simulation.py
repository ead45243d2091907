import pytest

from engine.conditions import NetConditions
from engine.errors import LocalProtocolError
from engine.ids import Address
from engine.testing import Simulation, SimulationStalledError
from tests.testing.echo import EchoClient, EchoServer

BAD = NetConditions.parse("latency=80,jitter=20,loss=5,burst=8,duplicate=1,reorder=1")


def simulate(seed: int = 1, clients: int = 1, conditions: NetConditions = BAD) -> tuple[Simulation, EchoServer, list[EchoClient]]:
    simulation = Simulation(seed, conditions)
    server = EchoServer()
    simulation.add_server(server)
    made = [EchoClient() for _ in range(clients)]
    for client in made:
        simulation.add_client(client)
    return simulation, server, made


def test_everybody_runs_at_his_own_rate_and_hears_the_other() -> None:
    simulation, server, (client,) = simulate()
    simulation.run_for(10.0)
    assert len(server.advanced_at) == 2400
    assert len(client.advanced_at) == 600
    assert client.stream == b"HELLO "
    assert 600 * 0.80 < len(client.received) < 600
    assert list(simulation.clients[0].events) == ["opened"]
    assert simulation.now == 1010.0


def test_steps_do_not_drift() -> None:
    simulation, _, (client,) = simulate()
    for _ in range(100):
        simulation.run_for(0.013)
    times = client.advanced_at
    assert times[-1] - times[0] == pytest.approx((len(times) - 1) / 60, abs=1e-9)


def test_frames_of_different_clients_are_not_in_step() -> None:
    simulation, _, clients = simulate(clients=4)
    simulation.run_for(0.1)
    assert len({client.advanced_at[0] for client in clients}) == 4


def test_the_same_seed_gives_the_same_trace_however_it_is_cut_into_runs() -> None:
    whole, _, _ = simulate(3, 3)
    whole.run_for(4.0)
    parts, _, _ = simulate(3, 3)
    for _ in range(16):
        parts.run_for(0.25)
    other, _, _ = simulate(4, 3)
    other.run_for(4.0)
    assert whole.trace == parts.trace != other.trace
    assert whole.network.statistics() == parts.network.statistics()


def test_run_until_returns_the_time_it_took() -> None:
    simulation, _, (client,) = simulate(conditions=NetConditions(latency_ms=100))
    took = simulation.run_until(lambda: client.stream, limit_s=5)
    assert 0.2 <= took <= 0.2 + 0.05
    assert simulation.run_until(lambda: True, limit_s=0) == 0.0


def test_a_stall_says_what_the_seed_was_and_what_came_last() -> None:
    simulation, _, _ = simulate(77)
    with pytest.raises(SimulationStalledError, match=r"(?s)the moon did not happen within 0\.5 s.*seed 77.*datagram: .* bytes"):
        simulation.run_until(lambda: False, limit_s=0.5, what="the moon")
    assert simulation.now == 1000.5


def test_a_cut_stream_is_lost_on_both_sides_and_comes_back() -> None:
    simulation, server, (client,) = simulate(conditions=NetConditions())
    simulation.run_for(0.5)
    simulation.clients[0].cut_stream()
    simulation.run_for(0.5)
    assert list(simulation.clients[0].events) == ["opened", "lost", "opened"]
    assert server.lost == [1]
    assert len(set(server.peers.values())) == 2
    assert client.stream == b"HELLO HELLO "


def test_a_server_may_close_a_stream_and_a_client_too() -> None:
    simulation, server, (client,) = simulate(conditions=NetConditions())
    client.retries = False
    simulation.run_for(0.5)
    server.to_close = [1, 99]
    simulation.run_for(0.5)
    assert list(simulation.clients[0].events) == ["opened", "lost"]
    client.wants_stream = True
    simulation.run_for(0.5)
    client.wants_close = True
    simulation.run_for(0.5)
    assert list(simulation.clients[0].events) == ["opened", "lost", "opened", "lost"]
    assert server.lost == [1, 2]
    assert simulation.servers[0].streams == {}


def test_a_stream_that_the_client_gave_up_is_replaced() -> None:
    simulation, server, (client,) = simulate(conditions=NetConditions())
    simulation.run_for(0.5)
    client.wants_stream = True
    simulation.run_for(0.5)
    assert list(simulation.clients[0].events) == ["opened", "opened"]
    assert server.lost == [1]


def test_nobody_at_the_address_is_a_failure_with_a_sentence() -> None:
    simulation = Simulation()
    client = EchoClient()
    client.retries = False
    with pytest.raises(LocalProtocolError):
        simulation.add_client(client)
    handle = simulation.add_client(client, server=Address("10.0.0.1", 9))
    simulation.run_for(0.2)
    assert list(handle.events) == ["failed: 10.0.0.1:9 refused the connection."]


def test_a_blocked_client_hears_nothing_and_then_everything_on_the_stream() -> None:
    simulation, _, (client,) = simulate(conditions=NetConditions())
    handle = simulation.clients[0]
    handle.block()
    simulation.run_for(1.0)
    assert client.received == []
    assert client.stream == b""
    handle.unblock()
    simulation.run_for(1.0)
    assert client.stream == b"HELLO "
    assert len(client.received) > 50
    handle.block(streams=False, up=False)
    heard = len(client.received)
    simulation.run_for(1.0)
    assert len(client.received) <= heard + 1


def test_a_pause_freezes_and_does_not_catch_up() -> None:
    simulation, server, (client,) = simulate(conditions=NetConditions())
    simulation.run_for(1.0)
    before = len(client.advanced_at)
    simulation.clients[0].pause(2.0)
    simulation.run_for(3.0)
    assert max(b - a for a, b in zip(client.advanced_at, client.advanced_at[1:], strict=False)) == pytest.approx(2.0, abs=0.02)
    assert len(client.advanced_at) - before == pytest.approx(60, abs=2)
    simulation.servers[0].pause(1.0)
    ticks = len(server.advanced_at)
    simulation.run_for(0.9)
    assert len(server.advanced_at) == ticks


def test_a_rebinding_changes_the_source_and_loses_the_old_path() -> None:
    simulation, server, (client,) = simulate(conditions=NetConditions())
    simulation.run_for(0.5)
    simulation.clients[0].rebind()
    simulation.run_for(0.5)
    assert len(server.sources) == 2
    assert len(client.received) > 55
    assert len(server.peers) == 1


def test_own_conditions_for_one_client_and_one_direction() -> None:
    simulation, server, _ = simulate(clients=0, conditions=NetConditions())
    near, far, deaf = EchoClient(), EchoClient(), EchoClient()
    simulation.add_client(near)
    simulation.add_client(far, conditions=NetConditions(latency_ms=2000))
    simulation.set_conditions(NetConditions(loss_pct=100), simulation.add_client(deaf), up=False)
    simulation.run_for(1.0)
    assert len(near.received) > 50
    assert far.received == deaf.received == []
    assert simulation.clients[2].address in server.sources
    assert simulation.clients[1].address not in server.sources


def test_a_drifting_clock_is_that_clients_own() -> None:
    simulation, _, _ = simulate(clients=0)
    client = EchoClient()
    handle = simulation.add_client(client, clock_rate=1.01)
    simulation.run_for(10.0)
    assert client.advanced_at[-1] - client.advanced_at[0] == pytest.approx(10.1, abs=0.05)
    assert handle.now == client.advanced_at[-1]


def test_a_script_plays_each_frame() -> None:
    simulation, _, _ = simulate(clients=0)
    seen: list[float] = []
    simulation.add_client(EchoClient(), script=lambda _, now: seen.append(now))
    simulation.run_for(1.0)
    assert len(seen) == 60


def test_a_crashed_server_can_be_followed_by_another() -> None:
    simulation, _, (client,) = simulate(conditions=NetConditions())
    simulation.run_for(0.5)
    simulation.servers[0].stop()
    simulation.run_for(0.5)
    assert list(simulation.clients[0].events)[:2] == ["opened", "lost"]
    assert simulation.clients[0].events[-1].startswith("failed")
    server = EchoServer()
    simulation.add_server(server)
    simulation.run_for(0.5)
    assert client.stream == b"HELLO HELLO "
    simulation.clients[0].stop()
    simulation.run_for(0.5)
    assert server.lost == [1]
