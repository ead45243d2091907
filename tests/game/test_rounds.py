"""Warm-up, limits, results, pick-ups, joining: what a match is made of besides fighting."""

from __future__ import annotations

import pytest

from engine.contract import Game, HasAnnouncements, HasEnd
from engine.ids import Seat
from engine.world import digest_of
from game.arena import ARENA_SCHEMA, Kill, RoundOver, RoundStarted, make_arena, read_announcement
from game.simulation.rules import (
    ALIVE,
    PICKUP_BLASTER,
    PICKUP_HEALTH,
    PICKUP_RAIL,
    PICKUP_WAIT_TICKS,
    PLAYER,
    PLAYING,
    POSITION,
    PROJECTILE,
    RESULTS,
    RESULTS_TICKS,
    TICK_RATE_HZ,
    VELOCITY,
    WARMUP,
)
from tests.game.support import Play, drawn_map, middle, order


def kill(play: Play, killer: int = 0, victim: int = 1) -> None:
    play.stand(killer, *middle(2, 3), cooldown_blaster=0)
    play.stand(victim, *middle(4, 3), health=1)
    play.step({killer: order(fire=1, aim=0)}, 8)


def test_the_arena_is_a_game_with_announcements_and_an_end():
    arena = make_arena({}, 4)
    assert isinstance(arena, Game)
    assert isinstance(arena, HasAnnouncements)
    assert isinstance(arena, HasEnd)
    assert digest_of(arena.schema.describe()) == digest_of(ARENA_SCHEMA.describe())


def test_the_slices_over_columns_name_the_fields_they_say():
    for kind in (PLAYER, PROJECTILE):
        columns = ["generation", *(field.name for field in kind.fields_visible_to("everyone"))]
        assert columns[POSITION] == ["x", "y"]
        assert columns[VELOCITY] == ["vx", "vy"]


def test_warm_up_then_a_fresh_round_for_everybody():
    play = Play(2, drawn_map(), warmup_s=1)
    assert play.world.match.phase[0] == WARMUP
    play.step()
    kill(play)
    assert play.world.player.score[0] == 1
    play.step(ticks=TICK_RATE_HZ)
    player = play.world.player
    assert play.world.match.phase[0] == PLAYING
    assert RoundStarted(1) in play.told
    assert player.score.tolist() == [0, 0]
    assert player.deaths.tolist() == [0, 0]
    assert player.life.tolist() == [ALIVE, ALIVE]
    assert player.health.tolist() == [100, 100]
    assert play.world.match.leader[0] == 0


def test_the_frag_limit_ends_the_round_and_after_the_results_it_is_over():
    play = Play(2, drawn_map(), frag_limit=2)
    play.step()
    kill(play)
    assert play.world.match.phase[0] == PLAYING
    kill(play)
    assert play.world.match.phase[0] == RESULTS
    assert play.told[-1] == RoundOver(0, False)
    for _ in range(RESULTS_TICKS):
        assert not play.arena.is_over(play.world)
        play.step()
        if play.world.match.time_left[0] == 0:
            break
    assert play.arena.is_over(play.world)
    assert play.arena.standings(play.world) == [(0, 2, 0), (1, 0, 2)]


def test_the_time_limit_ends_the_round_and_equal_scores_are_a_draw():
    play = Play(2, drawn_map(), time_limit_s=10)
    play.step(ticks=10 * TICK_RATE_HZ - 1)
    assert play.world.match.phase[0] == PLAYING
    play.step()
    assert play.world.match.phase[0] == RESULTS
    assert play.told == [RoundOver(None, True)]


def test_announcements_are_read_back_and_foreign_bytes_are_not():
    play = Play(2, drawn_map(), frag_limit=1)
    play.step()
    kill(play)
    bodies = []
    play.arena.step(play.world, play.commands, play.past)
    assert play.arena.announcements(play.world) == []
    for happening in (Kill(300, 2, 1), RoundStarted(3), RoundOver(None, True), RoundOver(7, False)):
        play.arena._happenings = [happening]
        (body,) = play.arena.announcements(play.world)
        bodies.append(body)
        assert read_announcement(body) == happening
        for cut in range(len(body)):
            assert read_announcement(body[:cut]) is None
        assert read_announcement(body + b"\0") is None
    assert read_announcement(b"") is None
    assert read_announcement(b"X" * 6) is None
    assert len({body[:1] for body in bodies}) == 3


@pytest.mark.parametrize(
    ("kind", "column", "low", "high", "gained"),
    [(PICKUP_HEALTH, "health", 50, 100, 80), (PICKUP_BLASTER, "ammo_blaster", 20, 99, 50), (PICKUP_RAIL, "ammo_rail", 1, 20, 5)],
)
def test_a_pickup_is_taken_by_who_needs_it_and_comes_back(kind, column, low, high, gained):
    play = Play(1, drawn_map(pickups=[(kind, 5, 3)]))
    play.step()
    player, pickup = play.world.player, play.world.pickup
    play.stand(0, *middle(5, 3), **{column: high})
    play.step(ticks=3)
    assert pickup.wait[0] == 0
    player.__dict__[column][0] = low
    play.step()
    assert player.__dict__[column][0] == gained
    assert pickup.wait[0] == PICKUP_WAIT_TICKS[kind]
    play.stand(0, *middle(2, 2))
    play.step(ticks=PICKUP_WAIT_TICKS[kind])
    assert pickup.wait[0] == 0
    play.stand(0, *middle(5, 3), **{column: high - 1})
    play.step()
    assert player.__dict__[column][0] == high  # never above


def test_of_two_who_reach_a_pickup_together_one_gets_it_and_not_always_the_same():
    winners = set()
    for wait in range(4):
        play = Play(2, drawn_map(pickups=[(PICKUP_HEALTH, 5, 3)]))
        play.step(ticks=1 + wait)
        for seat in (0, 1):
            play.stand(seat, *middle(5, 3), health=20)
        play.step()
        taken = [seat for seat in (0, 1) if play.world.player.health[seat] > 20]
        assert len(taken) == 1
        winners.add(taken[0])
    assert winners == {0, 1}


def test_joining_late_and_leaving_leaves_nothing_behind():
    play = Play(3, drawn_map(), seated=1)
    play.step(ticks=5)
    play.arena.join(play.world, Seat(2))
    play.step({0: order(fire=1)}, 3)
    play.world.hit.spawn(play.world.tick, 0, victim=2)
    play.world.beam.spawn(play.world.tick, 0)
    assert play.world.player.life.tolist() == [ALIVE, 0, ALIVE]
    play.arena.leave(play.world, Seat(0))
    assert not play.world.player.alive[0]
    assert not play.world.projectile.alive[:8].any()
    assert not play.world.hit.alive.any()
    assert not play.world.beam.alive.any()
    assert [row[0] for row in play.arena.standings(play.world)] == [2]


@pytest.mark.parametrize(
    "settings", [{"map": "nowhere"}, {"map": "../x"}, {"mode": "chess"}, {"frag_limit": -1}, {"warmup_s": "5"}, {"gravity": 1}]
)
def test_wrong_settings_are_refused_with_a_sentence(settings):
    with pytest.raises(ValueError, match=r"\.$"):
        make_arena(settings, 4)


@pytest.mark.parametrize("seats", [1, 64, 256])
def test_other_numbers_of_seats(seats):
    play = Play(seats, "reactor")
    play.step({seat: order(move_x=127, fire=1, aim=seat % 1024) for seat in range(seats)}, 30)
    assert play.world.out_of_range() is None
    assert play.world.projectile.alive.any()
