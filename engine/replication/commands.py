"""The client's message: its acknowledgement and all commands that the server may not have yet.

Every message repeats what is not known to have arrived (at most 32 commands), so a lost datagram loses no command. Neighbouring commands
are alike: each is coded against the next newer one, one bit where it is the same. A command carries the moment of the others that was on
the screen when it was given (for lag compensation); that view usually trails its tick by a steady distance, one bit again.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from engine.contract import Command, CommandSchema
from engine.errors import LocalProtocolError
from engine.replication.feedback import TICK_MAX
from engine.wire import BitReader, BitWriter, ReadError
from engine.world import FRACTIONS

COMMANDS_PER_MESSAGE_MAX: Final = 32

_COUNT_BITS: Final = 6
_GAP_ORDER: Final = 0
_NOTHING_NEW, _NOTHING_NEW_BITS, _NOTHING_NEW_TEXT = 0b100, 3, "100"
"""An older command as most of them are: of the tick before, seen from the same distance, the same command. Known by sight, because every
message has several of them."""
VIEW_ORDER: Final = 10
"""Of the newest command's view distance in 256ths of a tick: 4 ticks behind are 1024."""
VIEW_CHANGE_ORDER: Final = 4


class CommandEntry(NamedTuple):
    """One command: what a player wants in the step that computes ``tick``, and what he saw when he wanted it."""

    tick: int
    command: Command
    view_tick: int
    """The others were shown as they stood ``view_fraction`` / 256 of the way from this tick to the next."""
    view_fraction: int = 0


class CommandsMessage(NamedTuple):
    """What a client tells about the match, many times a second."""

    acknowledged_tick: int | None
    """The newest snapshot applied."""
    wants_complete: bool
    entries: tuple[CommandEntry, ...]
    """Ticks ascending; at most 32; none while the client has nothing to command."""
    has_mismatch: bool = False
    """A complete snapshot is wanted because a checksum did not match, which the server counts: that is a mistake in somebody's code and not
    the network's doing. Only together with ``wants_complete``."""


def write_commands(schema: CommandSchema, message: CommandsMessage) -> bytes:
    """The message as bytes. Raises :class:`LocalProtocolError` for what no reader would accept."""
    entries = message.entries
    if len(entries) > COMMANDS_PER_MESSAGE_MAX:
        raise LocalProtocolError(f"{len(entries)} commands, more than {COMMANDS_PER_MESSAGE_MAX}")
    if message.has_mismatch and not message.wants_complete:
        raise LocalProtocolError("a checksum that did not match is told as the reason for wanting a complete snapshot")
    writer = BitWriter()
    if message.acknowledged_tick is None:
        writer.write(0, 1)
    else:
        writer.write(1 << 32 | message.acknowledged_tick, 33)
    writer.write(message.wants_complete, 1)
    if message.wants_complete:
        writer.write(message.has_mismatch, 1)
    writer.write(len(entries), _COUNT_BITS)
    newer: CommandEntry | None = None
    newer_distance = 0
    for entry in reversed(entries):
        _check_entry(schema, entry, newer)
        distance = _view_distance(entry)
        if newer is None:
            _write_newest(writer, schema, entry, distance)
        elif distance == newer_distance and entry.command == newer.command and entry.tick == newer.tick - 1:
            writer.write(_NOTHING_NEW, _NOTHING_NEW_BITS)
        else:
            _write_older(writer, schema, entry, newer, distance - newer_distance)
        newer, newer_distance = entry, distance
    return writer.to_bytes()


def _write_newest(writer: BitWriter, schema: CommandSchema, entry: CommandEntry, distance: int) -> None:
    writer.write(entry.tick, 32)
    writer.write_signed_golomb(distance, VIEW_ORDER)
    packed = size = 0
    for value, (low, high, bits) in zip(entry.command, schema.spans, strict=True):
        packed = packed << bits | _checked(value, low, high)
        size += bits
    writer.write(packed, size)


def _write_older(writer: BitWriter, schema: CommandSchema, entry: CommandEntry, newer: CommandEntry, change: int) -> None:
    writer.write_golomb(newer.tick - entry.tick - 1, _GAP_ORDER)
    writer.write(change != 0, 1)
    if change:
        writer.write_signed_golomb(change, VIEW_CHANGE_ORDER)
    if entry.command == newer.command:
        writer.write(0, 1)
        return
    packed = size = 1
    for value, other, (low, high, bits) in zip(entry.command, newer.command, schema.spans, strict=True):
        if value == other:
            packed <<= 1
            size += 1
        else:
            packed = (packed << 1 | 1) << bits | _checked(value, low, high)
            size += 1 + bits
    writer.write(packed, size)


