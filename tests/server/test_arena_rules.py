"""The arena behind the rooms: settings, bots, standings, and a short match with all of them."""

from __future__ import annotations

from random import Random

import pytest

from engine.contract import Pilot
from engine.control import messages as m
from engine.ids import Seat
from engine.session.client import ClientState, MatchClient
from engine.testing import Simulation
from server.arena_rules import ARENAS_KEPT, ArenaRules
from server.config import ServerConfig
from server.match import RoomServer
from tests.server.lobby_bench import config_with


def test_settings_are_the_servers_own_under_the_rooms() -> None:
    rules = ArenaRules.of(config_with(match={"frag_limit": 7, "time_limit_s": 60}))
    name = rules.maps()[0]
    settings = rules.complete({"map": name, "time_limit_s": 90}, 8)
    assert (settings["map"], settings["frag_limit"], settings["time_limit_s"], settings["mode"]) == (name, 7, 90, "deathmatch")
    assert rules.complete(settings, 8) == settings


@pytest.mark.parametrize(
    "given", [{"map": "moon"}, {"map": "../maps/courtyard"}, {"mode": "chess"}, {"frag_limit": "many"}, {"gravity": 9}]
)
def test_settings_that_do_not_work_are_a_sentence(given: dict[str, int | str]) -> None:
    with pytest.raises(ValueError, match=r"\w+.*\.$"):
        ArenaRules.of(ServerConfig()).complete(given, 8)


def test_bots_are_pilots_and_arenas_are_not_kept_for_ever() -> None:
    rules = ArenaRules.of(ServerConfig())
    for limit in range(1, 3 * ARENAS_KEPT):
        settings = rules.complete({"frag_limit": limit}, 4)
    assert len(rules._arenas) == ARENAS_KEPT
    game = rules.make_game(settings, 4)
    world = game.new_world(1)
    game.join(world, Seat(2))
    pilot: Pilot = rules.pilot(settings, 4, 5)
    assert len(pilot.command(world, Seat(2))) == len(game.command.fields)
    assert [line[0] for line in rules.standings(settings, 4, world)] == [2]


def test_a_player_and_bots_in_the_arena() -> None:
    config = config_with(arena={"bots": 3, "seats": 4}, match={"warmup_s": 0})
    rules = ArenaRules.of(config)
    simulation = Simulation(3)
    server = RoomServer(config, rules, entropy=Random(3).randbytes)
    simulation.add_server(server)
    player = MatchClient(schema=rules.schema, command=rules.command, game_factory=rules.make_game, name="Ada")
    simulation.add_client(player)
    simulation.run_until(lambda: player.state is ClientState.LOBBY, 3)
    player.request(m.JoinRoom(0))
    player.request(m.SetReady(True))
    simulation.run_until(lambda: player.match is not None and player.statistics().connected, 6)
    world = server.host.match(player.match.match_id).world
    before = world.player.x.copy()
    simulation.run_for(1.5)
    assert world.player.alive[:4].all()
    assert (world.player.x != before).sum() >= 3, "the bots walk about"
    assert player.statistics().checksum_mismatches == 0
    assert [member.is_bot for member in player.room.members] == [False, True, True, True]
