"""A client whose world is not the server's asks for a complete snapshot, says why, and the server counts it: once each time."""

from __future__ import annotations

import pytest

from engine.conditions import PERFECT, NetConditions
from engine.session import ClientMatch
from tests.session.support import ToyMatch

BAD = NetConditions.parse("latency=120,jitter=20,loss=10,duplicate=10,reorder=10")


def started(conditions: NetConditions, seed: int = 1) -> tuple[ToyMatch, ClientMatch]:
    toy = ToyMatch(1, seed=seed, conditions=conditions)
    toy.start()
    toy.simulation.run_for(1)
    assert toy.clients[0].match is not None
    return toy, toy.clients[0].match


def corrupt(match: ClientMatch) -> None:
    """In every world that a snapshot could build on, one coin lies a bit aside."""
    newest = match.decoder.newest_tick
    assert newest is not None
    for tick in range(newest - 63, newest + 1):
        world = match.decoder.world_at(tick)
        if world is not None:
            world.coin.x[2] ^= 1


def counted(toy: ToyMatch) -> int:
    return toy.server.host.statistics().checksum_mismatches


def assert_same_world(toy: ToyMatch, match: ClientMatch) -> None:
    tick = match.decoder.newest_tick
    assert tick is not None
    held = match.decoder.world_at(tick)
    truth = toy.server.host.match(match.match_id).past_world(tick)  # type: ignore[union-attr]
    assert held is not None
    assert truth is not None
    assert held.view_checksum(match.seat) == truth.view_checksum(match.seat)


@pytest.mark.parametrize(("conditions", "seed"), [(PERFECT, 1), (BAD, 2), (BAD, 3)])
def test_a_corrupted_baseline_is_counted_once_and_healed_by_a_complete_snapshot(conditions: NetConditions, seed: int) -> None:
    toy, match = started(conditions, seed)
    assert counted(toy) == 0
    for occurrence in (1, 2):
        complete = match.decoder.statistics().complete_snapshots
        corrupt(match)
        toy.simulation.run_until(lambda: match.decoder.wants_complete, 2, "a mismatch")
        toy.simulation.run_until(lambda: not match.decoder.wants_complete, 5, "a complete snapshot")
        toy.simulation.run_for(2)
        assert counted(toy) == occurrence
        assert match.decoder.statistics().complete_snapshots > complete
        assert not match.decoder.wants_complete
        assert_same_world(toy, match)
    assert toy.clients[0].statistics().checksum_mismatches >= 2


def test_the_same_occurrence_told_over_a_new_connection_is_not_counted_again() -> None:
    toy, match = started(PERFECT)
    corrupt(match)
    toy.simulation.run_until(lambda: match.decoder.wants_complete, 1, "a mismatch")
    toy.hosts[0].block(up=False)  # it can tell, and hears nothing
    first = match.connection_id
    toy.simulation.run_for(12)  # the connection times out
    assert counted(toy) == 1
    assert match.decoder.wants_complete
    toy.hosts[0].unblock()
    toy.simulation.run_until(lambda: match.connection_id != first and not match.decoder.wants_complete, 10, "a complete snapshot")
    toy.simulation.run_for(1)
    assert counted(toy) == 1
    assert_same_world(toy, match)
