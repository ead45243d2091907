"""The page of figures, its verdicts and its pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.scorecard.cells import BURSTS, TARGETS, Cell, grid, parse
from tests.scorecard.chart import line_chart
from tests.scorecard.page import charts, targets_of, write


def result(cell: Cell, **figures: Any) -> dict[str, Any]:
    plain = {
        "rtt_ms": cell.rtt_ms,
        "jitter_ms": cell.jitter_ms,
        "loss_pct": cell.loss_pct,
        "burst": cell.burst,
        "input_delay_ticks": cell.input_delay_ticks,
        "corrections": {"other_player": {"own place": {"per_min": 9.0, "p95_units": 130.0}}},
        "predicted_ticks": 9.5 - cell.input_delay_ticks,
        "late_commands_pct": 0.1,
        "missing_commands_pct": 0.05,
        "mispredictions_per_min": {"late_command": 0.5, "missing_command": 0.25, "other_player": 9.0},
        "starved_frames_pct": 0.3,
        "correction_seen_p95_units": 17.0,
        "correction_p95_units": 130.0,
        "rollback_ticks_p99": 9,
        "interpolation_delay_ms": 39.0,
        "ahead_ms": 150.0,
        "hit_agreement_pct": 99.5,
        "bytes_down_per_s": 5000,
        "bytes_up_per_s": 4000,
        "recovery_ms": 120.0,
        "limit_late_or_missing_pct": 0.0,
        "limit_starved_frames_pct": 0.1,
        "limit_hit_agreement_pct": 99.9,
        "limit_recovery_ms": 80.0,
    }
    return {"name": cell.name, "seed": cell.seed, "figures": plain | figures}


def row(page: str, cell: str, words: str) -> list[str]:
    return next([part.strip() for part in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith(f"| {cell} | {words}"))


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    return tmp_path / "docs"


def test_a_target_is_reached_by_every_seed_or_on_average_or_not(docs: Path) -> None:
    cell = parse("100/20/5", 1, 60)
    write([result(cell, starved_frames_pct=share) for share in (0.2, 0.6)], 60.0, docs)
    page = (docs / "scorecard.md").read_text(encoding="utf-8")
    assert row(page, "100/20/5", "frames past")[2:] == ["≤ 0.5", "0.4", "0.6", "0.1", "on average"]
    assert row(page, "100/20/5", "commands late")[2:] == ["≤ 0.2", "0.15", "0.15", "0", "yes"]
    assert row(page, "100/20/5", "correction p95, as predicted")[2:] == ["≤ 104", "130", "130", "", "**no**"]
    assert row(page, "100/20/5", "hits")[2:] == ["≥ 99", "99.5", "99.5", "99.9", "yes"]
    assert row(page, "100/20/5", "recovery")[2:] == ["≤ 200", "120", "120", "80", "yes"]


def test_a_cell_without_shots_has_no_agreement(docs: Path) -> None:
    write([result(parse("100/20/5", 1, 60), hit_agreement_pct=None)], 60.0, docs)
    assert "| hits" not in (docs / "scorecard.md").read_text(encoding="utf-8")


def test_every_target_cell_has_targets_and_is_in_the_grid() -> None:
    names = {cell.name for cell in grid(1, quick=False)}
    for numbers in TARGETS:
        assert targets_of(result(Cell(*numbers))["figures"])
        assert Cell(*numbers).name in names
    assert not targets_of(result(Cell(*BURSTS[1]))["figures"])


def test_what_corrections_were_is_told_for_the_cells_with_targets(docs: Path) -> None:
    hurt = {"server_event": {"was hurt": {"per_min": 17.0, "p95_units": 0.0}}}
    both = {"other_player": {"own place": {"per_min": 5.0, "p95_units": 150.0}}, **hurt}
    write(
        [
            result(parse("100/20/5", 1, 60)),
            result(parse("100/20/5", 2, 60), corrections=both),
            result(parse("0/0/0", 1, 60), corrections=hurt),
            result(parse("0/10/0", 1, 60), corrections={"late_command": {"own place": {"per_min": 1.0, "p95_units": 1.0}}}),
        ],
        60.0,
        docs,
    )
    page = (docs / "scorecard.md").read_text(encoding="utf-8")
    assert "| cause | what | 100/20/5 | 0/0/0 |" in page
    assert "| other_player | own place | 7 (150) |  |" in page
    assert "| server_event | was hurt | 8.5 | 17 |" in page
    assert "late_command |" not in page, "a cell without targets"


def test_cells_with_input_delay_stand_by_themselves(docs: Path) -> None:
    cells = [parse("100/20/5", 1, 60, delay) for delay in (0, 3, 1)]
    write([*(result(cell) for cell in cells), result(parse("0/0/0", 1, 60))], 60.0, docs)
    page = (docs / "scorecard.md").read_text(encoding="utf-8")
    section = page.partition("## Input delay")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| 100/20/5 |")]
    assert [line.split("|")[2].strip() for line in rows] == ["0", "1", "3"]
    assert [line.split("|")[7].strip() for line in rows] == ["9.5", "8.5", "6.5"]
    assert "0/0/0" not in section
    assert "delay 3" not in page


def test_two_networks_are_played_with_each_input_delay() -> None:
    delayed = [cell for cell in grid(1, quick=False) if cell.input_delay_ticks]
    assert [cell.name for cell in delayed] == [
        *(f"100/20/5 delay {ticks}" for ticks in (1, 2, 3)),
        *(f"200/30/10 b4 delay {ticks}" for ticks in (1, 2, 3)),
    ]
    names = [cell.name for cell in grid(1, quick=False)]
    assert len(set(names)) == len(names)
    assert {"100/20/5", "200/30/10 b4"} <= set(names)


def test_pictures_are_drawn_of_what_was_played(docs: Path) -> None:
    one = [result(parse(f"100/10/{loss}", 1, 60)) for loss in (0, 5, 20)]
    write([*one, result(parse("0/0/0", 1, 60))], 60.0, docs)
    page = (docs / "scorecard.md").read_text(encoding="utf-8")
    for name in ("late", "correction", "starved", "delay"):
        assert f"images/scorecard-{name}.svg" in page
        picture = ElementTree.parse(docs / "images" / f"scorecard-{name}.svg")
        lines = picture.findall("{http://www.w3.org/2000/svg}polyline")
        assert [len(line.attrib["points"].split()) for line in lines] == [3]
    assert charts([result(parse("100/10/5", 1, 60))["figures"]]) == {}


def test_lines_stay_within_the_picture_and_words_are_escaped() -> None:
    picture = line_chart("a < b", "x & y", "%", {"one": [(0.0, 0.0), (3.0, 0.07)], "two": [(0.0, 0.0), (3.0, 0.07)]})
    root = ElementTree.fromstring(picture)
    points = [point.split(",") for line in root.iter() if "points" in line.attrib for point in line.attrib["points"].split()]
    assert all(0 <= float(x) <= 640 and 0 <= float(y) <= 320 for x, y in points)
    labels = [float(text.attrib["y"]) for text in root.iter() if text.text in ("one", "two")]
    assert abs(labels[0] - labels[1]) >= 14, "not one upon the other"
