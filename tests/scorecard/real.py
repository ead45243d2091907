"""``python -m tests.scorecard.real``: the scorecard's cells over real sockets.

A cell is one ``python -m server``, one ``python -m engine.testing.proxy`` with the cell's conditions in front of it and four
``python -m game join --headless``, each a process, as people start them: real sockets, real clocks, and an operating system that
schedules six processes. Beside each figure stands that of the same cell in virtual time (:mod:`tests.scorecard`), which knows no
machine. What differs is the machine's part, so its load is told too. ``--write`` writes ``docs/real-sockets.md``.

The two do not count quite the same. A real client counts from its first tick, joining and warm-up included, where the simulated one is
watched after six seconds. The simulated client's share of late commands is of the server's steps, the real one's of the commands given.
The real p95 of corrections has deaths in it.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from game.client.figures import of_players
from tests.command_line import JSON_HELP, SEED, SEED_HELP, number, tool
from tests.network.programs import Program
from tests.scorecard.cells import Cell, cell_text, parse
from tests.scorecard.measure import play

CELLS: Final = ("0/0/0", "100/20/5", "200/30/10/4")
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "real-sockets.md"
SERVER_SETTINGS: Final = """
[match]
frag_limit = 0
time_limit_s = 600
warmup_s = 1
[arena]
maps = ["crossfire"]
has_owner = false
[rooms]
countdown_s = 1.0
"""
"""Those of the simulated cell."""
NAMES: Final = ("Ada", "Bob", "Cleo", "Dora", "Emil", "Fay", "Gus", "Hal")

ROWS: Final = (
    ("late_commands_pct", "late commands, %"),
    ("starved_frames_pct", "starved frames, %"),
    ("mispredictions_per_min", "mispredictions per player and minute"),
    ("correction_p95_units", "correction p95, units"),
    ("interpolation_delay_ms", "interpolation delay, ms"),
    ("rtt_ms", "round trip, ms"),
    ("bytes_down_per_s", "down, B/s and player"),
    ("bytes_up_per_s", "up, B/s and player"),
)
"""Figures that both have."""
REAL_ROWS: Final = (
    ("snapshots_per_s", "snapshots per s"),
    ("missing_commands_pct", "ticks without the player's command, %"),
    ("frames_per_s", "frames per s of a client"),
    ("server_tick_ms_p99", "server: work per tick p99, ms"),
    ("server_tick_late_ms_p99", "server: a tick's lateness p99, ms"),
    ("checksum_mismatches", "checksum mismatches"),
)
"""Figures of the real run alone."""
HEAD: Final = """# Over real sockets

Written by `python -m tests.scorecard.real --write`: a server, a proxy that makes the network bad and four headless clients, each a
process of its own on one machine, over loopback. Beside each figure stands that of the same network in virtual time
(`python -m tests.scorecard`), which no machine disturbs. A name is round trip / jitter (± per way) / loss, in ms and percent, and the
mean burst of losses.

