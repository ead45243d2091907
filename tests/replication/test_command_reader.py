"""One model throughout: whatever the reader has read before, it reads the next bytes as :func:`read_commands` does."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract import CommandSchema
from engine.replication import COMMANDS_PER_MESSAGE_MAX, CommandBuffer, CommandEntry, CommandsMessage, read_commands, write_commands
from engine.replication import command_reader as under_test
from engine.replication import commands as layout
from engine.replication.command_reader import CommandReader
from tests.replication.test_commands import SCHEMA, messages


def played(random: Random, ticks: int, repeated: int, *, steadiness: float = 0.7) -> list[CommandsMessage]:
    """What a client sends: each tick a command, often like the last one, with those before it; its view wanders, its clock jumps."""
    entries: list[CommandEntry] = []
    sent = []
    tick, behind = 100, 1500
    command = SCHEMA.neutral
    for _ in range(ticks):
        tick += random.choice((1, 1, 1, 1, 1, 1, 2, 5)) if random.random() < 0.9 else -random.randrange(3)
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
    reader = CommandReader(SCHEMA)
    for message in played(random, 200, random.choice((1, 2, 4, 12, COMMANDS_PER_MESSAGE_MAX))):
        data = write_commands(SCHEMA, message)
        fate = random.random()
        if fate < 0.1:
            continue  # lost
        for piece in [data, data] if fate < 0.2 else [ruined(random, data), data] if fate < 0.5 else [data]:
            assert reader.read(piece) == read_commands(SCHEMA, piece)


@given(st.lists(messages(), min_size=1, max_size=4))
def test_messages_that_have_nothing_to_do_with_each_other(sent: list[CommandsMessage]) -> None:
    reader = CommandReader(SCHEMA)
    for message in sent:
        assert reader.read(write_commands(SCHEMA, message)) == message


@given(st.lists(st.binary(max_size=60), max_size=5), st.integers(0, 100))
def test_any_bytes(junk: list[bytes], seed: int) -> None:
    reader = CommandReader(SCHEMA)
    before, after = played(Random(seed), 2, 4)
    for data in (write_commands(SCHEMA, before), *junk, write_commands(SCHEMA, after)):
        assert reader.read(data) == read_commands(SCHEMA, data)


def test_views_whose_change_has_no_code_are_left_to_the_slow_way() -> None:
    reader = CommandReader(SCHEMA)
    far = CommandEntry(2**31, SCHEMA.neutral, 2**32 - 1, 255)
    near = [CommandEntry(2**31 + tick, SCHEMA.neutral, 2**31, 0) for tick in (1, 2)]
    for entries in ((far,), (near[0],), tuple(near)):
        data = write_commands(SCHEMA, CommandsMessage(5, False, entries))
        assert reader.read(data) == read_commands(SCHEMA, data)


def test_a_steady_client_is_read_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = CommandReader(SCHEMA)
    slow = []

    def read_slowly(schema: CommandSchema, data: bytes) -> CommandsMessage | None:
        slow.append(data)
        return read_commands(schema, data)

    monkeypatch.setattr(under_test, "read_commands", read_slowly)
    commands = [SCHEMA.make(aim=7 * tick % 1024, fire=tick // 9 % 2) for tick in range(200)]
    entries = [CommandEntry(tick, command, tick - 5, 40 + tick % 3) for tick, command in enumerate(commands, 50)]
    for last in range(1, 200):
        message = CommandsMessage(last, False, tuple(entries[max(0, last - 6) : last]))
        assert reader.read(write_commands(SCHEMA, message)) == message
    assert len(slow) == 1


@pytest.mark.parametrize("count", range(COMMANDS_PER_MESSAGE_MAX - 1, 64))
def test_no_message_has_more_commands_than_allowed_whatever_was_read_before(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [CommandEntry(tick, SCHEMA.neutral, tick - 4, 0) for tick in range(100, 200)]
    with monkeypatch.context() as unmannerly:
        unmannerly.setattr(layout, "COMMANDS_PER_MESSAGE_MAX", 63)
        crowded = write_commands(SCHEMA, CommandsMessage(5, False, tuple(entries[:count])))
    reader = CommandReader(SCHEMA)
    full = write_commands(SCHEMA, CommandsMessage(5, False, tuple(entries[: min(count - 1, COMMANDS_PER_MESSAGE_MAX)])))
    assert reader.read(full) is not None
    assert reader.read(crowded) == read_commands(SCHEMA, crowded)
    assert (reader.read(crowded) is None) == (count > COMMANDS_PER_MESSAGE_MAX)


@pytest.mark.parametrize("seed", range(30))
def test_what_is_not_looked_at_again_would_have_changed_nothing(seed: int) -> None:
    """Two buffers get the same messages, one of them told how many commands it had in the message before; clocks jump beyond its future."""
    random = Random(seed)
    reader, told, untold = CommandReader(SCHEMA), CommandBuffer(SCHEMA), CommandBuffer(SCHEMA)
    skipped = 0
    now = 97.0 - random.choice((0, 0, 70))  # at first everything may be too early, and is not any more later
    for message in played(random, 200, random.choice((2, 4, 12))):
        if random.random() < 0.1:
            continue
        read = reader.read(write_commands(SCHEMA, message))
        assert read is not None
        is_newest, next_tick = random.random() < 0.9, int(now) + 1
        told.receive(read, next_tick, now, is_newest, reader.repeated)
        untold.receive(read, next_tick, now, is_newest)
        skipped += reader.repeated
        now += random.choice((0.0, 1.0, 1.0, 1.0, 2.0))
        if int(now) + 1 > next_tick:
            assert told.take(next_tick) == untold.take(next_tick)
        assert told.take_feedback() == untold.take_feedback()
        assert told.statistics() == untold.statistics()
    assert skipped
