"""Reliable events by two ways at once: each is told once and in order, whichever way brings it, and whatever bytes come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.session.announcements import FAST_BYTES_MAX, RECENT_MAX, AnnouncementFeed, AnnouncementLog, read_announcements
from engine.session.match import ANNOUNCEMENT_BYTES_MAX
from engine.session.message_kinds import ANNOUNCEMENTS_MESSAGE


def test_what_is_written_is_read() -> None:
    log = AnnouncementLog()
    made = [log.add(7, b""), log.add(7, b"one"), log.add(9, bytes(40))]
    message = log.written(0).message
    assert message[0] == ANNOUNCEMENTS_MESSAGE
    assert read_announcements(message[1:]) == made
    for length in range(len(message) - 1):
        assert read_announcements(message[1 : 1 + length]) in ([], made[:1], made[:2]), "a prefix is a shorter list or nothing"


def test_a_message_is_bounded_and_keeps_the_order() -> None:
    log = AnnouncementLog()
    for number in range(200):
        log.add(50, bytes(number % 512))
    message = log.written(0).message
    assert len(message) <= 1 + FAST_BYTES_MAX
    numbers = [announcement.number for announcement in read_announcements(message[1:])]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_message_begins_behind_a_number_and_ends_where_it_is_full() -> None:
    log = AnnouncementLog()
    assert log.written(0).message == b""
    for tick in range(10, 15):
        log.add(tick, b"hit")
    written = log.written(2)
    assert [each.number for each in read_announcements(written.message[1:])] == [3, 4, 5]
    assert written.last == 5
    assert log.written(5).message == log.written(99).message == b""
    log.add(15, bytes(FAST_BYTES_MAX - 20))
    assert (log.written(2).last, log.written(5).last) == (5, 6)
    assert [log.newest_until(tick) for tick in (9, 10, 12, 99)] == [0, 1, 3, 6]


def test_what_is_no_longer_kept_is_a_gap_that_can_be_seen() -> None:
    log = AnnouncementLog()
    for tick in range(RECENT_MAX + 10):
        log.add(tick, b"")
    assert read_announcements(log.written(3).message[1:])[0].number == log.oldest == 11
    assert log.newest_until(5) == 0


def test_one_that_is_too_large_waits_for_the_control_connection_and_so_do_those_behind_it() -> None:
    log = AnnouncementLog()
    for body in (bytes(ANNOUNCEMENT_BYTES_MAX), bytes(ANNOUNCEMENT_BYTES_MAX), b"small"):
        log.add(50, body)
    feed = AnnouncementFeed(0)
    assert [body for _, _, body in feed.from_datagram(log.written(0).message[1:])] == [bytes(ANNOUNCEMENT_BYTES_MAX)]
    assert feed.from_control(2)
    assert feed.from_control(3)


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_junk_is_nothing_and_loses_nothing(messages: list[bytes]) -> None:
    feed = AnnouncementFeed(2**31)
    for message in messages:
        feed.from_datagram(message)
    newest = feed.newest
    assert feed.from_control(newest + 1)
    assert not feed.from_control(newest + 1)
