"""What is printed at the end: for people a scoreboard and the connection's figures, for scripts one JSON object on the last line."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.drivers.console import show
from game.client.figures import of_players
from game.client.tally import ScoreLine

FIGURES: Final = (
    ("carrier", "datagrams by", ""),
    ("rtt_ms", "round trip", "ms"),
    ("jitter_ms", "jitter", "ms"),
    ("loss_pct", "loss, last 256 sent", "%"),
    ("match_loss_out_pct", "loss in all, sent", "%"),
    ("match_loss_in_pct", "loss in all, received", "%"),
    ("snapshots_per_s", "snapshots", "/s"),
    ("late_commands_pct", "late commands", "%"),
    ("starved_frames_pct", "starved frames", "%"),
    ("mispredictions", "corrections", ""),
    ("interpolation_delay_ms", "others shown behind", "ms"),
    ("bytes_in_per_s", "in", "B/s"),
    ("bytes_out_per_s", "out", "B/s"),
    ("kills", "kills", ""),
    ("deaths", "deaths", ""),
)
COLUMNS: Final = (
    ("carrier", "by", ""),
    ("rtt_ms", "rtt", "ms"),
    ("snapshots_per_s", "snaps", "/s"),
    ("late_commands_pct", "late", "%"),
    ("starved_frames_pct", "starved", "%"),
    ("mispredictions", "corrections", ""),
    ("kills", "kills", ""),
    ("deaths", "deaths", ""),
)
"""Of one of several players: what fits into 80 columns."""
PLAYERS_SHOWN_MAX: Final = 32
"""Of several players; the totals count them all."""
WIDTH_MIN: Final = 80
"""Columns of the tables where nobody looks at them (a pipe, a file)."""


def show_report(report: Mapping[str, Any], scoreboard: Sequence[ScoreLine], *, as_json: bool) -> None:
    """One player's. People are shown nothing where nothing was played."""
    if as_json:
        show(json.dumps(report))
    if as_json or not report["snapshots"]:
        return
    from rich.table import Table

    matches = report["matches"]
    figures = Table.grid(padding=(0, 2))
    if matches > 1:
        figures.title = _all(matches)
    for key, label, unit in FIGURES:
        figures.add_row(label, _written(report[key], unit))
    _show_tables(scoreboard, figures, matches)


def show_reports(reports: Sequence[Mapping[str, Any]], scoreboard: Sequence[ScoreLine], *, as_json: bool) -> None:
    """Several players': the same keys for all of them together (:func:`game.client.figures.of_players`), ``count``, and ``players``
    with each one's own.
    """
    together = of_players(reports)
    if as_json:
        show(json.dumps({**together, "count": len(reports), "players": list(reports)}))
    if as_json or not together["snapshots"]:
        return
    from rich.table import Table

    matches = max(report["matches"] for report in reports)
    title = f"{len(reports)} players" + (f", {_all(matches)}" if matches > 1 else "")
    table = Table("", *(label for _, label, _ in COLUMNS), title=title)
    for report in reports[:PLAYERS_SHOWN_MAX]:
        table.add_row(str(report["name"]), *(_written(report[key], unit) for key, _, unit in COLUMNS))
    if len(reports) > PLAYERS_SHOWN_MAX:
        table.add_row("...")
    table.add_section()
    table.add_row("all", *(_written(together[key], unit) for key, _, unit in COLUMNS))
    _show_tables(scoreboard, table, matches)


def _all(matches: int) -> str:
    return f"all {matches} matches"


def _written(value: object, unit: str) -> str:
    return f"{value:.1f} {unit}" if isinstance(value, float) else f"{value} {unit}".rstrip()


def _show_tables(scoreboard: Sequence[ScoreLine], figures: object, matches: int) -> None:
    """The scoreboard is of the last match, the figures are of all: where there were several, each says so."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = max(shutil.get_terminal_size().columns, WIDTH_MIN)
    console = Console(file=io.StringIO(), width=width)  # written by ourselves: the reader may have gone, or know no box-drawing letters
    if scoreboard:
        title = "Scoreboard" if matches == 1 else "Scoreboard of the last match"
        table = Table("player", "kills", "deaths", title=title, min_width=len(title))
        for line in scoreboard:
            table.add_row(Text(line.name), str(line.score), str(line.deaths))  # Text: a name like [red] is a name
        console.print(table)
    console.print(figures)
    assert isinstance(console.file, io.StringIO)
    show(console.file.getvalue().rstrip("\n"))
