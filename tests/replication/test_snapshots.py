"""Encoder and decoder together: the client holds exactly what it may know, whatever the schema, the history and the baseline."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract import Mask
from engine.errors import LocalProtocolError
from engine.replication import BaselineRing, ClientBaseline, CommandFeedback, Decoded, Refusal, SnapshotDecoder, SnapshotEncoder
from engine.world import Field, Kind, Motion, Range, Schema, World
from tests.replication.arena import ARENA, ArenaLike
from tests.replication.worlds import expected_view, held_view, play, random_mask, schemas


@settings(deadline=None)
@given(schemas(), st.integers(0, 2**32), st.booleans(), st.booleans())
def test_the_client_holds_what_it_may_know(schema: Schema, seed: int, masked: bool, watches: bool) -> None:
    roll = random.Random(seed)
    world = World(schema, roll.choice((0, 1, 1000, 65530)))
    motion = Motion(schema)
    encoder, ring = SnapshotEncoder(schema), BaselineRing(schema)
    seat = None if watches else roll.randrange(schema.seats)
    decoder = SnapshotDecoder(schema, seat)
    shown: dict[int, Mask | None] = {}
    for _ in range(12):
        play(world, motion, roll, roll.choice((1, 1, 2, 6, 40)))
        recorded = ring.record(world)
        known = [tick for tick in shown if 1 <= world.tick - tick <= 63 and ring.at(tick) is not None]
        baseline_tick = roll.choice(known) if known and roll.random() < 0.9 else None
        mask = random_mask(world, roll) if masked and roll.random() < 0.8 else None
        feedback = CommandFeedback(
            roll.choice((None, world.tick + roll.randrange(0, 9))),
            roll.choice((None, max(0, world.tick - roll.randrange(9)))),
            roll.choice((None, roll.randrange(-128, 128))),
            roll.randrange(16),
            roll.randrange(16),
        )
        message = encoder.encode(
            recorded,
            None if baseline_tick is None else ring.at(baseline_tick),
            seat,
            feedback,
            mask,
            None if baseline_tick is None else shown[baseline_tick],
        )
        decoded = decoder.receive(message)
        assert isinstance(decoded, Decoded)
        assert (decoded.tick, decoded.baseline_tick, decoded.feedback) == (world.tick, baseline_tick, feedback)
        assert held_view(decoded.world) == expected_view(world, seat, mask)
        assert decoded.world.tick == world.tick
        assert decoder.world_at(world.tick) is decoded.world
        shown[world.tick] = mask


@settings(deadline=None, max_examples=12)
@given(schemas(), st.integers(0, 2**32))
def test_every_baseline_of_the_ring_will_do(schema: Schema, seed: int) -> None:
    roll = random.Random(seed)
    world, motion = World(schema, 7), Motion(schema)
    encoder, ring, decoder = SnapshotEncoder(schema), BaselineRing(schema), SnapshotDecoder(schema, 0)
    for _ in range(64):
        play(world, motion, roll, 1)
        assert isinstance(decoder.receive(encoder.encode(ring.record(world), None, 0)), Decoded)
    final = world.copy()
    play(final, motion, roll, 1)
    for back in range(1, 64):
        twin = SnapshotDecoder(schema, 0)
        baseline = ring.at(final.tick - back)
        assert baseline is not None
        twin.receive(encoder.encode(baseline, None, 0))
        decoded = twin.receive(encoder.encode(final, baseline, 0))
        assert isinstance(decoded, Decoded)
        assert decoded.baseline_tick == final.tick - back
        assert held_view(decoded.world) == expected_view(final, 0, None)


def test_a_match_goes_over_a_line_that_loses_snapshots() -> None:
    game = ArenaLike(seats=6, projectiles=12, seed=3, shots_per_tick=2)
    roll = random.Random(5)
    encoder, ring = SnapshotEncoder(game.schema), BaselineRing(game.schema)
    clients = [(SnapshotDecoder(game.schema, seat), ClientBaseline()) for seat in range(6)]
    for _ in range(300):
        world = ring.record(game.step())
        for seat, (decoder, record) in enumerate(clients):
            baseline, _ = record.choose(ring, world.tick)
            message = encoder.encode(world, baseline, seat)
            record.sent(world.tick)
            if roll.random() < 0.3:
                continue
            decoded = decoder.receive(message)
            assert isinstance(decoded, Decoded)
            assert decoded.world.view_checksum(seat) == world.view_checksum(seat)
            if roll.random() < 0.7:
                record.acknowledge(decoder.newest_tick, decoder.wants_complete)
    statistics = encoder.statistics()
    assert statistics.snapshots == 1800
    assert statistics.complete_snapshots < 60
    assert statistics.public_parts < statistics.snapshots


def test_nothing_new_costs_a_bit_per_kind() -> None:
    game = ArenaLike(seats=16, projectiles=30, shots_per_tick=0)
    encoder, motion = SnapshotEncoder(game.schema), Motion(game.schema)
    before = game.world
    after = before.copy()
    motion.advance(after, 1)
    bits = 6 + 16 + 32 + 4 + 5 + 1  # header, feedback, five kinds, nothing private
    assert len(encoder.encode(after, before, 0)) == -(-bits // 8)


def test_speed_alone_is_coded_where_a_player_steers() -> None:
    """Semi-implicit Euler is forecast to the last bit, and so is a steady acceleration over several ticks."""
    schema = Schema(Kind("p", (Field("x", Range(0, 9999), motion="v"), Field("v", Range(-99, 99)), Field("hp", Range(0, 9))), capacity=1))
    worlds = [World(schema, 0)]
    worlds[0].p.spawn(0, x=500, v=3)
    for tick in range(1, 7):
        world = worlds[-1].copy()
        world.tick = tick
        world.p.v += 4
        world.p.x += world.p.v
        worlds.append(world)
    encoder = SnapshotEncoder(schema)
    for ticks in (1, 6):
        decoder = SnapshotDecoder(schema, None)
        decoder.receive(encoder.encode(worlds[0], None, None))
        message = encoder.encode(worlds[ticks], worlds[0], None)
        field_bits = "".join(f"{byte:08b}" for byte in message)[6 + 16 + 32 + 4 + 2 :][:3]
        assert field_bits == "010"  # x as forecast, v changed, hp not
        assert isinstance(decoder.receive(message), Decoded)


@pytest.mark.parametrize(("ticks", "bytes_max"), [(1, 85), (6, 165)])
def test_sixteen_players_fit_the_budget(ticks: int, bytes_max: int) -> None:
    game = ArenaLike(seats=16, projectiles=30, seed=9)
    encoder, ring = SnapshotEncoder(game.schema), BaselineRing(game.schema)
    sizes = []
    for _ in range(120):
        world = ring.record(game.step())
        baseline = ring.at(world.tick - ticks)
        if baseline is not None:
            sizes.append(len(encoder.encode(world, baseline, 3)))
    assert sum(sizes) / len(sizes) <= bytes_max


def test_the_public_part_is_shared_by_clients_of_one_baseline() -> None:
    game = ArenaLike(seats=4, projectiles=4)
    encoder = SnapshotEncoder(game.schema)
    old = game.step().copy()
    newer = game.step().copy()
    newest = game.step().copy()
    for seat in range(4):
        encoder.encode(newest, newer, seat)
        encoder.encode(newest, old, seat)
        encoder.encode(newest, None, seat)
    assert encoder.statistics().public_parts == 3
    encoder.encode(game.step(), newest, 0)
    assert encoder.statistics().public_parts == 4


def test_others_private_and_all_hidden_fields_stay_on_the_server() -> None:
    game = ArenaLike(seats=4, projectiles=4)
    game.world.player.ammo_blaster[:] = (11, 22, 33, 44)
    world = game.step()
    decoder = SnapshotDecoder(game.schema, 2)
    decoded = decoder.receive(SnapshotEncoder(game.schema).encode(world, None, 2))
    assert isinstance(decoded, Decoded)
    own = int(world.player.ammo_blaster[2])
    assert decoded.world.player.ammo_blaster.tolist() == [0, 0, own, 0]
    assert not decoded.world.player.luck.any()


def test_a_hidden_row_leaves_no_trace_in_the_bytes() -> None:
    game = ArenaLike(seats=4, projectiles=0)
    encoder = SnapshotEncoder(game.schema)
    mask = {"player": np.array([True, False, True, True])}
    before = game.world.copy()
    after = game.step().copy()
    moved = after.copy()
    moved.player.x[1] += 100
    messages = [encoder.encode(world, before, 0, None, mask, mask) for world in (after, moved)]
    assert messages[0] == messages[1]
    own = {"player": np.zeros(4, dtype=np.bool_)}
    decoded = SnapshotDecoder(game.schema, 1).receive(encoder.encode(after, None, 1, None, own))
    assert isinstance(decoded, Decoded)
    assert decoded.world.player.rows().tolist() == [1]  # a seat's own rows are never hidden from it


def test_what_cannot_be_coded_is_our_mistake() -> None:
    game = ArenaLike(seats=2, projectiles=0)
    world = game.step()
    encoder = SnapshotEncoder(game.schema)
    old = world.copy()
    for tick in (world.tick, world.tick + 1, world.tick - 64):
        old.tick = tick
        with pytest.raises(LocalProtocolError):
            encoder.encode(world, old, 0)
    with pytest.raises(LocalProtocolError, match="seat"):
        encoder.encode(world, None, 2)
    with pytest.raises(LocalProtocolError, match="mask"):
        encoder.encode(world, None, 0, None, {"players": np.zeros(2, dtype=np.bool_)})
    with pytest.raises(LocalProtocolError, match="mask"):
        encoder.encode(world, None, 0, None, {"player": np.zeros(3, dtype=np.bool_)})
    with pytest.raises(LocalProtocolError, match="seat"):
        SnapshotDecoder(game.schema, 2)
    wrong = world.copy()
    wrong.player.health[1] = 101
    with pytest.raises(LocalProtocolError, match=r"player\[1\].health = 101"):
        encoder.encode(wrong, None, 0)
    unclean = world.copy()
    unclean.projectile.x[3] = 5
    with pytest.raises(LocalProtocolError, match="slot 3 is free"):
        encoder.encode(unclean, None, 0)


def test_a_row_whose_range_excludes_zero_must_be_set() -> None:
    schema = Schema(Kind("k", (Field("a", Range(3, 9)), Field("b", Range(0, 1))), capacity=2))
    world = World(schema)
    world.k.spawn(0)
    with pytest.raises(LocalProtocolError, match="a = 0"):
        SnapshotEncoder(schema).encode(world, None, None)


class TestRefusals:
    """A snapshot that cannot be applied is named, counted, and changes nothing."""

    def setup_method(self) -> None:
        self.game = ArenaLike(seats=2, projectiles=2)
        self.encoder = SnapshotEncoder(self.game.schema)
        self.decoder = SnapshotDecoder(self.game.schema, 0)
        self.worlds = [self.game.step().copy() for _ in range(80)]

    def message(self, index: int, baseline: int | None) -> bytes:
        return self.encoder.encode(self.worlds[index], None if baseline is None else self.worlds[baseline], 0)

    def test_before_a_complete_snapshot_nothing_can_build_on_anything(self) -> None:
        assert self.decoder.receive(self.message(5, 4)) is Refusal.NO_BASELINE
        assert self.decoder.wants_complete
        assert isinstance(self.decoder.receive(self.message(5, None)), Decoded)
        assert not self.decoder.wants_complete

    def test_overtaken_and_repeated_snapshots_are_stale(self) -> None:
        self.decoder.receive(self.message(3, None))
        newer = self.message(6, 3)
        self.decoder.receive(newer)
        assert self.decoder.receive(newer) is Refusal.STALE
        assert self.decoder.receive(self.message(5, 3)) is Refusal.STALE
        assert self.decoder.receive(self.message(5, None)) is Refusal.STALE
        assert not self.decoder.wants_complete
        assert self.decoder.statistics().refused == {"stale": 3}

    def test_a_baseline_that_fell_out_of_the_ring_is_missing(self) -> None:
        self.decoder.receive(self.message(3, None))
        self.decoder.receive(self.message(10, 3))
        self.decoder.receive(self.message(67, 10))  # takes the place of world 3
        assert self.decoder.world_at(self.worlds[3].tick) is None
        assert self.decoder.receive(self.message(68, 9)) is Refusal.NO_BASELINE
        assert isinstance(self.decoder.receive(self.message(68, 10)), Decoded)

    def test_another_world_behind_the_same_tick_is_a_checksum_error(self) -> None:
        self.decoder.receive(self.message(3, None))
        liar = self.worlds[3].copy()
        liar.player.score += 1
        message = self.encoder.encode(self.worlds[4], liar, 0)
        assert self.decoder.receive(message) is Refusal.CHECKSUM
        assert self.decoder.wants_complete_because is Refusal.CHECKSUM
        assert self.decoder.newest_tick == self.worlds[3].tick
        assert isinstance(self.decoder.receive(self.message(5, None)), Decoded)
        statistics = self.decoder.statistics()
        assert (statistics.snapshots, statistics.complete_snapshots, statistics.refused) == (2, 2, {"checksum": 1})
        assert not statistics.wants_complete

    def test_a_missing_baseline_is_forgotten_with_any_snapshot_and_a_wrong_checksum_with_a_complete_one(self) -> None:
        self.decoder.receive(self.message(3, None))
        self.decoder.receive(self.message(4, 1))
        assert self.decoder.wants_complete_because is Refusal.NO_BASELINE
        self.decoder.receive(self.message(5, 3))
        assert self.decoder.wants_complete_because is None
        wrong = bytearray(self.message(6, 5))
        wrong[3] ^= 0xFF  # in the checksum
        self.decoder.receive(self.message(6, 1))
        self.decoder.receive(bytes(wrong))
        assert self.decoder.wants_complete_because is Refusal.CHECKSUM
        self.decoder.receive(self.message(6, 1))
        assert isinstance(self.decoder.receive(self.message(7, 5)), Decoded)
        assert self.decoder.wants_complete_because is Refusal.CHECKSUM
        assert isinstance(self.decoder.receive(self.message(8, None)), Decoded)
        assert self.decoder.wants_complete_because is None

    def test_ticks_are_told_in_16_bits_and_go_round(self) -> None:
        for index, world in enumerate(self.worlds[:4]):
            world.tick = 65534 + index
        assert isinstance(self.decoder.receive(self.message(0, None)), Decoded)
        for index in (1, 2, 3):
            decoded = self.decoder.receive(self.message(index, index - 1))
            assert isinstance(decoded, Decoded)
            assert decoded.tick == 65534 + index


def test_a_decoded_world_stays_until_64_ticks_later() -> None:
    game = ArenaLike(seats=2, projectiles=2)
    encoder, decoder = SnapshotEncoder(game.schema), SnapshotDecoder(game.schema, 0)
    first = game.step().copy()
    decoded = decoder.receive(encoder.encode(first, None, 0))
    assert isinstance(decoded, Decoded)
    cells = decoded.world.cells.copy()
    for _ in range(63):
        decoder.receive(encoder.encode(game.step(), None, 0))
    assert (decoded.world.cells == cells).all()
    assert decoder.world_at(first.tick) is decoded.world


def test_the_schema_of_the_arena_is_what_the_budget_speaks_of() -> None:
    assert [len(kind.fields_visible_to("everyone")) for kind in ARENA.kinds] == [13, 5, 4, 7, 5]
