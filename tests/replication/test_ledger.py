"""The ledger adds up, and agrees bit for bit with what the second reader of the protocol says that each bit means."""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import LocalProtocolError
from engine.replication import SnapshotEncoder
from engine.replication.ledger import FRAME, SnapshotLedger, Spent, read_ledger, sum_ledgers
from engine.world import Motion, Schema, World
from tests import second_reader
from tests.replication.arena import ARENA
from tests.replication.worlds import play, random_mask, schemas
from tests.test_second_reader import random_feedback


def told_by_second_reader(notes: list[tuple[str, str]]) -> Counter[Spent]:
    """The notes of the protocol's second reader, sorted into the ledger's entries by their words."""
    sums: Counter[Spent] = Counter()
    kind = ""
    spent = Spent(FRAME, "feedback")
    for bits, note in notes:
        meaning = note.split(" = ")[0]
        if meaning in ("back", "tick", "low bits of tick"):
            spent = Spent(FRAME, "tick")
        elif meaning in ("checksum", "filling"):
            spent = Spent(FRAME, meaning)
        elif meaning == "private: changed":
            spent = Spent(FRAME, "flags")
        elif found := re.match(r"private: (\w+)\[\d+\]\.(\w+)", meaning):
            spent = Spent(found[1], "owner", found[2])
        elif found := re.match(r"(\w+)(?:\[\d+\])?\.(\w+): (?:order|residual)", meaning):
            spent = Spent(found[1], "changed", found[2])
        elif found := re.match(r"(\w+): new rows", meaning):
            spent = Spent(found[1], "new", "count")
        elif found := re.match(r"(\w+)(\[\d+\])?: ", meaning):
            kind = found[1]
            spent = Spent(kind, "flags")
        elif found := re.match(r"new (\w+)", meaning):
            spent = Spent(kind, "new", found[1])
        elif meaning != "residual":  # of a private cell: it belongs to the flag before it
            spent = Spent(FRAME, "feedback")
        sums[spent] += len(bits)
    return sums


@settings(deadline=None, max_examples=80)
@given(schemas(), st.integers(0, 2**32), st.integers(0, 70_000))
def test_every_bit_is_booked_as_the_protocol_means_it(schema: Schema, seed: int, first_tick: int) -> None:
    roll = random.Random(seed)
    world, motion, encoder = World(schema, first_tick), Motion(schema), SnapshotEncoder(schema)
    seat = roll.choice((None, *range(schema.seats)))
    mirror = second_reader.Mirror(schema.describe(), schema.seats, seat)
    held: list[tuple[World, Any]] = []
    for _ in range(8):
        play(world, motion, roll, roll.choice((1, 1, 2, 9, 30)))
        mask = random_mask(world, roll) if roll.random() < 0.3 else None
        usable = [entry for entry in held if world.tick - entry[0].tick <= 63]
        baseline, baseline_mask = roll.choice(usable) if usable and roll.random() < 0.9 else (None, None)
        message = encoder.encode(world, baseline, seat, random_feedback(roll, world.tick), mask, baseline_mask)
        ledger = read_ledger(schema, message, seat, baseline, baseline_mask)
        assert ledger.total_bits == 8 * len(message)
        mirror.receive(message)
        assert dict(ledger.bits) == dict(told_by_second_reader(mirror.notes))
        for sums in (ledger.by_kind(), ledger.by_field(), ledger.by_purpose()):
            assert sum(sums.values()) == ledger.total_bits
        held.append((world.copy(), mask))


def test_a_field_that_changes_pays_for_it() -> None:
    world = World(ARENA, 10)
    world.player.spawn(10, 0, x=1000, y=1000)
    encoder, before = SnapshotEncoder(ARENA), world.copy()
    world.tick = 11
    world.player.x[0] += 5
    ledger = read_ledger(ARENA, encoder.encode(world, before, 0), 0, before)
    changed = {spent.field: bits for spent, bits in ledger.bits.items() if spent.purpose == "changed"}
    assert changed == {"x": 4 + 5}, "an order and one code"
    assert "projectile" in ledger.by_kind(), "a bit that says: as forecast"


def test_ledgers_are_added_up() -> None:
    a, b = SnapshotLedger({Spent("k", "flags"): 3}), SnapshotLedger({Spent("k", "flags"): 4, Spent("k", "new", "x"): 9})
    both = sum_ledgers([a, b])
    assert both.snapshots == 2
    assert both.total_bits == 16
    assert both.by_field() == {"k.x": 9, "k.flags": 7}


def test_what_does_not_fit_is_refused() -> None:
    world = World(ARENA, 10)
    world.player.spawn(10, 0, x=1000)
    message = SnapshotEncoder(ARENA).encode(world, None, 0)
    for wrong, seat, baseline in ((message[:-1], 0, None), (message + b"\0", 0, None), (message, 0, world)):
        with pytest.raises(LocalProtocolError):
            read_ledger(ARENA, wrong, seat, baseline)
