"""Reads one seat's messages of commands at a fifth of the price, because each says again what the one before it said.

A message is the newest command in full, then each older one as the change that leads to it from its neighbour. The next message is a new
command, one change, and then the very changes of the message before it. So whoever has read the last message knows what bits to expect
behind the newest command: they are compared as one integer. Where they are as expected, the message says nothing else that is new, and
every rule of :func:`~engine.replication.commands.read_commands` is kept, because a command has only one spelling. Where they are not (a
datagram was lost, the clock was set back, it is junk), that function reads the message.
"""

from __future__ import annotations

from typing import Final

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

_integer: Final = int.from_bytes
_new: Final = tuple.__new__
"""Makes a named tuple at half the price of its own constructor, which is a function in Python."""

_HEAD_BITS: Final = 1 + 32 + 1 + 6 + 32
_HEAD_BYTES: Final = _HEAD_BITS // 8
"""An acknowledged tick, no wish, the number of commands, the tick of the newest: whole bytes."""
_COUNT_MASK: Final = 0x7F
"""The number, and the wish in front of it: with one, the number looks larger than any that is allowed."""
_DISTANCE_MAX: Final = 1 << 30
"""In 256ths of a tick, of a view from its command: 19 hours at 60 Hz. Beyond it a change of view may have no code."""
_VIEW_MAX: Final = TICK_MAX * FRACTIONS + FRACTIONS - 1
_GOLOMB_BITS_MAX: Final = 2 * GOLOMB_ZEROS_MAX + 1 + VIEW_ORDER


