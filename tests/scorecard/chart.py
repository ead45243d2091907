"""A small line chart as SVG: for figures that a page of documentation shows. Plain text out, no library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

Point = tuple[float, float]

WIDTH_PX: Final = 640
HEIGHT_PX: Final = 320
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 64, 120, 36, 44
COLOURS: Final = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#57606a")
STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
LINES_WANTED: Final = 4


def line_chart(title: str, x_label: str, y_label: str, series: Mapping[str, Sequence[Point]]) -> str:
    """One line per series, named at its end; both axes begin at 0."""
    points = [point for line in series.values() for point in line]
    x_most, y_most = max(x for x, _ in points) or 1.0, _rounded_up(max(y for _, y in points) or 1.0)
    across, down = WIDTH_PX - LEFT_PX - RIGHT_PX, HEIGHT_PX - TOP_PX - BOTTOM_PX

    def place(x: float, y: float) -> tuple[float, float]:
        return round(LEFT_PX + across * x / x_most, 1), round(TOP_PX + down * (1 - y / y_most), 1)

    middle = TOP_PX + down / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH_PX}" height="{HEIGHT_PX}" fill="#ffffff"/>',
        f'<text x="{LEFT_PX}" y="20" font-size="14" font-weight="bold">{escape(title)}</text>',
        f'<text x="{LEFT_PX + across / 2:g}" y="{HEIGHT_PX - 8}" text-anchor="middle">{escape(x_label)}</text>',
        f'<text x="14" y="{middle:g}" text-anchor="middle" transform="rotate(-90 14 {middle:g})">{escape(y_label)}</text>',
    ]
    for number in range(LINES_WANTED + 1):
        value = y_most * number / LINES_WANTED
        _, y = place(0, value)
        parts.append(f'<line x1="{LEFT_PX}" y1="{y}" x2="{LEFT_PX + across}" y2="{y}" stroke="#d0d7de"/>')
        parts.append(f'<text x="{LEFT_PX - 6}" y="{y + 4:g}" text-anchor="end">{value:g}</text>')
    for value in sorted({x for x, _ in points}):
        x, y = place(value, 0)
        parts.append(f'<text x="{x}" y="{y + 16:g}" text-anchor="middle">{value:g}</text>')
    labels: list[float] = []
    ends = sorted(series.items(), key=lambda item: item[1][-1][1])
    colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(series)}
    for name, line in ends:
        places = [place(*point) for point in sorted(line)]
        path = " ".join(f"{x},{y}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colours[name]}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colours[name]}"/>' for x, y in places]
        label_y = places[-1][1] + 4
        if labels and labels[-1] - label_y < 14:  # from below upwards, none upon another
            label_y = labels[-1] - 14
        labels.append(label_y)
        parts.append(f'<text x="{places[-1][0] + 8:g}" y="{label_y:g}" fill="{colours[name]}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _rounded_up(value: float) -> float:
    """The next number above that divides well into lines."""
    scale = 1.0
    while scale * 10 <= value:
        scale *= 10
    while scale > value:
        scale /= 10
    return next(step * scale for step in STEPS if step * scale >= value)
