from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract import CommandField, CommandSchema
from engine.errors import LocalProtocolError
from engine.replication import COMMANDS_PER_MESSAGE_MAX, CommandEntry, CommandsMessage, read_commands, write_commands
from engine.world import Range

SCHEMA = CommandSchema(
    CommandField("move_x", Range(-127, 127)),
    CommandField("move_y", Range(-127, 127)),
    CommandField("aim", Range(0, 1023)),
    CommandField("fire", Range(0, 1)),
    CommandField("weapon", Range(0, 2)),
    CommandField("dash", Range(0, 1), latch=True),
)


@st.composite
def messages(draw: st.DrawFn) -> CommandsMessage:
    count = draw(st.integers(0, COMMANDS_PER_MESSAGE_MAX))
    tick = draw(st.integers(0, 2**31))
    entries: list[CommandEntry] = []
    for _ in range(count):
        alike = bool(entries) and draw(st.booleans())
        command = entries[-1].command if alike else tuple(draw(st.integers(f.range.low, f.range.high)) for f in SCHEMA.fields)
        view = draw(st.integers(max(0, tick - 40), tick + 40))
        entries.append(CommandEntry(tick, command, view, draw(st.integers(0, 255))))
        tick += draw(st.sampled_from((1, 1, 1, 2, 70)))
    wants_complete, has_mismatch = draw(st.sampled_from([(False, False), (True, False), (True, True)]))
    return CommandsMessage(draw(st.none() | st.integers(0, 2**32 - 1)), wants_complete, tuple(entries), has_mismatch)


@given(messages())
def test_what_is_written_is_read(message: CommandsMessage) -> None:
    assert read_commands(SCHEMA, write_commands(SCHEMA, message)) == message


@pytest.mark.parametrize("count", [COMMANDS_PER_MESSAGE_MAX + 1, 63])
def test_more_commands_than_allowed_are_no_message(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    with monkeypatch.context() as patched:  # a peer without manners
        patched.setattr("engine.replication.commands.COMMANDS_PER_MESSAGE_MAX", 63)
        data = write_commands(SCHEMA, steady(count))
        assert read_commands(SCHEMA, data) == steady(count)
    assert read_commands(SCHEMA, data) is None


def steady(count: int) -> CommandsMessage:
    command = SCHEMA.make(move_x=127, aim=300)
    return CommandsMessage(1000, False, tuple(CommandEntry(1010 + i, command, 1004 + i, 77) for i in range(count)))


def test_a_repeated_command_costs_three_bits() -> None:
    one, many = (8 * len(write_commands(SCHEMA, steady(count))) for count in (1, 32))
    assert many - one <= 31 * 3 + 8
    assert one <= 8 * 18


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_within_bounds_or_nothing(data: bytes) -> None:
    message = read_commands(SCHEMA, data)
    if message is not None:
        check_bounds(message)


def check_bounds(message: CommandsMessage) -> None:
    assert len(message.entries) <= COMMANDS_PER_MESSAGE_MAX
    ticks = [entry.tick for entry in message.entries]
    assert ticks == sorted(set(ticks))
    for entry in message.entries:
        assert 0 <= entry.tick < 2**32
        assert 0 <= entry.view_tick < 2**32
        assert 0 <= entry.view_fraction < 256
        assert all(value in field.range for field, value in zip(SCHEMA.fields, entry.command, strict=True))


@settings(deadline=None, max_examples=30)
@given(messages())
def test_truncated_and_lengthened_messages_are_nothing(message: CommandsMessage) -> None:
    data = write_commands(SCHEMA, message)
    for length in range(len(data)):
        assert read_commands(SCHEMA, data[:length]) is None
    assert read_commands(SCHEMA, data + b"\x00") is None
    assert read_commands(SCHEMA, data + b"\x80") is None


@settings(deadline=None, max_examples=25)
@given(messages())
def test_a_flipped_bit_gives_another_message_that_is_written_the_same_way_or_nothing(message: CommandsMessage) -> None:
    """One meaning has one spelling: what is accepted encodes back to the same bytes."""
    data = write_commands(SCHEMA, message)
    for bit in range(0, len(data) * 8, 3):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 0x80 >> bit % 8
        other = read_commands(SCHEMA, bytes(flipped))
        if other is not None:
            check_bounds(other)
            assert other != message
            assert write_commands(SCHEMA, other) == bytes(flipped)


@pytest.mark.parametrize(
    "entries",
    [
        tuple(CommandEntry(tick, SCHEMA.neutral, tick) for tick in range(33)),
        (CommandEntry(5, SCHEMA.neutral, 5), CommandEntry(5, SCHEMA.neutral, 5)),
        (CommandEntry(5, SCHEMA.neutral, 5), CommandEntry(4, SCHEMA.neutral, 4)),
        (CommandEntry(-1, SCHEMA.neutral, 0),),
        (CommandEntry(2**32, SCHEMA.neutral, 0),),
        (CommandEntry(5, SCHEMA.neutral, -1),),
        (CommandEntry(5, SCHEMA.neutral, 3, 256),),
        (CommandEntry(5, (0, 0, 0), 3),),
        (CommandEntry(5, (0, 0, 1024, 0, 0, 0), 3),),
    ],
)
def test_a_message_that_no_reader_would_take_is_our_mistake(entries: tuple[CommandEntry, ...]) -> None:
    with pytest.raises(LocalProtocolError):
        write_commands(SCHEMA, CommandsMessage(None, False, entries))


def test_the_reason_for_wanting_a_complete_snapshot_is_one_bit_and_only_then() -> None:
    told = [CommandsMessage(None, False, ()), CommandsMessage(None, True, ()), CommandsMessage(None, True, (), has_mismatch=True)]
    assert [write_commands(SCHEMA, message).hex() for message in told] == ["00", "4000", "6000"]
    with pytest.raises(LocalProtocolError):
        write_commands(SCHEMA, CommandsMessage(None, False, (), has_mismatch=True))
