"""Draws what a client costs the server as clients become more: ``python -m tests.bench.capacity_plot FILE.jsonl OUT.svg``.

``FILE.jsonl`` holds lines that ``python -m tests.bench.capacity --json`` printed, one per number of clients. Two lines are drawn over the
number of clients: processor time per client and tick, and bytes per snapshot. Where the first rises more steeply than the second, something
grows that should not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.command_line import tool

WIDTH: Final = 640
HEIGHT: Final = 360
LEFT: Final = 56
RIGHT: Final = 60
TOP: Final = 34
BOTTOM: Final = 44
TIME_COLOUR: Final = "#1f6fb2"
BYTES_COLOUR: Final = "#c2571a"
INK: Final = "#444444"


def svg(rows: Sequence[dict[str, Any]]) -> str:
    """The picture as text."""
    rows = sorted(rows, key=lambda row: row["clients"])
    most = rows[-1]["clients"]
    times = [(row["clients"], row["server_cpu_us_per_client_tick"]) for row in rows]
    sizes = [(row["clients"], row["bytes_per_snapshot_mean"]) for row in rows]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT - 44}" y="18" fill="{TIME_COLOUR}">server time per client and tick, µs</text>',
        f'<text x="{WIDTH - 8}" y="18" fill="{BYTES_COLOUR}" text-anchor="end">bytes per snapshot</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">clients</text>',
    ]
    for clients, _ in times:
        x = _x(clients, most)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{clients}</text>')
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#e6e6e6"/>')
    parts += _line(times, most, TIME_COLOUR, x=LEFT - 6, anchor="end")
    parts += _line(sizes, most, BYTES_COLOUR, x=WIDTH - RIGHT + 6, anchor="start")
    return "\n".join([*parts, "</svg>", ""])


def _x(clients: float, most: float) -> float:
    return LEFT + 14 + (WIDTH - LEFT - RIGHT - 28) * clients / most


def _line(points: Sequence[tuple[float, float]], most: float, colour: str, *, x: float, anchor: str) -> list[str]:
    """One line from zero up, with its own scale: five marks at ``x``."""
    top = _round_up(max(value for _, value in points))
    height = HEIGHT - TOP - BOTTOM

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - height * value / top

    marks = [top * mark / 4 for mark in range(5)]
    parts = [f'<text x="{x}" y="{y(mark) + 4:.1f}" fill="{colour}" text-anchor="{anchor}">{mark:g}</text>' for mark in marks]
    path = " ".join(f"{_x(clients, most):.1f},{y(value):.1f}" for clients, value in points)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
    parts += [f'<circle cx="{_x(clients, most):.1f}" cy="{y(value):.1f}" r="3" fill="{colour}"/>' for clients, value in points]
    return parts


def _round_up(value: float) -> float:
    """The next number that divides into four round marks."""
    marks = (base * 10.0**power for power in range(1, 9) for base in (1.2, 1.6, 2.0, 4.0, 6.0, 8.0))
    return next(mark for mark in marks if mark >= value)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, draw, write."""
    parser = tool("tests.bench.capacity_plot", __doc__)
    parser.add_argument("lines", type=Path, metavar="FILE.jsonl")
    parser.add_argument("picture", type=Path, metavar="OUT.svg")
    options = parser.parse_args(arguments)
    try:
        rows = [json.loads(line) for line in options.lines.read_text().splitlines() if line.startswith("{")]
        if len(rows) < 2:
            parser.error(f"{options.lines} has {len(rows)} lines of tests.bench.capacity: a picture needs two")
        options.picture.write_text(svg(rows))
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    except (ValueError, KeyError):
        parser.error(f"{options.lines} is not what tests.bench.capacity prints")


if __name__ == "__main__":
    main()
