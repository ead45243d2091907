from __future__ import annotations

import numpy as np
import pytest

from engine.ids import Seat
from game.arena import Kill
from game.simulation.integers import COSINE, SINE
from game.simulation.projectiles import HIT_REACH
from game.simulation.rules import (
    ALIVE,
    ANGLES,
    BLASTER,
    BLASTER_COOLDOWN_TICKS,
    BLASTER_SPEED,
    DASH_SPEED,
    DEAD,
    HIT_TICKS,
    RAIL,
    RAIL_COOLDOWN_TICKS,
    RESPAWN_TICKS,
    SHIELD_TICKS,
    TILE_UNITS,
)
from tests.game.support import Play, drawn_map, middle, order

EAST, SOUTH, WEST = 0, 256, 512
HAZARDOUS = """
##########
#S......S#
#..~~....#
#S.~~...S#
##########
"""


def duel(distance_tiles: float = 4, seats: int = 2) -> Play:
    """Seat 0 at the west end of a free row looks east at seat 1."""
    play = Play(seats, drawn_map())
    play.step()
    for seat in range(2, seats):
        play.stand(seat, *middle(13, 7))
    play.stand(0, *middle(2, 3))
    play.stand(1, *middle(2 + distance_tiles, 3))
    return play


def hits(play: Play, seat: int) -> list[tuple[int, int]]:
    """Victim and weapon."""
    hit = play.world.hit
    return [(int(hit.victim[slot]), int(hit.weapon[slot])) for slot in hit.rows().tolist() if slot // 8 == seat]


def test_a_bolt_takes_its_time_and_hurts_once():
    play = duel(6)
    play.step({0: order(fire=1, aim=EAST)})
    arrival = (6 * TILE_UNITS - 272) // BLASTER_SPEED
    play.step(ticks=arrival - 1)
    assert play.world.player.health[1] == 100
    play.step(ticks=3)
    assert play.world.player.health[1] == 82
    assert hits(play, 0) == [(1, BLASTER)]
    play.step(ticks=HIT_TICKS)
    assert hits(play, 0) == []
    assert not play.world.projectile.alive.any()


def test_six_hits_kill_and_the_killer_is_credited():
    play = duel()
    play.step({0: order(fire=1, aim=EAST)}, 5 * BLASTER_COOLDOWN_TICKS + 14)
    player = play.world.player
    assert player.life[1] == DEAD
    assert player.health[1] == 0
    assert (player.score[0], player.streak[0], player.deaths[1], player.score[1]) == (1, 1, 1, 0)
    assert play.told == [Kill(0, 1, 0)]
    assert play.world.match.leader[0] == 1
    assert hits(play, 0)[-1] == (1, BLASTER)


def test_two_rails_kill_through_the_first_victim_but_not_through_a_wall():
    play = duel(4, seats=4)
    play.stand(2, *middle(9, 3))
    play.stand(3, *middle(10, 5))  # behind the block
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST)})
    player = play.world.player
    assert player.health.tolist() == [100, 45, 45, 100]
    beam = play.world.beam
    assert beam.alive.tolist() == [True, False, False, False]
    assert (beam.x[0], beam.y[0], beam.aim[0]) == (*middle(2, 3), EAST)
    assert hits(play, 0) == [(1, RAIL), (2, RAIL)]
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST)}, RAIL_COOLDOWN_TICKS - 1)
    assert player.life[1] == ALIVE
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST)})
    assert player.life[1] == DEAD
    assert player.life[2] == DEAD
    assert player.score[0] == 2
    assert player.ammo_rail[0] == 1
    play.stand(0, *middle(5, 5))
    player.cooldown_rail[0] = 0
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST)})
    assert player.health[3] == 100


