"""How many bytes a snapshot takes, and what they are spent on: ``python -m tests.bench.snapshot_bytes --json``.

A match of 16 bots of level 1 on the largest map is recorded; whenever fewer than ``--projectiles`` fly, all triggers are held and nobody
runs dry (0: as the bots shoot by themselves). Each tick is coded against baselines ``--ages`` ticks old for one seat after the other, with
the feedback of a healthy client. Beside it: the whole world as msgpack, the same through zlib, and a plain delta of variable-length
integers (:mod:`tests.bench.other_coders`), all three of the public cells alone.

``--export FILE.npz`` writes the recorded worlds and their schema; ``--trace FILE.npz --schema FILE.json`` codes any such recording instead
of a match of ours (:mod:`tests.bench.world_trace` has the format). Asserts nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.contract import Commands, PresentOnly
from engine.ids import Seat
from engine.replication import BASELINE_TICKS_MAX, CommandFeedback, SnapshotEncoder, SnapshotLedger, read_ledger, sum_ledgers
from engine.world import World
from game.arena import ARENA_COMMAND, make_arena
from game.bots import Bot
from game.simulation.rules import BLASTER
from tests.bench.other_coders import msgpack_bytes, msgpack_zlib_bytes, varint_delta
from tests.bench.world_trace import Trace, TraceError, read_trace, record, write_trace
from tests.command_line import JSON_HELP, SECONDS, SEED, SEED_HELP, number, tool

SEATS = 16
WARM_UP_TICKS = 120
AMMO_LEAST = 20
LEAD_TICKS, SLACK_16THS = 2, 12
"""Of a healthy client: its commands come two ticks ahead, the latest three quarters of a tick before its step."""


def arena_match(ticks: int, projectiles: int, seed: int) -> Iterator[World]:
    """The worlds of a bot match, after a warm-up; the same object each time."""
    arena = make_arena({"map": "reactor", "warmup_s": 0, "frag_limit": 0, "time_limit_s": 3600}, SEATS)
    world = arena.new_world(seed)
    bots = [Bot(arena, 1, seed + seat) for seat in range(SEATS)]
    for seat in range(SEATS):
        arena.join(world, Seat(seat))
    commands, past = Commands(ARENA_COMMAND, SEATS), PresentOnly()
    player = world.player
    for index in range(WARM_UP_TICKS + ticks):
        for seat, bot in enumerate(bots):
            commands.set(seat, bot.command(world, Seat(seat)))
        if np.count_nonzero(world.projectile.generation) < projectiles:
            commands.fire[:], commands.weapon[:] = 1, BLASTER
            player.ammo_blaster[:] = np.where(player.generation != 0, np.maximum(player.ammo_blaster, AMMO_LEAST), 0)
        world.tick += 1
        arena.step(world, commands, past)
        if index >= WARM_UP_TICKS:
            yield world


def code(trace: Trace, age: int) -> tuple[list[int], SnapshotLedger]:
    """Every tick against the one ``age`` ticks before: bytes of each, and their ledger."""
    schema, encoder, worlds = trace.schema, SnapshotEncoder(trace.schema), list(trace.worlds())
    has_owners = any(kind.is_owned for kind in schema.kinds)
    sizes, ledgers = [], []
    for index in range(age, len(worlds)):
        world, baseline = worlds[index], worlds[index - age]
        seat = index % schema.seats if has_owners else None
        feedback = CommandFeedback(world.tick + LEAD_TICKS, world.tick, SLACK_16THS)
        message = encoder.encode(world, baseline, seat, feedback)
        ledger = read_ledger(schema, message, seat, baseline)
        assert ledger.total_bits == 8 * len(message)
        sizes.append(len(message))
        ledgers.append(ledger)
    return sizes, sum_ledgers(ledgers)


def measure(trace: Trace, ages: Sequence[int]) -> dict[str, Any]:
    """All coders on one trace."""
    worlds = list(trace.worlds())
    figures: dict[str, Any] = {
        "ticks": len(worlds),
        "seats": trace.schema.seats,
        "rows_mean": {
            kind.name: round(float(np.mean([np.count_nonzero(world.tables[index].generation) for world in worlds])), 1)
            for index, kind in enumerate(trace.schema.kinds)
        },
        "msgpack_bytes": _mean([len(msgpack_bytes(world)) for world in worlds]),
        "msgpack_zlib_bytes": _mean([len(msgpack_zlib_bytes(world)) for world in worlds]),
        "complete_bytes": _mean([len(SnapshotEncoder(trace.schema).encode(world, None, None)) for world in worlds[::60]]),
        "ages": {},
    }
    for age in ages:
        sizes, ledger = code(trace, age)
        deltas = [len(varint_delta(worlds[index], worlds[index - age])) for index in range(age, len(worlds))]
        figures["ages"][str(age)] = {
            "snapshot_bytes": _mean(sizes),
            "snapshot_bytes_p95": round(float(np.percentile(sizes, 95)), 1),
            "varint_delta_bytes": _mean(deltas),
            "bits_by_kind": _per_snapshot(ledger, ledger.by_kind()),
            "bits_by_purpose": _per_snapshot(ledger, ledger.by_purpose()),
            "bits_by_field": _per_snapshot(ledger, ledger.by_field()),
        }
    return figures


def _mean(values: Sequence[int]) -> float:
    return round(float(np.mean(values)), 1)


def _per_snapshot(ledger: SnapshotLedger, sums: dict[str, int]) -> dict[str, float]:
    return {name: round(bits / ledger.snapshots, 2) for name, bits in sums.items()}


def _show(figures: dict[str, Any]) -> None:
    rows = ", ".join(f"{count} {kind}" for kind, count in figures["rows_mean"].items())
    print(f"{figures['ticks']} ticks, {figures['seats']} seats; rows on average: {rows}")
    whole = "whole world, bytes: msgpack {msgpack_bytes}, msgpack and zlib {msgpack_zlib_bytes}, complete snapshot {complete_bytes}"
    print(whole.format(**figures))
    for age, row in figures["ages"].items():
        print(f"baseline {age} old: {row['snapshot_bytes']} bytes (p95 {row['snapshot_bytes_p95']}), delta {row['varint_delta_bytes']}")
        print("  bits by purpose: " + ", ".join(f"{name} {bits:.0f}" for name, bits in row["bits_by_purpose"].items() if bits >= 1))


def _ages(text: str) -> list[int]:
    read = number(1, BASELINE_TICKS_MAX)
    return [int(read(age)) for age in text.split(",")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = tool("tests.bench.snapshot_bytes", __doc__)
    parser.add_argument("--seconds", type=SECONDS, default=20.0, metavar="S", help="of play to record")
    parser.add_argument(
        "--projectiles",
        type=number(0, 1000),
        default=30,
        metavar="N",
        help="to keep in the air; 0: as bots shoot by themselves",
    )
    parser.add_argument("--ages", type=_ages, default="1,3,6,9", metavar="N,N,...", help="of the baselines, in ticks")
    parser.add_argument("--seed", type=SEED, default=1, metavar="N", help=SEED_HELP)
    parser.add_argument("--export", type=Path, metavar="FILE.npz", help="write the recorded worlds, and their schema beside it")
    parser.add_argument("--trace", type=Path, metavar="FILE.npz", help="code these worlds instead of a match")
    parser.add_argument("--schema", type=Path, metavar="FILE.json", help="of --trace")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    options = parser.parse_args(arguments)
    ages: list[int] = options.ages
    if (options.trace is None) is not (options.schema is None):
        parser.error("--trace and --schema go together")
    try:
        if options.trace is not None:
            trace = read_trace(options.trace, options.schema)
        else:
            trace = record(arena_match(max(ages) + max(1, round(options.seconds * 60)), options.projectiles, options.seed))
        if options.export is not None:
            print(f"wrote {options.export} and {write_trace(trace, options.export)}")
    except TraceError as error:
        print(error, file=sys.stderr)
        return 2
    figures = measure(trace, ages)
    if options.json:
        print(json.dumps(figures))
    else:
        _show(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