def _checked(value: int, low: int, high: int) -> int:
    """The value counted from the lowest."""
    if not low <= value <= high:
        raise LocalProtocolError(f"{value} is not in {low} to {high}")
    return value - low


def _check_entry(schema: CommandSchema, entry: CommandEntry, newer: CommandEntry | None) -> None:
    if not 0 <= entry.tick <= TICK_MAX or (newer is not None and entry.tick >= newer.tick):
        raise LocalProtocolError(f"command for tick {entry.tick} out of order or out of range")
    if not 0 <= entry.view_tick <= TICK_MAX or not 0 <= entry.view_fraction < FRACTIONS:
        raise LocalProtocolError(f"view {entry.view_tick} + {entry.view_fraction}/256")
    if len(entry.command) != len(schema.fields):
        raise LocalProtocolError(f"a command of {len(entry.command)} values where the schema has {len(schema.fields)}")


def _view_distance(entry: CommandEntry) -> int:
    return (entry.tick - entry.view_tick) * FRACTIONS - entry.view_fraction


def read_commands(schema: CommandSchema, data: bytes) -> CommandsMessage | None:
    """The message, or None for bytes that are none: a value out of its range, ticks out of order, a message too short or too long."""
    try:
        reader = BitReader(data)
        acknowledged = reader.read(32) if reader.read_bool() else None
        wants_complete = reader.read_bool()
        has_mismatch = wants_complete and reader.read_bool()
        count = reader.read(_COUNT_BITS)
        if count > COMMANDS_PER_MESSAGE_MAX:
            return None
        entries: list[CommandEntry] = []
        newer: CommandEntry | None = None
        for _ in range(count):
            newer = _read_newest(reader, schema) if newer is None else read_older(reader, schema, newer)
            entries.append(newer)
        reader.finish()
    except ReadError:
        return None
    return CommandsMessage(acknowledged, wants_complete, tuple(reversed(entries)), has_mismatch)


def _read_newest(reader: BitReader, schema: CommandSchema) -> CommandEntry:
    tick = reader.read(32)
    distance = reader.read_signed_golomb(VIEW_ORDER)
    shift = _command_bits(schema)
    packed = reader.read(shift)
    command = []
    for low, high, bits in schema.spans:
        shift -= bits
        value = low + (packed >> shift & (1 << bits) - 1)
        if value > high:
            raise ReadError(f"{value} is not in {low} to {high}")
        command.append(value)
    return _entry(tick, tuple(command), distance)


@lru_cache(maxsize=64)
def _command_bits(schema: CommandSchema) -> int:
    """Of a command that is told whole."""
    return sum(bits for _, _, bits in schema.spans)


def read_older(reader: BitReader, schema: CommandSchema, newer: CommandEntry) -> CommandEntry:
    """The command that stands behind ``newer``. Raises ReadError."""
    if reader.text.startswith(_NOTHING_NEW_TEXT, reader.position):
        reader.position += _NOTHING_NEW_BITS
        return _entry(newer.tick - 1, newer.command, _view_distance(newer))
    tick = newer.tick - 1 - reader.read_golomb(_GAP_ORDER)
    distance = _view_distance(newer)
    if reader.read_bool():
        distance += _nonzero(reader.read_signed_golomb(VIEW_CHANGE_ORDER))
    command = newer.command
    if reader.read_bool():
        command = _read_changed(reader, schema, command)
    return _entry(tick, command, distance)


def _entry(tick: int, command: Command, distance: int) -> CommandEntry:
    view = tick * FRACTIONS - distance
    if tick < 0 or not 0 <= view <= TICK_MAX * FRACTIONS + FRACTIONS - 1:
        raise ReadError("a tick that cannot be")
    return CommandEntry(tick, command, view // FRACTIONS, view % FRACTIONS)


def _read_changed(reader: BitReader, schema: CommandSchema, command: Command) -> Command:
    changed = list(command)
    for index, (low, high, _) in enumerate(schema.spans):
        if reader.read_bool():
            changed[index] = reader.read_range(low, high)
            if changed[index] == command[index]:
                raise ReadError("a change that changes nothing")
    if tuple(changed) == command:
        raise ReadError("a change that changes nothing")
    return tuple(changed)


def _nonzero(value: int) -> int:
    if value == 0:
        raise ReadError("a change that changes nothing")
    return value
