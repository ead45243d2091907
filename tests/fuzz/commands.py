"""Messages of commands into a match: read or refused; what is read is written back the same, and a tick has one command."""

from __future__ import annotations

from engine.replication import CommandBuffer, CommandEntry, CommandsMessage, read_commands, write_commands
from tests.fuzz.harness import Source, piece, run
from tests.timeline.toy import COMMAND


def target(data: bytes) -> None:
    """Messages and ticks in turn."""
    source, buffer = Source(data), CommandBuffer(COMMAND)
    tick = 1
    while source:
        message = read_commands(COMMAND, source.piece())
        if message is not None:
            assert read_commands(COMMAND, write_commands(COMMAND, message)) == message
            buffer.receive(message.entries, tick, tick - source.byte() / 64, bool(source.byte() & 1))
        for _ in range(source.below(4)):
            command, _ = buffer.take(tick)
            for value, field in zip(command, COMMAND.fields, strict=True):
                assert field.range.low <= value <= field.range.high
            tick += 1
        buffer.take_feedback()
        assert buffer.statistics().waiting <= 65


if __name__ == "__main__":
    entries = tuple(CommandEntry(tick, COMMAND.make(dx=tick % 2, aim=tick), max(0, tick - 4), 7) for tick in range(1, 9))
    messages = [CommandsMessage(None, False, entries), CommandsMessage(5, True, entries[:1], True), CommandsMessage(9, False, ())]
    run(target, [piece(write_commands(COMMAND, message)) + b"\1\1\2" for message in messages])