class CommandReader:
    """One seat's. ``read`` gives what :func:`read_commands` gives, for any bytes in any order."""

    __slots__ = ("_command_bits", "_distance", "_entries", "_fields", "_packed", "_schema", "_sizes", "_told", "_told_bits", "repeated")

    def __init__(self, schema: CommandSchema) -> None:
        self.repeated = 0
        """How many of the last message's entries, from the oldest, the message before it had as well (0: that is not known)."""
        self._schema: Final = schema
        self._command_bits: Final = sum(bits for _, _, bits in schema.spans)
        fields, shift = [], self._command_bits
        for low, high, bits in schema.spans:
            shift -= bits
            mask = (1 << bits) - 1
            fields.append((mask << shift, shift, mask, low, high - low, bits))
        self._fields: Final = tuple(fields)
        """Per field of a packed command: where its bits are, its place, its mask, its lowest value, its greatest distance from that, its
        bits."""
        self._entries: tuple[CommandEntry, ...] = ()
        """Of the last message, oldest first."""
        self._packed = 0
        """Its newest command, as it stands in a message."""
        self._distance = 0
        """And how far behind its tick the view was, in 256ths of one."""
        self._told = self._told_bits = 0
        """How the older ones of them are told, newest first, as one number."""
        self._sizes: list[int] = []
        """The bits of each of them."""

    def read(self, data: bytes) -> CommandsMessage | None:
        """The message, or None for bytes that are none."""
        message = self._read_as_expected(data) if self._entries else None
        if message is None:
            message = read_commands(self._schema, data)
            if message is not None:
                self._remember(message)
        return message

    def _read_as_expected(self, data: bytes) -> CommandsMessage | None:
        """The message, if it is one new command in front of what is known, or alone; None where that is not so or not certain."""
        command_bits = self._command_bits
        left = 8 * len(data) - _HEAD_BITS
        if left < command_bits:
            return None
        head = _integer(data[:_HEAD_BYTES])
        tick = head & TICK_MAX
        count = head >> 32 & _COUNT_MASK
        sizes = self._sizes
        newest = self._entries[-1]
        if head >> 71 != 1 or not 0 < count <= min(len(sizes) + 2, COMMANDS_PER_MESSAGE_MAX) or tick <= newest.tick:
            return None
        rest = _integer(data[_HEAD_BYTES:])
        size = 2 * (left - rest.bit_length()) + 1 + VIEW_ORDER
        if size > _GOLOMB_BITS_MAX or (left := left - size - command_bits) < 0:
            return None
        zigzag = (rest >> left + command_bits) - (1 << VIEW_ORDER)
        distance = zigzag >> 1 ^ -(zigzag & 1)
        view = tick * FRACTIONS - distance
        if not 0 <= view <= _VIEW_MAX or not -_DISTANCE_MAX <= distance <= _DISTANCE_MAX:
            return None
        packed = rest >> left & (1 << command_bits) - 1
        command, code, size = self._continued(newest, self._packed, self._distance, tick, distance, packed)
        if command is None:
            return None
        if count > 1:
            kept = sizes[: count - 2]
            given_up = sum(sizes[count - 2 :])
            told_bits = self._told_bits - given_up
            kept.insert(0, size)
            code, size = code << told_bits | self._told >> given_up, size + told_bits
        else:  # it tells of this command alone: its player's clock has left a tick out
            kept, code, size = [], 0, 0
        left -= size
        if not 0 <= left < 8 or rest & (1 << left + size) - 1 != code << left:
            return None
        entry = _new(CommandEntry, (tick, command, view // FRACTIONS, view % FRACTIONS))
        self._entries = entries = (*self._entries[1 - count :], entry) if count > 1 else (entry,)
        self._packed, self._distance, self._told, self._told_bits = packed, distance, code, size
        self._sizes = kept
        self.repeated = count - 1
        return _new(CommandsMessage, (head >> 39 & TICK_MAX, False, entries, False))

    def _continued(
        self, older: CommandEntry, older_packed: int, older_distance: int, tick: int, distance: int, packed: int
    ) -> tuple[Command | None, int, int]:
        """The command of ``packed`` (None where a value is out of its range), and how ``older`` is told behind it: bits as an integer and
        how many. That is the gap between the two ticks, the change of view, what differs.
        """
        gap = tick - older.tick
        code, size = gap, 2 * gap.bit_length() - 1
        moved = older_distance - distance
        if moved:
            golomb = (2 * moved if moved > 0 else -2 * moved - 1) + (1 << VIEW_CHANGE_ORDER)
            bits = 2 * golomb.bit_length() - VIEW_CHANGE_ORDER - 1
            code, size = (code << 1 | 1) << bits | golomb, size + 1 + bits
        else:
            code, size = code << 1, size + 1
        differs = packed ^ older_packed
        if not differs:
            return older.command, code << 1, size + 1
        code, size = code << 1 | 1, size + 1
        command = []
        for (here, shift, mask, low, span, bits), value in zip(self._fields, older.command, strict=True):
            if differs & here:
                field = packed >> shift & mask
                if field > span:
                    return None, 0, 0
                command.append(low + field)
                code, size = (code << 1 | 1) << bits | older_packed >> shift & mask, size + 1 + bits
            else:
                command.append(value)
                code, size = code << 1, size + 1
        return tuple(command), code, size

    def _pack(self, entry: CommandEntry) -> int:
        packed = 0
        for value, (low, _, bits) in zip(entry.command, self._schema.spans, strict=True):
            packed = packed << bits | value - low
        return packed

    def _remember(self, message: CommandsMessage) -> None:
        """A message that was read bit by bit is what the next one is expected to continue."""
        self.repeated = 0
        self._entries, self._sizes, self._told, self._told_bits = message.entries, [], 0, 0
        if any(abs(_distance(entry)) > _DISTANCE_MAX for entry in message.entries):
            self._entries = ()
        newer: CommandEntry | None = None
        newer_packed = 0
        for entry in reversed(self._entries):
            packed = self._pack(entry)
            if newer is None:
                self._packed, self._distance = packed, _distance(entry)
            else:
                _, code, size = self._continued(entry, packed, _distance(entry), newer.tick, _distance(newer), newer_packed)
                self._told, self._told_bits = self._told << size | code, self._told_bits + size
                self._sizes.append(size)
            newer, newer_packed = entry, packed


def _distance(entry: CommandEntry) -> int:
    """Of what was on the screen from the command's tick, in 256ths of one."""
    return (entry.tick - entry.view_tick) * FRACTIONS - entry.view_fraction
