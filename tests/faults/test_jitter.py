"""Jitter in spikes of up to half a second: of single datagrams, and of a whole link that stands still for a moment."""

from __future__ import annotations

from random import Random

from engine.conditions import NetConditions
from engine.ids import Address
from engine.testing.scenario import call
from tests.faults.figures import Figures
from tests.faults.match import FaultMatch

NETWORK = NetConditions(latency_ms=60)
BACK_WITHIN_S = 5.0
BASE_SLACK_MS = 8.0
"""Half a tick: the delay is chosen anew from every window of arrivals, and is never twice the same to the microsecond."""


def test_spikes_of_single_datagrams(figures: Figures) -> None:
    """One in a hundred comes up to 500 ms later than its neighbours, either way."""
    match = FaultMatch(2, seed=21, conditions=NETWORK)
    random = Random(21)
    for port in (match.host.port, match.hosts[0].port, match.hosts[1].port):
        send = port.send

        def later(target: Address, data: bytes, now: float, send: object = send) -> None:
            if random.random() >= 0.01:
                send(target, data, now)  # type: ignore[operator]
                return
            wait = random.uniform(0, 0.5)
            match.simulation.at(wait, call(lambda: send(target, data, match.simulation.now)))  # type: ignore[operator]

        port.send = later  # type: ignore[method-assign]
    before = [match.match_of(number).interpolation.statistics() for number in range(2)]
    match.simulation.run_for(40)
    for port in (match.host.port, match.hosts[0].port, match.hosts[1].port):
        del port.send  # type: ignore[attr-defined]
    after = [match.match_of(number).interpolation.statistics() for number in range(2)]
    starved = [
        100 * (now.frames_starved - then.frames_starved) / (now.frames - then.frames) for then, now in zip(before, after, strict=True)
    ]
    figures.at_most("starved frames", max(starved), 1, "%")
    figures.at_most("late commands", max(client.statistics().late_commands_pct for client in match.clients), 2, "%")
    match.simulation.run_for(1)
    match.assert_nobody_disconnected()
    match.settle_and_check()


def test_a_link_that_stands_still_for_a_moment(figures: Figures) -> None:
    """Ten times, everything on the way down waits for 50 to 500 ms and then comes at once, in order."""
    match = FaultMatch(1, seed=22, conditions=NETWORK)
    match.simulation.run_for(6)
    display = match.match_of(0).interpolation
    base_ms = display.statistics().delay_ms
    starved, back_s, spiked_s = display.statistics().frames_starved, [], 0.0
    begun = match.simulation.now
    for number in range(10):
        spike_s = 0.05 * (number + 1)
        spiked_s += spike_s
        held = NetConditions(latency_ms=60 + 2000 * spike_s)
        match.simulation.set_conditions(held, match.hosts[0], up=False)
        match.simulation.run_for(0.02)  # what is sent now holds up all that follows
        match.simulation.set_conditions(NETWORK, match.hosts[0], up=False)
        match.simulation.run_for(spike_s)
        back_s.append(
            match.simulation.run_until(
                lambda: display.statistics().delay_ms <= base_ms + BASE_SLACK_MS and display.statistics().speed < 1.02,
                BACK_WITHIN_S + 1,
                "the display's delay is what it was",
            )
        )
        match.simulation.run_for(1.5)
    figures.at_most("back to its delay, longest", max(back_s), BACK_WITHIN_S, "s")
    seconds = match.simulation.now - begun
    shown = display.statistics().frames_starved - starved
    figures.at_most("starved frames beyond the spikes", 100 * (shown / 60 - spiked_s) / seconds, 1, "%")
    assert match.server.host.statistics().lines_slowed == 0, "a spike is no queue"
    match.assert_nobody_disconnected()
    match.settle_and_check()
