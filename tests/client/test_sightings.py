"""From one picture of the world to the next: everything that happens is told once, and nothing that did not happen."""

from __future__ import annotations

import math

import numpy as np
import pytest

from game.client.sightings import AGAIN_AFTER_S, NOBODY, RowTracker, Sight, Sighting, Watch
from game.simulation import rules
from game.simulation.projectiles import HIT_REACH
from game.simulation.rules import BLASTER_TICKS, RAIL, TILE_UNITS
from tests.game.support import Play, RandomCommands, drawn_map, middle, order

EAST = 0
FRAME_S = 1 / 60


class Screen:
    """Looks at a match after every tick."""

    def __init__(self, play: Play, own_seat: int = 0) -> None:
        self.play = play
        self.watch = Watch(play.arena.map)
        self.own_seat = own_seat
        self.now = 0.0
        self.look()

    def look(self) -> list[Sighting]:
        self.now += FRAME_S
        return self.watch.look(self.play.world, self.own_seat, self.now)

    def step(self, given: dict[int, tuple[int, ...]] | None = None, ticks: int = 1) -> list[Sighting]:
        found = []
        for _ in range(ticks):
            self.play.step(given)
            found += self.look()
        return found


def hall(seats: int = 2, own_seat: int = 0) -> Screen:
    """Seat 0 at the west end of a free row, the others out of the way; nothing of their appearance is left to be told."""
    play = Play(seats, drawn_map())
    play.step(ticks=20)
    for seat in range(1, seats):
        play.stand(seat, *middle(13, 7))
    play.stand(0, *middle(2, 3))
    return Screen(play, own_seat)


def what(found: list[Sighting]) -> list[Sight]:
    return [sighting.what for sighting in found]


def generations(*rows: int) -> np.ndarray:
    return np.array(rows, dtype=np.int32)


def test_a_row_is_told_once_however_often_it_is_shown():
    tracker = RowTracker()
    assert tracker.fresh(generations(6, 0), 0.0).tolist() == [0]
    for frame in range(20):
        assert tracker.fresh(generations(6, 0), frame / 60).size == 0


def test_a_row_that_a_correction_takes_away_and_brings_back_is_not_told_again():
    tracker = RowTracker()
    tracker.fresh(generations(6, 0), 0.0)
    assert tracker.fresh(generations(0, 0), 0.1).size == 0
    assert tracker.fresh(generations(6, 0), 0.2).size == 0


def test_the_next_row_in_the_same_slot_is_told_and_so_is_a_generation_that_comes_round_again():
    tracker = RowTracker()
    tracker.fresh(generations(6), 0.0)
    assert tracker.fresh(generations(7), 0.02).tolist() == [0]
    assert tracker.fresh(generations(7), 17.1).tolist() == [0]


def test_matches_of_other_sizes_start_afresh():
    tracker = RowTracker()
    tracker.fresh(generations(6, 0), 0.0)
    assert tracker.fresh(generations(6), 0.1).tolist() == [0]


def test_a_shot_flashes_at_the_shooter_when_its_bolt_is_born_and_sparks_at_the_wall_where_it_ends():
    screen = hall()
    found = screen.step({0: order(fire=1, aim=EAST)})
    assert what(found) == [Sight.MUZZLE]
    assert (found[0].seat, found[0].place, found[0].angle) == (0, tuple(c / 16 for c in middle(2, 3)), 0.0)
    found = screen.step(ticks=BLASTER_TICKS)
    assert what(found) == [Sight.IMPACT]
    assert found[0].place == pytest.approx((15 * TILE_UNITS / 16, middle(2, 3)[1] / 16), abs=1)
    assert found[0].is_sure


def test_a_bolt_that_hits_somebody_ends_on_him_and_its_owner_learns_of_the_hit():
    screen = hall()
    screen.play.stand(1, *middle(7, 3))
    screen.step({0: order(fire=1, aim=EAST)})
    found = screen.step(ticks=BLASTER_TICKS)
    assert what(found) == [Sight.IMPACT, Sight.HIT]
    assert math.dist(found[0].place, found[1].place) * 16 < HIT_REACH + 64
    assert (found[1].seat, found[1].place, found[1].amount) == (0, tuple(c / 16 for c in middle(7, 3)), rules.BLASTER_DAMAGE)


