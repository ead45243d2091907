"""The arena's fairness report after a whole match in virtual time: what the server says about players on good and on bad networks."""

from __future__ import annotations

from engine.conditions import NetConditions
from tests.simulation.arena_match import ArenaMatch, config

MATCH_S = 15


def test_a_match_ends_with_a_line_and_an_entry_per_player() -> None:
    match = ArenaMatch(4, seed=5, conditions=NetConditions.parse("latency=120,jitter=10,loss=2"), settings=config(time_limit_s=MATCH_S))
    reports = match.server.side.lobby.fairness.reports
    lines: list[str] = []

    def is_reported() -> bool:
        lines.extend(match.server.log_lines())
        return len(reports()) == 4

    match.simulation.run_until(is_reported, MATCH_S + 20, "the match is over and reported")
    assert {entry["name"] for entry in reports()} == {player.client.player_name for player in match.players}
    for entry in reports():
        assert sum(f"{entry['name']}: {entry['rewinds']} steps judged by what he saw" in line for line in lines) == 1
        assert 60 < entry["rewind_ms_mean"] <= entry["rewind_ms_max"] <= 250.01
        assert entry["commands"] > 60 * MATCH_S
        assert entry["commands_late"] < 0.1 * entry["commands"]
        assert entry["claims_too_new"] == 0
    assert sum(entry["decided"] for entry in reports()) > 5, "bots hit each other"
    assert all(entry["decided"] <= 2 * entry["rewinds"] for entry in reports())
