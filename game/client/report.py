"""What a headless player prints at the end, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

FIGURES = (
    ("carrier", "datagrams by", ""),
    ("rtt_ms", "round trip", "ms"),
    ("jitter_ms", "jitter", "ms"),
    ("loss_pct", "loss", "%"),
    ("snapshots_per_s", "snapshots", "/s"),
    ("late_commands_pct", "late commands", "%"),
    ("starved_frames_pct", "starved frames", "%"),
    ("mispredictions", "corrections", ""),
    ("interpolation_delay_ms", "others shown behind", "ms"),
    ("bytes_in_per_s", "in", "B/s"),
    ("bytes_out_per_s", "out", "B/s"),
)


def print_report(report: dict[str, Any], scoreboard: Sequence[tuple[str, int, int]]) -> None:
    """The scoreboard (name, score, deaths; best first) and the connection's figures, on standard output."""
    console = Console()
    if scoreboard:
        table = Table("player", "score", "deaths", title="Scoreboard")
        for name, score, deaths in scoreboard:
            table.add_row(name, str(score), str(deaths))
        console.print(table)
    figures = Table.grid(padding=(0, 2))
    for key, label, unit in FIGURES:
        value = report[key]
        figures.add_row(label, f"{value:.1f} {unit}" if isinstance(value, float) else f"{value} {unit}")
    console.print(figures)
