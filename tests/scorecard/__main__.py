"""``python -m tests.scorecard``: plays matches over bad networks in virtual time and prints how good they felt.

Without ``--only``, ``--targets`` or ``--quick`` the whole grid is played: some 75 cells of 60 s, each about 20 s of one processor.

A cell is a network, written round trip/jitter/loss in ms, ms and percent, and behind these the mean number of datagrams lost in a row.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from typing import Any

from tests.command_line import JOBS, JSON_HELP, SEED, SEED_HELP, number, tool
from tests.scorecard.cells import TARGETS, Cell, cell_text, grid, parse
from tests.scorecard.measure import play
from tests.scorecard.page import write

SECONDS = 60.0


COLUMNS = (
    ("late_commands_pct", "late %"),
    ("missing_commands_pct", "missing %"),
    ("starved_frames_pct", "starved %"),
    ("correction_p95_units", "moved p95"),
    ("hit_agreement_pct", "hits agreed %"),
    ("interpolation_delay_ms", "delay ms"),
    ("recovery_ms", "recovery ms"),
)
"""Figures of the table, and their headings; ``--json`` has all."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and report."""
    parser = tool("tests.scorecard", __doc__)
    parser.add_argument("--quick", action="store_true", help="fewer cells, 20 s each")
    parser.add_argument("--targets", action="store_true", help="only the cells that have figures to reach")
    parser.add_argument("--seed", type=SEED, default=1, metavar="N", help=SEED_HELP)
    parser.add_argument("--seeds", type=number(1, 1000), default=1, metavar="N", help="each cell with so many seeds, from --seed on")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    parser.add_argument(
        "--only",
        action="append",
        type=cell_text,
        metavar="RTT/JITTER/LOSS[/BURST]",
        help="play this cell alone, as in 100/20/5 (may be given more than once)",
    )
    parser.add_argument(
        "--seconds",
        type=number(5, 3600, float),
        default=SECONDS,
        metavar="S",
        help="length of each cell (with --only and --targets)",
    )
    parser.add_argument(
        "--input-delay",
        action="append",
        type=number(0, 3),
        metavar="N",
        help="with --only and --targets: show players N ticks behind their commands (may be given more than once)",
    )
    parser.add_argument("--jobs", type=JOBS, default=min(2, os.cpu_count() or 1), metavar="N", help="cells played at once")
    parser.add_argument("--explain", action="store_true", help="print what corrections were, and each shot that was not credited")
    parser.add_argument("--write", action="store_true", help="write docs/scorecard.md and its pictures")
    options = parser.parse_args(arguments)
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
        print(table(results))


def chosen(options: argparse.Namespace, seed: int) -> list[Cell]:
    """The cells to play with one seed."""
    delays = options.input_delay or [0]
    if options.only:
        return [parse(text, seed, options.seconds, delay) for text in options.only for delay in delays]
    if options.targets:
        return [Cell(*numbers, seconds=options.seconds, seed=seed, input_delay_ticks=delay) for numbers in TARGETS for delay in delays]
    return grid(seed, quick=options.quick)


def table(results: Sequence[Mapping[str, Any]]) -> str:
    """A line per cell."""
    rows = [["cell", "seed", *(heading for _, heading in COLUMNS)]]
    for result in results:
        figures = [result["figures"][key] for key, _ in COLUMNS]
        rows.append([result["name"], str(result["seed"]), *("-" if value is None else f"{value:g}" for value in figures)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def play_all(cells: list[Cell], jobs: int) -> list[dict[str, Any]]:
    """Each cell in a process of its own, in their order."""
    if jobs <= 1 or len(cells) == 1:
        return [play(cell) for cell in cells]
    with get_context("spawn").Pool(min(jobs, len(cells))) as pool:
        return pool.map(play, cells, chunksize=1)


if __name__ == "__main__":
    main()
