from __future__ import annotations

import random

import pytest

from engine.contract import CommandField, CommandSchema
from engine.replication import CommandBuffer, CommandEntry, CommandFeedback
from engine.world import Range

SCHEMA = CommandSchema(CommandField("move", Range(-100, 100)), CommandField("dash", Range(0, 1), latch=True))
NEUTRAL = SCHEMA.neutral


def commands(*ticks: int, dash: int = 0) -> tuple[CommandEntry, ...]:
    return tuple(CommandEntry(tick, (tick % 100 + 1, dash), max(0, tick - 4)) for tick in ticks)


def test_each_tick_takes_its_own_command() -> None:
    buffer = CommandBuffer(SCHEMA)
    buffer.receive(commands(10, 11, 12), next_tick=10, now_in_ticks=9.0)
    for tick in (10, 11, 12):
        command, entry = buffer.take(tick)
        assert command == (tick + 1, 0)
        assert entry is not None
        assert (entry.tick, entry.view_tick) == (tick, tick - 4)
    assert buffer.statistics().used == 3


def test_a_missing_command_repeats_the_last_three_times_and_then_does_nothing() -> None:
    buffer = CommandBuffer(SCHEMA)
    buffer.receive(commands(10, dash=1), next_tick=10, now_in_ticks=9.0)
    assert buffer.take(10)[0] == (11, 1)
    assert [buffer.take(tick) for tick in range(11, 16)] == [((11, 0), None)] * 3 + [(NEUTRAL, None)] * 2
    assert buffer.take_feedback() == CommandFeedback(10, 10, 16, missing=5, late=0)
    buffer.receive(commands(16), next_tick=16, now_in_ticks=15.0)
    assert buffer.take(16)[0] == (17, 0)
    assert buffer.take(17)[0] == (17, 0)  # it may be repeated again


def test_before_the_first_command_nothing_is_missing() -> None:
    buffer = CommandBuffer(SCHEMA)
    assert buffer.take(1) == (NEUTRAL, None)
    assert buffer.take_feedback() == CommandFeedback()
    assert buffer.statistics().missing == 0


def test_a_late_command_is_dropped_and_told_once() -> None:
    buffer = CommandBuffer(SCHEMA)
    buffer.receive(commands(10), next_tick=10, now_in_ticks=9.5)
    buffer.take(10)
    buffer.take(11)
    buffer.take_feedback()
    for _ in range(3):
        buffer.receive(commands(10, 11), next_tick=12, now_in_ticks=12.25)
    feedback = buffer.take_feedback()
    assert feedback == CommandFeedback(11, 10, -20, missing=0, late=1)
    assert buffer.statistics().late == 1
    assert buffer.statistics().late_pct == 50.0
    assert buffer.take(12)[1] is None
    assert buffer.take_feedback().slack_16ths is None


@pytest.mark.parametrize(("now", "slack"), [(9.0, 16), (9.96875, 0), (9.5, 8), (10.01, -1), (-1000.0, 127), (900.0, -128)])
def test_slack_is_told_in_16ths_and_saturates(now: float, slack: int) -> None:
    buffer = CommandBuffer(SCHEMA)
    buffer.receive(commands(10), next_tick=10, now_in_ticks=now)
    assert buffer.take_feedback().slack_16ths == slack


def test_the_least_slack_counts_and_repeats_do_not() -> None:
    buffer = CommandBuffer(SCHEMA)
    buffer.receive(commands(12), next_tick=10, now_in_ticks=9.0)
    buffer.receive(commands(12, 13), next_tick=10, now_in_ticks=9.5)
    assert buffer.take_feedback().slack_16ths == 48
    buffer.receive(commands(12, 13), next_tick=10, now_in_ticks=9.9)
    assert buffer.take_feedback().slack_16ths is None


def test_commands_far_ahead_are_dropped_and_block_nothing() -> None:
    buffer = CommandBuffer(SCHEMA)
    buffer.receive(commands(74, 75, 5000, 2**32 - 1), next_tick=10, now_in_ticks=9.0)
    assert buffer.statistics().too_early == 3
    assert buffer.statistics().waiting == 1
    buffer.receive(commands(10), next_tick=10, now_in_ticks=9.0)
    assert buffer.take(10)[1] is not None
    for tick in range(11, 74):
        assert buffer.take(tick)[1] is None
    assert buffer.take(74)[1] is not None


