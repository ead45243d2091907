"""``docs/scorecard.md``: the figures of played cells, the targets, and pictures.

Several seeds of a cell stand as one row: shares and rates as their mean, and in the table of targets the worst seed beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.scorecard.chart import Point, line_chart

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
PLAYER_WIDTH_UNITS: Final = 416
TIMING: Final = ("late_command", "missing_command")

Result = Mapping[str, Any]


class Target(NamedTuple):
    """A figure to reach: ``at_most`` or at least ``bound``. ``limit``: the key of what no client could better, or empty."""

    figure: str
    words: str
    bound: float
    at_most: bool = True
    limit: str = ""


def late_or_missing(figures: Result) -> float:
    """In percent of the steps."""
    return float(figures["late_commands_pct"] + figures["missing_commands_pct"])


def timing_corrections(figures: Result) -> float:
    """Per player and minute."""
    return float(sum(figures["mispredictions_per_min"].get(cause, 0.0) for cause in TIMING))


def value_of(figures: Result, name: str) -> float | None:
    """A figure by its key, or one of the sums that targets are about."""
    if name == "late_or_missing_pct":
        return late_or_missing(figures)
    if name == "timing_corrections_per_min":
        return timing_corrections(figures)
    if name == "all_corrections_per_min":
        return float(sum(figures["mispredictions_per_min"].values()))
    if name == "other_player_per_min":
        return float(figures["mispredictions_per_min"].get("other_player", 0.0))
    value = figures[name]
    return None if value is None else float(value)


def targets_of(figures: Result) -> tuple[Target, ...]:
    """What this cell is to reach; empty for most."""
    key = (figures["rtt_ms"], figures["loss_pct"], figures["burst"] > 1)
    recovery = Target("recovery_ms", "recovery from 500 ms of nothing, ms", figures["rtt_ms"] + 100, limit="limit_recovery_ms")

    def shares(late: float, starved: float, hits: float) -> tuple[Target, ...]:
        return (
            Target("late_or_missing_pct", "commands late or missing, %", late, limit="limit_late_or_missing_pct"),
            Target("starved_frames_pct", "frames past the newest snapshot, %", starved, limit="limit_starved_frames_pct"),
            Target("hit_agreement_pct", "hits on a screen that were credited, %", hits, at_most=False, limit="limit_hit_agreement_pct"),
        )

    if key == (0, 0, False) and figures["jitter_ms"] == 0:
        delay = Target("interpolation_delay_ms", "others shown behind, ms", 25.0)
        return (*shares(0.0, 0.0, 99.0), Target("timing_corrections_per_min", "corrections by timing, per minute", 0.0), delay, recovery)
    if key == (100, 5, False) and figures["jitter_ms"] >= 20:
        return (
            *shares(0.2, 0.5, 99.0),
            Target("timing_corrections_per_min", "corrections by timing, per minute", 1.0),
            Target("correction_p95_units", "correction p95, as predicted, units", PLAYER_WIDTH_UNITS / 4),
            Target("correction_seen_p95_units", "correction p95, as drawn from frame to frame, units", PLAYER_WIDTH_UNITS / 4),
            recovery,
        )
    if key == (200, 10, True):
        return (*shares(1.0, 2.0, 97.0), recovery)
    return ()


HEAD: Final = """# Scorecard

Does it feel local? Written by `python -m tests.scorecard --write`: an arena server and four clients played by bots, whole, in virtual
time, over networks of known badness. The same seed gives the same figures on every machine. {seconds:g} s a cell after 6 s of settling;
seeds {seeds}.

A name is round trip / jitter (± per one-way delay, evenly, in order) / loss per direction, in ms and percent; `b4`: losses come in runs of
four datagrams on average. A player is {width} units wide. [Over real sockets](real-sockets.md) some of these cells are played by processes.

- **Late or missing**: steps of the server that had to do without a player's command.
- **Corrections** are counted by cause, which is computed and not guessed: *timing* is a late or missing command; *other_player* is what our
  step gets right once it knows what the others did; *server_event* is what no command explains and only the server decides, such as
  having hit and being hurt. Nobody can foresee the latter two. Where several cells were wrong the player's place names the correction.
  *As predicted* is how far the predicted place moved at once; *as drawn* how far the fading of it moved the picture in one frame.
- **Credited**: of the shots that hit on the shooter's own screen, those that the server counted. Rail and blaster count alike. Not counted
  is what the rules decide and no network could mend: the shooter was dead on the server by then, the victim was dead or protected by then,
  or dashed out of a bolt's way. `--explain` prints each shot that was not credited, with its reason.
- **Limits** are computed from the very same datagrams: commands of which no carrying datagram came within 8 ticks of what is usual (the
  most that a clock allows for); frames for which no snapshot had come within 5 intervals (the greatest delay of display); for hits, what
  these two leave; for recovery, the first datagram after the hole in each direction. A correction has no such limit: it depends on what
  people do.