@pytest.mark.parametrize("arena_map", ["crossfire", "reactor"])
def test_in_a_fight_every_shot_flashes_once_and_every_bolt_that_hits_sparks_once(arena_map):
    screen = Screen(Play(8, arena_map, 5))
    world, whims = screen.play.world, RandomCommands(8, 5)
    shots = hits = far = 0
    found = []
    for _ in range(900):
        whims.next_into(screen.play.commands, world.player.generation != 0)
        before = world.projectile.generation.copy()
        found += screen.step({seat: tuple(screen.play.commands.cells[:, seat].tolist()) for seat in range(8)})
        born = 1 + world.tick % 1024
        shots += int((world.projectile.generation == born).sum())
        gone = before[(before != 0) & (world.projectile.generation != before)]
        age = (born - gone) % 1024
        hits += int((age < BLASTER_TICKS).sum())
        far += int((age >= BLASTER_TICKS).sum())
    assert what(found).count(Sight.MUZZLE) == shots > 100
    assert hits <= what(found).count(Sight.IMPACT) <= hits + far // 4  # one may meet a wall in its very last tick
    assert all(sighting.is_sure for sighting in found if sighting.what is Sight.IMPACT)


def test_a_predicted_shot_that_is_taken_back_fades_and_one_that_moves_by_a_tick_is_not_a_second():
    screen = hall()
    assert what(screen.step({0: order(fire=1, aim=EAST)}, 3)) == [Sight.MUZZLE]
    bolts = screen.play.world.projectile
    bolts.generation[0] += 2
    assert screen.look() == []
    bolts.free(0)
    assert screen.look() == []


def test_anothers_bolt_that_ends_in_the_open_has_hit_somebody_drawn_elsewhere_unless_its_time_was_up():
    screen = hall(own_seat=1)
    screen.step({0: order(fire=1, aim=EAST)}, 3)
    screen.play.world.projectile.free(0)
    found = screen.look()
    assert what(found) == [Sight.IMPACT]
    assert not found[0].is_sure
    screen.step(ticks=10)
    screen.step({0: order(fire=1, aim=EAST)}, 3)
    screen.play.world.tick += BLASTER_TICKS
    screen.play.world.projectile.free(0)
    assert screen.look() == []


def test_a_bolt_that_was_drawn_on_through_a_wall_while_no_news_came_sparks_at_the_wall():
    screen = hall(own_seat=1)
    screen.step({0: order(fire=1, aim=EAST)})
    bolts = screen.play.world.projectile
    bolts.x[0] = 15 * TILE_UNITS + 300
    screen.look()
    bolts.free(0)
    found = screen.look()
    assert [sighting.place[0] for sighting in found] == [pytest.approx(15 * TILE_UNITS / 16, abs=1)]


def test_bolts_that_go_with_their_owner_or_the_round_end_nowhere():
    for leaves in (True, False):
        screen = hall(own_seat=1)
        screen.step({0: order(fire=1, aim=EAST)}, 25)
        if leaves:
            screen.play.arena.leave(screen.play.world, 0)
        else:
            screen.play.world.projectile.free(slice(None))
            screen.play.world.match.round[0] += 1
        assert screen.look() == []


def test_bolts_that_were_there_before_we_looked_do_not_flash():
    screen = hall()
    screen.play.step({0: order(fire=1, aim=EAST)})
    screen.play.step(ticks=8)
    assert Watch(screen.play.arena.map).look(screen.play.world, 1, 0.0) == []


def test_a_beam_goes_to_the_next_wall_and_its_hits_say_how_much():
    screen = hall()
    screen.play.stand(1, *middle(7, 3))
    found = screen.step({0: order(fire=1, weapon=RAIL, aim=EAST)}, 20)
    assert what(found) == [Sight.BEAM, Sight.HIT]
    y = middle(2, 3)[1] / 16
    assert (found[0].place, found[0].end) == ((middle(2, 3)[0] / 16, y), (15 * TILE_UNITS / 16, y))
    assert found[1].amount == rules.RAIL_DAMAGE