def test_left_out_ticks_leave_nothing_behind() -> None:
    buffer = CommandBuffer(SCHEMA)
    buffer.receive(commands(10, 11, 12, 13), next_tick=10, now_in_ticks=9.0)
    assert buffer.take(13)[1] is not None
    assert buffer.statistics().waiting == 0


def test_whatever_arrives_a_tick_has_one_command_and_memory_is_bounded() -> None:
    roll = random.Random(11)
    buffer = CommandBuffer(SCHEMA)
    steps = 0
    for tick in range(1, 1500):
        for _ in range(roll.randrange(4)):
            first = max(0, tick + roll.randrange(-100, 100))
            ticks = sorted({first + roll.randrange(40) for _ in range(roll.randrange(1, 33))})
            buffer.receive(commands(*ticks), next_tick=tick, now_in_ticks=tick - roll.random())
        assert buffer.statistics().waiting <= 65
        command, entry = buffer.take(tick)
        steps += 1
        if entry is not None:
            assert entry.tick == tick
            assert command == (tick % 100 + 1, 0)
    statistics = buffer.statistics()
    assert statistics.used <= steps
    assert statistics.received == statistics.used + statistics.late + statistics.waiting


def test_a_clock_that_was_set_back_withdraws_what_was_meant_for_later() -> None:
    buffer = CommandBuffer(SCHEMA)
    buffer.receive(commands(*range(10, 40)), next_tick=10, now_in_ticks=9.0, is_newest=True)
    buffer.receive((CommandEntry(12, (77, 0), 8),), next_tick=12, now_in_ticks=11.0, is_newest=True)
    assert buffer.take(12)[0] == (13, 0), "a command that was given for a tick and stayed is final"
    assert buffer.take(13)[1] is None, "what was given blind is gone"
    assert buffer.take_feedback().newest_command_tick == 12, "or the client would take its next commands for confirmed"
    again = (CommandEntry(14, (55, 0), 9),)
    buffer.receive(again, next_tick=14, now_in_ticks=13.0, is_newest=True)
    assert buffer.take(14)[0] == (55, 0)
    statistics = buffer.statistics()
    assert statistics.withdrawn == 27
    assert statistics.received == statistics.used + statistics.late + statistics.waiting + statistics.withdrawn + 2  # 10 and 11, left out


def test_an_overtaken_message_sets_nothing_back() -> None:
    buffer = CommandBuffer(SCHEMA)
    buffer.receive(commands(10, 11, 12), next_tick=10, now_in_ticks=9.0, is_newest=True)
    buffer.receive(commands(9, 10), next_tick=10, now_in_ticks=9.1, is_newest=False)
    assert buffer.statistics().waiting == 3


@pytest.mark.parametrize("seed", range(30))
def test_the_short_way_of_one_command_does_what_the_long_one_does(seed: int) -> None:
    dice = random.Random(seed)
    short, long = CommandBuffer(SCHEMA), CommandBuffer(SCHEMA)
    ahead, now = 4, 96.5
    for _ in range(600):
        ahead = dice.choice((ahead, ahead, ahead, ahead, 4, 3, 5, -2, 68, -70))
        sent = commands(max(0, int(now) + ahead + dice.choice((0, 0, 0, -1, 1))), dash=dice.randint(0, 1))
        is_newest = dice.random() < 0.9
        short.receive_newest(sent[0], int(now) + 1, now, is_newest)
        long.receive(sent, int(now) + 1, now, is_newest)
        assert short.wants_all == long.wants_all
        before, now = now, now + dice.choice((0.0, 0.3, 1.0, 1.0, 4.0))
        for due in range(int(before) + 1, int(now) + 1):
            assert short.take(due) == long.take(due)
        if dice.random() < 0.5:
            assert short.take_feedback() == long.take_feedback()
        assert short.statistics() == long.statistics()
    counted = long.statistics()
    assert min(counted.used, counted.late, counted.missing, counted.too_early, counted.withdrawn) > 0
