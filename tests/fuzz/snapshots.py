"""Sequences of snapshots into one decoder: refused with a name or applied; what is applied is a legal world."""

from __future__ import annotations

from random import Random

from engine.ids import Seat
from engine.replication import CommandFeedback, Decoded, Refusal, SnapshotDecoder, SnapshotEncoder
from engine.world import World
from tests.fuzz.harness import Source, piece, run
from tests.timeline.toy import SCHEMA


def target(data: bytes) -> None:
    """The pieces of the input are snapshots; some are genuine ones with a few bytes changed."""
    source, decoder = Source(data), SnapshotDecoder(SCHEMA, Seat(1))
    while source:
        snapshot = source.piece()
        if source.byte() & 1:
            genuine = bytearray(GENUINE[source.below(len(GENUINE))])
            for _ in range(source.below(4)):
                genuine[source.below(len(genuine))] ^= source.byte()
            snapshot = bytes(genuine)
        newest = decoder.newest_tick
        outcome = decoder.receive(snapshot)
        if isinstance(outcome, Decoded):
            assert outcome.world.out_of_range() is None
            assert newest is None or outcome.tick > newest
        else:
            assert isinstance(outcome, Refusal)
            assert decoder.newest_tick == newest
    assert len(decoder.statistics().refused) <= len(Refusal)


def _genuine() -> list[bytes]:
    random, encoder = Random(1), SnapshotEncoder(SCHEMA)
    world, worlds = World(SCHEMA, 100), []
    for seat in range(3):
        world.walker.spawn(100, seat, x=1000 * seat, y=5000, health=100)
    for coin in range(4):
        world.coin.spawn(100, x=2000 * coin)
    snapshots = []
    for tick in range(100, 112):
        world.tick = tick
        world.walker.x[:3] += 10
        world.walker.aim[:3] = random.randrange(1024)
        if tick == 105:
            world.shot.spawn(tick, 0, x=5, vx=150, ttl=30)
        worlds.append(world.copy())
        baseline = worlds[-3] if tick > 103 else None
        snapshots.append(encoder.encode(worlds[-1], baseline, Seat(1), CommandFeedback()))
    return snapshots


GENUINE = _genuine()

if __name__ == "__main__":
    run(target, [piece(b"") + b"\1" + bytes([0, number]) for number in range(12)] + [piece(snapshot) + b"\0" for snapshot in GENUINE])
