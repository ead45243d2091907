"""Corrections cost the client some steps and the network nothing: what is computed again is not sent again, so no storm feeds itself."""

from __future__ import annotations

from typing import Any

from engine.conditions import NetConditions
from engine.contract import Settings
from tests.session.support import ToyMatch
from tests.timeline.toy import SCHEMA, Toy

SECONDS = 10.0


class Counting(Toy):
    """Counts the steps of predictions alone; ``disturb_every`` moves everybody a little on the authority, which nobody can predict."""

    def __init__(self, disturb_every: int, counter: dict[str, int]) -> None:
        super().__init__(SCHEMA)
        self._disturb_every, self._counter = disturb_every, counter

    def step(self, world: Any, commands: Any, past: Any) -> None:
        super().step(world, commands, past)
        if past.predicting is not None:
            self._counter["predicted"] += 1
        elif self._disturb_every and world.tick % self._disturb_every == 0:
            world.walker.aim[world.walker.alive] = world.tick % 1024


def played(disturb_every: int) -> dict[str, float]:
    counter = {"predicted": 0}

    def factory(settings: Settings, seats: int) -> Toy:
        return Counting(disturb_every, counter)

    match = ToyMatch(2, seed=4, conditions=NetConditions.parse("latency=150,jitter=10"), factory=factory)
    match.start()
    match.simulation.run_for(4)
    first = [(client.statistics(), link(client)) for client in match.clients]
    steps = counter["predicted"]
    match.simulation.run_for(SECONDS)
    last = [(client.statistics(), link(client)) for client in match.clients]
    return {
        "corrections": sum(new.mispredictions - old.mispredictions for (old, _), (new, _) in zip(first, last, strict=True)),
        "up": sum(new.datagrams_out - old.datagrams_out for (_, old), (_, new) in zip(first, last, strict=True)),
        "down": sum(new.datagrams_in - old.datagrams_in for (_, old), (_, new) in zip(first, last, strict=True)),
        "bytes_up": sum(new.bytes_out - old.bytes_out for (_, old), (_, new) in zip(first, last, strict=True)),
        "steps": counter["predicted"] - steps,
    }


def link(client: Any) -> Any:
    return client.match.connection.statistics()


def test_a_storm_of_corrections_sends_nothing_more() -> None:
    calm, stormy = played(0), played(2)
    assert calm["corrections"] == 0
    assert stormy["corrections"] > 2 * SECONDS * 20
    assert stormy["up"] == calm["up"]
    assert stormy["down"] == calm["down"]
    assert abs(stormy["bytes_up"] - calm["bytes_up"]) < 0.02 * calm["bytes_up"]


def test_a_replay_is_no_longer_than_what_is_not_confirmed_yet_and_happens_once_a_snapshot() -> None:
    calm, stormy = played(0), played(2)
    ticks = 2 * SECONDS * 60
    assert calm["steps"] <= ticks + 4, "right predictions are computed once"
    pending = 0.150 * 60 + 6
    assert stormy["steps"] <= ticks + stormy["corrections"] * pending
