"""Whole matches of a toy game: joining, playing, leaving, and a game whose own code fails."""

from __future__ import annotations

from random import Random

import pytest

from engine.conditions import NetConditions
from engine.contract import Command, Commands, Past, Settings
from engine.control.messages import ListRooms, SayChat
from engine.errors import DisconnectReason, LocalProtocolError
from engine.ids import ConnectionId, MatchId, Seat, SessionId
from engine.replication import BASELINE_TICKS_MAX
from engine.replication.baselines import shared_baselines
from engine.session import ClientState, HostConfig, MatchServer
from engine.session import client_events as e
from engine.session.host import MatchHost
from engine.session.match import ANNOUNCEMENTS_PER_TICK_MAX, Match
from engine.session.values import AdmitSeat, MatchFailed, OpenMatch, ReleaseSeat
from engine.world import Field, Kind, Range, Schema, World
from tests.session.support import ToyMatch, Walker, make_toy, plays
from tests.timeline.toy import COMMAND, SCHEMA, Toy


def test_two_players_join_and_see_each_other() -> None:
    match = ToyMatch(2)
    match.start()
    match.simulation.run_for(2)
    seats = {client.match.seat for client in match.clients if client.match}
    assert seats == {0, 1}
    for client in match.clients:
        scene = client.scene(match.simulation.now)
        assert scene is not None
        assert scene.walker.alive.tolist() == [True, True, False, False]
        assert client.state is ClientState.MATCH


def test_on_a_perfect_network_nothing_is_late_and_prediction_is_right() -> None:
    match = ToyMatch(1)
    match.start()
    match.simulation.run_for(10)
    statistics = match.clients[0].statistics()
    assert statistics.connected
    assert statistics.carrier == "udp"
    assert statistics.snapshots_per_s == pytest.approx(60, abs=0.5)
    assert statistics.late_commands_pct == 0
    assert statistics.starved_frames_pct == 0
    assert statistics.mispredictions <= 1, "at most the first tick, before the first command came"
    assert statistics.checksum_mismatches == 0


def test_what_a_client_predicts_the_server_computes_a_moment_later() -> None:
    match = ToyMatch(1, conditions=NetConditions.parse("latency=100"))
    match.start()
    match.simulation.run_for(3)
    client = match.clients[0].match
    assert client is not None
    predicted = client.prediction.world.copy()
    assert predicted.tick > match.truth().tick, "the client runs ahead"
    match.simulation.run_until(lambda: match.truth().tick >= predicted.tick, 1)
    running = match.server.host.match(match.server.match_id)
    truth = running.past_world(predicted.tick) if running else None
    assert truth is not None
    assert truth.walker.x[0] == predicted.walker.x[0]
    assert truth.walker.y[0] == predicted.walker.y[0]


def test_a_pilot_sees_what_a_person_would_see() -> None:
    """Himself where he is predicted, the others where they are drawn."""

    class Looking(Walker):
        def command(self, world: World, seat: Seat) -> Command:
            match = clients[seat].match
            assert match is not None
            other = 1 - seat
            assert world.tick == match.prediction.tick
            assert world.walker.x[seat] == match.prediction.world.walker.x[seat]
            assert world.walker.x[other] == match.interpolation.shown.walker.x[other]
            seen.add(int(world.walker.x[other] != match.prediction.world.walker.x[other]))
            return super().command(world, seat)

    seen: set[int] = set()
    match = ToyMatch(2, conditions=NetConditions.parse("latency=100"))
    match.start()
    clients = {client.match.seat: client for client in match.clients if client.match}
    for number, client in enumerate(match.clients):
        client.pilot = Looking(number)
    match.simulation.run_for(3)
    assert seen == {0, 1}, "sometimes they stand, sometimes they walk"


@pytest.mark.parametrize(("round_trip_counted_ms", "is_held_to_the_limit"), [(250, False), (0, True)])
def test_who_plays_from_far_away_is_judged_by_what_he_saw(round_trip_counted_ms: int, is_held_to_the_limit: bool) -> None:
    config = HostConfig(rewind_round_trip_ms_max=round_trip_counted_ms)
    match = ToyMatch(1, conditions=NetConditions.parse("latency=220,jitter=20,loss=2"), config=config)
    match.start()
    match.simulation.run_for(1)
    running = match.server.host.match(match.server.match_id)
    assert running is not None
    before = running._past.statistics()
    match.simulation.run_for(5)
    after = running._past.statistics()
    assert after.claims - before.claims > 290
    assert (after.claims_too_old - before.claims_too_old > 250) is is_held_to_the_limit
    assert after.claims_too_old == before.claims_too_old or is_held_to_the_limit


