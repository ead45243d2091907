"""Commands and snapshots, of random schemas and random histories of worlds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, Final

from engine.contract import CommandField, CommandSchema
from engine.replication import CommandEntry, CommandFeedback, CommandsMessage, SnapshotEncoder, write_commands
from engine.session.message_kinds import COMMANDS_MESSAGE, HEARD_MESSAGE, PACE_TICKS_MAX, PACED_SNAPSHOT_MESSAGE, SNAPSHOT_MESSAGE
from engine.world import Field, Kind, Motion, Range, Schema, World
from engine.world.schema import INT_LIMIT, Visibility
from tests.replication.worlds import expected_view, play, random_mask
from tests.second_reader import snapshots
from tests.second_reader.packet import Packet

SNAPSHOTS_OF_A_WORLD: Final = 60


def _range(roll: Random) -> Range:
    low = roll.choice((0, 0, -1, -127, 3, -9, -INT_LIMIT, roll.randint(-5000, 5000)))
    return Range(low, min(low + roll.choice((0, 1, 2, 7, 100, 1023, 4095, 32767, 2 * INT_LIMIT)), INT_LIMIT))


def random_command_schema(roll: Random) -> CommandSchema:
    fields = []
    for index in range(roll.randint(1, 8)):
        allowed = _range(roll)
        fields.append(CommandField(f"c{index}", allowed, roll.randint(allowed.low, allowed.high), roll.random() < 0.3))
    return CommandSchema(*fields)


def command_messages(roll: Random) -> Iterator[Packet]:
    while True:
        schema = random_command_schema(roll)
        described = schema.describe()
        for _ in range(50):
            message = _commands_message(roll, schema)
            heard = roll.randrange(2**32) if roll.random() < 0.3 else None
            head = bytes([COMMANDS_MESSAGE]) if heard is None else bytes([HEARD_MESSAGE]) + heard.to_bytes(4)
            data = head + write_commands(schema, message)
            meant = {
                "acknowledged_tick": message.acknowledged_tick,
                "wants_complete": message.wants_complete,
                "has_mismatch": message.has_mismatch,
                "entries": [[entry.tick, list(entry.command), entry.view_tick, entry.view_fraction] for entry in message.entries],
            }
            yield Packet("commands", data, (heard, meant), partial(snapshots.read_commands_message, described, data))


def _commands_message(roll: Random, schema: CommandSchema) -> CommandsMessage:
    tick, entries, command = roll.choice((roll.randrange(100), roll.randrange(2**31), 2**32 - 3000)), [], schema.neutral
    distance = roll.randrange(20)
    for _ in range(roll.choice((0, 1, 3, 8, 32))):
        if roll.random() < 0.4:
            index = roll.randrange(len(command))
            allowed = schema.fields[index].range
            command = (*command[:index], roll.randint(allowed.low, allowed.high), *command[index + 1 :])
        if roll.random() < 0.3:
            distance = roll.randrange(-40, 60)
        view_tick = min(max(0, tick - distance), 2**32 - 1)
        entries.append(CommandEntry(tick, command, view_tick, roll.choice((0, 77, roll.randrange(256)))))
        tick += roll.choice((1, 1, 1, 2, 70))
    wants = roll.random() < 0.2
    acknowledged = roll.choice((None, roll.randrange(2**32), tick))
    return CommandsMessage(acknowledged, wants, tuple(entries), wants and roll.random() < 0.5)


def random_schema(roll: Random) -> Schema:
    """One to three kinds of one to five fields: every visibility, motion by number, by field, in chains and in circles."""
    kinds = []
    for number in range(roll.randint(1, 3)):
        is_owned = roll.random() < 0.5
        levels: list[Visibility] = ["everyone", "owner", "server"] if is_owned else ["everyone", "server"]
        seen_by = [roll.choice(levels) for _ in range(roll.randint(1, 5))]
        fields = []
        for index, seen in enumerate(seen_by):
            sources = [other for other, by in enumerate(seen_by) if other != index and levels.index(by) <= levels.index(seen)]
            motion = roll.choice((None, -1, 2, *(f"f{other}" for other in sources)))
            fields.append(Field(f"f{index}", _range(roll), motion=motion, visible_to=seen))
        rows = roll.randint(1, 4 if is_owned else 12)
        kinds.append(Kind(f"k{number}", tuple(fields), per_seat=rows) if is_owned else Kind(f"k{number}", tuple(fields), capacity=rows))
    return Schema(*kinds, seats=roll.randint(1, 3))


def _feedback(roll: Random, tick: int) -> CommandFeedback:
    newest, used = (roll.choice((None, max(0, tick + roll.randrange(-9, 70)))) for _ in range(2))
    return CommandFeedback(newest, used, roll.choice((None, roll.randrange(-128, 128))), roll.randrange(16), roll.choice((0, 0, 15)))


@dataclass(slots=True)
class _Sent:
    world: World
    mask: Any


def snapshot_messages(roll: Random) -> Iterator[Packet]:
    """A world that goes on, and what is told of it to one client that misses some."""
    while True:
        schema = random_schema(roll)
        world = World(schema, roll.choice((0, 60_000, 65_530, roll.randrange(2**31))))
        motion, encoder, seat = Motion(schema), SnapshotEncoder(schema), roll.choice((None, *range(schema.seats)))
        mirror, held = snapshots.Mirror(schema.describe(), schema.seats, seat), list[_Sent]()
        for _ in range(SNAPSHOTS_OF_A_WORLD):
            play(world, motion, roll, roll.choice((1, 1, 1, 2, 5, 30)))
            mask = random_mask(world, roll) if roll.random() < 0.2 else None
            held = [sent for sent in held if world.tick - sent.world.tick <= 63]
            base = roll.choice(held) if held and roll.random() < 0.93 else None
            feedback = _feedback(roll, world.tick)
            written = encoder.encode(world, base.world if base else None, seat, feedback, mask, base.mask if base else None)
            pace = roll.randint(2, PACE_TICKS_MAX) if roll.random() < 0.1 else 1
            data = (bytes([SNAPSHOT_MESSAGE]) if pace == 1 else bytes([PACED_SNAPSHOT_MESSAGE, pace])) + written
            told = {name: getattr(feedback, name) for name in ("newest_command_tick", "last_used_tick", "slack_16ths", "missing", "late")}
            cells = expected_view(world, seat, mask)
            meant = {"tick": world.tick, "baseline": base.world.tick if base else None, "feedback": told, "pace": pace, "cells": cells}
            held.append(_Sent(world.copy(), mask))
            yield Packet("snapshot", data, meant, partial(_read_snapshot, mirror, data))


def _read_snapshot(mirror: snapshots.Mirror, data: bytes) -> Any:
    pace, snapshot = snapshots.split_snapshot(data)
    read = mirror.receive(snapshot)
    view = read.pop("view")
    cells = [
        (kind["name"], slot, name, view[kind["name"]][name][slot])
        for kind in mirror.kinds
        for slot in range(mirror.rows[kind["name"]])
        for name in ("generation", *(field["name"] for field in kind["fields"]))
    ]
    return {**read, "pace": pace, "cells": cells}
