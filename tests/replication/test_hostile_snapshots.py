"""Invariant: whatever bytes reach ``SnapshotDecoder.receive``, it raises nothing, and a refused message changes no world."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.replication import CommandFeedback, Decoded, Refusal, SnapshotDecoder, SnapshotEncoder
from engine.wire import BitWriter
from engine.world import Field, Kind, Motion, Range, Schema, World
from tests.replication.arena import ArenaLike
from tests.replication.worlds import play, schemas, shown_out_of_range, snapshot_of

SEATS = 3


class Victim:
    """A decoder that holds a baseline, and good messages for it: a complete one and one that builds on the baseline."""

    def __init__(self) -> None:
        game = ArenaLike(seats=SEATS, projectiles=4, seed=4, shots_per_tick=2)
        self.schema = game.schema
        encoder = SnapshotEncoder(self.schema)
        held = [game.step().copy() for _ in range(8)]
        self.setup_messages = [encoder.encode(world, None, 0) for world in held]
        self.truth = game.step().copy()
        feedback = CommandFeedback(self.truth.tick + 2, self.truth.tick, -5, 1, 0)
        self.good = [encoder.encode(self.truth, None, 0, feedback), encoder.encode(self.truth, held[4], 0, feedback)]

    def decoder(self) -> SnapshotDecoder:
        decoder = SnapshotDecoder(self.schema, 0)
        for message in self.setup_messages:
            assert isinstance(decoder.receive(message), Decoded)
        return decoder


VICTIM = Victim()


def check(decoder: SnapshotDecoder, message: bytes, truth: World | None) -> bool:
    """Feed one message; True where it was applied. ``truth``: the only world that may come out of it."""
    ring = [world for tick in range(400) if (world := decoder.world_at(tick)) is not None]
    before = snapshot_of(ring)
    newest = decoder.newest_tick
    outcome = decoder.receive(message)
    if isinstance(outcome, Refusal):
        assert decoder.newest_tick == newest
        assert all((world.cells == cells).all() for world, cells in zip(ring, before, strict=True))
        return False
    assert shown_out_of_range(outcome.world, 0) is None
    if truth is not None:
        assert outcome.world.view_checksum(0) == truth.view_checksum(0)
    return True


@pytest.mark.parametrize("message", VICTIM.good, ids=["complete", "delta"])
def test_the_good_messages_are_good(message: bytes) -> None:
    assert check(VICTIM.decoder(), message, VICTIM.truth)


@pytest.mark.parametrize("message", VICTIM.good, ids=["complete", "delta"])
def test_every_truncation_and_every_junk_byte_is_refused(message: bytes) -> None:
    decoder = VICTIM.decoder()
    for length in range(len(message)):
        assert not check(decoder, message[:length], None)
    for junk in (b"\x00", b"\x01", b"\xff" * 40):
        assert not check(decoder, message + junk, None)
    assert check(decoder, message, VICTIM.truth)


@pytest.mark.parametrize("message", VICTIM.good, ids=["complete", "delta"])
def test_no_single_flipped_bit_gives_another_world(message: bytes) -> None:
    """Header bits beside the world (its tick, the feedback) are the seal's to protect; every bit of the world is the checksum's."""
    decoder = VICTIM.decoder()
    for bit in range(len(message) * 8):
        flipped = bytearray(message)
        flipped[bit // 8] ^= 0x80 >> bit % 8
        if check(decoder, bytes(flipped), VICTIM.truth):
            assert bit < 110
            decoder = VICTIM.decoder()


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(data: bytes) -> None:
    assert not check(VICTIM.decoder(), data, None)


@settings(deadline=None)
@given(st.data())
def test_random_bytes_behind_a_good_header_are_refused(data: st.DataObject) -> None:
    good = data.draw(st.sampled_from(VICTIM.good))
    keep = data.draw(st.integers(12, 20))
    check(VICTIM.decoder(), good[:keep] + data.draw(st.binary(max_size=200)), VICTIM.truth)


@settings(deadline=None, max_examples=40)
@given(schemas(), st.integers(0, 2**32))
def test_damaged_snapshots_of_any_schema_are_refused(schema: Schema, seed: int) -> None:
    roll = random.Random(seed)
    world, motion = World(schema, 3), Motion(schema)
    encoder, decoder = SnapshotEncoder(schema), SnapshotDecoder(schema, 0)
    play(world, motion, roll, 3)
    held = world.copy()
    decoder.receive(encoder.encode(held, None, 0))
    play(world, motion, roll, 2)
    for message in (encoder.encode(world, None, 0), encoder.encode(world, held, 0)):
        for _ in range(60):
            damaged = bytearray(message)
            for _ in range(roll.randrange(1, 4)):
                damaged[roll.randrange(10, len(damaged)) if len(damaged) > 10 else 0] = roll.randrange(256)
            cells = held.cells.copy()
            outcome = decoder.receive(bytes(damaged))
            if isinstance(outcome, Decoded):
                assert shown_out_of_range(outcome.world, 0) is None
                decoder = SnapshotDecoder(schema, 0)
                decoder.receive(encoder.encode(held, None, 0))
            assert (held.cells == cells).all()


def header(tick: int, ticks: int) -> BitWriter:
    writer = BitWriter()
    writer.write(ticks, 6)
    writer.write(tick if ticks == 0 else tick & 0xFFFF, 32 if ticks == 0 else 16)
    writer.write(0, 32)
    writer.write(0, 4)
    return writer


@pytest.mark.parametrize(
    "codes",
    [
        [(1, 1), (0, 1), (0, 1)],  # a kind that changed in nothing
        [(1, 1), (1, 1), (0, 13), (0, SEATS), (0, 1)],  # rows that changed, and none did
        [(1, 1), (1, 1), (0, 13), (0b10, 2), (0, SEATS - 1)],  # a row changed in no field
        [(1, 1), (1, 1), (1, 13), (0b11, 2), (0, SEATS - 1)],  # a field changed in no row
        [(1, 1), (1, 1), (1, 13), (0b10, 2), (0, SEATS - 1), (15, 4), (0, 33), (1, 1), (0, 15)],  # too many zeros
        [(1, 1), (1, 1), (1, 13), (0b10, 2), (0, SEATS - 1), (15, 4), (0, 200), (1, 1), (0, 215)],  # far too many zeros
        [(1, 1), (1, 1), (1, 13), (0b10, 2), (0, SEATS - 1), (15, 4), (0xFFFF, 40)],  # streak far beyond its range
        [(1, 1), (0, 1), (1, 1), (0, 30), (1, 1)],  # 2**30 new rows
        [(1, 1), (0, 1), (1, 1), (1, 1), (0, 1), (0, 2)],  # a new row where one stands
        [(1, 1), (0, 1), (1, 1), (1, 1), (0, 1), (3, 2)],  # a slot beyond the table
    ],
)
def test_impossible_contents_are_malformed(codes: list[tuple[int, int]]) -> None:
    writer = header(VICTIM.truth.tick, VICTIM.truth.tick - 5)
    for value, bits in codes:
        writer.write(value, bits)
    writer.write(0, 2000)
    decoder = VICTIM.decoder()
    assert not check(decoder, writer.to_bytes(), None)
    assert decoder.statistics().refused == {"malformed": 1}
    assert not decoder.wants_complete


def tank(level: Range) -> Schema:
    return Schema(Kind("tank", (Field("level", level), Field("reserve", level, visible_to="owner")), per_seat=1), seats=1)


HONEST, LIAR = tank(Range(3, 100)), tank(Range(3, 100 + 27))
LIAR_BELOW = tank(Range(0, 100))
"""What a liar writes is read bit by bit as meant, and his checksums are right: only the range stands against him."""


def told_by(schema: Schema, **values: int) -> World:
    world = World(schema, 6)
    world.tank.spawn(5, 0, **{"level": 50, "reserve": 50, **values})
    return world


@pytest.mark.parametrize("field", ["level", "reserve"])
@pytest.mark.parametrize(
    ("liar", "value", "is_complete"), [(LIAR, 101, True), (LIAR, 127, True), (LIAR, 101, False), (LIAR_BELOW, 2, False)]
)
def test_a_value_out_of_its_range_is_refused_though_the_checksum_is_right(liar: Schema, field: str, value: int, is_complete: bool) -> None:
    decoder = SnapshotDecoder(HONEST, 0)
    held, lie = told_by(liar), told_by(liar, **{field: value})
    held.tick = 5
    encoder = SnapshotEncoder(liar)
    assert isinstance(decoder.receive(SnapshotEncoder(HONEST).encode(held, None, 0)), Decoded)
    assert decoder.receive(encoder.encode(lie, None if is_complete else held, 0)) is Refusal.MALFORMED
    assert decoder.newest_tick == 5
    truth = told_by(liar, **{field: 100})
    assert isinstance(decoder.receive(encoder.encode(truth, held, 0)), Decoded), "nothing else is wrong with what this server says"