def test_who_leaves_frees_his_seat_for_the_next() -> None:
    match = ToyMatch(2)
    match.start()
    seat = match.clients[0].match.seat  # type: ignore[union-attr]
    match.clients[0].leave(match.simulation.now)
    match.simulation.run_for(1)
    assert match.truth().walker.rows().tolist() == [1 - seat]
    assert match.clients[0].closed_because == e.Closed(DisconnectReason.CLOSED_BY_US)
    match.add_client(9)
    match.simulation.run_until(lambda: plays(match.clients[2]), 5)
    assert match.clients[2].match is not None
    assert match.clients[2].match.seat == seat


def test_a_full_server_says_so() -> None:
    match = ToyMatch(2, seats=2)
    match.start()
    late = match.add_client(9)
    match.simulation.run_until(lambda: late.state is ClientState.CLOSED, 5)
    assert late.closed_because is not None
    assert late.closed_because.reason is DisconnectReason.SERVER_FULL


def test_a_wrong_password_says_so() -> None:
    match = ToyMatch(0, password="open sesame")
    stranger, friend = match.add_client(0, password="open barley"), match.add_client(1, password="open sesame")
    match.simulation.run_until(lambda: stranger.state is ClientState.CLOSED and plays(friend), 5)
    assert stranger.closed_because is not None
    assert stranger.closed_because.reason is DisconnectReason.WRONG_PASSWORD


def test_another_schema_is_refused_with_the_field_that_differs() -> None:
    other = Schema(*SCHEMA.kinds[:-1], Kind("coin", capacity=4, fields=(Field("x", Range(0, 7)), Field("wait", Range(0, 600), motion=-1))))
    match = ToyMatch(0)
    client = match.add_client(0, schema=other)
    match.simulation.run_until(lambda: client.state is ClientState.CLOSED, 5)
    assert client.closed_because is not None
    assert client.closed_because.reason is DisconnectReason.SCHEMA_MISMATCH
    assert client.closed_because.detail.startswith("coin.x: ours high 7, theirs high")


def test_chat_reaches_everybody_and_other_requests_are_denied() -> None:
    match = ToyMatch(2)
    match.start()
    match.clients[0].request(SayChat("hello"))
    match.clients[0].request(ListRooms())
    match.simulation.run_for(1)
    for number in (0, 1):
        assert [event.text for event in match.events(number, e.ChatReceived)] == ["hello"]
    assert [event.request for event in match.events(0, e.RequestDenied)] == ["ListRooms"]


def test_a_request_after_the_end_is_our_mistake() -> None:
    match = ToyMatch(1)
    match.start()
    match.clients[0].leave(match.simulation.now)
    with pytest.raises(LocalProtocolError):
        match.clients[0].request(SayChat("too late"))


def test_settings_that_do_not_work_are_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="broken"):
        MatchServer(make_toy, schema=SCHEMA, command=COMMAND, entropy=bytes, settings={"broken": 1})


class Failing(Toy):
    """Raises in its 60th step as the authority."""

    def step(self, world: World, commands: Commands, past: Past) -> None:
        super().step(world, commands, past)
        if past.predicting is None and world.tick == 60:
            raise ZeroDivisionError("a bug of the game")


class OutOfRange(Toy):
    """Leaves a field's range in its 60th step as the authority."""

    def step(self, world: World, commands: Commands, past: Past) -> None:
        super().step(world, commands, past)
        if past.predicting is None and world.tick == 60:
            world.walker.health[0] = 101


@pytest.mark.parametrize(("game", "said"), [(Failing, "a bug of the game"), (OutOfRange, "health")])
def test_a_bug_in_the_game_ends_its_match_and_nothing_else(game: type[Toy], said: str) -> None:
    def factory(settings: Settings, seats: int) -> Toy:
        return game(SCHEMA.for_seats(seats))

    match = ToyMatch(2, factory=factory)
    match.start()
    match.simulation.run_for(1.5)
    assert match.server.host.statistics().matches_failed >= 1
    assert said in match.server.failures[0]
    for number in (0, 1):
        assert match.events(number, e.MatchFinished), "the players are told"
        assert len(match.events(number, e.MatchStarted)) >= 2, "and the next match begins"


class Chatty(Toy):
    """Announces every tick."""

    def announcements(self, world: World) -> list[bytes]:
        return [world.tick.to_bytes(4, "big")]

    def is_over(self, world: World) -> bool:
        return world.tick >= 300


def test_announcements_come_once_and_in_order_and_the_next_match_follows() -> None:
    def factory(settings: Settings, seats: int) -> Chatty:
        return Chatty(SCHEMA.for_seats(seats))

    match = ToyMatch(2, factory=factory, conditions=NetConditions.parse("latency=60,jitter=20,loss=20"))
    match.start()
    match.simulation.run_for(7)
    for number in (0, 1):
        ticks = [event.tick for event in match.events(number, e.GameAnnounced)]
        assert ticks.count(300) >= 1
        end = ticks.index(300)
        first = ticks[: end + 1]
        assert first == list(range(first[0], 301))
        assert match.events(number, e.MatchFinished)
        assert len(match.events(number, e.MatchStarted)) == 2


