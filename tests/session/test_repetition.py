"""What is announced by datagram is repeated until it is acknowledged, and nothing counts as acknowledged that the client may lack."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.session.announcements import RECENT_MAX, AnnouncementFeed, AnnouncementLog, read_announcements
from engine.session.repetition import EVERY_TICK_TICKS, FLIGHTS_MAX, HEARD_S, REPEATED_TICKS, THEN_EVERY_TICKS, Repetition

TICK_S = 1 / 60


class Line:
    """A datagram connection in which each message is a datagram of its own, or two where ``parts`` says so."""

    def __init__(self, parts: int = 1) -> None:
        self.parts = parts
        self.acknowledged_at = 0.0
        self.messages_queued = 0
        self.sent: list[bytes] = []
        self.arrived: set[int] = set()
        self.refuses = False
        self.forgets_flights = False

    def send(self, message: bytes) -> bool:
        if self.refuses:
            return False
        self.messages_queued += 1
        self.sent.append(message)
        return True

    def flight_of(self, messages: int) -> tuple[int, int] | None:
        if messages != self.messages_queued or self.forgets_flights:
            return None
        return (messages * self.parts - self.parts + 1, messages * self.parts)

    def has_arrived(self, first: int, last: int) -> bool:
        return all(number in self.arrived for number in range(first, last + 1))

    def acknowledge(self, message: int) -> None:
        self.arrived |= set(range((message - 1) * self.parts + 1, message * self.parts + 1))


def numbers(message: bytes) -> list[int]:
    return [each.number for each in read_announcements(message[1:])]


def told(log: AnnouncementLog, seat: Repetition, line: Line, tick: int, *, is_carried: bool = False) -> list[int]:
    before = len(line.sent)
    seat.send(log, tick, line, tick * TICK_S, is_carried=is_carried)
    return numbers(line.sent[-1]) if len(line.sent) > before else []


def test_it_is_repeated_until_it_is_acknowledged() -> None:
    log, seat, line = AnnouncementLog(), Repetition(), Line()
    log.add(100, b"hit")
    assert [told(log, seat, line, tick) for tick in (100, 101, 102)] == [[1]] * 3
    line.acknowledge(1)
    assert told(log, seat, line, 103) == []
    assert seat.confirmed == 1
    log.add(104, b"hit")
    assert told(log, seat, line, 104) == [2]


def test_to_who_does_not_answer_it_is_repeated_for_a_second_and_again_when_he_does() -> None:
    log, seat, line = AnnouncementLog(), Repetition(), Line()
    line.acknowledged_at = 100 * TICK_S
    log.add(100, b"hit")
    sent = [tick for tick in range(100, 300) if told(log, seat, line, tick)]
    young = list(range(100, 100 + EVERY_TICK_TICKS))
    older = [tick for tick in range(100 + EVERY_TICK_TICKS, 101 + REPEATED_TICKS) if (tick - 100) % THEN_EVERY_TICKS == 0]
    assert sent == young + older
    line.acknowledged_at = 301 * TICK_S - HEARD_S + 0.001
    assert [told(log, seat, line, tick) for tick in range(300, 302)].count([1]) == 1


@pytest.mark.parametrize("parts", [1, 2])
def test_half_a_message_is_not_acknowledged(parts: int) -> None:
    log, seat, line = AnnouncementLog(), Repetition(), Line(parts)
    log.add(100, b"hit")
    told(log, seat, line, 100)
    line.arrived.add(1)
    assert (told(log, seat, line, 101) == []) is (parts == 1)


def test_an_acknowledged_message_that_began_behind_a_gap_says_nothing() -> None:
    log, seat, line = AnnouncementLog(), Repetition(), Line()
    log.add(100, b"lost")
    assert told(log, seat, line, 100) == [1]
    log.add(100 + EVERY_TICK_TICKS, b"young")
    assert told(log, seat, line, 101 + EVERY_TICK_TICKS) == [1, 2]
    assert told(log, seat, line, 102 + EVERY_TICK_TICKS) == [2], "the older one goes in one of four ticks"
    line.acknowledge(3)
    assert told(log, seat, line, 103 + EVERY_TICK_TICKS) == [2]
    assert seat.confirmed == 0, "the client could not take it"
    line.acknowledge(1)  # it came late, behind the third
    assert told(log, seat, line, 104 + EVERY_TICK_TICKS) == [2]
    assert seat.confirmed == 1, "and the third is dropped by now"
    line.acknowledge(2)
    assert told(log, seat, line, 105 + EVERY_TICK_TICKS) == []
    assert seat.confirmed == 2


def test_what_was_not_queued_or_went_with_something_else_is_not_acknowledged_by_numbers() -> None:
    log, seat, line = AnnouncementLog(), Repetition(), Line()
    log.add(100, b"hit")
    line.acknowledge(1)
    line.refuses = True
    assert told(log, seat, line, 100) == []
    line.refuses = False
    line.messages_queued = 1  # a snapshot, which was acknowledged
    assert told(log, seat, line, 101) == [1]
    line.forgets_flights = True
    line.acknowledge(2)
    assert told(log, seat, line, 102) == [1]
    assert seat.confirmed == 0


@pytest.mark.parametrize("ticks", [1, 2], ids=["still queued", "on its way"])
def test_a_new_connection_acknowledges_nothing_of_the_old_one(ticks: int) -> None:
    log, seat, line = AnnouncementLog(), Repetition(), Line()
    log.add(100, b"hit")
    for tick in range(100, 100 + ticks):
        told(log, seat, line, tick)
    seat.reconnected(0)
    other = Line()
    other.messages_queued = ticks  # snapshots, all of them acknowledged
    for number in range(1, ticks + 1):
        other.acknowledge(number)
    assert told(log, seat, other, 110) == [1]
    other.acknowledge(ticks + 1)
    assert told(log, seat, other, 111) == []


def test_a_carried_seat_gets_each_once_and_those_of_ticks_that_it_got_no_snapshot_of() -> None:
    log, seat, line = AnnouncementLog(), Repetition(), Line()
    log.add(100, b"")
    got = [told(log, seat, line, tick, is_carried=True) for tick in (100, 101)]
    log.add(102, b"")
    log.add(103, b"")
    got += [told(log, seat, line, tick, is_carried=True) for tick in (104, 105, 106)]
    assert got == [[1], [], [2, 3], [], []]
    assert told(log, seat, line, 107) == [1, 2, 3], "UDP is heard again, and none of them has been acknowledged"
    assert told(log, seat, line, 108, is_carried=True) == [1, 2, 3]
    assert told(log, seat, line, 109, is_carried=True) == []


def test_behind_a_gap_only_what_is_a_second_old_at_most_is_repeated_until_a_new_ticket_tells_what_has_come() -> None:
    log, seat, line = AnnouncementLog(), Repetition(), Line()
    for tick in range(100, 100 + 2 * RECENT_MAX):
        log.add(tick, b"")
    line.acknowledged_at = 1e9
    tick = 99 + 2 * RECENT_MAX
    assert min(told(log, seat, line, tick)) == tick - 99 - REPEATED_TICKS
    line.acknowledge(1)
    assert told(log, seat, line, tick + 1)
    assert seat.confirmed == 0
    seat.reconnected(log.newest)
    assert told(log, seat, Line(), tick + 2) == []


def test_flights_do_not_pile_up() -> None:
    log, seat, line = AnnouncementLog(), Repetition(), Line()
    for tick in range(100, 600):
        log.add(tick, b"")
        line.acknowledged_at = tick * TICK_S
        told(log, seat, line, tick)
    assert len(seat._flights) <= FLIGHTS_MAX


@given(st.integers(0, 2**32), st.floats(0, 0.9), st.integers(0, 30), st.integers(1, 300))
@settings(max_examples=150, deadline=None)
def test_once_and_in_order_over_any_losses(seed: int, loss: float, before: int, later_ticks: int) -> None:
    """A lossy and reordering datagram way whose acknowledgements are lost too, connections that are replaced, and a control way that
    brings, later, only what has not been acknowledged by then; the client joins after ``before`` announcements.
    """
    random = Random(seed)
    log, announced = AnnouncementLog(), []
    for _ in range(before):
        log.add(0, b"before")
    feed, seat, line = AnnouncementFeed(log.newest), Repetition(log.newest), Line(random.choice((1, 2)))
    control: list[tuple[int, int, bytes]] = []
    datagrams: list[tuple[Line, int, bytes]] = []
    heard: list[tuple[Line, int]] = []
    got: list[bytes] = []
    for tick in range(1, 200):
        if tick < 120:
            for _ in range(random.choice((0, 0, 0, 1, 2))):
                made = log.add(tick, random.randbytes(random.choice((0, 5, 30, 300))))
                announced.append(made.body)
                control.append(made)
        if random.random() < 0.02:
            line = Line(random.choice((1, 2)))
            seat.reconnected(control[0][0] - 1 if control else log.newest)  # the ticket comes behind what was told
        is_carried = random.random() < 0.02
        before_it = line.messages_queued
        seat.send(log, tick, line, tick * TICK_S, is_carried=is_carried)
        if line.messages_queued > before_it and (is_carried or random.random() >= loss):
            datagrams.insert(random.randrange(len(datagrams) + 1), (line, line.messages_queued, line.sent[-1]))
        if datagrams and random.random() < 0.7:
            way, number, message = datagrams.pop(0)
            got += [each.body for each in feed.from_datagram(message[1:])]
            heard.append((way, number))
        while heard and random.random() < 0.5:
            way, number = heard.pop(random.randrange(len(heard)))
            if random.random() >= loss:
                way.acknowledge(number)
                way.acknowledged_at = tick * TICK_S
        assert seat.confirmed <= feed.newest
        while control and control[0][1] + later_ticks <= tick and random.random() < 0.3:
            number, _, body = control.pop(0)
            if number > seat.confirmed and feed.from_control(number):
                got.append(body)
    got += [body for number, _, body in control if number > seat.confirmed and feed.from_control(number)]
    assert got == announced
