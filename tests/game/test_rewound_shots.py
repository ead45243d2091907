"""Shots that are judged by what their shooter saw, and who is judged by the present all the same."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract import Commands, PresentOnly
from engine.ids import Seat
from engine.world import World
from game.arena import ARENA_COMMAND
from game.simulation.projectiles import COMPENSATED_SEATS_MAX
from game.simulation.rules import DEAD, RAIL, TILE_UNITS
from tests.game.support import Play, drawn_map, middle, order
from tests.game.test_combat import EAST, duel


class SeenBy(PresentOnly):
    """A past as lag compensation gives it: what seat 0 saw."""

    def __init__(self, seen: World) -> None:
        super().__init__()
        self.seen = seen

    def seen_by(self, seat: Seat | int) -> World | None:
        return self.seen if seat == 0 else None


def test_the_rail_hits_where_the_shooter_saw_him():
    play = duel(6)
    seen = play.world.copy()
    player = play.world.player
    player.y[1] += 3 * TILE_UNITS  # he has moved away since
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST)})
    assert player.health[1] == 100  # judged by the present: a miss
    player.cooldown_rail[0] = 0
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST)}, past=SeenBy(seen))
    assert player.health[1] == 45


@pytest.mark.parametrize("change", ["dead_now", "dead_then", "somebody_else_now", "gone_now"])
def test_the_rail_spares_who_is_not_alive_now_or_was_not_seen_alive(change):
    play = duel(6)
    player = play.world.player
    seen = play.world.copy()
    if change == "dead_now":
        player.life[1], player.respawn[1] = DEAD, 50
    elif change == "dead_then":
        seen.player.life[1] = DEAD
    elif change == "somebody_else_now":
        seen.player.generation[1] += 1
    else:
        play.arena.leave(play.world, Seat(1))
    before = player.health[1]
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST)}, past=SeenBy(seen))
    assert player.health[1] == before
    assert player.score[0] == 0


def bolts_against(play: Play, seen: World | None, ticks: int = 20) -> int:
    """What is left of seat 1 after one bolt of seat 0, judged by what seat 0 saw all the time."""
    past = None if seen is None else SeenBy(seen)
    play.step({0: order(fire=1, aim=EAST)}, past=past)
    play.step(ticks=ticks, past=past)
    return int(play.world.player.health[1])


def test_a_bolt_hits_where_its_shooter_saw_him_and_ends_there():
    play = duel(6)
    seen = play.world.copy()
    play.world.player.y[1] += 3 * TILE_UNITS
    assert bolts_against(play, None) == 100
    play.world.projectile.free(slice(None))
    assert bolts_against(play, seen) == 82
    assert not play.world.projectile.alive.any()


def test_a_dash_gets_out_of_the_way_of_a_bolt_whatever_its_shooter_saw():
    play = duel(6)
    seen = play.world.copy()
    player = play.world.player
    player.y[1] += 3 * TILE_UNITS
    play.step({0: order(fire=1, aim=EAST)}, past=SeenBy(seen))
    for _ in range(20):
        player.dash[1] = 4
        player.vx[1] = player.vy[1] = 0
        play.step(past=SeenBy(seen))
    assert player.health[1] == 100
    player.y[1] -= 3 * TILE_UNITS  # and into the way of one, likewise
    seen.player.y[1] += 3 * TILE_UNITS
    play.step({0: order(fire=1, aim=EAST)}, past=SeenBy(seen))
    for _ in range(20):
        player.dash[1] = 4
        player.vx[1] = player.vy[1] = 0
        play.step(past=SeenBy(seen))
    assert player.health[1] == 82


@pytest.mark.parametrize("change", ["dead_now", "dead_then", "somebody_else_now"])
def test_a_bolt_flies_through_who_is_not_alive_now_or_was_not_seen_alive(change):
    play = duel(6)
    player = play.world.player
    seen = play.world.copy()
    if change == "dead_now":
        player.life[1], player.respawn[1] = DEAD, 100
    elif change == "dead_then":
        seen.player.life[1] = DEAD
    else:
        seen.player.generation[1] += 1
    before = int(player.health[1])
    assert bolts_against(play, seen) == before
    assert play.world.player.score[0] == 0


def test_a_crowd_is_judged_by_the_present():
    play = Play(COMPENSATED_SEATS_MAX + 1, drawn_map(), seated=2)
    play.step()
    play.stand(0, *middle(2, 2))
    play.stand(1, *middle(8, 2))
    seen = play.world.copy()
    play.world.player.y[1] += 3 * TILE_UNITS
    assert bolts_against(play, seen) == 100


def test_a_prediction_ends_its_bolts_on_whom_its_player_sees_and_hurts_nobody():
    play = duel(6)
    seen = play.world.copy()
    play.world.player.y[1] += 3 * TILE_UNITS
    client = play.world.copy()
    play.step({0: order(fire=1, aim=EAST)}, past=SeenBy(seen))

    class Screen(PresentOnly):
        def seen_by(self, seat: Seat | int) -> World | None:
            return seen if seat == 0 else None

    commands = Commands(ARENA_COMMAND, play.arena.schema.seats)
    for tick in range(25):
        client.tick += 1
        commands.set(0, order(fire=int(tick == 0), aim=EAST))
        play.arena.step(client, commands, Screen(predicting=Seat(0)))
        if tick:
            play.step(past=SeenBy(seen))
        own = client.projectile.slots_of(0)
        assert np.array_equal(client.projectile.public[:, own], play.world.projectile.public[:, own]), tick
    assert not client.projectile.alive.any()
    assert (client.player.health[1], play.world.player.health[1]) == (100, 82)


def test_the_past_is_only_read():
    play = duel(6)
    seen = play.world.copy()
    seen.cells.flags.writeable = False
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST)}, past=SeenBy(seen))
    assert play.world.player.health[1] == 45
    play.world.player.cooldown_blaster[0] = 0
    play.step({0: order(fire=1, aim=EAST)}, ticks=30, past=SeenBy(seen))
    assert play.world.player.health[1] < 45
