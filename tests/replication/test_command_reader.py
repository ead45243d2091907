"""One model throughout: whatever the reader has read before, it reads the next message as :func:`read_commands` does, and leaves out no
command of a tick that it has not given.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract import CommandSchema
from engine.replication import COMMANDS_PER_MESSAGE_MAX, CommandBuffer, CommandEntry, CommandsMessage, read_commands, write_commands
from engine.replication import command_reader as under_test
from engine.replication import commands as layout
from engine.replication.command_reader import NEWS_TICKS_MAX, CommandReader
from tests.replication.test_commands import SCHEMA, messages


def played(random: Random, ticks: int, repeated: int, *, steadiness: float = 0.7, back_ticks_max: int = 0) -> list[CommandsMessage]:
    """What a client sends: each tick a command, often like the last one, with those before it; its view wanders, its clock jumps, and is
    set back by so much at times.
    """
    entries: list[CommandEntry] = []
    sent = []
    tick, behind = 100, 1500
    command = SCHEMA.neutral
    for _ in range(ticks):
        tick += random.choice((1, 1, 1, 1, 1, 1, 2, 5)) if random.random() < 0.9 else -random.randint(0, back_ticks_max)
        entries = [entry for entry in entries if entry.tick < tick]
        if random.random() > steadiness:
            command = tuple(random.randint(field.range.low, field.range.high) for field in SCHEMA.fields)
        behind += random.choice((0, 0, 0, -3, 4, 90))
        view = tick * 256 - behind
        entries = [*entries, CommandEntry(tick, command, view // 256, view % 256)][-repeated:]
        wants = random.random() < 0.05
        acknowledged = None if random.random() < 0.05 else tick - 4
        sent.append(CommandsMessage(acknowledged, wants, tuple(entries), wants and random.random() < 0.5))
    return sent


class Reader(CommandReader):
    """Reads as a match does."""

    def take(self, data: bytes) -> CommandsMessage | None:
        news = self.news(data)
        return self.read(data) if news is None else CommandsMessage(news[0], False, (*news[2], news[1]))


class Checked(Reader):
    """Compares whatever it reads with what is read bit by bit."""

    def __init__(self, *, is_set_back: bool = False) -> None:
        super().__init__(SCHEMA)
        self.ticks: set[int] = set()
        """Of all commands in the messages so far."""
        self.is_set_back = is_set_back
        """Its client's clock is. Where that is lost, a command may be left out that was made anew in a tick that had none before."""
        self.is_misled = False
        """It took what an honest client never sends; until a message is read whole, such a client's commands may be passed over."""
        self.left_out = 0

    def read(self, data: bytes) -> CommandsMessage | None:
        message = super().read(data)
        if message is not None:
            self.is_misled = False
        return message

    def take(self, data: bytes, *, is_honest: bool = True) -> CommandsMessage | None:
        read, whole = super().take(data), read_commands(SCHEMA, data)
        self.is_misled |= read is not None and not is_honest
        if whole is None:
            assert read is None or len(read.entries) <= NEWS_TICKS_MAX, "what stands behind the new commands was not looked at"
            return read
        assert read is not None
        left_out = len(whole.entries) - len(read.entries)
        assert read == whole._replace(entries=whole.entries[left_out:])
        assert self.is_set_back or self.is_misled or {entry.tick for entry in whole.entries[:left_out]} <= self.ticks
        self.ticks |= {entry.tick for entry in whole.entries}
        self.left_out += left_out
        return read


def ruined(random: Random, data: bytes) -> bytes:
    """Bits flipped, cut, junk behind."""
    broken = bytearray(data)
    how = random.randrange(3)
    if how == 0:
        for _ in range(random.randrange(1, 3)):
            broken[random.randrange(len(broken))] ^= 1 << random.randrange(8)
    elif how == 1:
        del broken[random.randrange(len(broken)) :]
    else:
        broken += random.randbytes(random.randrange(1, 3))
    return bytes(broken)


