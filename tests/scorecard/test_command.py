"""What is printed without ``--json``, and which cells are read."""

from __future__ import annotations

from argparse import Namespace

import pytest

from tests.scorecard.__main__ import COLUMNS, chosen, table
from tests.scorecard.cells import Cell, parse


def test_the_table_has_a_line_per_cell_and_columns_under_their_headings() -> None:
    figures: dict[str, float | None] = {key: 12.5 for key, _ in COLUMNS}
    results = [
        {"name": "100/20/5", "seed": 1, "figures": figures},
        {"name": "0/0/0", "seed": 2, "figures": {**figures, "recovery_ms": None}},
    ]
    head, first, second = table(results).splitlines()
    assert head.split()[:2] == ["cell", "seed"]
    assert first.split() == ["100/20/5", "1", *["12.5"] * len(COLUMNS)]
    assert second.split()[-1] == "-"
    assert len(head) == len(first) == len(second)


def test_a_cell_is_read_with_and_without_bursts() -> None:
    assert parse("100/20/5", 1, 60.0) == Cell(100, 20, 5, 1.0, seed=1)
    assert parse("200/30/10/4", 2, 20.0) == Cell(200, 30, 10, 4.0, seed=2, seconds=20.0)
    for text in ("", "1", "1/2", "1/2/3/4/5", "a/b/c", "1/2/nan", "-1/0/0"):
        with pytest.raises(ValueError, match=r"cell|must be|needs a number"):
            parse(text, 1, 60.0)


def test_cells_are_played_with_each_input_delay_that_is_asked_for() -> None:
    options = Namespace(only=["100/20/5", "0/0/0"], targets=False, quick=False, seconds=20.0, input_delay=[0, 2])
    assert [cell.name for cell in chosen(options, 1)] == ["100/20/5", "100/20/5 delay 2", "0/0/0", "0/0/0 delay 2"]
    options.input_delay = None
    assert [cell.input_delay_ticks for cell in chosen(options, 1)] == [0, 0]
