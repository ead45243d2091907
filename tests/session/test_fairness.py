"""What each player was granted and refused is what really happened, over networks of every kind, and belongs to him alone."""

from __future__ import annotations

import pytest

from engine.conditions import NetConditions
from engine.contract import Commands, Past, Settings
from engine.ids import Seat, SessionId
from engine.session.fairness import PLAYERS_MAX, FairnessBook, PlayerFairness
from engine.session.values import CloseMatch, FairnessReported
from engine.timeline import SeatRewinds
from engine.world import World
from tests.session.support import ToyMatch
from tests.timeline.toy import SCHEMA, Toy

WALL_CLOSED_TICKS = 600


class Judging(Toy):
    """Whoever fires hits, by what he saw: unless he saw it before a wall closed, or fires from where he cannot."""

    def __init__(self, settings: Settings, seats: int) -> None:
        super().__init__(SCHEMA.for_seats(seats))
        self.decided: dict[int, int] = {}

    def step(self, world: World, commands: Commands, past: Past) -> None:
        super().step(world, commands, past)
        for seat in (commands.fire * commands.present).nonzero()[0].tolist():
            seen = past.seen_by(seat)
            if seen is None:
                past.judged(seat)
            elif seen.tick < WALL_CLOSED_TICKS <= world.tick:
                past.judged(seat, "wall_closed")
            else:
                past.judged(seat)
                if past.predicting is None:
                    self.decided[seat] = self.decided.get(seat, 0) + 1


def played(net: str, seconds: float = 12.0, players: int = 2) -> ToyMatch:
    match = ToyMatch(players, conditions=NetConditions.parse(net), factory=Judging)
    match.start()
    match.simulation.run_for(seconds)
    return match


def report(match: ToyMatch) -> dict[int, PlayerFairness]:
    running = match.server.host.match(match.server.match_id)
    assert running is not None
    return {account.seat: account for account in running.fairness()}


def test_what_is_reported_is_what_the_game_decided() -> None:
    match = played("latency=100")
    running = match.server.host.match(match.server.match_id)
    assert running is not None
    accounts = report(match)
    assert set(accounts) == {0, 1}
    for seat, account in accounts.items():
        rewinds = account.rewinds
        assert rewinds.decided == running.game.decided[seat] > 20  # type: ignore[attr-defined]
        assert rewinds.rewinds >= rewinds.decided
        assert 100 < rewinds.rewind_ms_mean <= rewinds.rewind_ms_max <= 250, "a round trip, and the others' delay"
        assert rewinds.claims_too_old == rewinds.claims_too_new == rewinds.rewinds_clamped == 0, "an honest client's view is possible"
        assert rewinds.refused.keys() <= {"wall_closed"}
        assert account.commands > 600


def test_on_a_wire_nobody_is_rewound_far_and_nothing_is_late() -> None:
    for account in report(played("latency=1")).values():
        assert account.rewinds.rewind_ms_max < 100
        assert account.commands_late == 0
        assert account.commands_missing <= 2, "before the clock has settled"


def test_a_bad_network_shows() -> None:
    far, near = (report(played(net, players=1))[0] for net in ("latency=400,jitter=30,loss=10", "latency=1"))
    assert far.commands_missing > near.commands_missing
    assert far.rewinds.rewinds_clamped > 0, "400 ms and the others' delay are beyond the limit: 250, and 250 of the round trip"
    assert far.rewinds.claims_too_old >= far.rewinds.rewinds_clamped
    assert far.rewinds.rewind_ms_max == pytest.approx(500)


def test_who_takes_a_seat_after_somebody_has_an_account_of_his_own() -> None:
    match = played("latency=50", 4)
    seat = match.clients[0].match.seat  # type: ignore[union-attr]
    match.clients[0].leave(match.simulation.now)
    match.simulation.run_for(1)
    running = match.server.host.match(match.server.match_id)
    assert running is not None
    left = next(account for account in running.fairness() if account.seat == seat)
    match.add_client(9)
    match.simulation.run_for(3)
    of_seat = [account for account in running.fairness() if account.seat == seat]
    assert len(of_seat) == 2
    assert of_seat[0] == left, "what he did is not changed by who came after him"
    assert 0 < of_seat[1].commands < of_seat[0].commands


def test_every_end_of_a_match_is_reported_once() -> None:
    match = played("latency=20", 3)
    host, match_id = match.server.host, match.server.match_id
    running = host.match(match_id)
    assert running is not None
    accounts = running.fairness()
    host.request(CloseMatch(match_id))
    host.advance(match.simulation.now)
    reports = [event for event in host.events() if isinstance(event, FairnessReported)]
    assert [(event.match_id, event.players) for event in reports] == [(match_id, accounts)]


def account(seat: int, session: int, **counts: int) -> PlayerFairness:
    return PlayerFairness(SessionId(session), Seat(seat), **counts)


def test_a_players_stays_are_added_up() -> None:
    book = FairnessBook()
    first = SeatRewinds(rewinds=10, rewind_ms_mean=100.0, rewind_ms_max=150.0, decided=3, refused={"a": 1})
    then = SeatRewinds(rewinds=30, rewind_ms_mean=20.0, rewind_ms_max=40.0, decided=1, refused={"a": 2, "b": 1})
    book.close(PlayerFairness(SessionId(7), Seat(0), 100, 5, 2, first))
    (both,) = book.report([PlayerFairness(SessionId(7), Seat(0), 50, 1, 1, then)])
    assert (both.commands, both.commands_late, both.commands_missing) == (150, 6, 3)
    summed = both.rewinds
    assert (summed.rewinds, summed.rewind_ms_mean, summed.rewind_ms_max, summed.decided) == (40, 40.0, 150.0, 4)
    assert summed.refused == {"a": 3, "b": 1}
    assert "40 steps judged by what he saw (mean 40 ms back, most 150 ms" in both.sentence()
    assert "refused: a 3, b 1" in both.sentence()
    assert both.plain()["rewinds"] == 40


def test_who_sat_there_first_stays_first_when_his_stay_ends_again() -> None:
    book = FairnessBook()
    for session in (7, 8, 7):
        book.close(account(0, session))
    assert [one.session_id for one in book.report([])] == [7, 8]


def test_the_accounts_of_those_who_left_are_bounded() -> None:
    book = FairnessBook()
    for session in range(PLAYERS_MAX + 10):
        book.close(account(0, session))
    kept = book.report([])
    assert len(kept) == PLAYERS_MAX
    assert kept[0].session_id == 10