def test_too_many_announcements_are_a_bug_of_the_game() -> None:
    class Shouting(Chatty):
        def announcements(self, world: World) -> list[bytes]:
            return [b""] * (ANNOUNCEMENTS_PER_TICK_MAX + 1)

    def factory(settings: Settings, seats: int) -> Shouting:
        return Shouting(SCHEMA.for_seats(seats))

    match = ToyMatch(0, factory=factory)
    match.simulation.run_for(0.2)
    assert "announcements" in match.server.failures[0]


class OnlyNear(Toy):
    """Shows a player the walkers in his half of the world."""

    def visible(self, world: World, seat: Seat) -> dict[str, object]:
        return {"walker": (world.walker.x < 1_500) == (world.walker.x[seat] < 1_500)}


def test_interest_hides_rows_over_a_bad_network() -> None:
    def factory(settings: Settings, seats: int) -> OnlyNear:
        return OnlyNear(SCHEMA.for_seats(seats))

    match = ToyMatch(3, factory=factory, conditions=NetConditions.parse("latency=60,jitter=10,loss=10"))
    match.start()
    seen = set()
    for _ in range(60):
        match.simulation.run_for(0.5)
        for client in match.clients:
            running = match.server.host.match(match.server.match_id)
            assert client.match is not None
            assert running is not None
            newest = client.match.decoder.newest_tick or 0
            truth, held = running.past_world(newest), client.match.decoder.world_at(newest)
            if truth is None or held is None:
                continue
            shown = held.walker.alive
            seen.add(tuple(shown.tolist()))
            allowed = (truth.walker.x < 1_500) == (truth.walker.x[client.match.seat] < 1_500)
            assert not (shown & ~allowed).any()
            assert shown[client.match.seat]
            assert client.statistics().checksum_mismatches == 0
    assert len(seen) > 1, "sometimes somebody is hidden, sometimes not"


def test_a_rate_that_the_host_does_not_run_at_is_refused() -> None:
    match = ToyMatch(0, config=HostConfig(tick_rate_hz=30))
    match.simulation.run_for(0.2)
    assert match.server.failures == ["The game runs at 60 Hz, this server at 30 Hz."]


class BrokenDoor(Toy):
    """Raises where its settings say."""

    def __init__(self, where: str, schema: Schema) -> None:
        super().__init__(schema)
        self.where = where

    def new_world(self, seed: int) -> World:
        if self.where == "new_world":
            raise KeyError("new_world")
        return super().new_world(seed)

    def join(self, world: World, seat: Seat) -> None:
        if self.where == "join":
            raise KeyError("join")
        super().join(world, seat)

    def leave(self, world: World, seat: Seat) -> None:
        if self.where == "leave":
            raise KeyError("leave")
        super().leave(world, seat)


@pytest.mark.parametrize("where", ["new_world", "join", "leave"])
def test_a_bug_outside_the_step_ends_its_match_and_not_the_host(where: str) -> None:
    def factory(settings: Settings, seats: int) -> Toy:
        return BrokenDoor(str(settings["where"]), SCHEMA.for_seats(seats))

    host = MatchHost(factory, entropy=Random(1).randbytes)
    for number, how in ((1, where), (2, "nowhere")):
        host.request(OpenMatch(MatchId(number), {"where": how}, 4, seed=1))
        host.request(AdmitSeat(MatchId(number), Seat(0), SessionId(number)))
    host.advance(0.0)
    host.request(ReleaseSeat(MatchId(1), Seat(0)))
    host.advance(0.1)
    failed = [event for event in host.events() if isinstance(event, MatchFailed)]
    assert [event.match_id for event in failed] == [1]
    assert where in failed[0].report
    assert host.match(MatchId(1)) is None
    host.advance(0.2)
    running = host.match(MatchId(2))
    assert running is not None
    assert running.tick > 0


def test_who_is_gone_has_no_say_in_what_snapshots_are_coded_against() -> None:
    toy = make_toy({}, 60)
    match = Match(MatchId(1), toy, 1, HostConfig())
    for _ in range(200):
        match.step()
    for number in range(60):
        state = match.take_seat(Seat(number))
        state.connection_id = ConnectionId(number + 1)
        state.baseline.acknowledged_tick = 200 - number % 8
    among_all = match._shared_baselines()
    assert among_all
    for number in range(0, 60, 3):
        gone = match.seats[Seat(number)]
        gone.connection_id, gone.baseline.acknowledged_tick = None, 170
    silent = match.seats[Seat(1)]
    silent.baseline.acknowledged_tick = 200 - BASELINE_TICKS_MAX - 1
    remaining = [number for number in range(60) if number % 3 and number != 1]
    assert match._shared_baselines() == shared_baselines([200 - number % 8 for number in remaining])
