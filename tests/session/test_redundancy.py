"""When something is sent again at once, and that a whole match over losses in runs is the better for it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.conditions import NetConditions
from engine.session.redundancy import KEPT_S, Copies, Redundancy
from tests.session.support import ToyMatch


@dataclass
class Seen:
    """What a connection shows."""

    lost: int = 0
    runs: int = 0
    queueing_s: float = 0.0
    jitter_s: float = 0.0

    def loss_runs(self) -> tuple[int, int]:
        return self.lost, self.runs


@pytest.mark.parametrize(
    ("seen", "copies"),
    [
        (Seen(), 0),
        (Seen(lost=50, runs=42), 0),  # 20 %, one by one
        (Seen(lost=20, runs=10), 1),
        (Seen(lost=24, runs=6), 2),
        (Seen(lost=5, runs=3), 0),  # too few to say
        (Seen(lost=60, runs=1), 0),  # an outage
        (Seen(lost=24, runs=6, queueing_s=0.3), 0),  # a queue: we send too much already
        (Seen(lost=24, runs=6, queueing_s=0.12, jitter_s=0.04), 2),  # jitter and no queue
    ],
)
def test_copies_are_for_losses_in_runs(seen: Seen, copies: int) -> None:
    assert Redundancy().advance(seen, 10.0) == copies


def test_copies_outlast_a_lucky_moment_and_end_after_it() -> None:
    redundancy, seen = Redundancy(), Seen(lost=24, runs=6)
    assert redundancy.advance(seen, 10.0) == 2
    seen.lost = seen.runs = 0
    assert redundancy.advance(seen, 10.0 + KEPT_S - 1) == 2
    assert redundancy.advance(seen, 10.0 + KEPT_S + 1) == 0


def test_copies_are_spread_and_an_old_one_is_given_up() -> None:
    copies = Copies()
    copies.add(b"a", 2, 1.0, 0.004)
    assert copies.due(1.0) == []
    assert copies.due(1.005) == [b"a"]
    assert copies.is_waiting
    copies.add(b"b", 1, 1.006, 0.0)
    assert copies.due(1.006) == [b"b"]
    assert not copies.is_waiting


def late_pct(conditions: str) -> float:
    match = ToyMatch(2, seed=5, conditions=NetConditions.parse(conditions))
    match.start()
    match.simulation.run_for(6)
    running = match.server.host.match(match.server.match_id)
    assert running is not None
    before = [state.buffer.statistics() for state in running.seats.values()]
    match.simulation.run_for(10)
    after = [state.buffer.statistics() for state in running.seats.values()]
    missing = sum(new.missing - old.missing for old, new in zip(before, after, strict=True))
    return 100 * missing / (2 * 10 * 60)


def test_a_match_over_losses_in_runs_has_hardly_a_tick_without_its_command() -> None:
    assert late_pct("latency=200,jitter=30,loss=10,burst=4") < 1.0


def test_without_losses_in_runs_nothing_is_sent_twice() -> None:
    match = ToyMatch(1, conditions=NetConditions.parse("latency=100,jitter=20,loss=5"))
    match.start()
    match.simulation.run_for(10)
    up = match.clients[0].match.connection.statistics()  # type: ignore[union-attr]
    assert up.datagrams_out < 11 * 60