@pytest.mark.parametrize("seed", range(40))
def test_a_session_is_read_as_message_by_message_whatever_the_network_does(seed: int) -> None:
    random = Random(seed)
    reader = Checked(is_set_back=seed % 2 == 1)
    for message in played(random, 200, random.choice((1, 2, 4, 12, COMMANDS_PER_MESSAGE_MAX)), back_ticks_max=seed % 2 * 3):
        data = write_commands(SCHEMA, message)
        fate = random.random()
        if fate < 0.1:
            continue  # lost
        if 0.2 <= fate < 0.5:
            reader.take(ruined(random, data), is_honest=False)
        for _ in range(2 if fate < 0.2 else 1):
            reader.take(data)


@given(st.lists(messages(), min_size=1, max_size=4))
def test_messages_that_have_nothing_to_do_with_each_other(sent: list[CommandsMessage]) -> None:
    reader = Reader(SCHEMA)
    for message in sent:
        assert reader.take(write_commands(SCHEMA, message)) in (message, message._replace(entries=message.entries[-1:]))


@given(st.lists(st.binary(max_size=60), max_size=5), st.integers(0, 100))
def test_any_bytes(junk: list[bytes], seed: int) -> None:
    reader = Checked()
    before, after = played(Random(seed), 2, 4)
    reader.take(write_commands(SCHEMA, before))
    for data in junk:
        reader.take(data, is_honest=False)
    reader.take(write_commands(SCHEMA, after))


def test_a_value_out_of_range_is_refused_the_fast_way_too() -> None:
    reader = Reader(SCHEMA)
    neutral = [CommandEntry(tick, SCHEMA.neutral, tick - 4, 0) for tick in range(100, 103)]
    assert reader.take(write_commands(SCHEMA, CommandsMessage(5, False, tuple(neutral[:1])))) is not None
    data = write_commands(SCHEMA, CommandsMessage(5, False, tuple(neutral[:2])))
    told = 0
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 128 >> bit % 8
        before = (reader._tick, reader._count)
        read, whole = reader.take(bytes(flipped)), read_commands(SCHEMA, bytes(flipped))
        reader._tick, reader._count = before
        newest = None if read is None else read.entries[-1:]
        if whole is not None:
            assert newest == whole.entries[-1:]
            told += 1
        elif newest:
            newest_alone = write_commands(SCHEMA, CommandsMessage(5, False, newest))
            assert read_commands(SCHEMA, newest_alone) is not None, "nothing comes out that could not have been sent"
    assert told


def test_of_a_message_behind_a_loss_what_was_lost_is_read_too() -> None:
    reader = Checked()
    entries = [CommandEntry(tick, SCHEMA.neutral, tick - 4, 0) for tick in range(100, 120)]
    given = [reader.take(write_commands(SCHEMA, CommandsMessage(5, False, tuple(entries[at - 4 : at])))) for at in (4, 5, 7, 8, 6)]
    assert [None if read is None else len(read.entries) for read in given] == [4, 1, 2, 1, 4]
    longer = reader.take(write_commands(SCHEMA, CommandsMessage(5, False, tuple(entries[0:7]))))
    assert longer is not None
    assert len(longer.entries) == 7


def test_a_tick_that_was_left_out_does_not_make_room_for_an_old_command() -> None:
    reader = Checked()
    entries = {tick: CommandEntry(tick, SCHEMA.neutral, tick - 4, 0) for tick in range(90, 110)}
    given = []
    for ticks in ((99, 100), (98, 99, 100, 102), (99, 100, 102, 105)):
        read = reader.take(write_commands(SCHEMA, CommandsMessage(5, False, tuple(entries[tick] for tick in ticks))))
        assert read is not None
        given.append([entry.tick for entry in read.entries])
    assert given == [[99, 100], [98, 99, 100, 102], [105]]


