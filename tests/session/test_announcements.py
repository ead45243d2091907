"""Reliable events by two ways at once: each is told once and in order, whichever way brings it, and whatever bytes come."""

from __future__ import annotations

from math import ceil
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.session.announcements import (
    EVERY_TICK_TICKS,
    FAST_BYTES_MAX,
    REPEATED_TICKS,
    THEN_EVERY_TICKS,
    AnnouncementFeed,
    AnnouncementLog,
    Repetition,
    read_announcements,
)
from engine.session.match import ANNOUNCEMENT_BYTES_MAX
from engine.session.message_kinds import ANNOUNCEMENTS_MESSAGE


def test_an_announcement_is_repeated_for_a_second() -> None:
    log = AnnouncementLog()
    log.add(100, b"hit")
    seat = Repetition()
    sent = [tick for tick in range(100, 300) if seat.message(log, tick, is_carried=False)]
    young = list(range(100, 100 + EVERY_TICK_TICKS))
    older = [tick for tick in range(100 + EVERY_TICK_TICKS, 101 + REPEATED_TICKS) if (tick - 100) % THEN_EVERY_TICKS == 0]
    assert sent == young + older
    assert len(log._recent) == 0


@pytest.mark.parametrize("apart_ticks", [1, 2, 3, 4, 5, 6])
def test_it_is_repeated_to_every_seat_as_often_whenever_its_snapshots_come(apart_ticks: int) -> None:
    times = []
    for first in range(90, 90 + apart_ticks):
        log, seat = AnnouncementLog(), Repetition()
        count = 0
        for tick in range(90, 300):
            if tick == 100:
                log.add(100, b"hit")
            if (tick - first) % apart_ticks == 0 and tick >= first:
                count += bool(seat.message(log, tick, is_carried=False))
        times.append(count)
    rest_ticks = REPEATED_TICKS - EVERY_TICK_TICKS
    expected = EVERY_TICK_TICKS / apart_ticks + rest_ticks / max(apart_ticks, ceil(THEN_EVERY_TICKS / apart_ticks) * apart_ticks)
    assert all(abs(count - expected) <= 2 for count in times), (times, expected)


def test_a_carried_seat_gets_each_once_and_those_of_ticks_that_it_got_no_snapshot_of() -> None:
    log, seat = AnnouncementLog(), Repetition()
    log.add(100, b"first")
    got = [seat.message(log, 100, is_carried=True), seat.message(log, 101, is_carried=True)]
    log.add(102, b"second")
    log.add(103, b"third")
    got += [seat.message(log, tick, is_carried=True) for tick in (104, 105, 106)]
    assert [[body for _, _, body in read_announcements(message[1:])] for message in got] == [[b"first"], [], [b"second", b"third"], [], []]


def test_what_is_written_is_read() -> None:
    log = AnnouncementLog()
    made = [log.add(7, b""), log.add(7, b"one"), log.add(9, bytes(40))]
    message = log.message(10, 0)
    assert message[0] == ANNOUNCEMENTS_MESSAGE
    assert read_announcements(message[1:]) == made
    for length in range(len(message) - 1):
        assert read_announcements(message[1 : 1 + length]) in ([], made[:1], made[:2]), "a prefix is a shorter list or nothing"


def test_a_message_is_bounded_and_keeps_the_order() -> None:
    log = AnnouncementLog()
    for number in range(200):
        log.add(50, bytes(number % 512))
    message = log.message(50, 0)
    assert len(message) <= 1 + FAST_BYTES_MAX
    numbers = [announcement.number for announcement in read_announcements(message[1:])]
    assert numbers == list(range(1, len(numbers) + 1))


def test_one_that_is_too_large_waits_for_the_control_connection_and_so_do_those_behind_it() -> None:
    log = AnnouncementLog()
    for body in (bytes(ANNOUNCEMENT_BYTES_MAX), bytes(ANNOUNCEMENT_BYTES_MAX), b"small"):
        log.add(50, body)
    feed = AnnouncementFeed(0)
    assert [body for _, _, body in feed.from_datagram(log.message(50, 0)[1:])] == [bytes(ANNOUNCEMENT_BYTES_MAX)]
    assert feed.from_control(2)
    assert feed.from_control(3)


@given(st.integers(0, 2**32), st.floats(0, 0.9), st.integers(0, 30))
def test_once_and_in_order_over_any_losses(seed: int, loss: float, before: int) -> None:
    """A log, a lossy and reordering datagram way, a late and complete control way; the client joins after ``before`` announcements."""
    random = Random(seed)
    log, announced = AnnouncementLog(), []
    for _ in range(before):
        log.add(0, b"before")
    feed, seat = AnnouncementFeed(log.newest), Repetition()
    control: list[tuple[int, int, bytes]] = []
    datagrams: list[bytes] = []
    told: list[bytes] = []
    for tick in range(1, 200):
        if tick < 120:
            for _ in range(random.choice((0, 0, 0, 1, 2))):
                made = log.add(tick, random.randbytes(random.choice((0, 5, 30, 300))))
                announced.append(made.body)
                control.append(made)
        message = seat.message(log, tick, is_carried=False)
        if message and random.random() >= loss:
            datagrams.insert(random.randrange(len(datagrams) + 1), message)
        if datagrams and random.random() < 0.7:
            told += [body for _, _, body in feed.from_datagram(datagrams.pop(0)[1:])]
        if control and random.random() < 0.3:
            number, _, body = control.pop(0)
            if feed.from_control(number):
                told.append(body)
    told += [body for number, _, body in control if feed.from_control(number)]
    assert told == announced


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_junk_is_nothing_and_loses_nothing(messages: list[bytes]) -> None:
    feed = AnnouncementFeed(2**31)
    for message in messages:
        feed.from_datagram(message)
    newest = feed.newest
    assert feed.from_control(newest + 1)
    assert not feed.from_control(newest + 1)
