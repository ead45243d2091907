"""Input delay: the own player is shown a few ticks behind his commands, and so much less of him is a guess."""

from __future__ import annotations

import pytest

from engine.conditions import NetConditions
from engine.session import ClientConfig
from engine.session.client_match import ClientMatch
from engine.timeline import Prediction
from tests.session.support import ToyMatch
from tests.timeline.test_contact import Blocking
from tests.timeline.test_prediction import ME, NOW, RIGHT, Authority
from tests.timeline.toy import COMMAND


def played(delay_ticks: int, conditions: NetConditions, seconds: float, seed: int = 1) -> tuple[ToyMatch, list[ClientMatch]]:
    match = ToyMatch(0, seed=seed, conditions=conditions)
    for number in range(2):
        match.add_client(number, config=ClientConfig(input_delay_ticks=delay_ticks))
    match.start()
    match.simulation.run_for(seconds)
    return match, [client.match for client in match.clients if client.match is not None]


@pytest.mark.parametrize("delay_ticks", [0, 3])
def test_the_player_is_shown_so_many_ticks_behind_his_newest_command(delay_ticks: int) -> None:
    _, clients = played(delay_ticks, NetConditions.parse("latency=100"), 3)
    for client in clients:
        assert client.pending[-1].tick - client.prediction.tick == delay_ticks
        assert client.clock.tick == client.pending[-1].tick, "commands go out as early as ever"


def test_what_is_shown_later_is_still_what_the_server_computes() -> None:
    match, clients = played(3, NetConditions.parse("latency=100"), 5)
    for client, driven in zip(clients, match.clients, strict=True):
        assert driven.statistics().mispredictions <= 1, "at most the first tick, before the first command came"
        predicted = client.prediction.world.copy()
        match.simulation.run_until(lambda tick=predicted.tick: match.truth().tick >= tick, 1)  # type: ignore[misc]
        running = match.server.host.match(match.server.match_id)
        truth = running.past_world(predicted.tick) if running else None
        assert truth is not None
        assert (truth.walker.x[client.seat], truth.walker.y[client.seat]) == (
            predicted.walker.x[client.seat],
            predicted.walker.y[client.seat],
        )


def test_on_a_lan_nothing_is_delayed_beyond_the_newest_snapshot() -> None:
    match, clients = played(3, NetConditions(), 5)
    for client, driven in zip(clients, match.clients, strict=True):
        assert client.decoder.newest_tick is not None
        assert client.prediction.tick >= client.decoder.newest_tick
        assert client.pending[-1].tick - client.prediction.tick < 3
        assert driven.statistics().mispredictions <= 1


def corrected_units(delay_ticks: int) -> float:
    """We walk into somebody who stands there, ten commands ahead of what we know; then he is seen to have left."""
    authority = Authority(Blocking())
    authority.world.walker.x[:2] = 1_000, 1_500
    prediction = Prediction(Blocking(), ME)
    view = authority.step(RIGHT)
    prediction.snapshot(view, NOW)
    for tick in range(view.tick + 1, view.tick + 11):
        prediction.give(tick, RIGHT)
    for tick in range(view.tick + 1, view.tick + 11 - delay_ticks):
        prediction.predict(tick)
    correction = prediction.snapshot(authority.step(RIGHT, COMMAND.make(dy=1)), NOW)
    assert correction is not None
    assert prediction.tick == view.tick + 9 - delay_ticks + 1
    return correction.size_units


def test_each_tick_of_delay_makes_the_correction_smaller() -> None:
    """What the delay buys: the others surprise us by so much less, because so much less of us was a guess."""
    sizes = [corrected_units(delay_ticks) for delay_ticks in (0, 1, 2, 3)]
    assert sizes == sorted(set(sizes), reverse=True), "smaller with each tick"
    assert sizes[3] < 0.7 * sizes[0]
