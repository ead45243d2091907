"""Bytes that must not change without a new protocol number: tests/golden/replication.json holds them, this file what they mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.contract import CommandField, CommandSchema
from engine.replication import (
    CommandEntry,
    CommandFeedback,
    CommandsMessage,
    Decoded,
    Refusal,
    SnapshotDecoder,
    SnapshotEncoder,
    read_commands,
    write_commands,
)
from engine.world import Field, Kind, Range, Schema, World

VECTORS = json.loads((Path(__file__).parent.parent / "golden" / "replication.json").read_text())

SCHEMA = Schema(
    Kind(
        "ship",
        (
            Field("x", Range(0, 4095), motion="vx"),
            Field("vx", Range(-64, 63)),
            Field("hull", Range(0, 100)),
            Field("shells", Range(0, 20), visible_to="owner"),
            Field("heat", Range(0, 255), motion=-3, visible_to="owner"),
            Field("luck", Range(0, 9), visible_to="server"),
        ),
        per_seat=1,
    ),
    Kind("mine", (Field("x", Range(0, 4095)), Field("fuse", Range(0, 60), motion=-1)), capacity=8),
    seats=3,
)

COMMAND = CommandSchema(
    CommandField("turn", Range(-1, 1)), CommandField("aim", Range(0, 1023)), CommandField("fire", Range(0, 1), latch=True)
)

COMMAND_MESSAGES = [
    ("nothing to say", CommandsMessage(None, False, ())),
    ("first word", CommandsMessage(None, True, (CommandEntry(70, (0, 0, 0), 66, 0),))),
    ("a checksum did not match", CommandsMessage(1000, True, (CommandEntry(1003, (1, 500, 0), 999, 128),), has_mismatch=True)),
    (
        "three commands",
        CommandsMessage(
            1000,
            False,
            (
                CommandEntry(1003, (1, 500, 0), 999, 128),
                CommandEntry(1004, (1, 500, 0), 1000, 128),
                CommandEntry(1006, (1, 511, 1), 1002, 120),
            ),
        ),
    ),
]


def worlds() -> list[World]:
    """Tick 100: two ships, two mines. Tick 101: one steers and shoots. Tick 104: a ship and a mine are gone, others are new."""
    first = World(SCHEMA, 100)
    first.ship.spawn(90, 0, x=1000, vx=-5, hull=100, shells=20)
    first.ship.spawn(95, 2, x=50, vx=63, hull=80, shells=3, heat=30)
    first.mine.spawn(99, x=7, fuse=60)
    first.mine.spawn(100, x=4000, fuse=2)
    second = first.copy()
    second.tick = 101
    second.ship.vx[0] = -9
    second.ship.x[:] = (991, 0, 113)
    second.ship.shells[0], second.ship.heat[0], second.ship.heat[2] = 19, 40, 27
    second.mine.fuse[:2] = (59, 1)
    third = second.copy()
    third.tick = 104
    third.ship.free(2)
    third.ship.spawn(103, 1, x=2048, hull=100, shells=20)
    third.ship.x[0], third.ship.hull[0], third.ship.heat[0] = 964, 66, 31
    third.mine.free(1)
    third.mine.fuse[0] = 56
    third.mine.spawn(104, x=123, fuse=60)
    third.mine.spawn(103, x=124, fuse=59)
    return [first, second, third]


def made_snapshots() -> list[tuple[str, bytes]]:
    first, second, third = worlds()
    encoder = SnapshotEncoder(SCHEMA)
    return [
        ("complete, tick 100, seat 0", encoder.encode(first, None, 0)),
        ("tick 101 on 100, seat 0", encoder.encode(second, first, 0, CommandFeedback(103, 101, 12, 0, 0))),
        ("tick 104 on 101, seat 0", encoder.encode(third, second, 0, CommandFeedback(104, 102, -7, 2, 1))),
    ]


def test_snapshots_are_written_as_they_always_were() -> None:
    assert [{"name": name, "hex": message.hex()} for name, message in made_snapshots()] == VECTORS["snapshots"]


def test_snapshots_are_read_as_they_always_were_and_nothing_near_them_is() -> None:
    decoder = SnapshotDecoder(SCHEMA, 0)
    for vector, world in zip(VECTORS["snapshots"], worlds(), strict=True):
        message = bytes.fromhex(vector["hex"])
        for length in range(len(message)):
            assert isinstance(decoder.receive(message[:length]), Refusal)
        assert isinstance(decoder.receive(message + b"\x00"), Refusal)
        decoded = decoder.receive(message)
        assert isinstance(decoded, Decoded)
        assert decoded.tick == world.tick
        assert (decoded.world.public_cells() == world.public_cells()).all()
        assert (decoded.world.private_cells_of(0) == world.private_cells_of(0)).all()
    assert decoded.feedback == CommandFeedback(104, 102, -7, 2, 1)


@pytest.mark.parametrize(("vector", "message"), list(zip(VECTORS["commands"], [m for _, m in COMMAND_MESSAGES], strict=True)))
def test_commands_are_written_and_read_as_they_always_were(vector: dict[str, str], message: CommandsMessage) -> None:
    data = bytes.fromhex(vector["hex"])
    assert write_commands(COMMAND, message) == data
    assert read_commands(COMMAND, data) == message
    assert all(read_commands(COMMAND, data[:length]) is None for length in range(len(data)))
    assert read_commands(COMMAND, data + b"\x00") is None
