"""A line too narrow for everything: what is near stays fresh while what is far waits, and what a client holds is never wrong."""

from __future__ import annotations

from random import Random
from typing import Final

import numpy as np
import pytest

from engine.conditions import NetConditions
from engine.contract import Commands, Past, Relevance, Settings
from engine.ids import MatchId, Seat
from engine.replication import HELD_BACK_TICKS_MAX, VIEWS_MAX
from engine.session import MatchServer
from engine.session.sending import Place
from engine.session.values import OpenMatch
from engine.world import Field, Kind, Range, Schema, World
from tests.session.support import ToyMatch
from tests.timeline.toy import COIN, COMMAND, SHOT, WALKER, Toy

UNITS: Final = 240
NEAR: Final = 24
UNIT: Final = Kind("unit", capacity=UNITS, fields=(Field("x", Range(0, 65535), motion="vx"), Field("vx", Range(-64, 64))))
SCHEMA: Final = Schema(WALKER, SHOT, COIN, UNIT, seats=4)
WIDE: Final = NetConditions(latency_ms=40)
NARROW: Final = NetConditions(latency_ms=40, rate_kbit_s=128)


class Crowd(Toy):
    """Units that turn round when they like: about 250 bytes a tick that nobody can foretell."""

    def __init__(self, settings: Settings, seats: int) -> None:
        super().__init__(SCHEMA.for_seats(seats))
        self._random = np.random.default_rng(5)

    def new_world(self, seed: int) -> World:
        world = super().new_world(seed)
        for slot in range(UNITS):
            world.unit.spawn(0, x=30000 + slot)
        return world

    def step(self, world: World, commands: Commands, past: Past) -> None:
        super().step(world, commands, past)
        if past.predicting is None:
            unit = world.unit
            unit.vx[:] = np.where(self._random.random(UNITS) < 0.5, self._random.integers(-64, 65, size=UNITS), unit.vx)
            unit.x[:] = np.clip(unit.x + unit.vx, 0, 65535)


class PrioritizedCrowd(Crowd):
    """The first units are near to everybody."""

    def relevance(self, world: World, seat: Seat) -> Relevance:
        relevance = np.full(UNITS, 8)
        relevance[:NEAR] = 255
        return {"unit": relevance}


class CrowdMatch(ToyMatch):
    def make_server(self, seed: int) -> MatchServer:
        return MatchServer(self.factory, schema=SCHEMA, command=COMMAND, entropy=Random(f"{seed}/server").randbytes, seats=4)


class Watched:
    """One client; per tick, how old the truth is that it is shown of near and of far units."""

    def __init__(self, factory: type[Crowd], players: int = 1) -> None:
        self.match = CrowdMatch(0, factory=factory, conditions=WIDE)
        for number in range(players):
            self.match.add_client(number, schema=SCHEMA)
        self.match.start()
        client = self.match.clients[0].match
        assert client is not None
        self.client = client
        self.near: list[int] = []
        self.far: list[int] = []
        self._true = np.full(UNITS, -1)

    def narrow(self, conditions: NetConditions = NARROW) -> None:
        self.match.simulation.set_conditions(conditions, self.match.hosts[0], up=False)

    def place(self) -> Place:
        return self.match.server.host._places[self.client.connection_id]

    def play(self, seconds: float, *, measure: bool = True) -> None:
        running = self.match.server.host.match(self.match.server.match_id)
        assert running is not None
        for _ in range(round(seconds * 60)):
            self.match.simulation.run_for(1 / 60)
            tick = self.client.decoder.newest_tick
            held = None if tick is None else self.client.decoder.world_at(tick)
            truth = None if tick is None else running.past_world(tick)
            if held is None or truth is None:
                continue
            self._true[(held.unit.public == truth.unit.public).all(axis=0)] = tick
            if measure:
                ages = running.tick - self._true
                self.near += ages[:NEAR].tolist()
                self.far += ages[NEAR:].tolist()


def percentile(values: list[int], share: float) -> float:
    return float(np.percentile(values, 100 * share))


def test_near_rows_stay_fresh_where_far_ones_wait() -> None:
    plain, watched = Watched(Crowd), Watched(PrioritizedCrowd)
    for one in (plain, watched):
        one.narrow()
        one.play(6, measure=False)
        one.play(12)
    assert plain.match.server.host.statistics().rows_held_back == 0
    budget = watched.place().budget.statistics()
    assert budget.rows_held_back > 1000
    assert watched.match.server.host.statistics().rows_held_back == budget.rows_held_back
    assert percentile(watched.near, 0.95) <= percentile(plain.near, 0.95) - 2
    assert percentile(watched.near, 0.95) < percentile(watched.far, 0.95)
    assert np.mean(watched.near) < np.mean(plain.near)


def test_views_and_waiting_are_bounded_and_end_with_the_narrow_line() -> None:
    watched = Watched(PrioritizedCrowd)
    state = watched.place().state
    watched.play(2, measure=False)
    assert state.views is None, "a line that carries everything has no views"
    watched.narrow()
    most = oldest = 0
    for _ in range(60 * 12):
        watched.play(1 / 60, measure=False)
        views = state.views
        if views is None:
            continue
        most = max(most, len(views))
        view = views.at(state.baseline.newest_sent_tick or 0)
        if view is not None:
            oldest = max(oldest, (state.baseline.newest_sent_tick or 0) - int(view.true_ticks.min()))
    assert 2 <= most <= VIEWS_MAX
    assert HELD_BACK_TICKS_MAX // 2 < oldest <= HELD_BACK_TICKS_MAX
    watched.narrow(WIDE)
    budget = watched.place().budget
    watched.match.simulation.run_until(lambda: not budget.is_slowed, 120, "the normal pace")
    watched.play(0.5, measure=False)
    assert state.views is None


