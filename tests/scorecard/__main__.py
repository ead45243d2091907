"""``python -m tests.scorecard [--quick] [--seed N] --json``: play the grid, print the figures, write ``docs/scorecard.md``."""

from __future__ import annotations

import argparse
import json
import os
from multiprocessing import get_context
from typing import Any

from tests.scorecard.cells import Cell, grid, parse
from tests.scorecard.measure import play


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.scorecard", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer cells, 20 s each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument(
        "--only", action="append", metavar="RTT/JITTER/LOSS[/BURST]", help="play this cell alone (may be given more than once)"
    )
    parser.add_argument("--seconds", type=float, default=0.0, help="length of each cell (with --only)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--explain", action="store_true", help="print each shot that hit on a screen and was not credited, and why")
    options = parser.parse_args()
    cells = [parse(text, options.seed, options.seconds or 60.0) for text in options.only or ()] or grid(options.seed, quick=options.quick)
    results = play_all(cells, options.jobs)
    if options.explain:
        for result in results:
            print("\n".join([result["name"], *result["explain"]]))
    for result in results:
        del result["explain"]
    if options.json:
        print(json.dumps({"seed": options.seed, "quick": options.quick, "cells": [result["figures"] for result in results]}))
    else:
        for result in results:
            print(json.dumps(result))


def play_all(cells: list[Cell], jobs: int) -> list[dict[str, Any]]:
    """Each cell in a process of its own, the longest names last to keep their order."""
    if jobs <= 1 or len(cells) == 1:
        return [play(cell) for cell in cells]
    with get_context("spawn").Pool(min(jobs, len(cells))) as pool:
        return pool.map(play, cells, chunksize=1)


if __name__ == "__main__":
    main()
