"""Among many players the control connections bring only what datagrams did not: to whom, when, and that nobody misses anything."""

from __future__ import annotations

from random import Random

import pytest

from engine.conditions import NetConditions
from engine.contract import Commands, Past, Settings
from engine.ids import ConnectionId, MatchId, Seat, SessionId
from engine.session import MatchHost
from engine.session import match as session_match
from engine.session.announcements import read_announcements
from engine.session.client_events import GameAnnounced, MatchFinished
from engine.session.config import HostConfig
from engine.session.match import (
    ANNOUNCED_AT_ONCE_SEATS_MAX,
    ANNOUNCED_LATER_TICKS,
    ANNOUNCED_TOGETHER_TICKS,
    Match,
    SeatState,
)
from engine.session.values import AdmitSeat, AnnouncementMade, MatchFailed, OpenMatch
from engine.world import World
from tests.session.support import ToyMatch
from tests.timeline.toy import SCHEMA, Toy

TOLD_EVERY_TICKS = 7
ENDS_AT_TICK = 405
PLAYERS = 3


class Telling(Toy):
    """Tells of something now and then, the last time in the tick in which it ends."""

    def __init__(self, settings: Settings, seats: int) -> None:
        super().__init__(SCHEMA.for_seats(seats))

    def announcements(self, world: World) -> list[bytes]:
        return [b"%d" % world.tick] if world.tick % TOLD_EVERY_TICKS == 0 or world.tick == ENDS_AT_TICK else []

    def is_over(self, world: World) -> bool:
        return world.tick >= ENDS_AT_TICK


