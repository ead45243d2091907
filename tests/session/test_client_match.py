"""What a client keeps of its own commands: those that the server may not have, and no others."""

from __future__ import annotations

import pytest

from engine.conditions import NetConditions
from engine.replication import COMMANDS_PER_MESSAGE_MAX
from engine.session import ClientMatch
from tests.session.support import ToyMatch


def started(conditions: NetConditions) -> tuple[ToyMatch, ClientMatch]:
    toy = ToyMatch(1, conditions=conditions)
    toy.start()
    assert toy.clients[0].match is not None
    return toy, toy.clients[0].match


@pytest.mark.parametrize(("latency_ms", "round_trip_ticks"), [(0, 0), (100, 6)])
def test_a_command_is_repeated_until_it_is_confirmed_and_no_longer(latency_ms: int, round_trip_ticks: int) -> None:
    toy, match = started(NetConditions(latency_ms=latency_ms))
    toy.simulation.run_for(3)
    most = 0
    for _ in range(60):
        toy.simulation.run_for(1 / 60)
        most = max(most, len(match.pending))
    assert round_trip_ticks <= most <= round_trip_ticks + 4


def test_while_nothing_is_confirmed_the_newest_are_kept() -> None:
    toy, match = started(NetConditions())
    toy.simulation.run_for(1)
    toy.hosts[0].block(down=False)  # neither by UDP nor, in time, by the stream
    toy.simulation.run_for(1.5)
    pending = [entry.tick for entry in match.pending]
    assert pending == list(range(match.clock.tick - COMMANDS_PER_MESSAGE_MAX + 1, match.clock.tick + 1))