"""

FOOT: Final = """## Why some figures are as they are

- **Corrections as predicted** are contact, nearly all of the large ones: `other_player`, and most with nothing wrong in the tick that was
  compared. Over a round trip of 100 ms a client is nine or ten ticks ahead of what it knows of others, and whether two who run at each
  other touch hangs on commands that it cannot have yet. Contact is therefore predicted for six ticks only, and felt anew with each
  snapshot. What limits it is seen over the same round trip without jitter and loss (100/0/0): there the lead is two ticks less, and
  snapshots come one at a time, where two at once bring the pushes of two ticks. Over the same recorded matches (seeds 1 to 3) contact for
  2, 3, 4, 5 or 8 ticks gave a p95 within 13 % of this one, and the fewer the ticks the further the predicted place was from the truth.
  Pushes that fade over eight guessed ticks gave 12 % less, with 13 % more corrections and a place 6 % further from the truth.
- **Input delay** takes what it promises off the ticks that are predicted, and less than that off the corrections: bots that see themselves
  later also run into each other elsewhere, so one seed's counts go up and down. As drawn they get smaller.
- **Bytes in bursts**: where losses come in runs, commands and snapshots are sent three times, a quarter of a tick apart, so that a run
  costs a tick and not four. That is the threefold traffic of the `b4` cells; complete snapshots go out only until a client has
  acknowledged its first.
- **Hits that were not credited** are shots from a place or time that the server had otherwise: in a burst the shooter's own place is now
  and then corrected afterwards, his command comes late, or a snapshot between two drawn ones was lost and the victim's way bent there.
