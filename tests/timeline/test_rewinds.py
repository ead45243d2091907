"""The record of what a seat was granted: counted once a tick, claims that are repeated count once, and names of rules are bounded."""

from __future__ import annotations

from engine.timeline.rewinds import OTHER_RULES, RULES_MAX, RewindBook, SeatRewinds


def test_a_step_counts_once_however_often_it_looks() -> None:
    book = RewindBook(60)
    for _ in range(3):
        book.granted(0, 10, 6 * 256, False)
    book.granted(0, 11, 12 * 256, True)
    record = book.report(0)
    assert (record.rewinds, record.rewinds_clamped) == (2, 1)
    assert (record.rewind_ms_mean, record.rewind_ms_max) == (150.0, 200.0)


def test_a_decision_counts_where_a_past_was_looked_at() -> None:
    book = RewindBook(60)
    book.judged(0, 10, "")
    assert book.report(0).decided == 0, "judged by the present"
    book.granted(0, 10, 256, False)
    book.judged(0, 10, "")
    book.judged(0, 10, "")
    assert book.report(0).decided == 2, "one shot, two hits"


def test_a_trigger_that_is_held_is_one_claim() -> None:
    book = RewindBook(60)
    for tick in (10, 11, 12, 20, 21, 40):
        book.judged(1, tick, "dead")
    assert book.report(1).refused == {"dead": 3}
    assert book.report(0) == SeatRewinds(), "nobody else's"


def test_refusals_have_the_unit_of_decisions() -> None:
    book = RewindBook(60)
    book.granted(0, 10, 256, False)
    for _ in range(2):
        book.judged(0, 10, "")
        book.judged(0, 10, "gone")
    assert (book.report(0).decided, book.report(0).refused) == (2, {"gone": 2}), "one shot; two are hit, two are not there any more"
    for tick in (11, 11, 12):
        book.judged(0, tick, "gone")
    assert book.report(0).refused == {"gone": 2}, "the same claims again"
    book.judged(0, 14, "gone")
    assert book.report(0).refused == {"gone": 3}


def test_a_game_that_makes_up_rules_is_bounded() -> None:
    book = RewindBook(60)
    for number in range(100):
        book.judged(0, 3 * number, f"rule {number}")
    refused = book.report(0).refused
    assert len(refused) == RULES_MAX + 1
    assert refused[OTHER_RULES] == 100 - RULES_MAX


def test_a_record_that_is_closed_begins_anew() -> None:
    book = RewindBook(60)
    book.claimed(0, too_old=True, too_new=False)
    assert book.close(0).claims_too_old == 1
    assert book.close(0) == SeatRewinds()
