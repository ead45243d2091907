from engine.control.messages import Standing
from game.client.feed import Roster
from game.client.hud import clock, ordinal, ranking
from game.client.scoreboard import ROWS_MAX, draw_table, rows_of_standings, rows_of_world

from .fake import FakeClient


def crowded(players: int = 16) -> tuple[FakeClient, Roster]:
    client, roster = FakeClient(players=players), Roster()
    roster.update(client.room)
    for seat in range(players):
        client.world.player.score[seat] = (seat * 7) % 20
        client.world.player.deaths[seat] = seat
    return client, roster


def test_more_kills_first_then_fewer_deaths_then_the_seat():
    client, _ = crowded(4)
    client.world.player.score[:4] = (3, 5, 5, 3)
    client.world.player.deaths[:4] = (1, 4, 2, 1)
    assert ranking(client.world) == [2, 1, 0, 3]


def test_the_ranking_agrees_with_the_games_own_standings():
    client, _ = crowded(16)
    assert [(s, d) for _, s, d in client.game.standings(client.world)] == [
        (int(client.world.player.score[s]), int(client.world.player.deaths[s])) for s in ranking(client.world)
    ]


def test_a_row_tells_name_kills_deaths_and_ping():
    client, roster = crowded(4)
    row = next(row for row in rows_of_world(client.world, roster, 0) if row.is_us)
    assert (row.name, row.score, row.deaths, row.ping) == ("Nova", 0, 0, "11")
    assert [row.ping for row in rows_of_world(client.world, roster, 0) if row.is_bot] == ["bot"]


def test_a_large_match_shows_the_best_and_ourselves(surface):
    client, roster = crowded(40)
    last = ranking(client.world)[-1]
    rows = rows_of_world(client.world, roster, last)
    assert len(rows) == ROWS_MAX
    assert rows[-1].is_us
    assert rows[-1].place == 40
    height = draw_table(surface, rows, "Scores", "", 86)
    assert 86 + height <= 720


def test_the_final_table_marks_us_and_not_a_bot_of_our_name():
    rows = rows_of_standings([Standing("Nova", 2, 9, 1, True), Standing("Nova", 1, 5, 2)], "Nova")
    assert [row.is_us for row in rows] == [False, True]


def test_somebody_unknown_still_has_a_name_and_a_colour():
    roster = Roster()
    assert roster.person(200).name == "Player 201"
    assert roster.person(200) is roster.person(200)


def test_clock_rounds_up_and_ordinals_are_english():
    assert [clock(ticks) for ticks in (0, 1, 60, 61, 3599, 3600, 216000)] == ["0:00", "0:01", "0:01", "0:02", "1:00", "1:00", "60:00"]
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 112)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "112th",
    ]  # fmt: skip
