"""How fast virtual time is: ``python -m tests.bench.simulation --game arena --clients 4 --seconds 60 --seed 1 --json``.

A whole match in one process and one thread: a server and its clients over the simulated network, sealed, every client with a frame and a
scene to draw 60 times a second. ``arena`` is the real server with rooms and bots of level 1 on the clients; ``toy`` is an engine server
with the smallest game. Timed from the first greeting on. Every test pays this price, and it is the server's tick and the client's frame.

``trace_sha256`` names every byte and microsecond that crossed the network: two versions of the code that print the same one behave the
same. ``cpu_s`` is this process's own time, for a machine that others use as well. Asserts nothing.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Sequence
from random import Random
from time import perf_counter, process_time
from typing import Any

from engine.conditions import NetConditions
from engine.session import MatchClient, MatchServer
from engine.testing import Simulation
from server.config import ServerConfig
from tests.bench.toy import TOY_COMMAND, TOY_SCHEMA, Wanderer, make_toy
from tests.command_line import JSON_HELP, NET_HELP, SECONDS, SEED, SEED_HELP, conditions, number, tool
from tests.simulation.arena_match import ArenaMatch


def arena_simulation(clients: int, seed: int, conditions: NetConditions) -> Simulation:
    """Bots on clients, one room."""
    return ArenaMatch(clients, seed=seed, conditions=conditions).simulation


def toy_simulation(clients: int, seed: int, conditions: NetConditions) -> Simulation:
    """Wanderers on clients, one match."""
    simulation = Simulation(seed, conditions)
    entropy = Random(f"{seed}/server").randbytes
    simulation.add_server(MatchServer(make_toy, schema=TOY_SCHEMA, command=TOY_COMMAND, entropy=entropy, seats=clients, seed=seed))
    for index in range(clients):
        client = MatchClient(schema=TOY_SCHEMA, command=TOY_COMMAND, game_factory=make_toy, name=f"player {index}")
        client.pilot = Wanderer(seed * 100 + index)
        simulation.add_client(client, script=MatchClient.scene)
    return simulation


GAMES = {"arena": arena_simulation, "toy": toy_simulation}
SEATS = {"arena": ServerConfig().arena.seats, "toy": 256}
"""Clients that can play at once."""


def measure(game: str, clients: int, seconds: float, seed: int, conditions: NetConditions) -> dict[str, Any]:
    """One run."""
    gc.collect()
    began, began_cpu = perf_counter(), process_time()
    simulation = GAMES[game](clients, seed, conditions)
    simulation.run_for(seconds)
    wall_s, cpu_s = perf_counter() - began, process_time() - began_cpu
    return {
        "game": game,
        "net": conditions.describe(),
        "seed": seed,
        "clients": clients,
        "simulated_s": seconds,
        "wall_s": round(wall_s, 3),
        "cpu_s": round(cpu_s, 3),
        "times_real_time": round(seconds / wall_s, 2),
        "times_real_time_cpu": round(seconds / cpu_s, 2),
        "trace_sha256": simulation.trace,
        "datagrams": simulation.network.statistics().datagrams_delivered,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = tool("tests.bench.simulation", __doc__)
    parser.add_argument("--game", choices=sorted(GAMES), default="arena", help="which")
    parser.add_argument("--clients", type=number(1, max(SEATS.values())), default=4, metavar="N", help="players")
    parser.add_argument("--seconds", type=SECONDS, default=60.0, metavar="S", help="of virtual time")
    parser.add_argument("--seed", type=SEED, default=1, metavar="N", help=SEED_HELP)
    parser.add_argument("--net", type=conditions, default="none", metavar="WORDS", help=NET_HELP)
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    options = parser.parse_args(arguments)
    if options.clients > SEATS[options.game]:
        parser.error(f"argument --clients: {options.game} has {SEATS[options.game]} seats, not {options.clients}")
    figures = measure(options.game, options.clients, options.seconds, options.seed, options.net)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:20} {value}")


if __name__ == "__main__":
    main()
