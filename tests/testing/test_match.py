import re

import pytest

from engine.conditions import PRESETS, NetConditions
from engine.contract import Commands, Past, Settings
from engine.errors import LocalProtocolError
from engine.session import client_events as e
from engine.testing import GameUnderTest, MisuseError, SimulatedMatch, Simulation, SimulationStalledError, at_least, describe_simulation
from engine.testing.expectations import check_statistics
from engine.testing.scenario import at, crash, heal, one_way, partition, restart
from engine.world import World
from tests.testing.toy import RUNNERS, Runners

BAD = NetConditions.parse("latency=80,jitter=20,loss=5,burst=4")


def started(conditions: NetConditions = BAD, clients: int = 2, seed: int = 5) -> SimulatedMatch:
    match = SimulatedMatch(RUNNERS, clients=clients, simulation=Simulation(seed, conditions))
    match.start()
    return match


def test_what_a_client_commands_happens_on_the_server_and_in_everybodys_view() -> None:
    match = started()
    first, second = match.clients
    mine, other = match.seat(first), match.seat(second)
    assert {mine, other} == {0, 1}
    begun = match.world.runner.x.copy()
    first.set_command(dx=1)
    match.run_until(lambda: match.world.runner.x[mine] > begun[mine] + 1000, 5, "the first runner moves")
    match.run_until(lambda: match.view(second).runner.x[mine] > begun[mine] + 1000, 2, "the second one sees it")
    assert match.world.runner.x[other] == begun[other]
    match.run_for(2)
    match.check_worlds_agree()
    check_statistics(first.statistics(), carrier="udp", connected=True, snapshots_per_s=at_least(45), checksum_mismatches=0)


@pytest.mark.parametrize("name", PRESETS)
def test_a_match_starts_and_heals_over_every_preset(name: str) -> None:
    match = started(PRESETS[name])
    match.clients[0].set_command(dx=1)
    match.run_for(3)
    match.simulation.set_conditions(NetConditions())
    match.run_for(2)
    match.check_worlds_agree(age_ticks_max=3)


def test_a_partition_is_noticed_and_ends() -> None:
    match = started(clients=3)
    match.play(at(1, partition("client 1", "server")), at(3, heal()))
    match.run_for(2.9)
    assert list(match.disagreements()) == ["player 1"]
    with pytest.raises(AssertionError, match=r"player 1 has snapshot \d+, the server is at \d+"):
        match.check_worlds_agree()
    match.run_until(lambda: not match.disagreements(), 3, "everybody agrees again")


def test_a_server_that_starts_again_gets_its_players_back() -> None:
    match = started(NetConditions(latency_ms=20))
    old = match.server
    match.play(at(1, crash("server")), at(2, restart("server", match.make_server)))
    match.run_for(2.1)
    assert match.server is not old
    match.run_until(lambda: len(match.server.players) == 2 and match.all_play() and not match.disagreements(), 10, "everybody is back")
    assert [type(event) for event in match.events(match.clients[0])].count(e.ConnectionLost) == 1


def test_a_late_player_with_a_worse_link() -> None:
    match = started(clients=1)
    late = match.add_client("late", conditions="satellite")
    match.start()
    match.run_for(3)
    assert match.node(late).name == "client 2"
    assert late.statistics().rtt_ms > 590 > match.clients[0].statistics().rtt_ms


def test_a_stall_says_what_each_peer_waits_for_and_what_was_said_last() -> None:
    match = SimulatedMatch(RUNNERS, clients=3, simulation=Simulation(5))
    match.play(at(0, one_way("server", "client 2")), at(0, partition("client 3", "server", streams=False)))
    match.nodes[2].pause(60)
    with pytest.raises(SimulationStalledError) as caught:
        match.start(limit_s=1)
    words = str(caught.value)
    assert "every client plays did not happen within 1 s of virtual time (seed 5)" in words
    assert "client 1 (10.1.0.1:40000): match: plays seat 0, newest snapshot" in words
    assert "client 2 (10.1.0.2:40000): connecting: waits for a stream to 10.0.0.1:7777 (stream not answered yet)" in words
    assert "; blocked: 10.0.0.1 -> 10.1.0.2" in words
    assert "client 3 (10.1.0.3:40000): paused for another 59" in words
    assert "nothing goes from server to client 2" in words
    assert "client 1 to server #" in words
    assert "commands " in words
    assert "server to client 1 #" in words
    assert "snapshot " in words


def test_a_client_that_never_hears_by_datagrams_is_told_from_one_that_plays() -> None:
    match = SimulatedMatch(RUNNERS, clients=1, simulation=Simulation(5))
    match.play(at(0, partition("client 1", "server", streams=False)))
    match.run_for(1)
    (line,) = [line for line in match.simulation.waiting_for() if line.startswith("client 1")]
    assert "match: has seat 0, waits for its first snapshot (udp, connection opening) (stream up)" in line


class Forgetful(Runners):
    """Keeps state outside the world."""

    steps = 0

    def step(self, world: World, commands: Commands, past: Past) -> None:
        self.steps += 1
        super().step(world, commands, past)
        world.runner.x[world.runner.alive] += self.steps % 2


