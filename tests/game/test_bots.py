"""Bots play by the same commands as people, fight real matches, and are as good as their level says."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract import Pilot, PresentOnly
from engine.ids import Seat
from engine.world import World
from game.arena import ARENA_COMMAND, Kill
from game.bots import LEVELS, Bot
from game.bots.aiming import angle_of, turn_between
from game.bots.dice import Dice
from game.bots.paths import FAR, paths_of
from game.maps import load_map, map_names
from game.simulation.rules import ALIVE, TILE_UNITS, WORLD_UNITS
from tests.game.support import Play, drawn_map, middle, order
from tests.game.test_prediction import held_by_client


class BotMatch(Play):
    """Bots of these levels on a map."""

    def __init__(self, levels: list[int], arena_map, seed: int = 1) -> None:
        super().__init__(len(levels), arena_map, seed)
        self.bots = [Bot(self.arena, level, seed * 100 + seat) for seat, level in enumerate(levels)]

    def run(self, ticks: int) -> BotMatch:
        for _ in range(ticks):
            self.step({seat: bot.command(self.world, seat) for seat, bot in enumerate(self.bots)})
        return self

    def kills(self) -> list[int]:
        kills = [happening for happening in self.told if isinstance(happening, Kill)]
        return [sum(kill.killer == seat != kill.victim for kill in kills) for seat in range(len(self.bots))]


def test_a_bot_is_a_pilot():
    pilot: Pilot = Bot(Play(1).arena, 1, 1)
    assert pilot.command(Play(1).world, 0) == (0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("arena_map", map_names())
def test_four_bots_fight_a_match_with_kills_by_everybody(arena_map):
    match = BotMatch([1, 1, 1, 1], arena_map)
    for _ in range(20):
        match.run(360)
        if min(match.kills()) >= 2:
            break
    assert min(match.kills()) >= 2
    own_fault = sum(kill.killer == kill.victim for kill in match.told if isinstance(kill, Kill))
    assert own_fault <= sum(match.kills()) // 10
    weapons = {kill.weapon for kill in match.told if isinstance(kill, Kill)}
    assert {0, 1} <= weapons


def test_hard_bots_beat_easy_ones_clearly():
    match = BotMatch([0, 2, 0, 2, 0, 2], "courtyard", 5).run(4200)
    kills = match.kills()
    easy, hard = kills[0] + kills[2] + kills[4], kills[1] + kills[3] + kills[5]
    assert easy + hard > 40
    assert hard > 3 * easy
    assert easy > 0  # and yet they can be hit


def test_the_same_seed_plays_the_same_match():
    one, two = BotMatch([0, 1, 2], "crossfire", 3).run(900), BotMatch([0, 1, 2], "crossfire", 3).run(900)
    other = BotMatch([0, 1, 2], "crossfire", 4).run(900)
    assert one.world.checksum() == two.world.checksum() != other.world.checksum()


def test_a_bot_only_reads_and_every_command_is_in_range():
    match = BotMatch([0, 1, 2, 1], "reactor")
    match.step()
    for _ in range(600):
        frozen = match.world.copy()
        frozen.cells.flags.writeable = False
        given = {seat: bot.command(frozen, seat) for seat, bot in enumerate(match.bots)}
        for command in given.values():
            assert all(type(value) is int and value in field.range for value, field in zip(command, ARENA_COMMAND.fields, strict=True))
        match.step(given)


def test_a_bot_needs_no_more_than_a_client_is_told():
    """Two of the same seed: one looks at the server's world, one at what a client holds of it. They command the same."""
    match = BotMatch([2, 2, 1], "courtyard", 7)
    twin = Bot(match.arena, 2, 700)
    for _ in range(900):
        theirs = twin.command(held_by_client(match.world, 0), 0)
        given = {seat: bot.command(match.world, seat) for seat, bot in enumerate(match.bots)}
        assert given[0] == theirs
        match.step(given)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_nobody_shoots_before_his_reaction_time(level):
    match = BotMatch([level, 0], drawn_map())
    match.step()
    match.stand(0, *middle(2, 2), aim=0)
    match.stand(1, *middle(9, 2))
    fire = ARENA_COMMAND.index["fire"]
    ticks = 0
    while ticks < 240:
        match.world.player.x[1] = middle(9, 2)[0]
        command = match.bots[0].command(match.world, 0)
        if command[fire]:
            break
        match.step({0: command})
        ticks += 1
    assert LEVELS[level].reaction_ticks <= ticks < 200


