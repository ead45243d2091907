"""What a tick of the arena costs: ``python -m tests.bench.arena_step --json``.

Bots of level 1 fight on the largest map with 4, 16, 64 and 256 seats for ``--seconds S`` of play. Prints microseconds:
the authority's step, one client's prediction of the same tick, and a bot's command. Asserts nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from time import perf_counter

import numpy as np

from engine.contract import Commands, PresentOnly
from engine.ids import Seat
from game.arena import ARENA_COMMAND, make_arena
from game.bots import Bot
from tests.command_line import JSON_HELP, SECONDS, tool

SEATS = (4, 16, 64, 256)


def measure(seats: int, ticks: int) -> dict[str, float]:
    """Medians and the 99th percentile, after the first second (in which paths are made)."""
    arena = make_arena({"map": "reactor", "warmup_s": 0, "frag_limit": 0, "time_limit_s": 3600}, seats)
    world = arena.new_world(1)
    bots = [Bot(arena, 1, seat) for seat in range(seats)]
    for seat in range(seats):
        arena.join(world, Seat(seat))
    commands, own = Commands(ARENA_COMMAND, seats), Commands(ARENA_COMMAND, seats)
    predicted = world.copy()
    times = np.zeros((3, ticks))
    for tick in range(ticks):
        began = perf_counter()
        for seat, bot in enumerate(bots):
            commands.set(seat, bot.command(world, seat))
        decided = perf_counter()
        world.tick += 1
        predicted.copy_from(world)
        own.set(0, tuple(commands.cells[:, 0].tolist()))
        prepared = perf_counter()
        arena.step(world, commands, PresentOnly())
        stepped = perf_counter()
        arena.step(predicted, own, PresentOnly(Seat(0)))
        times[:, tick] = stepped - prepared, perf_counter() - stepped, (decided - began) / seats
    times = times[:, min(60, ticks // 2) :] * 1e6
    return {
        "step_us_p50": round(float(np.median(times[0])), 1),
        "step_us_p99": round(float(np.percentile(times[0], 99)), 1),
        "prediction_us_p50": round(float(np.median(times[1])), 1),
        "bot_us_mean": round(float(times[2].mean()), 1),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = tool("tests.bench.arena_step", __doc__)
    parser.add_argument("--seconds", type=SECONDS, default=10.0, metavar="S", help="of play, for each number of seats")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    options = parser.parse_args(arguments)
    figures = {str(seats): measure(seats, max(2, round(options.seconds * 60))) for seats in SEATS}
    if options.json:
        print(json.dumps(figures))
        return
    for seats, row in figures.items():
        print(f"{seats:>4} seats: " + ", ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
