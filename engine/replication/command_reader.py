"""Reads one seat's messages of commands at a quarter of the price, because each says again what the one before it said.

A message is the newest command in full, then each older one as the change that leads to it from its neighbour. Where it ends one tick
later than the message before it, and has at most one command more, its older commands are commands of that message: they have been taken,
or refused, and a command that comes again changes nothing (:meth:`~engine.replication.command_buffer.CommandBuffer.receive`). So only the
newest is read, and what stands behind it is not even looked at. Every other message (the first, one behind a loss, after a clock was set,
with a wish, out of order) is read whole by :func:`~engine.replication.commands.read_commands`.

What is not looked at may be wrong in a message of a client that cannot write them; the network changes nothing inside a seal. And where a
clock was set back and forward again, and every message about it was lost, a command may be passed over that was made anew for a tick that
had none: it counts as missing.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from engine.contract import Command, CommandSchema
from engine.replication.commands import COMMANDS_PER_MESSAGE_MAX, VIEW_ORDER, CommandEntry, CommandsMessage, read_commands
from engine.replication.feedback import TICK_MAX
from engine.wire.bits import GOLOMB_ZEROS_MAX
from engine.world import FRACTIONS

_integer: Final = int.from_bytes
_new: Final = tuple.__new__
"""Makes a named tuple at half the price of its own constructor, which is a function in Python."""

_HEAD: Final = Struct(">IBI")
"""What a message begins with, in whole bytes: an acknowledged tick behind a one; its last bit, no wish, the number of commands; the tick of
the newest."""
_HAS_ACKNOWLEDGED: Final = 1 << 31
_COUNT_MASK: Final = 0x7F
"""The number, and the wish in front of it: with one, the number looks larger than any that is allowed."""
_VIEW_MAX: Final = TICK_MAX * FRACTIONS + FRACTIONS - 1
_GOLOMB_BITS_MAX: Final = 2 * GOLOMB_ZEROS_MAX + 1 + VIEW_ORDER


class CommandReader:
    """One seat's. First :meth:`newest` is asked, and where that has no answer, :meth:`read`."""

    __slots__ = ("_bounded", "_command", "_command_bits", "_command_mask", "_count_max", "_fields", "_next_tick", "_packed", "_schema")

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
        self._next_tick = -1
        """Newest tick of a message that follows on the last one; -1: none does."""
        self._count_max = 0
        """Its number of commands at most."""
        self._packed = -1
        """Its command as it stands in a message, where that is known."""
        self._command: Command = ()

    def read(self, data: bytes) -> CommandsMessage | None:
        """The whole message, or None for bytes that are none."""
        message = read_commands(self._schema, data)
        if message is not None:
            entries = message.entries
            self._next_tick, self._packed = entries[-1].tick + 1 if entries else -1, -1
            self._count_max = min(len(entries) + 1, COMMANDS_PER_MESSAGE_MAX)
        return message

    def forget(self) -> None:
        """The next message is to be given with all its commands."""
        self._next_tick = -1

    def newest(self, data: bytes, start: int = 0) -> tuple[int, CommandEntry] | None:
        """(acknowledged tick, newest command) of the message that begins at ``start``: all of it that can be news. None where the others
        may be news too, and for what is not certain to be a message.
        """
        first = start + _HEAD.size
        if len(data) < first:
            return None
        acknowledged, count, tick = _HEAD.unpack_from(data, start)
        last_bit = count >> 7
        count &= _COUNT_MASK
        if tick != self._next_tick or not 0 < count <= self._count_max or acknowledged < _HAS_ACKNOWLEDGED:
            return None
        left = 8 * (len(data) - first)
        rest = _integer(data[first:])
        size = 2 * (left - rest.bit_length()) + 1 + VIEW_ORDER
        left -= size + self._command_bits
        if left < 0 or size > _GOLOMB_BITS_MAX:
            return None
        rest >>= left
        zigzag = (rest >> self._command_bits) - (1 << VIEW_ORDER)
        view = tick * FRACTIONS - (zigzag >> 1 ^ -(zigzag & 1))
        if not 0 <= view <= _VIEW_MAX:
            return None
        packed = rest & self._command_mask
        if packed != self._packed:
            command = tuple([low + (packed >> shift & mask) for shift, mask, low in self._fields])
            for index, high in self._bounded:
                if command[index] > high:
                    return None
            self._packed, self._command = packed, command
        self._next_tick = tick + 1
        self._count_max = count + 1 if count < COMMANDS_PER_MESSAGE_MAX else COMMANDS_PER_MESSAGE_MAX
        entry = _new(CommandEntry, (tick, self._command, view // FRACTIONS, view % FRACTIONS))
        return (acknowledged - _HAS_ACKNOWLEDGED) << 1 | last_bit, entry
