"""Reads one seat's messages of commands at a quarter of the price, because each says again what the one before it said.

A message is the newest command in full, then each older one as the change that leads to it from its neighbour. Where it ends at most
:data:`NEWS_TICKS_MAX` ticks later than the message before it, and has no more commands besides those of these ticks than that one had, the
others are commands of that message: they have been taken, or refused, and a command that comes again changes nothing
(:meth:`~engine.replication.command_buffer.CommandBuffer.receive`). So only those of the new ticks are read, which is mostly one, and what
stands behind them is not even looked at. Every other message (the first, one behind a long loss, after a clock was set, with a wish, out
of order) is read whole by :func:`~engine.replication.commands.read_commands`.

What is not looked at may be wrong in a message of a client that cannot write them; the network changes nothing inside a seal. And where a
clock was set back and forward again, and every message about it was lost, a command may be passed over that was made anew for a tick that
had none: it counts as missing.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from engine.contract import Command, CommandSchema
from engine.replication.commands import COMMANDS_PER_MESSAGE_MAX, VIEW_ORDER, CommandEntry, CommandsMessage, read_commands, read_older
from engine.replication.feedback import TICK_MAX
from engine.wire import BitReader, ReadError
from engine.wire.bits import GOLOMB_ZEROS_MAX
from engine.world import FRACTIONS

_integer: Final = int.from_bytes
_new: Final = tuple.__new__
"""Makes a named tuple at half the price of its own constructor, which is a function in Python."""

NEWS_TICKS_MAX: Final = 8
"""As far apart as a server with too much to do may ask for messages; a client that sends one per tick may lose so many but one."""

_HEAD: Final = Struct(">IBI")
"""What a message begins with, in whole bytes: an acknowledged tick behind a one; its last bit, no wish, the number of commands; the tick of
the newest."""
_HAS_ACKNOWLEDGED: Final = 1 << 31
_COUNT_MASK: Final = 0x7F
"""The number, and the wish in front of it: with one, the number looks larger than any that is allowed."""
_NEVER: Final = -NEWS_TICKS_MAX - 1
"""Before any tick, and no message follows on it."""
_VIEW_MAX: Final = TICK_MAX * FRACTIONS + FRACTIONS - 1
_GOLOMB_BITS_MAX: Final = 2 * GOLOMB_ZEROS_MAX + 1 + VIEW_ORDER


_NOTHING: Final[tuple[CommandEntry, ...]] = ()


class CommandReader:
    """One seat's. First :meth:`news` is asked, and where that has no answer, :meth:`read`."""

    __slots__ = ("_bounded", "_command", "_command_bits", "_command_mask", "_count", "_fields", "_packed", "_schema", "_tick")

    def __init__(self, schema: CommandSchema) -> None:
        self._schema: Final = schema
        self._command_bits: Final = sum(bits for _, _, bits in schema.spans)
        self._command_mask: Final = (1 << self._command_bits) - 1
        fields, bounded, shift = [], [], self._command_bits
        for index, (low, high, bits) in enumerate(schema.spans):
            shift -= bits
            fields.append((shift, (1 << bits) - 1, low))
            if high - low < (1 << bits) - 1:
                bounded.append((index, high))
        self._fields: Final = tuple(fields)
        """Per field of a packed command: its place, its mask, its lowest value."""
        self._bounded: Final = tuple(bounded)
        """(field, highest value) of those whose bits can say more than that."""
        self._tick = _NEVER
        """Newest tick of the last message."""
        self._count = 0
        """Its number of commands."""
        self._packed = -1
        """Its newest command as it stands in a message, where that is known."""
        self._command: Command = ()

    def read(self, data: bytes) -> CommandsMessage | None:
        """The whole message, or None for bytes that are none."""
        message = read_commands(self._schema, data)
        if message is not None:
            entries = message.entries
            self._tick, self._count, self._packed = entries[-1].tick if entries else _NEVER, len(entries), -1
        return message

    def forget(self) -> None:
        """The next message is to be given with all its commands."""
        self._tick = _NEVER

    def news(self, data: bytes, start: int = 0) -> tuple[int, CommandEntry, tuple[CommandEntry, ...]] | None:
        """(acknowledged tick, newest command, the others that are new, oldest first) of the message that begins at ``start``. None where
        all may be news, and for what is not certain to be a message.
        """
        first = start + _HEAD.size
        if len(data) < first:
            return None
        acknowledged, count, tick = _HEAD.unpack_from(data, start)
        last_bit = count >> 7
        count &= _COUNT_MASK
        new = tick - self._tick
        if not 0 < new <= NEWS_TICKS_MAX or not 0 < count <= COMMANDS_PER_MESSAGE_MAX or count > self._count + new:
            return None
        left = 8 * (len(data) - first)
        rest = _integer(data[first:])
        size = 2 * (left - rest.bit_length()) + 1 + VIEW_ORDER
        left -= size + self._command_bits
        if left < 0 or size > _GOLOMB_BITS_MAX or acknowledged < _HAS_ACKNOWLEDGED:
            return None
        rest >>= left
        zigzag = (rest >> self._command_bits) - (1 << VIEW_ORDER)
        view = tick * FRACTIONS - (zigzag >> 1 ^ -(zigzag & 1))
        if not 0 <= view <= _VIEW_MAX:
            return None
        packed = rest & self._command_mask
        command = self._command
        if packed != self._packed:
            command = tuple([low + (packed >> shift & mask) for shift, mask, low in self._fields])
            for index, high in self._bounded:
                if command[index] > high:
                    return None
        entry = _new(CommandEntry, (tick, command, view // FRACTIONS, view % FRACTIONS))
        others = _NOTHING
        if new > 1 and count > 1:
            read = self._others(entry, count - 1, data[first:], left)
            if read is None:
                return None
            others = read
        self._tick, self._count, self._packed, self._command = tick, count, packed, command
        return (acknowledged - _HAS_ACKNOWLEDGED) << 1 | last_bit, entry, others

    def _others(self, newest: CommandEntry, count: int, data: bytes, left_bits: int) -> tuple[CommandEntry, ...] | None:
        """Of the ``count`` commands that begin ``left_bits`` before the end, those behind the last message's newest, oldest first; None
        where more of the others are left than that message had, or where it is no message.
        """
        reader = BitReader(data)
        reader.position = reader.remaining_bits - left_bits
        others: list[CommandEntry] = []
        entry = newest
        try:
            while count and entry.tick > self._tick + 1:
                entry = read_older(reader, self._schema, entry)
                if entry.tick <= self._tick:
                    break
                others.append(entry)
                count -= 1
        except ReadError:
            return None
        return tuple(reversed(others)) if count <= self._count else None
