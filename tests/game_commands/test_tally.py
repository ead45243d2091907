"""Kills, deaths and figures, in virtual time against the server's own standings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.conditions import NetConditions
from engine.session import ClientStatistics
from engine.session import client_events as e
from game.client.figures import of_matches, of_players
from game.client.report import show_report, show_reports
from game.client.tally import ScoreLine, Tally
from tests.simulation.arena_match import ArenaMatch, Player, config


def finished(match: ArenaMatch, player: Player, count: int) -> list[e.MatchFinished]:
    """A player's results, once he has seen so many."""

    def seen() -> list[e.MatchFinished]:
        return [event for event in player.events if isinstance(event, e.MatchFinished)]

    match.simulation.run_until(lambda: len(seen()) >= count, 120, "results")
    return seen()


BAD = NetConditions.parse("latency=80,jitter=20,loss=5,duplicate=3,reorder=3")


@pytest.mark.parametrize(("conditions", "matches"), [(NetConditions(), 2), (BAD, 1)])
def test_kills_and_deaths_are_those_of_the_standings(conditions: NetConditions, matches: int) -> None:
    """Kills of the warm-up do not count in either; two matches add up; events repeated by the network count once."""
    settings = config(time_limit_s=10, warmup_s=3)
    settings = replace(settings, rooms=replace(settings.rooms, results_s=0.5))
    match = ArenaMatch(4, seed=3, level=2, conditions=conditions, settings=settings)
    for player in match.players:
        finished(match, player, matches)
    assert sum(player.autopilot.tally.kills for player in match.players) > 1, "nobody met anybody: no test"
    for player in match.players:
        results = finished(match, player, matches)[:matches]
        lines = [line for result in results for line in result.standings if line.name == player.client.player_name]
        assert player.autopilot.tally.deaths == sum(line.deaths for line in lines)
        own_goals = player.autopilot.tally.kills - sum(line.score for line in lines)
        assert 0 <= own_goals <= player.autopilot.tally.deaths
        assert [(line.name, line.score, line.deaths) for line in player.autopilot.scoreboard()] == [
            (line.name, line.score, line.deaths) for line in results[-1].standings
        ]
        report = player.autopilot.report()
        assert report["kills"] == player.autopilot.tally.kills
        assert report["matches"] == matches
        assert report["ticks"] > matches * 10 * 60, "of both matches"


def test_the_scoreboard_of_a_running_match_has_everybodys_name() -> None:
    match = ArenaMatch(3, seed=4)
    match.start()
    match.simulation.run_for(1)
    for player in match.players:
        assert {line.name for line in player.autopilot.scoreboard()} == {"player 0", "player 1", "player 2"}
    match.players[0].client.leave(match.simulation.now)
    assert len(match.players[0].autopilot.scoreboard()) == 3, "also after the goodbye"


def test_nothing_played_is_nothing_counted() -> None:
    match = ArenaMatch(1)
    tally = Tally(match.players[0].client)
    assert tally.scoreboard() == []
    assert (tally.kills, tally.deaths, tally.matches, tally.report()["ticks"]) == (0, 0, 0, 0)


def test_several_matches_weigh_by_their_length() -> None:
    short = ClientStatistics(
        connected=True, ticks=100, snapshots=90, rtt_ms=100.0, mispredictions=2, mispredictions_by_cause={"x": 2, "y": 0}
    )
    long = ClientStatistics(
        connected=False, ticks=300, snapshots=300, rtt_ms=20.0, mispredictions=1, mispredictions_by_cause={"x": 0, "y": 1}
    )
    both = of_matches([short, replace(long, carrier="control", disconnect_reason="kicked")])
    assert (both["ticks"], both["snapshots"], both["mispredictions"]) == (400, 390, 3)
    assert both["rtt_ms"] == 40.0
    assert both["mispredictions_by_cause"] == {"x": 2, "y": 1}
    assert (both["connected"], both["carrier"], both["disconnect_reason"]) == (False, "control", "kicked"), "the latest's"
    assert of_matches([short])["rtt_ms"] == 100.0


@pytest.mark.parametrize("matches", [1, 2])
def test_the_board_and_the_figures_say_of_which_matches_they_are(capsys: pytest.CaptureFixture[str], matches: int) -> None:
    own = {**of_matches([ClientStatistics(snapshots=9)]), "kills": 5, "deaths": 2, "matches": matches, "name": "Ada"}
    board = [ScoreLine("Ada", 1, 0)]
    show_report(own, board, as_json=False)
    one = capsys.readouterr().out
    show_reports([own, {**own, "name": "Bob"}], board, as_json=False)
    several = capsys.readouterr().out
    for printed in (one, several):
        assert ("Scoreboard of the last match" in printed) is (matches > 1)
        assert ("all 2 matches" in printed) is (matches > 1)
        assert "Scoreboard" in printed
        heading = next(line for line in printed.splitlines() if "player" in line and "deaths" in line)
        assert [cell.strip() for cell in heading.strip("┃").split("┃")] == ["player", "kills", "deaths"], "as in the game"


def test_several_players_are_connected_only_together() -> None:
    one = {**of_matches([ClientStatistics(connected=True, ticks=10, late_commands_pct=1.0)]), "kills": 1, "deaths": 0, "name": "A"}
    other = {
        **of_matches([ClientStatistics(ticks=30, late_commands_pct=3.0, disconnect_reason="kicked")]),
        "kills": 2,
        "deaths": 5,
        "name": "B",
    }
    both = of_players([one, other])
    assert (both["connected"], both["kills"], both["deaths"], both["late_commands_pct"]) == (False, 3, 5, 2.5)
    assert (both["carrier"], both["disconnect_reason"]) == ("udp", "kicked")
    assert of_players([one, {**other, "carrier": "control"}])["carrier"] == "mixed"
    assert "name" not in both
    idle = {**of_matches([ClientStatistics()]), "kills": 0, "deaths": 0, "name": "C"}
    busy = {**one, "mispredictions_by_cause": {"x": 2}}
    assert of_players([idle, busy])["mispredictions_by_cause"] == {"x": 2}
