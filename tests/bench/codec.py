"""What a tick's snapshots cost: ``python -m tests.bench.codec --json``.

Bots of level 1 fight on the largest map with 16, 64 and 256 seats. Every tick is stepped, coded against a baseline ``--age N`` ticks
old for two seats (the first pays for the public part, which all who hold that baseline share; the second pays for its own few bytes),
decoded by the first seat's client, sealed and opened (16 in a row, as a server does it; the first alone would pay for cold caches).
Prints microseconds: medians, which a busy machine disturbs least. Asserts nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from time import perf_counter
from typing import Any

import numpy as np

from engine.contract import Commands, PresentOnly
from engine.datagram.messages import HEADER, HEADER_BYTES, KIND_SEALED, PREFIX_BYTES
from engine.datagram.sealing import make_seals
from engine.ids import ConnectionId, Seat, Ticket
from engine.replication import BASELINE_TICKS_MAX, BaselineRing, Decoded, SnapshotDecoder, SnapshotEncoder
from game.arena import ARENA_COMMAND, make_arena
from game.bots import Bot
from tests.command_line import JSON_HELP, SECONDS, SEED, SEED_HELP, number, tool

SEATS = (16, 64, 256)
WARM_UP_TICKS = 60
SEALED_IN_A_ROW = 16
PARTS = ("step", "encode_first", "encode_further", "decode", "seal", "open")


def measure(seats: int, ticks: int, age: int, seed: int) -> dict[str, Any]:
    """One size of match."""
    arena = make_arena({"map": "reactor", "warmup_s": 0, "frag_limit": 0, "time_limit_s": 3600}, seats)
    world = arena.new_world(seed)
    bots = [Bot(arena, 1, seat) for seat in range(seats)]
    for seat in range(seats):
        arena.join(world, Seat(seat))
    commands, ring = Commands(ARENA_COMMAND, seats), BaselineRing(arena.schema)
    encoder, decoder = SnapshotEncoder(arena.schema), SnapshotDecoder(arena.schema, 0)
    random = Random(seed)
    ticket = Ticket(ConnectionId(1), random.randbytes(16), random.randbytes(16), 10.0)
    (seal, _), (_, opener) = make_seals(ticket, is_server=True), make_seals(ticket, is_server=False)
    spent = np.zeros((len(PARTS), ticks))
    sizes = []
    for index in range(WARM_UP_TICKS + ticks):
        for seat, bot in enumerate(bots):
            commands.set(seat, bot.command(world, seat))
        world.tick += 1
        times = [perf_counter()]
        arena.step(world, commands, PresentOnly())
        times.append(perf_counter())
        newest = ring.record(world)
        baseline = ring.at(world.tick - age)
        times.append(perf_counter())
        snapshot = encoder.encode(newest, baseline, 0)
        times.append(perf_counter())
        encoder.encode(newest, baseline, 1)
        times.append(perf_counter())
        decoded = decoder.receive(snapshot)
        times.append(perf_counter())
        header, body = HEADER.pack(KIND_SEALED, 1, index & 0xFFFF), bytes(PREFIX_BYTES) + snapshot
        numbers = range(index * SEALED_IN_A_ROW, (index + 1) * SEALED_IN_A_ROW)
        datagrams = [seal.close(number, header, body) for number in numbers]
        times.append(perf_counter())
        opened = [opener.open(number, header, datagram[HEADER_BYTES:]) for number, datagram in zip(numbers, datagrams, strict=True)]
        times.append(perf_counter())
        assert isinstance(decoded, Decoded)
        assert opened == [body] * SEALED_IN_A_ROW
        if index >= WARM_UP_TICKS:
            durations = np.diff(times)
            spent[:, index - WARM_UP_TICKS] = np.delete(durations, 1)
            sizes.append(len(snapshot))
    medians = np.median(spent, axis=1) * 1e6
    medians[-2:] /= SEALED_IN_A_ROW
    figures: dict[str, Any] = {f"{part}_us": round(float(value), 2) for part, value in zip(PARTS, medians, strict=True)}
    return {**figures, "snapshot_bytes": round(float(np.mean(sizes)), 1)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = tool("tests.bench.codec", __doc__)
    parser.add_argument("--seconds", type=SECONDS, default=5.0, metavar="S", help="of play, for each number of seats")
    parser.add_argument("--age", type=number(1, BASELINE_TICKS_MAX), default=3, metavar="N", help="of the baseline, in ticks")
    parser.add_argument("--seed", type=SEED, default=1, metavar="N", help=SEED_HELP)
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    options = parser.parse_args(arguments)
    ticks = max(1, round(options.seconds * 60))
    figures = {str(seats): measure(seats, ticks, options.age, options.seed) for seats in SEATS}
    if options.json:
        print(json.dumps({"age": options.age, "ticks": ticks, "seed": options.seed, "seats": figures}))
        return
    for seats, row in figures.items():
        print(f"{seats:>4} seats: " + ", ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
