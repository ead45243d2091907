"""Reads one seat's messages of commands at a third of the price, because each says again what the one before it said.

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

from typing import Final

from engine.contract import Command, CommandSchema
from engine.replication.commands import COMMANDS_PER_MESSAGE_MAX, VIEW_ORDER, CommandEntry, CommandsMessage, read_commands
from engine.replication.feedback import TICK_MAX
from engine.wire.bits import GOLOMB_ZEROS_MAX
from engine.world import FRACTIONS

_integer: Final = int.from_bytes
_new: Final = tuple.__new__
"""Makes a named tuple at half the price of its own constructor, which is a function in Python."""

_HEAD_BITS: Final = 1 + 32 + 1 + 6 + 32
_HEAD_BYTES: Final = _HEAD_BITS // 8
"""An acknowledged tick, no wish, the number of commands, the tick of the newest: whole bytes."""
_HAS_ACKNOWLEDGED: Final = 1 << _HEAD_BITS - 1
_COUNT_MASK: Final = 0x7F
"""The number, and the wish in front of it: with one, the number looks larger than any that is allowed."""
_VIEW_MAX: Final = TICK_MAX * FRACTIONS + FRACTIONS - 1
_GOLOMB_BITS_MAX: Final = 2 * GOLOMB_ZEROS_MAX + 1 + VIEW_ORDER


class CommandReader:
    """One seat's. ``read`` gives what :func:`read_commands` gives, but may leave out commands that the message before had as well."""

    __slots__ = ("_command", "_command_bits", "_count", "_fields", "_packed", "_schema", "_tick")

    def __init__(self, schema: CommandSchema) -> None:
        self._schema: Final = schema
        self._command_bits: Final = sum(bits for _, _, bits in schema.spans)
        fields, shift = [], self._command_bits
        for low, high, bits in schema.spans:
            shift -= bits
            fields.append((shift, (1 << bits) - 1, low, high - low))
        self._fields: Final = tuple(fields)
        """Per field of a packed command: its place, its mask, its lowest value, its greatest distance from that."""
        self._tick = self._count = -1
        """The last message's newest tick, and its number of commands; -1: the next message is read whole."""
        self._packed = -1
        """Its command as it stands in a message, where that is known."""
        self._command: Command = ()

    def read(self, data: bytes) -> CommandsMessage | None:
        """The message, or None for bytes that are none."""
        message = self._read_newest(data)
        if message is None:
            message = read_commands(self._schema, data)
            if message is not None:
                entries = message.entries
                self._tick, self._count, self._packed = entries[-1].tick if entries else -1, len(entries), -1
        return message

    def forget(self) -> None:
        """The next message is to be given with all its commands."""
        self._tick = -1

    def _read_newest(self, data: bytes) -> CommandsMessage | None:
        """The message with its newest command alone; None where the others may be news, and for what is not certain to be a message."""
        head = _integer(data[:_HEAD_BYTES])
        tick = head & TICK_MAX
        count = head >> 32 & _COUNT_MASK
        known = self._tick
        if tick != known + 1 or known < 0 or not 0 < count <= min(self._count + 1, COMMANDS_PER_MESSAGE_MAX) or head < _HAS_ACKNOWLEDGED:
            return None
        left = 8 * len(data) - _HEAD_BITS
        rest = _integer(data[_HEAD_BYTES:])
        size = 2 * (left - rest.bit_length()) + 1 + VIEW_ORDER
        left -= size + self._command_bits
        if left < 0 or size > _GOLOMB_BITS_MAX:
            return None
        rest >>= left
        packed = rest & (1 << self._command_bits) - 1
        zigzag = (rest >> self._command_bits) - (1 << VIEW_ORDER)
        view = tick * FRACTIONS - (zigzag >> 1 ^ -(zigzag & 1))
        if not 0 <= view <= _VIEW_MAX:
            return None
        if packed != self._packed:
            command = []
            for shift, mask, low, span in self._fields:
                value = packed >> shift & mask
                if value > span:
                    return None
                command.append(low + value)
            self._packed, self._command = packed, tuple(command)
        self._tick, self._count = tick, count
        entry = _new(CommandEntry, (tick, self._command, view // FRACTIONS, view % FRACTIONS))
        return _new(CommandsMessage, (head >> 39 & TICK_MAX, False, (entry,), False))
