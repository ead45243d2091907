"""What a client computes for its own player is, cell for cell, what the server computes: without being told what it must not know."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract import PresentOnly
from engine.ids import Seat
from engine.world import Motion, World
from game.simulation.rules import CONTACT_TICKS, COORDINATE_MAX, DASH_TICKS, PICKUP_PAUSE_TICKS
from tests.game.support import Play, RandomCommands, order, penetration


def held_by_client(world: World, seat: int) -> World:
    """A copy with public cells and the seat's own private ones; everything else zero, as if it had come over the network."""
    client = World(world.schema, world.tick)
    client.public_cells()[:] = world.public_cells()
    for table, theirs in zip(client.tables, world.tables, strict=True):
        if table.kind.is_owned:
            own = table.slots_of(seat)
            table.private[:, own] = theirs.private[:, own]
    return client


def own_rows(world: World, seat: int) -> list[np.ndarray]:
    owned = [table for table in world.tables if table.kind.is_owned]
    return [block[:, table.slots_of(seat)].copy() for table in owned for block in (table.public, table.private)]


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def predict(play: Play, client: World, seat: int, command: tuple[int, ...]) -> None:
    commands = type(play.commands)(play.arena.command, play.arena.schema.seats)
    commands.set(seat, command)
    client.tick = play.world.tick
    play.arena.step(client, commands, PresentOnly(Seat(seat)))


@pytest.mark.parametrize("arena_map", ["crossfire", "reactor"])
def test_an_undisturbed_player_is_predicted_exactly_for_seconds(arena_map):
    """Alone he walks, slides, dashes, fires both weapons and picks things up for 20 s on one copy that the server never corrects."""
    play = Play(3, arena_map, seated=0)
    play.arena.join(play.world, Seat(1))
    play.step()
    play.world.player.health[1] = 10
    client = held_by_client(play.world, 1)
    whims, seen = RandomCommands(3, 8), set[str]()
    for _ in range(1200):
        whims.next_into(play.commands, play.world.player.generation != 0)
        command = tuple(play.commands.cells[:, 1].tolist())
        play.step({1: command})
        if play.world.player.health[1] < 40 and play.arena.map.hazard.any():
            play.world.player.health[1] = client.player.health[1] = 90  # keep him alive on the hazard
        predict(play, client, 1, command)
        if play.arena.map.hazard.any():
            client.player.health[1] = play.world.player.health[1]  # burning is the server's to decide
        assert same(own_rows(play.world, 1), own_rows(client, 1)), f"tick {play.world.tick}"
        player = client.player
        seen |= {kind for kind in ("beam", "projectile") if getattr(client, kind).alive.any()}
        seen |= {"dash"} if player.dash[1] == DASH_TICKS else set()
        seen |= {"pickup"} if player.cooldown_pickup[1] == PICKUP_PAUSE_TICKS else set()
    assert seen == {"beam", "projectile", "dash", "pickup"}


def test_in_a_fight_most_ticks_are_predicted_and_each_difference_is_damage_or_contact():
    """One tick ahead from the server's state: only what others do to him may differ, and after it the next prediction is right again."""
    play = Play(8, "courtyard", 4)
    whims, differences, ticks = RandomCommands(8, 4), 0, 900
    for _ in range(ticks):
        whims.next_into(play.commands, play.world.player.generation != 0)
        client = held_by_client(play.world, 2)
        given = {seat: tuple(play.commands.cells[:, seat].tolist()) for seat in range(8)}
        before = play.world.copy()
        play.step(given)
        predict(play, client, 2, given[2])
        if same(own_rows(play.world, 2), own_rows(client, 2)):
            continue
        differences += 1
        world, player = play.world, play.world.player
        hurt = (
            player.health[2] != before.player.health[2]
            or player.life[2] != before.player.life[2]
            or player.score[2] != before.player.score[2]
        )
        marker = not same([world.hit.public[:, world.hit.slots_of(2)]], [client.hit.public[:, client.hit.slots_of(2)]])
        pickup = (play.world.pickup.wait > before.pickup.wait).any()
        assert hurt or marker or pickup, f"tick {world.tick}"
    assert differences < ticks // 10


def guessed(play: Play, seat: int, ticks: int, command: tuple[int, ...] | None = None) -> World:
    """What a client makes of the next ticks, told nothing but the present."""
    client = held_by_client(play.world, seat)
    commands = type(play.commands)(play.arena.command, play.arena.schema.seats)
    commands.set(seat, command or order())
    for _ in range(ticks):
        client.tick += 1
        play.arena.step(client, commands, PresentOnly(Seat(seat)))
    return client


def test_bolts_of_others_coast_exactly_as_the_engine_forecasts():
    play = Play(4, "crossfire", 9)
    whims = RandomCommands(4, 9)
    motion = Motion(play.arena.schema)
    for _ in range(300):
        whims.next_into(play.commands, play.world.player.generation != 0)
        play.step({seat: tuple(play.commands.cells[:, seat].tolist()) for seat in range(4)})
        client, forecast = guessed(play, 0, 1), held_by_client(play.world, 0)
        motion.advance(forecast, 1)
        others = slice(client.projectile.slots_of(1).start, None)
        assert np.array_equal(client.projectile.public[:, others], forecast.projectile.public[:, others])