class Raising(Runners):
    def step(self, world: World, commands: Commands, past: Past) -> None:
        if world.tick == 30 and past.predicting is None:
            raise ZeroDivisionError("at tick 30")
        super().step(world, commands, past)


def forgetful(settings: Settings, seats: int) -> Runners:
    return Forgetful(seats)


def raising(settings: Settings, seats: int) -> Runners:
    return Raising(seats)


class RaisingAgain(Runners):
    """At tick 10 of every match; the server begins each with the next seed."""

    def new_world(self, seed: int) -> World:
        self.seed = seed
        return super().new_world(seed)

    def step(self, world: World, commands: Commands, past: Past) -> None:
        if world.tick == 10 and past.predicting is None:
            raise ZeroDivisionError(f"with seed {self.seed}")


def raising_again(settings: Settings, seats: int) -> Runners:
    return RaisingAgain(seats)


def test_a_game_with_state_outside_its_world_fails_the_test() -> None:
    match = SimulatedMatch(GameUnderTest(forgetful), simulation=Simulation(5))
    with pytest.raises(
        AssertionError,
        match=r"(?s)\Athe game raised on the server: RollbackError: tick \d+: computed twice.*state outside the world, dice",
    ):
        match.start()


def test_a_game_that_raises_fails_the_test_with_its_trace() -> None:
    match = SimulatedMatch(GameUnderTest(raising), simulation=Simulation(5), checks_rollbacks=False)
    with pytest.raises(AssertionError, match=r"\Athe game raised on the server: ZeroDivisionError: at tick 30\nTraceback"):
        match.run_for(2)


def test_time_stops_when_the_game_raises_and_the_first_report_is_the_one_that_is_told() -> None:
    match = SimulatedMatch(GameUnderTest(raising_again), simulation=Simulation(5), checks_rollbacks=False)
    for _ in range(2):  # who goes on all the same hears the same again
        with pytest.raises(AssertionError, match="ZeroDivisionError: with seed 5"):
            match.run_for(20)
    assert len(match.server.failures) == 1
    assert match.simulation.now - match.simulation.begun_at == pytest.approx(10 / 60, abs=0.02)
    assert "no match, the game raised: ZeroDivisionError: with seed 5" in "\n".join(match.simulation.waiting_for())


def test_worlds_do_not_agree_where_there_is_nothing_to_compare() -> None:
    match = started(NetConditions(), clients=2)
    match.play(at(0, crash("client 2")))
    match.run_for(0.1)
    assert match.disagreements() == {"player 2": "holds nothing: it is down"}
    match.play(at(0, crash("server")))
    match.run_for(0.1)
    with pytest.raises(AssertionError, match=r"\Aplayer 1 has nothing to be compared with: the server is down\nplayer 2 has nothing"):
        match.check_worlds_agree()
    with pytest.raises(AssertionError, match="no client is here whose world could be compared"):
        SimulatedMatch(RUNNERS, clients=0).check_worlds_agree()


def test_before_time_passes_there_is_no_match() -> None:
    match = SimulatedMatch(RUNNERS, clients=1)
    with pytest.raises(LocalProtocolError, match="let time pass first"):
        assert match.world
    with pytest.raises(AssertionError, match="player 1 has no snapshot yet"):
        match.view(match.clients[0])


def test_what_cannot_be_is_told_before_time_passes() -> None:
    with pytest.raises(MisuseError, match="5 clients, but the game has 4 seats: GameUnderTest"):
        SimulatedMatch(RUNNERS, clients=5)
    with pytest.raises(MisuseError, match="clients must be a whole number, not -2"):
        SimulatedMatch(RUNNERS, clients=-2)
    match = SimulatedMatch(RUNNERS, clients=0)
    with pytest.raises(MisuseError, match="nobody can play where no client is: add_client first"):
        match.start()
    with pytest.raises(MisuseError, match=r"run_until wants a function .*, run_until\(lambda: \.\.\.\), not True"):
        match.run_until(match.now > 5 or True, 1)  # type: ignore[arg-type]
    with pytest.raises(MisuseError, match="burst must be 1 to 1000, not 0"):
        match.add_client(conditions="loss=5,burst=0")
    for _ in range(5):
        match.add_client()
    with pytest.raises(MisuseError, match="5 clients, but the game has 4 seats"):
        match.start()
    assert match.now == match.simulation.begun_at


def test_before_anything_crossed_the_network_the_report_tells_of_no_arrivals() -> None:
    said = describe_simulation(SimulatedMatch(RUNNERS).simulation)
    assert "time: 0.000000 s after the beginning, as all times below" in said
    assert "arrivals" not in said


def test_a_reports_times_are_seconds_after_the_beginning() -> None:
    match = started(clients=1)
    match.play(at(1, heal()))
    match.run_for(2)
    said = describe_simulation(match.simulation)
    times = [float(time) for time in re.findall(r"^  (\d+\.\d{6}) ", said, re.M)]
    assert len(times) == 65
    assert 0 < min(times) < max(times) <= match.now - match.simulation.begun_at