def test_a_steady_client_is_read_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(SCHEMA)
    slow = []

    def read_slowly(schema: CommandSchema, data: bytes) -> CommandsMessage | None:
        slow.append(data)
        return read_commands(schema, data)

    monkeypatch.setattr(under_test, "read_commands", read_slowly)
    commands = [SCHEMA.make(aim=7 * tick % 1024, fire=tick // 9 % 2) for tick in range(200)]
    entries = [CommandEntry(tick, command, tick - 5, 40 + tick % 3) for tick, command in enumerate(commands, 50)]
    for last in range(1, 200):
        message = CommandsMessage(last, False, tuple(entries[max(0, last - 6) : last]))
        assert reader.take(write_commands(SCHEMA, message)) == message._replace(entries=message.entries[-1:])
    assert len(slow) == 1
    reader.forget()
    assert reader.take(write_commands(SCHEMA, message)) == message


@pytest.mark.parametrize("count", range(COMMANDS_PER_MESSAGE_MAX - 1, 64))
def test_no_message_has_more_commands_than_allowed_whatever_was_read_before(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [CommandEntry(tick, SCHEMA.neutral, tick - 4, 0) for tick in range(100, 200)]
    with monkeypatch.context() as unmannerly:
        unmannerly.setattr(layout, "COMMANDS_PER_MESSAGE_MAX", 63)
        crowded = write_commands(SCHEMA, CommandsMessage(5, False, tuple(entries[:count])))
    reader = Checked()
    full = write_commands(SCHEMA, CommandsMessage(5, False, tuple(entries[: min(count - 1, COMMANDS_PER_MESSAGE_MAX)])))
    assert reader.take(full) is not None
    assert (reader.take(crowded) is None) == (count > COMMANDS_PER_MESSAGE_MAX)


def receive(buffer: CommandBuffer, message: CommandsMessage, next_tick: int, now: float, is_newest: bool) -> None:
    if len(message.entries) == 1:
        buffer.receive_newest(message.entries[0], next_tick, now, is_newest)
    else:
        buffer.receive(message.entries, next_tick, now, is_newest)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_not_looked_at_again_would_have_changed_nothing(seed: int) -> None:
    """Two buffers get the same messages, one of them without what the message before had; clocks jump beyond its future."""
    random = Random(seed)
    reader, brief, whole = Checked(), CommandBuffer(SCHEMA), CommandBuffer(SCHEMA)
    now = 97.0 - random.choice((0, 0, 70))  # at first everything may be too early, and is not any more later
    for message in played(random, 200, random.choice((2, 4, 12))):
        if random.random() < 0.1:
            continue
        read = reader.take(write_commands(SCHEMA, message))
        assert read is not None
        is_newest, next_tick = random.random() < 0.9, int(now) + 1
        receive(brief, read, next_tick, now, is_newest)
        if brief.wants_all:
            reader.forget()
        whole.receive(message.entries, next_tick, now, is_newest)
        now += random.choice((0.0, 1.0, 1.0, 1.0, 2.0))
        if int(now) + 1 > next_tick:
            assert brief.take(next_tick) == whole.take(next_tick)
        assert brief.take_feedback() == whole.take_feedback()
        assert brief.statistics() == whole.statistics()
    assert reader.left_out or brief.statistics().too_early


def test_a_command_for_a_tick_that_had_none_counts_as_missing_where_the_word_of_the_clock_was_lost() -> None:
    reader, buffer = Reader(SCHEMA), CommandBuffer(SCHEMA)
    before, anew, after = (
        [CommandEntry(tick, SCHEMA.neutral, tick - 4, 0) for tick in ticks] for ticks in ((99, 102), (100, 101, 102), (103,))
    )
    for entries in (before, [*before[:1], *anew, *after]):  # those that end with 100, 101 and 102 anew are lost
        message = reader.take(write_commands(SCHEMA, CommandsMessage(5, False, tuple(entries[-3:]))))
        assert message is not None
        receive(buffer, message, 99, 98.5, True)
    assert [buffer.take(tick)[1] is None for tick in range(99, 104)] == [False, True, True, False, False]