def test_others_are_guessed_on_their_course_behind_where_they_are_and_never_in_a_wall():
    """A client that knows position, velocity and heading; his velocity alone would mislead, as he has just turned round."""
    play = Play(2, "crossfire", seated=2)
    play.step()
    x, y = play.arena.map.spawns[0]
    for move_x, move_y in ((127, 0), (127, 127), (0, 127), (-127, 127), (-127, -127)):
        play.stand(0, *play.arena.map.spawns[-1])
        play.stand(1, x, y)
        play.step({1: order(move_x=-move_x, move_y=-move_y)}, ticks=6)
        course = {1: order(move_x=move_x, move_y=move_y)}
        play.step(course)
        start = play.world.player.public[1:3, 1].copy()
        for ticks in (1, 3, 6):
            client, truth = guessed(play, 0, ticks), Play(2, play.arena.map, seated=0)
            truth.world.copy_from(play.world)
            truth.step(course, ticks=ticks)
            way = truth.world.player.public[1:3, 1] - start
            guess = client.player.public[1:3, 1] - start
            assert np.abs(way - guess).max() <= 24 * ticks
            assert penetration(play.arena.map, client) is None


def test_two_who_run_into_each_other_are_predicted_to_stop_and_not_to_pass_through():
    play = Play(2, "crossfire", seated=2)
    play.step()
    x, y = play.arena.map.spawns[0]
    play.stand(0, x, y)
    play.stand(1, x + 700, y)
    given = {0: order(move_x=127), 1: order(move_x=-127)}
    play.step(given, ticks=2)
    client = guessed(play, 0, 12, given[0])
    play.step(given, ticks=12)
    assert client.player.x[0] < client.player.x[1], "each on his side"
    assert abs(int(client.player.x[0]) - int(play.world.player.x[0])) <= 160, "within a third of a player"


def test_contact_is_left_out_when_nobody_can_know_any_more_where_others_are():
    play = Play(2, "crossfire", seated=2)
    play.step()
    x, y = play.arena.map.spawns[0]
    play.stand(0, x, y)
    play.stand(1, x + 700, y)
    client = held_by_client(play.world, 0)
    commands = type(play.commands)(play.arena.command, play.arena.schema.seats)
    commands.set(0, order(move_x=127))

    class Late(PresentOnly):
        guessed_ticks = CONTACT_TICKS + 1

        def __init__(self) -> None:
            self.predicting = Seat(0)

    for _ in range(12):
        client.tick += 1
        play.arena.step(client, commands, Late())
    play.step({0: order(move_x=127)}, ticks=12)
    assert client.player.x[0] > play.world.player.x[0] + 100


def test_a_prediction_never_hurts_kills_respawns_or_ends_anything():
    play = Play(2, "crossfire", frag_limit=1, time_limit_s=10)
    play.step()
    x, y = play.arena.map.spawns[0]
    play.stand(0, x, y)
    play.stand(1, x + 1000, y, health=1)
    client = held_by_client(play.world, 0)
    for _ in range(700):
        play.world.tick += 1
        predict(play, client, 0, order(fire=1, aim=0, weapon=client.tick // 40 % 2))
    assert client.player.health[1] == 1
    assert client.player.life[1] == 1
    assert client.player.score[0] == 0
    assert client.match.phase[0] == play.world.match.phase[0]


def test_a_pickup_is_not_predicted_twice_when_the_server_has_not_spoken_yet():
    play = Play(1, "crossfire")
    play.step()
    kind, x, y = next(row for row in play.arena.map.pickups if row[0] == 1)
    play.stand(0, x, y, ammo_blaster=10)
    client = held_by_client(play.world, 0)
    for _ in range(15):
        play.world.tick += 1
        predict(play, client, 0, order())
        client.pickup.wait[:] = 0  # an older snapshot, moved forward: it still lies there
    assert kind == 1
    assert client.player.ammo_blaster[0] == 40


@pytest.mark.parametrize("velocity", [(150, 0), (0, 150), (106, 106), (-150, 0), (0, -150), (-106, -106), (-150, 40)])
def test_a_bolt_that_coasted_through_the_border_in_an_outage_ends_there(velocity: tuple[int, int]) -> None:
    """After an outage the engine moves own bolts on by their motion, through walls and off the map; the next step must cope with it."""
    for x, y in ((COORDINATE_MAX, 5000), (5000, COORDINATE_MAX), (COORDINATE_MAX, COORDINATE_MAX), (0, 5000), (5000, 0), (0, 0)):
        play = Play(2, "crossfire")
        play.step()
        client = held_by_client(play.world, 0)
        client.projectile.spawn(client.tick, 0, x=x, y=y, vx=velocity[0], vy=velocity[1])
        predict(play, client, 0, order())
        assert not client.projectile.alive.any()
        assert client.out_of_range() is None
