"""The runner over real sockets, as far as it can be tested without them: the same match as in virtual time, and a page with all figures."""

from __future__ import annotations

from server.config import read_config
from tests.scorecard.cells import TARGETS, parse
from tests.scorecard.real import CELLS, REAL_ROWS, ROWS, SERVER_SETTINGS, in_words
from tests.simulation.arena_match import config


def test_the_real_server_plays_what_the_simulated_one_plays() -> None:
    assert read_config(SERVER_SETTINGS) == config()


def test_its_cells_have_figures_to_reach() -> None:
    for text in CELLS:
        cell = parse(text, seed=1, seconds=10.0)
        reach = [numbers for numbers in TARGETS if numbers[:3] == (cell.rtt_ms, cell.jitter_ms, cell.loss_pct)]
        assert reach, text


def test_the_page_has_every_figure_and_the_load_of_the_machine() -> None:
    real = {key: number + 0.5 for number, (key, _) in enumerate((*ROWS, *REAL_ROWS))}
    simulated = {key: number + 100.25 for number, (key, _) in enumerate(ROWS) if key != "rtt_ms"}
    causes = {"server_event": 7.0, "late_command": 0.5, "missing_command": 0.0}
    load = {"load_average_before": 1.75, "load_average_after": 2.5, "cpus_used": 0.9}
    result = {"name": "1/2/3", "seconds": 10.0, "real": {**real, "mispredictions_per_min": causes}, "simulated": simulated, "load": load}
    page = in_words([result], seed=5)
    assert "| late commands, % | 0.5 | 100.25 |" in page
    assert "| mispredictions per player and minute | 7.5: server_event 7, late_command 0.5 | 102.25 |" in page
    assert "| round trip, ms | 5.5 | |" in page.replace("|  |", "| |")
    assert all(f"| {label} |" in page for _, label in (*ROWS, *REAL_ROWS))
    assert "load average 1.75 before and 2.5 after; the cell's own processes used 0.9 CPUs." in page
    assert page.count("## ") == 1


def test_a_busy_machine_is_told() -> None:
    def page(load_average: float) -> str:
        load = {"load_average_before": 0.5, "load_average_after": load_average, "cpus_used": 0.5}
        real = {key: 1.0 for key, _ in (*ROWS, *REAL_ROWS)}
        return in_words([{"name": "0/0/0", "seconds": 10.0, "real": real, "simulated": {}, "load": load}], seed=1)

    assert "More wanted to run" in page(1000.0)
    assert "More wanted to run" not in page(0.0)
