"""``python -m tests.testing.traces``: the trace of a short match over every preset and through every kind of scenario, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable

from engine.conditions import PRESETS, NetConditions
from engine.testing import At, SimulatedMatch, Simulation
from engine.testing.scenario import (
    at,
    crash,
    drift,
    every,
    flap,
    heal,
    one_way,
    partition,
    pause,
    rebind,
    reset_stream,
    restart,
    step_clock,
    weather,
)
from tests.testing.toy import RUNNERS

SCENARIOS: dict[str, Callable[[SimulatedMatch], list[At]]] = {
    "partition": lambda match: [at(0.5, partition("client 1", "server")), at(1.5, heal())],
    "one way": lambda match: [at(0.5, one_way(["client 1", "client 2"], "server")), at(1.2, heal())],
    "flapping": lambda match: [at(0.3, flap("client 1", "server", up_s=0.4, down_s=0.2, times=3))],
    "weather": lambda match: [at(0.5, weather("worst", "client 2", up=False)), at(1, weather("satellite")), at(1.5, weather("none"))],
    "pauses": lambda match: [at(0.5, pause("server", 0.5)), at(1.2, pause("client 2", 0.4))],
    "clocks": lambda match: [at(0.5, step_clock("client 1", 262)), at(0.6, drift("server", 200)), at(1, step_clock("client 2", -0.2))],
    "rebinding": lambda match: [*every(0.4, rebind("client 1"), times=4)],
    "resets": lambda match: [*every(0.6, reset_stream("client 2"), times=3)],
    "crash of the server": lambda match: [at(0.5, crash("server")), at(1, restart("server", match.make_server))],
    "silent crash of a client": lambda match: [
        at(0.5, crash("client 1", silently=True)),
        at(1, restart("client 1", lambda: match.make_client("again"))),
    ],
    "streams in pieces": lambda match: [at(0, weather("latency=40,loss=20,split=80,reset=2,rate=200,queue=300"))],
}
SECONDS = 2.5


def trace(net: str, scenario: str = "", seed: int = 7) -> str:
    match = SimulatedMatch(RUNNERS, clients=2, simulation=Simulation(seed, NetConditions.parse(net)))
    match.clients[0].set_command(dx=1)
    if scenario:
        match.play(*SCENARIOS[scenario](match))
    match.simulation.run_for(SECONDS)
    return match.simulation.trace


def all_traces() -> dict[str, str]:
    traces = {f"preset {name}": trace(name) for name in PRESETS}
    traces |= {f"scenario {name}": trace("home_wifi", name) for name in SCENARIOS}
    return traces


if __name__ == "__main__":
    print(json.dumps(all_traces()))
