"""Reads one seat's messages of commands at a fifth of the price, because each says again what the one before it said.

A message is the newest command in full, then each older one as the change that leads to it from its neighbour. The next message is a new
command, one change, and then the very changes of the message before it. So whoever has read the last message knows what bits to expect
behind the newest command: they are compared as one integer. Where they are as expected, the message says nothing else that is new, and
every rule of :func:`~engine.replication.commands.read_commands` is kept, because a command has only one spelling. Where they are not (a
datagram was lost, the clock was set back, it is junk), that function reads the message.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from engine.contract import Command, CommandSchema
from engine.replication.commands import (
    COMMANDS_PER_MESSAGE_MAX,
    VIEW_CHANGE_ORDER,
    VIEW_ORDER,
    CommandEntry,
    CommandsMessage,
    read_commands,
)
from engine.replication.feedback import TICK_MAX
from engine.wire.bits import GOLOMB_ZEROS_MAX
from engine.world import FRACTIONS

Code: TypeAlias = tuple[int, int]
"""Bits as an integer, and how many."""

_HEAD_BITS: Final = 1 + 32 + 1 + 6
"""An acknowledged tick, no wish, the number of commands."""
_TICK_BITS: Final = 32
_DISTANCE_MAX: Final = 1 << 30
"""In 256ths of a tick, of a view from its command: 19 hours at 60 Hz. Beyond it a change of view may have no code."""
_VIEW_MAX: Final = TICK_MAX * FRACTIONS + FRACTIONS - 1
_GOLOMB_BITS_MAX: Final = 2 * GOLOMB_ZEROS_MAX + 1 + VIEW_ORDER


class CommandReader:
    """One seat's. ``read`` gives what :func:`read_commands` gives, for any bytes in any order."""

    def __init__(self, schema: CommandSchema) -> None:
        self._schema: Final = schema
        self._command_bits: Final = sum(bits for _, _, bits in schema.spans)
        fields, shift = [], self._command_bits
        for low, high, bits in schema.spans:
            shift -= bits
            fields.append((shift, (1 << bits) - 1, low, high - low, bits))
        self._fields: Final = tuple(fields)
        """Per field of a packed command: its place, its mask, its lowest value, its greatest distance from that, its bits."""
        self._entries: list[CommandEntry] = []
        """Of the last message, oldest first."""
        self._packed = 0
        """Its newest command, as it stands in a message."""
        self._changes: list[Code] = []
        """How each older one of them is told, newest first."""

    def read(self, data: bytes) -> CommandsMessage | None:
        """The message, or None for bytes that are none."""
        message = self._read_as_expected(data) if self._entries else None
        if message is None:
            message = read_commands(self._schema, data)
            if message is not None:
                self._remember(message)
        return message

    def _read_as_expected(self, data: bytes) -> CommandsMessage | None:
        """The message, if it is one new command in front of what is known; None where that is not so or not certain."""
        command_bits = self._command_bits
        left = 8 * len(data) - _HEAD_BITS - _TICK_BITS
        if left < command_bits:
            return None
        value = int.from_bytes(data)
        head = value >> left
        tick = head & TICK_MAX
        head >>= _TICK_BITS
        count = head & 0x3F
        newest = self._entries[-1]
        if head >> 39 != 1 or head & 0x40 or not 1 < count <= min(len(self._changes) + 2, COMMANDS_PER_MESSAGE_MAX) or tick <= newest.tick:
            return None
        rest = value & (1 << left) - 1
        size = 2 * (left - rest.bit_length()) + 1 + VIEW_ORDER
        if size > _GOLOMB_BITS_MAX or (left := left - size - command_bits) < 0:
            return None
        zigzag = (rest >> left + command_bits) - (1 << VIEW_ORDER)
        distance = zigzag >> 1 ^ -(zigzag & 1)
        view = tick * FRACTIONS - distance
        if not 0 <= view <= _VIEW_MAX or not -_DISTANCE_MAX <= distance <= _DISTANCE_MAX:
            return None
        packed = rest >> left & (1 << command_bits) - 1
        command = newest.command if packed == self._packed else self._unpack(packed)
        if command is None:
            return None
        changes = [self._change(newest, self._packed, tick, distance, packed)]
        changes += self._changes[: count - 2]
        expected = size = 0
        for code, bits in changes:
            expected = expected << bits | code
            size += bits
        left -= size
        if not 0 <= left < 8 or rest & (1 << left + size) - 1 != expected << left:
            return None
        entry = CommandEntry(tick, command, view // FRACTIONS, view % FRACTIONS)
        self._entries = entries = [*self._entries[1 - count :], entry]
        self._packed, self._changes = packed, changes
        return CommandsMessage(head >> 7 & TICK_MAX, False, tuple(entries))

    def _unpack(self, packed: int) -> Command | None:
        """The command; None where a value is out of its range."""
        command = []
        for shift, mask, low, span, _ in self._fields:
            field = packed >> shift & mask
            if field > span:
                return None
            command.append(low + field)
        return tuple(command)

    def _change(self, entry: CommandEntry, packed: int, newer_tick: int, newer_distance: int, newer_packed: int) -> Code:
        """``entry`` as it is told behind the next newer one: the gap between their ticks, the change of view, what differs."""
        gap = newer_tick - entry.tick
        code, size = gap, 2 * gap.bit_length() - 1
        moved = _distance(entry) - newer_distance
        if moved:
            golomb = (2 * moved if moved > 0 else -2 * moved - 1) + (1 << VIEW_CHANGE_ORDER)
            bits = 2 * golomb.bit_length() - VIEW_CHANGE_ORDER - 1
            code, size = (code << 1 | 1) << bits | golomb, size + 1 + bits
        else:
            code, size = code << 1, size + 1
        differs = packed ^ newer_packed
        if not differs:
            return code << 1, size + 1
        code, size = code << 1 | 1, size + 1
        for shift, mask, _, _, bits in self._fields:
            if differs >> shift & mask:
                code, size = (code << 1 | 1) << bits | packed >> shift & mask, size + 1 + bits
            else:
                code, size = code << 1, size + 1
        return code, size

    def _pack(self, entry: CommandEntry) -> int:
        packed = 0
        for value, (low, _, bits) in zip(entry.command, self._schema.spans, strict=True):
            packed = packed << bits | value - low
        return packed

    def _remember(self, message: CommandsMessage) -> None:
        """A message that was read bit by bit is what the next one is expected to continue."""
        entries = list(message.entries)
        if any(abs(_distance(entry)) > _DISTANCE_MAX for entry in entries):
            entries.clear()
        self._entries, self._changes = entries, []
        newer: CommandEntry | None = None
        newer_packed = 0
        for entry in reversed(entries):
            packed = self._pack(entry)
            if newer is None:
                self._packed = packed
            else:
                self._changes.append(self._change(entry, packed, newer.tick, _distance(newer), newer_packed))
            newer, newer_packed = entry, packed


def _distance(entry: CommandEntry) -> int:
    """Of what was on the screen from the command's tick, in 256ths of one."""
    return (entry.tick - entry.view_tick) * FRACTIONS - entry.view_fraction