@pytest.mark.parametrize("offset", range(0, 512, 47))
def test_bolts_never_pass_a_wall_even_through_a_diagonal_gap(offset):
    """Two blocks that touch at a corner: no shot from any place at any angle of a quarter turn gets through between them."""
    text = "\n".join(("##########", "#SS......#", "#SS#.....#", "#.#......#", "##.......#", "#........#", "##########"))
    play = Play(1, drawn_map(text))
    play.step()
    for angle in range(0, 257, 8):
        x, y = middle(2, 2)
        play.stand(0, x - 40 + offset // 8, y - 40, cooldown_blaster=0)
        play.world.projectile.free(slice(None))
        play.step({0: order(fire=1, aim=angle)})
        while play.world.projectile.alive[0]:
            projectile = play.world.projectile
            tile_x, tile_y = int(projectile.x[0]) // TILE_UNITS, int(projectile.y[0]) // TILE_UNITS
            assert not play.arena.map.solid[tile_y, tile_x]
            assert tile_y <= 1 or tile_x + tile_y <= 4, (angle, tile_x, tile_y)
            if tile_y <= 1:
                break  # along the open row at the top it may fly
            play.step()


def test_bolts_hit_exactly_those_they_pass_near_enough_however_fast_both_are():
    """Against the definition: the smallest distance of the two while both go straight through the tick, sampled finely."""
    play = Play(2, drawn_map())
    play.step()
    random, outcomes = np.random.default_rng(3), []
    share = np.linspace(0, 1, 512)[:, None]
    for _ in range(400):
        for table in (play.world.projectile, play.world.hit):
            table.free(slice(None))
        x, y = middle(5, 2)
        dash, flight = random.integers(0, ANGLES, 2)
        play.stand(0, *middle(13, 7))
        velocity = COSINE[dash] * DASH_SPEED >> 14, SINE[dash] * DASH_SPEED >> 14
        play.stand(1, x, y, vx=velocity[0], vy=velocity[1], dash=5)
        start = np.array([x, y]) + random.integers(-420, 420, 2)
        bolt = np.array([COSINE[flight] * BLASTER_SPEED >> 14, SINE[flight] * BLASTER_SPEED >> 14])
        play.world.projectile.spawn(play.world.tick, 0, x=int(start[0]), y=int(start[1]), vx=int(bolt[0]), vy=int(bolt[1]))
        play.step()
        moved = np.array([play.world.player.x[1], play.world.player.y[1]])
        apart = (start + bolt * share) - (np.array([x, y]) + (moved - (x, y)) * share)
        nearest = float(np.hypot(apart[:, 0], apart[:, 1]).min())
        hit = play.world.player.health[1] < 100
        if abs(nearest - HIT_REACH) > 2:
            assert hit == (nearest < HIT_REACH), (nearest, start, bolt, velocity)
            outcomes.append(hit)
    assert 50 < sum(outcomes) < len(outcomes) - 50


def test_own_bolts_do_not_hurt_and_spawn_protection_protects_until_one_fires():
    play = duel()
    player = play.world.player
    player.shield[1] = SHIELD_TICKS
    play.step({0: order(fire=1, aim=EAST)}, 40)
    assert player.health[1] == 100
    assert player.health[0] == 100
    play.step({1: order(fire=1, aim=SOUTH)})
    assert player.shield[1] == 0
    play.step({0: order(fire=1, aim=EAST)}, 30)
    assert player.health[1] < 100


def test_weapons_need_ammunition_and_the_other_weapon_waits_after_a_shot():
    play = duel(9)
    player = play.world.player
    play.step({0: order(fire=1, weapon=RAIL, aim=SOUTH)})
    assert player.cooldown_blaster[0] > 0
    play.step({0: order(fire=1, aim=SOUTH)})
    assert not play.world.projectile.alive.any()
    player.ammo_rail[0] = player.ammo_blaster[0] = 0
    play.step({0: order(fire=1, weapon=RAIL, aim=SOUTH)}, RAIL_COOLDOWN_TICKS + 1)
    assert not play.world.beam.alive.any()
    assert 0 < player.ammo_blaster[0] <= 3  # it recharges, slowly


def test_a_seat_never_runs_out_of_slots_for_its_bolts():
    play = Play(1, "reactor")
    play.step()
    x, y = play.arena.map.spawns[0]
    shots = 0
    for _ in range(40 * BLASTER_COOLDOWN_TICKS):
        play.stand(0, x, y, ammo_blaster=99)
        before = int(play.world.player.cooldown_blaster[0])
        living = int(play.world.projectile.alive.sum())
        play.step({0: order(fire=1, aim=12)})
        if before <= 1:
            shots += 1
            assert play.world.projectile.generation.max() > 0
            assert play.world.projectile.alive.sum() >= min(living, 7)
    assert shots == 40


def test_the_dead_come_back_after_two_seconds_whole_protected_and_away_from_enemies():
    play = Play(2, "reactor")
    play.step()
    player = play.world.player
    x, y = play.arena.map.spawns[0]
    play.stand(0, x, y)
    play.stand(1, x + 1500, y, health=1, ammo_rail=0)
    play.step({0: order(fire=1, aim=EAST)}, 10)
    assert player.life[1] == DEAD
    waited = 0
    while player.life[1] == DEAD:
        play.step()
        waited += 1
    assert abs(waited - RESPAWN_TICKS) <= 10
    assert (player.health[1], player.shield[1], player.ammo_rail[1]) == (100, SHIELD_TICKS, 3)
    assert abs(int(player.x[1]) - x) + abs(int(player.y[1]) - y) > 6 * TILE_UNITS


def test_two_who_shoot_each_other_in_one_tick_both_die():
    play = duel(3)
    for seat in (0, 1):
        play.world.player.health[seat] = 30
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST), 1: order(fire=1, weapon=RAIL, aim=WEST)})
    player = play.world.player
    assert player.life.tolist() == [DEAD, DEAD]
    assert player.score.tolist() == [1, 1]
    assert play.world.match.leader[0] == 0  # nobody leads alone


def test_a_hazard_kills_at_the_cost_of_a_point_or_to_the_credit_of_who_hit_last():
    play = Play(2, drawn_map(HAZARDOUS))
    play.step()
    player = play.world.player
    play.stand(0, *middle(6, 1))
    play.stand(1, *middle(3, 2), health=8)
    play.step(ticks=20)
    assert player.life[1] == DEAD
    assert player.score.tolist() == [0, -1]
    assert play.told[-1] == Kill(1, 1, 2)
    play.stand(0, *middle(7, 2))
    play.stand(1, *middle(3, 2), health=40)
    play.step({0: order(fire=1, aim=WEST)})
    play.step(ticks=60)
    assert player.life[1] == DEAD
    assert player.score.tolist() == [1, -1]
    assert play.told[-1] == Kill(0, 1, 2)


def test_a_streak_ends_with_death():
    play = duel(seats=3)
    player = play.world.player
    for _ in range(3):
        play.stand(1, *middle(6, 3), health=1)
        play.step({0: order(fire=1, aim=EAST)}, 16)
    assert player.streak[0] == 3
    play.stand(0, *middle(2, 3), health=1)
    play.stand(2, *middle(6, 3))
    play.step({2: order(fire=1, aim=WEST)}, 20)
    assert player.streak.tolist() == [0, 0, 1]
    assert player.score[0] == 3


def test_who_has_left_gets_no_more_hits_and_does_no_harm_to_the_match():
    play = duel()
    play.step({0: order(fire=1, aim=EAST)}, 2)
    play.arena.leave(play.world, Seat(0))
    play.step(ticks=30)
    assert play.world.player.health[1] == 100
    assert not play.world.projectile.alive.any()
