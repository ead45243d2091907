"""``python -m tests.scorecard [--quick] [--seed N] [--only CELL] [--explain] [--json] [--write]``: play networks, print how good it felt.

Without ``--only`` or ``--targets`` the whole grid is played: some 70 cells of 60 s, each about 20 s of one processor.
"""

from __future__ import annotations

import argparse
import json
import os
from multiprocessing import get_context
from typing import Any

from tests.scorecard.cells import TARGETS, Cell, grid, parse
from tests.scorecard.measure import play
from tests.scorecard.page import write

SECONDS = 60.0


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.scorecard", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer cells, 20 s each")
    parser.add_argument("--targets", action="store_true", help="only the cells that have figures to reach")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="each cell with so many seeds, from --seed on")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument(
        "--only", action="append", metavar="RTT/JITTER/LOSS[/BURST]", help="play this cell alone (may be given more than once)"
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help="length of each cell (with --only and --targets)")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--explain", action="store_true", help="print each shot that hit on a screen and was not credited, and why")
    parser.add_argument("--write", action="store_true", help="write docs/scorecard.md and its pictures")
    options = parser.parse_args()
    cells = [cell for seed in range(options.seed, options.seed + options.seeds) for cell in chosen(options, seed)]
    results = play_all(cells, options.jobs)
    for result, cell in zip(results, cells, strict=True):
        result["seed"] = cell.seed
    if options.explain:
        for result in results:
            print("\n".join([f"{result['name']}, seed {result['seed']}", *result["explain"]]))
    if options.write:
        write(results, cells[0].seconds)
    for result in results:
        del result["explain"]
    if options.json:
        told = [{"cell": result["name"], "seed": result["seed"], **result["figures"]} for result in results]
        print(json.dumps({"seed": options.seed, "quick": options.quick, "cells": told}))
    else:
        for result in results:
            print(json.dumps(result))


def chosen(options: argparse.Namespace, seed: int) -> list[Cell]:
    """The cells to play with one seed."""
    if options.only:
        return [parse(text, seed, options.seconds) for text in options.only]
    if options.targets:
        return [Cell(*numbers, seconds=options.seconds, seed=seed) for numbers in TARGETS]
    return grid(seed, quick=options.quick)


def play_all(cells: list[Cell], jobs: int) -> list[dict[str, Any]]:
    """Each cell in a process of its own, in their order."""
    if jobs <= 1 or len(cells) == 1:
        return [play(cell) for cell in cells]
    with get_context("spawn").Pool(min(jobs, len(cells))) as pool:
        return pool.map(play, cells, chunksize=1)


if __name__ == "__main__":
    main()
