from __future__ import annotations

from engine.ids import ConnectionId, MatchId, Seat, SessionId, Tick
from engine.session.values import AnnouncementMade, CarriedToSend, MatchRefused, SeatConnected
from server.held_events import HELD_MAX, HELD_S, HeldEvents
from server.resting import PLAYERS_FEW

MANY = PLAYERS_FEW + 1


def announcement(number: int) -> AnnouncementMade:
    return AnnouncementMade(MatchId(1), Tick(number), b"kill", number)


def test_few_players_are_told_at_once() -> None:
    assert HeldEvents().pass_on([announcement(1)], PLAYERS_FEW, 1.0) == [announcement(1)]


def test_announcements_to_many_go_together_and_in_order() -> None:
    held = HeldEvents()
    for tick in range(10):
        assert held.pass_on([announcement(tick)], MANY, 1.0 + tick * HELD_S / 11) == []
    assert held.pass_on([], MANY, 1.0 + HELD_S) == [announcement(tick) for tick in range(10)]
    assert held.pass_on([], MANY, 5.0) == []


def test_each_waits_for_the_same_time_at_most() -> None:
    held = HeldEvents()
    assert held.pass_on([], MANY, 1.0) == []
    assert held.pass_on([announcement(1)], MANY, 9.0) == []  # not since 1.0
    assert held.pass_on([], MANY, 9.0 + HELD_S) == [announcement(1)]


def test_whatever_else_happens_neither_waits_nor_overtakes() -> None:
    held = HeldEvents()
    other = SeatConnected(MatchId(1), Seat(3), SessionId(4))
    held.pass_on([announcement(1)], MANY, 1.0)
    assert held.pass_on([announcement(2), other, announcement(3)], MANY, 1.01) == [announcement(1), announcement(2), other, announcement(3)]
    assert held.pass_on([MatchRefused(MatchId(2), "no")], MANY, 1.02) == [MatchRefused(MatchId(2), "no")]


def test_what_waits_is_bounded() -> None:
    held = HeldEvents()
    assert held.pass_on([announcement(number) for number in range(HELD_MAX - 1)], MANY, 1.0) == []
    assert len(held.pass_on([announcement(0)], MANY, 1.0)) == HELD_MAX


def test_datagrams_to_carry_pass_what_waits_and_set_nothing_free() -> None:
    held = HeldEvents()
    snapshot = CarriedToSend(SessionId(4), ConnectionId(7), b"snapshot")
    assert held.pass_on([announcement(1), snapshot, announcement(2)], MANY, 1.0) == [snapshot]
    assert held.pass_on([snapshot, announcement(3)], MANY, 1.1) == [snapshot]
    assert held.pass_on([snapshot], MANY, 1.0 + HELD_S) == [announcement(1), announcement(2), announcement(3), snapshot]