class Large:
    """A match that counts as large, and what its host gave to the control side."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, conditions: str, seed: int = 1) -> None:
        monkeypatch.setattr(session_match, "ANNOUNCED_AT_ONCE_SEATS_MAX", 1)
        self.match = ToyMatch(PLAYERS, seed=seed, conditions=NetConditions.parse(conditions), factory=Telling)
        self.given: list[tuple[int, AnnouncementMade]] = []
        host = self.match.server.host
        drain = host.events

        def events() -> list[object]:
            drained = drain()
            self.given += [(self.match.truth().tick, event) for event in drained if isinstance(event, AnnouncementMade)]
            return drained  # type: ignore[return-value]

        monkeypatch.setattr(host, "events", events)
        self.match.start()

    def run_to_the_end(self) -> None:
        for number in range(PLAYERS):
            self.match.simulation.run_until(lambda number=number: self.match.events(number, MatchFinished), 30)  # type: ignore[misc]

    def check_that_nobody_misses_any(self) -> None:
        """From the first that he could hear to the last, which stands before the end."""
        made = [*range(TOLD_EVERY_TICKS, ENDS_AT_TICK, TOLD_EVERY_TICKS), ENDS_AT_TICK]
        for number in range(PLAYERS):
            events = [each for each in self.match.hosts[number].events if isinstance(each, GameAnnounced | MatchFinished)]
            until = next(at for at, each in enumerate(events) if isinstance(each, MatchFinished))
            heard = [int(each.body) for each in events[:until] if isinstance(each, GameAnnounced)]
            assert heard == made[-len(heard) :]
            assert len(heard) > 40


def test_what_everybody_has_acknowledged_does_not_go_by_the_control_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    large = Large(monkeypatch, "latency=60")
    joined_tick = large.match.truth().tick
    large.run_to_the_end()
    assert [event.tick for _, event in large.given if event.tick > joined_tick + TOLD_EVERY_TICKS] == [ENDS_AT_TICK]
    large.check_that_nobody_misses_any()


@pytest.mark.parametrize("seed", range(6))
def test_nobody_misses_any_over_a_line_that_loses_much(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    large = Large(monkeypatch, "latency=200,jitter=20,loss=25,burst=4,duplicate=5,reorder=5", seed)
    large.run_to_the_end()
    large.check_that_nobody_misses_any()


def test_who_hears_no_datagram_is_told_after_a_second_several_at_once_and_only_he(monkeypatch: pytest.MonkeyPatch) -> None:
    large = Large(monkeypatch, "latency=40")
    deaf = large.match.hosts[1]
    large.match.simulation.run_for(1)
    deaf.block(up=False, streams=False)
    begun = large.match.truth().tick
    large.match.simulation.run_for(1.9)  # then his datagrams travel inside his control connection
    given = [(tick, event) for tick, event in large.given if event.tick > begun]
    assert len(given) >= 4
    ages = [tick - event.tick for tick, event in given]
    assert max(ages) == ANNOUNCED_LATER_TICKS
    assert min(ages) >= ANNOUNCED_LATER_TICKS - ANNOUNCED_TOGETHER_TICKS
    assert len({tick for tick, _ in given}) < len(given) // 2 + 1
    assert {event.only_for for _, event in given} == {frozenset({deaf.client.session_id})}
    large.run_to_the_end()
    large.check_that_nobody_misses_any()


def test_after_a_long_outage_a_player_costs_no_more_than_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Telling, "is_over", lambda game, world: False)
    monkeypatch.setattr(Telling, "announcements", lambda game, world: [bytes(30)] if world.tick % 2 else [])
    large = Large(monkeypatch, "latency=40")
    away, match = large.match.hosts[1], large.match
    match.simulation.run_for(1)
    away.block()
    match.simulation.run_for(10)  # 300 announcements, more than are kept, and longer than the connection lives
    away.unblock()
    match.simulation.run_for(5)
    bytes_out = []
    for host in match.hosts:
        connection = host.client.match.connection
        before = connection.statistics().bytes_in
        match.simulation.run_for(2)
        assert host.client.match.connection is connection
        bytes_out.append(connection.statistics().bytes_in - before)
    assert bytes_out[1] < 1.2 * bytes_out[0]
    heard = [event.tick for event in match.events(1, GameAnnounced)]
    assert heard == list(range(heard[0], heard[-1] + 1, 2))


@pytest.mark.parametrize("latency_ms", [50, 300])
def test_a_carried_player_acknowledges_too(monkeypatch: pytest.MonkeyPatch, latency_ms: int) -> None:
    monkeypatch.setattr(Telling, "is_over", lambda game, world: False)
    large = Large(monkeypatch, f"latency={latency_ms}")
    large.match.hosts[1].block(streams=False)
    large.match.simulation.run_for(6)
    begun = large.match.truth().tick
    large.match.simulation.run_for(4)
    assert [event for _, event in large.given if event.tick > begun] == []


def test_in_a_small_match_everybody_is_told_at_once() -> None:
    match = Match(MatchId(1), Telling({}, 4), 1, HostConfig())
    for tick in range(1, TOLD_EVERY_TICKS + 1):
        match.step()
        told = match.to_announce()
        assert [(event.tick, event.number, event.only_for) for event in told] == ([(tick, 1, None)] if tick == TOLD_EVERY_TICKS else [])
    assert ANNOUNCED_AT_ONCE_SEATS_MAX == 32


def large_match(monkeypatch: pytest.MonkeyPatch, ticks: int) -> tuple[Match, SeatState]:
    """Two players, of whom the first has acknowledged nothing, after so many ticks."""
    monkeypatch.setattr(session_match, "ANNOUNCED_AT_ONCE_SEATS_MAX", 1)
    match = Match(MatchId(1), Telling({}, 4), 1, HostConfig())
    for number in (0, 1):
        match.reconnect(match.take_seat(Seat(number)), SessionId(10 + number), ConnectionId(100 + number))
    for _ in range(ticks):
        match.step()
        match.seats[Seat(1)].repetition.heard(match.announcements.newest, match.announcements.newest)
        match.to_announce()
    return match, match.seats[Seat(0)]


def test_a_player_with_a_new_ticket_is_still_told_what_he_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    match, state = large_match(monkeypatch, 2 * TOLD_EVERY_TICKS)
    match.reconnect(state, SessionId(10), ConnectionId(200))
    told = match.to_announce(everything=True)
    assert [(event.number, event.only_for) for event in told] == [(1, {SessionId(10)}), (2, {SessionId(10)})]
    assert read_announcements(state.repetition.message(match.announcements, match.tick, is_heard=True, is_carried=False)[1:])


def test_who_takes_over_a_seat_is_not_told_what_was_before_him(monkeypatch: pytest.MonkeyPatch) -> None:
    match, state = large_match(monkeypatch, 2 * TOLD_EVERY_TICKS)
    match.reconnect(state, SessionId(12), ConnectionId(200))
    assert match.to_announce(everything=True) == []
    assert state.repetition.message(match.announcements, match.tick, is_heard=True, is_carried=False) == b""


def test_before_a_match_that_broke_down_the_last_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Breaking(Telling):
        def step(self, world: World, commands: Commands, past: Past) -> None:
            if world.tick > 2 * TOLD_EVERY_TICKS:
                raise RuntimeError("broken")
            super().step(world, commands, past)

    monkeypatch.setattr(session_match, "ANNOUNCED_AT_ONCE_SEATS_MAX", 1)
    host = MatchHost(Breaking, entropy=Random(1).randbytes)
    host.request(OpenMatch(MatchId(1), {}, 4, 1))
    for number in (0, 1):
        host.request(AdmitSeat(MatchId(1), Seat(number), SessionId(10 + number)))
    events: list[object] = []
    for tick in range(4 * TOLD_EVERY_TICKS):
        host.advance(100 + tick / 60)
        events += host.events()
    told = [event for event in events if isinstance(event, AnnouncementMade | MatchFailed)]
    assert [type(event) for event in told] == [AnnouncementMade, AnnouncementMade, MatchFailed]