"""

COLUMNS: Final = (
    ("late_or_missing_pct", "late or missing %"),
    ("timing_corrections_per_min", "timing corr./min"),
    ("correction_p95_units", "corr. p95"),
    ("correction_seen_p95_units", "as drawn"),
    ("rollback_ticks_p99", "rollback p99, ticks"),
    ("starved_frames_pct", "starved %"),
    ("limit_starved_frames_pct", "limit"),
    ("hit_agreement_pct", "credited %"),
    ("interpolation_delay_ms", "behind, ms"),
    ("ahead_ms", "ahead, ms"),
    ("recovery_ms", "recovery, ms"),
    ("bytes_down_per_s", "down B/s"),
    ("bytes_up_per_s", "up B/s"),
)

DELAY_COLUMNS: Final = (
    ("all_corrections_per_min", "corr./min"),
    ("other_player_per_min", "by others"),
    ("correction_p95_units", "corr. p95, as predicted"),
    ("correction_seen_p95_units", "as drawn"),
    ("predicted_ticks", "predicted, ticks"),
    ("ahead_ms", "ahead, ms"),
)

CORRECTIONS: Final = """Per player and minute, and in brackets the p95 in units of those that moved the player, as predicted."""

INPUT_DELAY: Final = """`--input-delay N` shows a player N ticks behind his commands. They go out as early as ever (*ahead*), but N ticks
less are predicted of what becomes of him."""


def write(results: Sequence[Result], seconds: float, docs: Path = DOCS) -> None:
    """Write the page and its pictures. ``results`` as :func:`tests.scorecard.measure.play` gives them, each with its ``seed``."""
    cells: dict[str, list[Result]] = {}
    for result in results:
        cells.setdefault(result["name"], []).append(result["figures"])
    seeds = ", ".join(str(seed) for seed in sorted({result["seed"] for result in results}))
    plain = {name: figures for name, figures in cells.items() if not figures[0]["input_delay_ticks"]}
    pictures = charts([figures for seeds_of_cell in plain.values() for figures in seeds_of_cell])
    (docs / "images").mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        (docs / "images" / f"scorecard-{name}.svg").write_text(picture, encoding="utf-8")
    lines = [HEAD.format(seconds=seconds, seeds=seeds, width=PLAYER_WIDTH_UNITS), *_targets(plain), *_table(plain)]
    lines += [*_corrections(plain), *_input_delays(cells)]
    if pictures:
        lines += ["## Pictures", "", "Cells without bursts, means over jitters and seeds.", ""]
        lines += [f"![{name}](images/scorecard-{name}.svg)" for name in pictures]
    lines += ["", FOOT]
    (docs / "scorecard.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _targets(cells: Mapping[str, list[Result]]) -> list[str]:
    lines = ["## Targets", "", "| cell | figure | target | mean | worst seed | limit | reached |", "|---|---|---|---|---|---|---|"]
    for name, seeds in cells.items():
        for target in targets_of(seeds[0]):
            values = [value for figures in seeds if (value := value_of(figures, target.figure)) is not None]
            if not values:
                continue
            sign = 1 if target.at_most else -1
            mean, worst = sum(values) / len(values), max(values, key=lambda value: sign * value)
            limit = sum(float(figures[target.limit]) for figures in seeds) / len(seeds) if target.limit else None
            reached = "yes" if sign * worst <= sign * target.bound else "on average" if sign * mean <= sign * target.bound else "**no**"
            cells_of_row = (
                name,
                target.words,
                f"{'≤' if target.at_most else '≥'} {target.bound:g}",
                *map(_short, (mean, worst, limit)),
                reached,
            )
            lines.append(f"| {' | '.join(cells_of_row)} |")
    return [*lines, ""]


def _table(cells: Mapping[str, list[Result]]) -> list[str]:
    lines = ["## All cells", "", f"| cell | {' | '.join(words for _, words in COLUMNS)} |", f"|---|{'---|' * len(COLUMNS)}"]
    for name, seeds in cells.items():
        row = [_short(_mean(seeds, key)) for key, _ in COLUMNS]
        lines.append(f"| {name} | {' | '.join(row)} |")
    return [*lines, ""]


def _corrections(cells: Mapping[str, list[Result]]) -> list[str]:
    """What the corrections of the cells with targets were."""
    chosen = {name: seeds for name, seeds in cells.items() if targets_of(seeds[0])}
    sums: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    for name, seeds in chosen.items():
        for cause, words in dict.fromkeys(
            (cause, words) for one in seeds for cause, sorts in one["corrections"].items() for words in sorts
        ):
            told = [one["corrections"].get(cause, {}).get(words, {"per_min": 0.0, "p95_units": 0.0}) for one in seeds]
            rate = sum(one["per_min"] for one in told) / len(seeds)
            sums.setdefault((cause, words), {})[name] = rate, max(one["p95_units"] for one in told)
    if not sums:
        return []
    lines = ["## What is corrected", "", CORRECTIONS, ""]
    lines += [f"| cause | what | {' | '.join(chosen)} |", f"|---|---|{'---|' * len(chosen)}"]
    for (cause, words), rates in sorted(sums.items(), key=lambda entry: (entry[0][0], -max(rate for rate, _ in entry[1].values()))):
        row = [_with_size(*rates[name]) if name in rates else "" for name in chosen]
        lines.append(f"| {cause} | {words} | {' | '.join(row)} |")
    return [*lines, ""]


def _with_size(rate: float, units: float) -> str:
    return f"{_short(rate)} ({_short(units)})" if units else _short(rate)


def _input_delays(cells: Mapping[str, list[Result]]) -> list[str]:
    """The cells that were played with an input delay, below themselves without."""
    delayed = {_network(seeds[0]) for seeds in cells.values() if seeds[0]["input_delay_ticks"]}
    chosen = [seeds for seeds in cells.values() if _network(seeds[0]) in delayed]
    if not chosen:
        return []
    name_of = {_network(seeds[0]): name for name, seeds in cells.items() if not seeds[0]["input_delay_ticks"]}
    lines = ["## Input delay", "", INPUT_DELAY, ""]
    lines += [f"| cell | ticks | {' | '.join(words for _, words in DELAY_COLUMNS)} |", f"|---|---|{'---|' * len(DELAY_COLUMNS)}"]
    for seeds in sorted(chosen, key=lambda seeds: (_network(seeds[0]), seeds[0]["input_delay_ticks"])):
        row = [_short(_mean(seeds, key)) for key, _ in DELAY_COLUMNS]
        lines.append(f"| {name_of.get(_network(seeds[0]), '')} | {seeds[0]['input_delay_ticks']} | {' | '.join(row)} |")
    return [*lines, ""]


def _network(figures: Result) -> tuple[float, ...]:
    return tuple(figures[key] for key in ("rtt_ms", "jitter_ms", "loss_pct", "burst"))


def _mean(seeds: Sequence[Result], key: str) -> float | None:
    values = [value for figures in seeds if (value := value_of(figures, key)) is not None]
    return sum(values) / len(values) if values else None


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def charts(figures: Sequence[Result]) -> dict[str, str]:
    """Pictures over the cells without bursts; none for what has fewer than two losses played."""
    wanted = (
        ("late", "late_or_missing_pct", "Commands late or missing", "%"),
        ("correction", "correction_p95_units", "Correction p95, as predicted", "units"),
        ("starved", "starved_frames_pct", "Frames past the newest snapshot", "%"),
        ("delay", "interpolation_delay_ms", "Others shown behind", "ms"),
    )
    plain = [one for one in figures if one["burst"] <= 1]
    found = {}
    for name, key, title, unit in wanted:
        series: dict[str, list[Point]] = {}
        for rtt_ms in sorted({one["rtt_ms"] for one in plain}):
            of_rtt = [one for one in plain if one["rtt_ms"] == rtt_ms]
            points = []
            for loss in sorted({one["loss_pct"] for one in of_rtt}):
                mean = _mean([one for one in of_rtt if one["loss_pct"] == loss], key)
                if mean is not None:
                    points.append((loss, mean))
            if len(points) > 1:
                series[f"{rtt_ms:g} ms"] = points
        if series:
            found[name] = line_chart(f"{title}, by round trip", "loss per direction, %", unit, series)
    return found