def test_loss_and_reordering_break_nothing_and_afterwards_the_worlds_are_equal() -> None:
    watched = Watched(PrioritizedCrowd, players=2)
    watched.narrow(NetConditions.parse("latency=60,jitter=15,loss=5,reorder=5,duplicate=2,rate=128"))
    watched.play(15, measure=False)
    host = watched.match.server.host
    budget = watched.place().budget
    assert budget.statistics().rows_held_back > 1000
    watched.narrow(WIDE)
    watched.match.simulation.run_until(lambda: not budget.is_slowed, 120, "the normal pace")
    watched.play(1, measure=False)
    running = host.match(watched.match.server.match_id)
    assert running is not None
    for client in watched.match.clients:
        assert client.match is not None
        decoder = client.match.decoder
        refused = decoder.statistics().refused
        assert refused.get("checksum", 0) == refused.get("malformed", 0) == refused.get("no_baseline", 0) == 0
        tick = decoder.newest_tick
        assert tick is not None
        held, truth = decoder.world_at(tick), running.past_world(tick)
        assert held is not None
        assert truth is not None
        assert (held.public_cells() == truth.public_cells()).all()
    assert host.statistics().checksum_mismatches == 0


def test_who_is_not_slowed_shares_coded_worlds_as_before() -> None:
    watched = Watched(PrioritizedCrowd, players=3)
    watched.narrow()
    running = watched.match.server.host.match(watched.match.server.match_id)
    assert running is not None
    watched.play(6, measure=False)
    others = [place.state for place in watched.match.server.host._places.values() if place.connection is not watched.place().connection]
    assert watched.place().state.views is not None
    assert len(others) == 2
    assert all(state.views is None for state in others)
    before = running._encoder.statistics()
    watched.play(2, measure=False)
    after = running._encoder.statistics()
    slowed_snapshots = after.snapshots - before.snapshots - 2 * 120
    assert after.public_parts - before.public_parts <= 120 + slowed_snapshots + 12, "one for the two, one for each of the slowed seat's"


def test_not_too_many_are_shown_less_at_once_and_the_others_get_whole_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.session.match.PARTS_CELLS_MAX", 1)
    monkeypatch.setattr("engine.session.match.PARTS_SEATS_MIN", 1)
    watched = Watched(PrioritizedCrowd, players=3)
    for host in watched.match.hosts[:2]:
        watched.match.simulation.set_conditions(NARROW, host, up=False)
    ours = [client.match for client in watched.match.clients[:2]]
    places = [watched.match.server.host._places[client.connection_id] for client in ours if client is not None]
    together = viewed = 0
    for _ in range(60 * 8):
        watched.play(1 / 60, measure=False)
        viewing = sum(place.state.views is not None for place in places)
        assert viewing <= 1
        viewed += viewing
        together += all(place.budget.is_slowed for place in places)
    assert viewed > 60
    assert together > 60, "both lines are too narrow for most of the time"
    for place in places:
        assert place.state.baseline.acknowledged_tick is not None
        assert place.match.tick - place.state.baseline.acknowledged_tick < 60


@pytest.mark.parametrize("how", ["recovers", "leaves"])
def test_the_place_of_who_recovers_or_leaves_goes_to_another(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.session.match.PARTS_CELLS_MAX", 1)
    monkeypatch.setattr("engine.session.match.PARTS_SEATS_MIN", 1)
    watched = Watched(PrioritizedCrowd, players=2)
    simulation, clients, hosts = watched.match.simulation, watched.match.clients, watched.match.hosts
    for host in hosts:
        simulation.set_conditions(NARROW, host, up=False)
    ours = [client.match for client in clients]
    places = [watched.match.server.host._places[client.connection_id] for client in ours if client is not None]
    simulation.run_until(lambda: any(place.state.views is not None for place in places), 60, "one of them has views")
    first = next(index for index, place in enumerate(places) if place.state.views is not None)
    other = places[1 - first]
    assert other.state.views is None
    if how == "leaves":
        clients[first].leave(simulation.now)
    else:
        simulation.set_conditions(WIDE, hosts[first], up=False)
    simulation.run_until(lambda: other.state.views is not None, 120, "the other one has views")
    assert places[first].state.views is None
    assert watched.match.server.host.statistics().matches_failed == 0


def test_a_match_that_cannot_say_who_may_wait_ends_alone() -> None:
    watched = Watched(PrioritizedCrowd)
    host, match_id = watched.match.server.host, watched.match.server.match_id
    host.request(OpenMatch(MatchId(99), {}, 4, seed=1))
    watched.play(0.5, measure=False)
    running, beside = host.match(match_id), host.match(MatchId(99))
    assert running is not None
    assert beside is not None
    running._viewing.add(Seat(3))  # whom nobody knows
    watched.narrow()
    watched.match.simulation.run_until(lambda: host.statistics().matches_failed > 0, 60, "its line is found too narrow")
    assert host.match(match_id) is None
    assert "rows_can_wait" in watched.match.server.failures[0]
    tick = beside.tick
    watched.match.simulation.run_for(1)
    assert host.match(MatchId(99)) is beside
    assert beside.tick >= tick + 50
