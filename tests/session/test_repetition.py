"""What is announced by datagram is repeated until the client says that it has it, and then it is not."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.session.announcements import RECENT_MAX, AnnouncementFeed, AnnouncementLog, read_announcements
from engine.session.repetition import EVERY_TICK_TICKS, REPEATED_TICKS, THEN_EVERY_TICKS, Repetition


def told(log: AnnouncementLog, seat: Repetition, tick: int, *, is_heard: bool = True, is_carried: bool = False) -> list[int]:
    message = seat.message(log, tick, is_heard=is_heard, is_carried=is_carried)
    return [each.number for each in read_announcements(message[1:])]


def test_it_is_repeated_until_it_is_acknowledged() -> None:
    log, seat = AnnouncementLog(), Repetition()
    log.add(100, b"hit")
    assert [told(log, seat, tick) for tick in (100, 101, 102)] == [[1]] * 3
    seat.heard(1, log.newest)
    assert told(log, seat, 103) == []
    log.add(104, b"hit")
    assert told(log, seat, 104) == [2]


def test_to_who_does_not_answer_it_is_repeated_for_a_second_and_again_when_he_does() -> None:
    log, seat = AnnouncementLog(), Repetition()
    log.add(100, b"hit")
    sent = [tick for tick in range(100, 300) if told(log, seat, tick, is_heard=False)]
    young = list(range(100, 100 + EVERY_TICK_TICKS))
    older = [tick for tick in range(100 + EVERY_TICK_TICKS, 101 + REPEATED_TICKS) if (tick - 100) % THEN_EVERY_TICKS == 0]
    assert sent == young + older
    assert sum(told(log, seat, tick) == [1] for tick in range(300, 320)) == 20 // THEN_EVERY_TICKS


def test_an_acknowledgement_of_what_there_is_not_and_an_older_one_change_nothing() -> None:
    log, seat = AnnouncementLog(), Repetition()
    for tick in (100, 101, 102):
        log.add(tick, b"hit")
    seat.heard(4, log.newest)
    seat.heard(2**32 - 1, log.newest)
    assert seat.confirmed == 0
    seat.heard(3, log.newest)
    seat.heard(1, log.newest)
    assert told(log, seat, 103) == []


def test_a_carried_seat_gets_each_once_and_those_of_ticks_that_it_got_no_snapshot_of() -> None:
    log, seat = AnnouncementLog(), Repetition()
    log.add(100, b"")
    got = [told(log, seat, tick, is_carried=True) for tick in (100, 101)]
    log.add(102, b"")
    log.add(103, b"")
    got += [told(log, seat, tick, is_carried=True) for tick in (104, 105, 106)]
    assert got == [[1], [], [2, 3], [], []]
    assert told(log, seat, 107) == [1, 2, 3], "UDP is heard again, and none of them has been acknowledged"
    assert told(log, seat, 108, is_carried=True) == [1, 2, 3]
    assert told(log, seat, 109, is_carried=True) == []
    seat.reconnected()
    assert told(log, seat, 110, is_carried=True) == [1, 2, 3], "by another connection"


def test_behind_a_gap_only_what_is_a_second_old_at_most_is_repeated_until_the_client_says_what_has_come() -> None:
    log, seat = AnnouncementLog(), Repetition()
    for tick in range(100, 100 + 2 * RECENT_MAX):
        log.add(tick, b"")
    tick = 99 + 2 * RECENT_MAX
    assert min(told(log, seat, tick)) == tick - 99 - REPEATED_TICKS
    seat.heard(log.newest - 3, log.newest)  # the control connection has brought them
    assert told(log, seat, tick + THEN_EVERY_TICKS) == [log.newest - 2, log.newest - 1, log.newest]


@given(st.integers(0, 2**32), st.floats(0, 0.9), st.integers(0, 30), st.integers(1, 300), st.sampled_from((1, 1, 8)))
@settings(max_examples=150, deadline=None)
def test_once_and_in_order_over_any_losses(seed: int, loss: float, before: int, later_ticks: int, at_once: int) -> None:
    """A lossy and reordering datagram way whose acknowledgements are lost too, connections that are replaced, and a control way that
    brings, later, only what has not been acknowledged by then; the client joins after ``before`` announcements.
    """
    random = Random(seed)
    log, announced = AnnouncementLog(), []
    for _ in range(before):
        log.add(0, b"before")
    feed, seat = AnnouncementFeed(log.newest), Repetition(log.newest)
    control: list[tuple[int, int, bytes]] = []
    datagrams: list[bytes] = []
    heard: list[int] = []
    got: list[bytes] = []
    for tick in range(1, 200):
        if tick < 120:
            for _ in range(at_once * random.choice((0, 0, 0, 1, 2))):
                made = log.add(tick, random.randbytes(random.choice((0, 5, 30, 300))))
                announced.append(made.body)
                control.append(made)
        if random.random() < 0.02:
            seat.reconnected()
        is_carried = random.random() < 0.02
        message = seat.message(log, tick, is_heard=random.random() < 0.5, is_carried=is_carried)
        if message and (is_carried or random.random() >= loss):
            datagrams.insert(random.randrange(len(datagrams) + 1), message)
        if datagrams and random.random() < 0.7:
            got += [each.body for each in feed.from_datagram(datagrams.pop(0)[1:])]
            heard.append(feed.newest)
        while heard and random.random() < 0.5:
            number = heard.pop(random.randrange(len(heard)))
            if random.random() >= loss:
                seat.heard(number, log.newest)
        assert seat.confirmed <= feed.newest
        while control and control[0][1] + later_ticks <= tick and random.random() < 0.3:
            number, _, body = control.pop(0)
            if number > seat.confirmed and feed.from_control(number):
                got.append(body)
    got += [body for number, _, body in control if number > seat.confirmed and feed.from_control(number)]
    assert got == announced