def test_a_hurt_bot_fetches_health_and_one_without_bolts_fetches_bolts():
    for kind, column, low in ((0, "health", 20), (1, "ammo_blaster", 0)):
        match = BotMatch([1], drawn_map(pickups=[(kind, 13, 7)]))
        match.step()
        match.stand(0, *middle(2, 2), **{column: low})
        match.run(240)
        assert match.world.player.__dict__[column][0] >= low + 25


@pytest.mark.parametrize("arena_map", map_names())
def test_alone_it_gets_about_without_getting_stuck(arena_map):
    match = BotMatch([1], arena_map, 2)
    blocks, still, place = set(), 0, (0, 0)
    for _ in range(3600):
        match.run(1)
        player = match.world.player
        assert player.life[0] in (0, ALIVE)
        blocks.add((int(player.x[0]) // (8 * TILE_UNITS), int(player.y[0]) // (8 * TILE_UNITS)))
        new_place = (int(player.x[0]), int(player.y[0]))
        still = still + 1 if new_place == place else 0
        place = new_place
        assert still < 120
    assert len(blocks) >= 9


@pytest.mark.parametrize("arena_map", map_names())
def test_following_the_steps_leads_from_everywhere_to_every_pickup(arena_map):
    paths = paths_of(load_map(arena_map))
    for _, x, y in paths.map.pickups:
        goal = paths.map.tile_of(x, y)
        for tile in np.flatnonzero(~paths.map.solid_flat).tolist()[::17]:
            assert paths.distance(tile, goal) < FAR
            for _ in range(120):
                if tile == goal:
                    break
                nearer = paths.map.tile_of(*paths.next_place(tile, goal))
                assert paths.distance(nearer, goal) < paths.distance(tile, goal)
                tile = nearer
            assert tile == goal


def test_the_hand_turns_the_short_way():
    assert (turn_between(1000, 20), turn_between(20, 1000), turn_between(0, 512)) == (44, -44, -512)
    assert [angle_of(1, 0), angle_of(0, 1), angle_of(-1, 0), angle_of(0, -1)] == [0, 256, 512, 768]


def test_dice_are_fair_enough_and_repeatable():
    one, two = Dice(5), Dice(5)
    throws = [one.below(6) for _ in range(6000)]
    assert throws == [two.below(6) for _ in range(6000)]
    assert all(800 < throws.count(face) < 1200 for face in range(6))
    assert {one.side() for _ in range(50)} == {-1, 1}
    assert max(abs(one.spread(30)) for _ in range(500)) <= 30
    assert one.spread(0) == 0


def test_a_crowd_of_bots_never_leaves_the_ranges():
    match = BotMatch([2] * 12, "courtyard", 9)
    for _ in range(40):
        match.run(20)
        assert match.world.out_of_range() is None
    assert isinstance(match.world, World)


@pytest.mark.parametrize("arena_map", map_names())
def test_wherever_an_outage_let_him_coast_a_player_looks_walks_and_shoots_without_harm(arena_map: str) -> None:
    """Through walls and off the map: a bot of his seat and the predicted step must cope until the next snapshot puts him right."""
    play = BotMatch([2, 1, 0], arena_map)
    play.step(ticks=4)
    client = held_by_client(play.world, 0)
    begin = client.cells.copy()
    begin_generations = client.player.generation[1:].copy()
    chance = np.random.default_rng(5)
    edges = [
        0,
        1,
        WORLD_UNITS // 2,
        WORLD_UNITS - 1,
        WORLD_UNITS,
        *(n * TILE_UNITS - 1 for n in (1, play.arena.map.width, play.arena.map.height)),
    ]
    for attempt in range(300):
        client.cells[:] = begin
        places = chance.choice(edges, 2) if attempt % 2 else chance.integers(0, WORLD_UNITS + 1, 2)
        client.player.x[0], client.player.y[0] = (int(place) for place in places)
        bot = Bot(play.arena, 2, attempt)
        for tick in range(12):
            client.tick = play.world.tick + tick
            given = (
                bot.command(client, 0)
                if attempt % 3
                else order(move_x=127, move_y=-127, aim=attempt % 1024, fire=1, weapon=tick % 2, dash=1)
            )
            commands = type(play.commands)(play.arena.command, play.arena.schema.seats)
            commands.set(0, given)
            play.arena.step(client, commands, PresentOnly(Seat(0)))
        others = client.player.public[:, 1:]
        assert np.array_equal(others[0], begin_generations), "nobody else is touched by it"