Real clients count from their first tick, joining included; the simulated ones are watched after six seconds. A real client's p95 of
corrections also has his deaths and his coming back elsewhere in it, the simulated one's leaves them out. Every figure is the mean over the
players, weighted by the ticks that they played.
"""


def run_cell(cell: Cell) -> dict[str, Any]:
    """Play one cell over real sockets, and again in virtual time."""
    before = _children_cpu_s(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="skirmish-real-") as folder:
        players, server, proxy = _play(cell, Path(folder))
    cpu_s = _children_cpu_s() - before[0]
    together = of_players(players)
    minutes = sum(player["ticks"] for player in players) / 3600
    real = {
        **{key: together[key] for key in ("late_commands_pct", "starved_frames_pct", "correction_p95_units", "interpolation_delay_ms")},
        **{key: together[key] for key in ("rtt_ms", "snapshots_per_s", "missing_commands_pct", "frames_per_s", "checksum_mismatches")},
        "mispredictions_per_min": _per_minute(together["mispredictions_by_cause"], minutes),
        "bytes_down_per_s": round(together["bytes_in_per_s"]),
        "bytes_up_per_s": round(together["bytes_out_per_s"]),
        "server_tick_ms_p99": server["tick_ms_p99"],
        "server_tick_late_ms_p99": server["tick_late_ms_p99"],
    }
    return {
        "name": cell.name,
        "seconds": cell.seconds,
        "real": real,
        "simulated": play(cell)["figures"],
        "load": {
            "load_average_before": round(before[1], 2),
            "load_average_after": round(os.getloadavg()[0], 2),
            "cpus_used": round(cpu_s / cell.seconds, 2),
        },
        "players": players,
        "server": server,
        "proxy": proxy,
    }


def _play(cell: Cell, folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]:
    settings = folder / "server.toml"
    settings.write_text(SERVER_SETTINGS, encoding="utf-8")
    running: list[Program] = []

    def start(module: str, *arguments: str, label: str) -> Program:
        state = folder / label
        state.mkdir()
        program = Program(None, module, *arguments, state=state, label=label)
        running.append(program)
        return program

    seed = str(cell.seed)
    try:
        server = start("server", "--local", "--config", str(settings), "--seed", seed, "--json", label="server")
        target = f"127.0.0.1:{_port(server)}"
        words = cell.conditions.describe()
        listen = ("--listen", "127.0.0.1:0", "--to", target, "--net", words, "--seed", seed)
        proxy = start("engine.testing.proxy", *listen, "--json", label="proxy")
        target = f"127.0.0.1:{_port(proxy)}"
        clients = []
        for number, name in enumerate(NAMES[: cell.players]):
            pace = ("--seconds", str(cell.seconds), "--name", name, "--seed", str(cell.seed * 100 + number))
            clients.append(start("game", "join", target, "--headless", "--json", *pace, label=name))
        reports = [client.finish(within_s=cell.seconds + 60) for client in clients]
        return reports, server.stop(), proxy.stop()
    finally:
        for program in reversed(running):
            program.close()


def _port(program: Program) -> int:
    """From its first line, ``listening tcp=7777 udp=7777 ...``."""
    line = program.lines[program.wait_for("listening tcp=") - 1]
    return int(line.partition("tcp=")[2].split()[0])


def _per_minute(causes: Mapping[str, int], minutes: float) -> dict[str, float]:
    return {name: round(count / minutes, 2) for name, count in sorted(causes.items()) if count} if minutes else {}


def _children_cpu_s() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


# --- what is written ----------------------------------------------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """What played it."""
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "system": f"{platform.system()} {platform.release()}"}


def in_words(results: Sequence[Mapping[str, Any]], seed: int) -> str:
    """The page."""
    about = machine()
    lines = [HEAD, f"Seed {seed}; {about['cpus']} CPUs, Python {about['python']}, {about['system']}.\n"]
    for result in results:
        real, simulated, load = result["real"], result["simulated"], result["load"]
        lines += [
            f"## {result['name']}\n",
            f"{result['seconds']:g} s; load average {load['load_average_before']} before and {load['load_average_after']} after; "
            f"the cell's own processes used {load['cpus_used']} CPUs.{_warning(load, about['cpus'])}\n",
            "| figure | real sockets | virtual time |",
            "|---|---|---|",
        ]
        lines += [f"| {label} | {_cell(real.get(key))} | {_cell(simulated.get(key))} |" for key, label in ROWS]
        lines += [f"| {label} | {_cell(real[key])} | |" for key, label in REAL_ROWS]
        lines.append("")
    return "\n".join(lines)


def _warning(load: Mapping[str, float], cpus: int) -> str:
    if max(load["load_average_before"], load["load_average_after"]) <= cpus:
        return ""
    return " **More wanted to run than there are CPUs: the left column says more about this machine's other work than about the network.**"


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        parts = ", ".join(f"{name} {count:g}" for name, count in value.items() if count)
        return f"{sum(value.values()):.1f}: {parts}" if parts else "0"
    return "" if value is None else f"{value:g}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and report."""
    parser = tool("tests.scorecard.real", __doc__)
    parser.add_argument("--seconds", type=number(10, 3600, float), default=40.0, metavar="S", help="length of each cell")
    parser.add_argument("--seed", type=SEED, default=1, metavar="N", help=SEED_HELP)
    parser.add_argument(
        "--only",
        action="append",
        type=cell_text,
        metavar="RTT/JITTER/LOSS[/BURST]",
        help="this cell, as in 100/20/5 (may be given more than once)",
    )
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    parser.add_argument("--write", action="store_true", help="write docs/real-sockets.md")
    options = parser.parse_args(arguments)
    results = [run_cell(parse(text, options.seed, options.seconds)) for text in options.only or CELLS]
    page = in_words(results, options.seed)
    if options.write:
        PAGE.write_text(page, encoding="utf-8")
    print(json.dumps({"seed": options.seed, "machine": machine(), "cells": results}) if options.json else page)


if __name__ == "__main__":
    main()
