"""The reader that was written from engine/PROTOCOL.md alone and the engine's own must agree: on what is said, and on what is refused."""

from __future__ import annotations

import ast
import random
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.control import messages as messages_of_control
from engine.control.codec import read_message, read_news, read_request
from engine.replication import CommandFeedback, Decoded, SnapshotDecoder, SnapshotEncoder, public_view, read_commands, write_commands
from engine.world import Motion, Schema, World
from tests import second_reader
from tests.replication.test_commands import SCHEMA as COMMAND
from tests.replication.test_commands import messages
from tests.replication.worlds import held_view, play, random_mask, schemas
from tests.second_reader.__main__ import compare
from tests.second_reader.generator_control import control_frames


def second_view(mirror: second_reader.Mirror, view: second_reader.View) -> list[tuple[str, int, str, int]]:
    """As ``held_view``."""
    return [
        (kind["name"], slot, name, view[kind["name"]][name][slot])
        for kind in mirror.kinds
        for slot in range(mirror.rows[kind["name"]])
        for name in ("generation", *(field["name"] for field in kind["fields"]))
    ]


def outcomes(decoder: SnapshotDecoder, mirror: second_reader.Mirror, message: bytes) -> tuple[Any, Any]:
    """What each reader makes of a message; None where it refuses it."""
    try:
        read = mirror.receive(message)
        second = (read["tick"], read["baseline"], CommandFeedback(**read["feedback"]), second_view(mirror, read["view"]))
    except ValueError:
        second = None
    decoded = decoder.receive(message)
    if not isinstance(decoded, Decoded):
        return None, second
    return (decoded.tick, decoded.baseline_tick, decoded.feedback, held_view(decoded.world)), second


def random_feedback(roll: random.Random, tick: int) -> CommandFeedback:
    def near() -> int | None:
        return roll.choice((None, max(0, tick + roll.randrange(-9, 70))))

    return CommandFeedback(near(), near(), roll.choice((None, roll.randrange(-128, 128))), roll.randrange(3), roll.randrange(3))


@settings(max_examples=60)
@given(schemas(), st.integers(0, 2**32), st.integers(0, 70_000))
def test_snapshots(schema: Schema, seed: int, first_tick: int) -> None:
    roll = random.Random(seed)
    world, motion, encoder = World(schema, first_tick), Motion(schema), SnapshotEncoder(schema)
    seat = roll.choice((None, *range(schema.seats)))
    decoder, mirror = SnapshotDecoder(schema, seat), second_reader.Mirror(schema.describe(), schema.seats, seat)
    held: list[tuple[World, Any]] = []
    for _ in range(8):
        play(world, motion, roll, roll.choice((1, 1, 2, 9, 30)))
        mask = random_mask(world, roll) if roll.random() < 0.3 else None
        usable = [entry for entry in held if world.tick - entry[0].tick <= 63]
        baseline, baseline_mask = roll.choice(usable) if usable and roll.random() < 0.9 else (None, None)
        message = encoder.encode(world, baseline, seat, random_feedback(roll, world.tick), mask, baseline_mask)
        engine, second = outcomes(decoder, mirror, message)
        assert engine is not None
        assert engine == second
        sent = world.copy()
        held.append((sent, mask))
        if mask is None:
            assert (public_view(sent, None, seat) == decoder.world_at(sent.tick).public_cells()).all()  # type: ignore[union-attr]