def test_a_dash_is_told_once_from_where_it_began():
    screen = hall()
    found = screen.step({0: order(move_x=127, dash=1)}) + screen.step({0: order(move_x=127)}, 30)
    assert what(found) == [Sight.DASH]
    assert found[0].place == tuple(c / 16 for c in middle(2, 3))
    screen.step(ticks=90)
    assert what(screen.step({0: order(move_x=-127, dash=1)})) == [Sight.DASH]


def test_a_death_names_who_hit_last_and_the_return_is_seen():
    screen = hall()
    screen.play.stand(1, *middle(7, 3), health=1)
    screen.step({0: order(fire=1, weapon=RAIL, aim=EAST)})
    screen.now += AGAIN_AFTER_S
    assert screen.play.world.player.life[1] == rules.DEAD
    found = screen.step(ticks=rules.RESPAWN_TICKS + 1)
    assert what(found) == [Sight.SPAWN]
    player = screen.play.world.player
    player.life[1], player.health[1] = rules.DEAD, 0
    found = screen.look()
    assert [(sighting.what, sighting.seat, sighting.amount) for sighting in found] == [(Sight.DEATH, 1, 0)]  # hit long ago, and paid for


def test_the_killer_is_the_one_whose_hit_was_the_last():
    screen = hall(3)
    screen.play.stand(1, *middle(7, 3), health=19)
    screen.play.world.hit.spawn(screen.play.world.tick, 2, victim=1)
    found = screen.look() + screen.step({0: order(fire=1, aim=EAST)}, 9) + screen.step({0: order(fire=1, aim=EAST)}, 20)
    deaths = [(sighting.seat, sighting.amount) for sighting in found if sighting.what is Sight.DEATH]
    assert deaths == [(1, 1)]


def test_what_a_correction_takes_back_and_brings_again_is_told_once():
    screen = hall()
    player = screen.play.world.player
    found = []
    for life, dash, shield in ((1, 8, 0), (1, 0, 0), (1, 7, 0), (2, 0, 0), (1, 0, 90), (2, 0, 0), (1, 0, 88)):
        player.life[1], player.dash[1], player.shield[1] = life, dash, shield
        found += screen.look()
    assert what(found) == [Sight.DASH, Sight.DEATH, Sight.SPAWN]


def test_a_new_round_and_a_newcomer_are_seen_to_appear_but_not_somebody_who_was_there_long_ago():
    screen = hall(3)
    player = screen.play.world.player
    player.shield[:] = 0, rules.SHIELD_TICKS, 3
    assert [(sighting.what, sighting.seat) for sighting in screen.look()] == [(Sight.SPAWN, 1)]
    player.shield[2] = 2
    player.generation[2] = 500
    assert screen.look() == []
    late = Watch(screen.play.arena.map)
    assert [sighting.seat for sighting in late.look(screen.play.world, 0, 0.0)] == [1]


def pantry(own_seat: int) -> Screen:
    play = Play(2, drawn_map(pickups=[(rules.PICKUP_BLASTER, 5, 3), (rules.PICKUP_RAIL, 9, 3)]))
    play.step(ticks=20)
    play.stand(0, *middle(2, 3))
    play.stand(1, *middle(13, 7))
    screen = Screen(play, own_seat)
    play.stand(0, *middle(5, 3), ammo_blaster=5)
    return screen


def test_what_we_take_is_told_as_soon_as_it_is_predicted_and_not_again_by_the_servers_news():
    screen = pantry(0)
    screen.play.step()
    wait = screen.play.world.pickup.wait.copy()
    screen.play.world.pickup.wait[:] = 0  # the pick-ups are shown as they were a moment before
    found = screen.look()
    assert [(sighting.what, sighting.seat, sighting.amount) for sighting in found] == [(Sight.PICKUP, 0, rules.PICKUP_BLASTER)]
    assert found[0].place == tuple(c / 16 for c in middle(5, 3))
    screen.play.world.pickup.wait[:] = wait
    assert screen.look() == []


def test_what_others_take_is_told_by_the_place_that_is_empty():
    screen = pantry(1)
    found = screen.step(ticks=30)
    assert [(sighting.what, sighting.seat, sighting.amount) for sighting in found] == [(Sight.PICKUP, NOBODY, rules.PICKUP_BLASTER)]
    screen.play.world.pickup.wait[0] += 3  # a guess has run ahead of the news
    assert screen.look() == []