@settings(max_examples=40)
@given(schemas(), st.integers(0, 2**32))
def test_damaged_snapshots(schema: Schema, seed: int) -> None:
    """Cut, lengthened and with other bits, and a checksum that fits wherever the bits can be read: both refuse, or both read the same."""
    roll = random.Random(seed)
    world, motion, encoder = World(schema, 3), Motion(schema), SnapshotEncoder(schema)
    play(world, motion, roll, 3)
    before = world.copy()
    play(world, motion, roll, roll.choice((1, 3)))
    first, second_message = encoder.encode(before, None, 0), encoder.encode(world, before, 0, random_feedback(roll, world.tick))
    for _ in range(40):
        decoder, mirror = SnapshotDecoder(schema, 0), second_reader.Mirror(schema.describe(), schema.seats, 0)
        assert isinstance(decoder.receive(first), Decoded)
        assert mirror.receive(first)["tick"] == before.tick
        damaged = bytearray(second_message)
        if roll.random() < 0.2:
            damaged = damaged[: roll.randrange(len(damaged))] if roll.random() < 0.5 else damaged + bytes([roll.randrange(256)])
        else:
            for _ in range(roll.randrange(1, 3)):
                bit = roll.randrange(54, len(damaged) * 8)  # behind the checksum: header and public part, feedback and private part
                damaged[bit // 8] ^= 0x80 >> bit % 8
        with suppress(ValueError):  # what cannot be read at all, the engine must refuse too, below
            try:
                mirror.receive(bytes(damaged))
            except second_reader.ChecksumError as wrong:
                damaged = with_checksum(damaged, wrong.checksum)
        mirror = second_reader.Mirror(schema.describe(), schema.seats, 0)
        mirror.receive(first)
        engine, second = outcomes(decoder, mirror, bytes(damaged))
        assert engine == second


def with_checksum(message: bytearray, checksum: int) -> bytearray:
    """A snapshot on a baseline with another checksum, which is behind 6 + 16 bits."""
    behind = len(message) * 8 - 54
    value = int.from_bytes(message, "big") & ~(0xFFFFFFFF << behind) | checksum << behind
    return bytearray(value.to_bytes(len(message), "big"))


@given(messages())
def test_commands(message: Any) -> None:
    data = write_commands(COMMAND, message)
    read, _ = second_reader.read_commands(COMMAND.describe(), data)
    entries = [[entry.tick, list(entry.command), entry.view_tick, entry.view_fraction] for entry in message.entries]
    assert (read["acknowledged_tick"], read["wants_complete"], read["has_mismatch"]) == (
        message.acknowledged_tick,
        message.wants_complete,
        message.has_mismatch,
    )
    assert read["entries"] == entries


@given(messages(), st.integers(0, 2**32))
def test_damaged_commands(message: Any, seed: int) -> None:
    roll = random.Random(seed)
    for _ in range(10):
        damaged = bytearray(write_commands(COMMAND, message))
        for _ in range(roll.randrange(1, 3)):
            bit = roll.randrange(len(damaged) * 8)
            damaged[bit // 8] ^= 0x80 >> bit % 8
        engine = read_commands(COMMAND, bytes(damaged))
        try:
            second, _ = second_reader.read_commands(COMMAND.describe(), bytes(damaged))
        except ValueError:
            assert engine is None
        else:
            assert engine is not None
            assert [entry.tick for entry in engine.entries] == [entry[0] for entry in second["entries"]]
            assert [list(entry.command) for entry in engine.entries] == [entry[1] for entry in second["entries"]]


def test_packets_of_every_kind() -> None:
    report = compare(4000, seed=2)
    assert report["disagreements"] == []
    types = get_args(messages_of_control.ConnectionMessage) + get_args(messages_of_control.Request) + get_args(messages_of_control.News)
    control = {f"control {struct.__name__}" for struct in types} - {"control Reliable"}  # it is around every request and news
    others = {"datagram", "exchange", "commands", "snapshot", "announcements", "digest", "discovery query", "discovery answer"}
    assert set(report["kinds"]) == control | others


def test_the_same_seed_gives_the_same_packets() -> None:
    assert compare(300, seed=3)["sha256"] == compare(300, seed=3)["sha256"] != compare(300, seed=4)["sha256"]


def test_a_reader_that_errs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thing misread at a time: the reasons of farewells, then signed numbers."""
    monkeypatch.setattr(second_reader.datagrams, "REASONS", ("closed_by_peer", "stream_lost", "timed_out"))
    report = compare(3000, seed=2)
    assert {each["kind"] for each in report["disagreements"]} == {"datagram"}
    monkeypatch.undo()
    monkeypatch.setattr(second_reader.Bits, "seg", lambda bits, order, meaning="": bits.eg(order, meaning))
    assert {each["kind"] for each in compare(1000, seed=2)["disagreements"]} == {"commands", "snapshot"}


def told_by_engine(body: bytes) -> dict[str, Any] | None:
    message = read_message(body)
    if not isinstance(message, messages_of_control.Reliable):
        return None if message is None else msgspec.to_builtins(message, builtin_types=(bytes,))
    inner = read_request(bytes(message.body)) or read_news(bytes(message.body))
    return None if inner is None else {"type": "Reliable", "id": message.id, "body": msgspec.to_builtins(inner, builtin_types=(bytes,))}


def told_by_second(body: bytes) -> dict[str, Any] | None:
    try:
        return second_reader.control.read_message(body)
    except ValueError:
        return None


HEADS = (0xC0, 0xC2, 0xCA, 0xCB, 0xCC, 0xD0, 0x80, 0x90, 0xA0)
"""First bytes of values in msgpack."""


def test_damaged_control_messages() -> None:
    """Both refuse, or both read the same; also where a field's name is what was damaged."""
    roll = random.Random(5)
    short = (packet.data[4:] for packet in control_frames(roll) if len(packet.data) < 400)
    read = 0
    for body in islice(short, 800):
        for _ in range(5):
            damaged = bytearray(body)
            for _ in range(roll.randrange(1, 3)):
                damaged[roll.randrange(len(damaged))] = roll.choice(
                    (0xC0, 0xC2, 0xCA, 0xCB, 0xCC, 0xD0, 0x80, 0x90, 0xA0, roll.randrange(256))
                )
            told = told_by_engine(bytes(damaged))
            assert told == told_by_second(bytes(damaged)), damaged.hex()
            read += told is not None
    assert read > 200


def test_the_second_reader_knows_nothing_of_the_engine() -> None:
    readers = [path for path in Path(second_reader.__file__).parent.glob("*.py") if not path.name.startswith(("generator", "__main__"))]
    assert len(readers) == 6
    for path in readers:
        imported = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
        names = [alias.name for node in imported for alias in node.names] + [getattr(node, "module", "") or "" for node in imported]
        assert not [name for name in names if name.split(".")[0] in ("engine", "game", "server", "msgspec", "numpy")], path.name


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 11))
def test_a_million_packets(seed: int) -> None:
    report = compare(100_000, seed)
    assert report["disagreements"] == []
