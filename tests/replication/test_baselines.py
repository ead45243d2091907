from __future__ import annotations

import numpy as np
import pytest

from engine.replication import BaselineRing, ClientBaseline
from engine.replication.baselines import SHARED_BASELINES, SHARED_TICKS_BACK_MAX, SHARING_CLIENTS_MIN, shared_baselines
from tests.replication.arena import ArenaLike


def ring_with(ticks: int) -> BaselineRing:
    game = ArenaLike(seats=2, projectiles=0)
    ring = BaselineRing(game.schema)
    for _ in range(ticks):
        ring.record(game.step())
    return ring


def test_the_ring_keeps_copies_of_the_last_64_worlds() -> None:
    game = ArenaLike(seats=2, projectiles=0)
    ring = BaselineRing(game.schema)
    recorded = ring.record(game.step())
    cells = recorded.cells.copy()
    for _ in range(63):
        ring.record(game.step())
    assert ring.at(1) is recorded
    assert (recorded.cells == cells).all()
    ring.record(game.step())
    assert ring.at(1) is None
    assert ring.at(65) is not None
    assert ring.at(66) is None
    assert ring.at(-1) is None


def test_without_a_sent_and_acknowledged_snapshot_the_next_is_complete() -> None:
    ring, client = ring_with(10), ClientBaseline()
    assert client.choose(ring, 10) == (None, None)
    client.acknowledge(5, False)  # never sent
    assert client.choose(ring, 10) == (None, None)
    client.sent(5)
    assert client.choose(ring, 10) == (None, None)
    client.acknowledge(5, False)
    assert client.choose(ring, 10) == (ring.at(5), None)


def test_the_newest_acknowledgement_counts() -> None:
    client = ClientBaseline()
    for tick in (5, 6, 7):
        client.sent(tick)
    client.acknowledge(6, False)
    for old in (5, None, -1, 2**32 - 1):
        client.acknowledge(old, False)
        assert client.acknowledged_tick == 6
    assert client.newest_sent_tick == 7


def test_a_baseline_has_its_mask() -> None:
    ring, client = ring_with(10), ClientBaseline()
    mask = {"player": np.array([True, False])}
    client.sent(5, mask)
    client.sent(6)
    client.acknowledge(5, False)
    baseline, held = client.choose(ring, 10)
    assert baseline is ring.at(5)
    assert held is mask
    client.acknowledge(6, False)
    assert client.choose(ring, 10) == (ring.at(6), None)


def test_too_old_or_doubted_baselines_are_not_used() -> None:
    ring, client = ring_with(70), ClientBaseline()
    client.sent(7)
    client.acknowledge(7, False)
    assert client.choose(ring, 70)[0] is ring.at(7)
    assert client.choose(ring, 71) == (None, None)
    client.acknowledge(7, True)
    assert client.choose(ring, 70) == (None, None)
    client.sent(69)
    client.acknowledge(69, False)
    assert client.choose(ring, 70)[0] is ring.at(69)


def test_an_overtaken_message_neither_ends_nor_begins_a_wish() -> None:
    client = ClientBaseline()
    client.acknowledge(None, True, True)
    client.acknowledge(None, False)  # sent before
    assert (client.wants_complete, client.has_mismatch) == (True, True)
    client.sent(5)
    client.sent(6)
    client.acknowledge(5, True)  # healed meanwhile; now it is a baseline that is missing
    assert (client.wants_complete, client.has_mismatch) == (True, False)
    client.acknowledge(5, True, True)
    client.acknowledge(5, False)
    assert (client.wants_complete, client.has_mismatch) == (True, True)
    client.acknowledge(6, False)
    for old in (5, None, 2**32 - 1):
        client.acknowledge(old, True, True)
        assert (client.wants_complete, client.has_mismatch) == (False, False)


def client_that_acknowledged(*ticks: int) -> ClientBaseline:
    client = ClientBaseline()
    for tick in ticks:
        client.sent(tick)
        client.acknowledge(tick, False)
    return client


def test_a_baseline_that_others_share_is_taken_where_the_client_holds_it() -> None:
    ring = ring_with(20)
    assert client_that_acknowledged(14, 16, 18).choose(ring, 20, (16,)) == (ring.at(16), None)
    assert client_that_acknowledged(14, 16, 18).choose(ring, 20, (17, 15, 14)) == (ring.at(14), None)
    assert client_that_acknowledged(14, 18).choose(ring, 20, (19, 16)) == (ring.at(18), None)  # it never said that it has 16


def test_a_shared_baseline_is_not_much_older_than_the_own_one_and_never_too_old() -> None:
    ring = ring_with(80)
    assert client_that_acknowledged(10, 18).choose(ring, 20, (18 - SHARED_TICKS_BACK_MAX - 1,)) == (ring.at(18), None)
    assert client_that_acknowledged(15, 17).choose(ring, 80, (15,)) == (ring.at(17), None)


def test_what_was_acknowledged_long_ago_is_forgotten() -> None:
    ring = ring_with(200)
    client = client_that_acknowledged(*range(20, 30), 150)
    for tick in range(140, 150):
        assert client.choose(ring, 152, (tick,)) == (ring.at(150), None)


def test_few_clients_and_few_ages_share_nothing() -> None:
    assert shared_baselines(list(range(SHARING_CLIENTS_MIN - 1))) == ()
    assert shared_baselines([100 + index % SHARED_BASELINES for index in range(200)]) == ()


def test_many_ages_become_a_few_ticks_that_all_but_the_last_reach() -> None:
    acknowledged = [100 - index // 16 for index in range(160)]  # ten ages
    shared = shared_baselines(acknowledged)
    assert len(shared) == SHARED_BASELINES
    assert list(shared) == sorted(shared, reverse=True)
    chosen = [max(tick for tick in shared if tick <= own) for own in acknowledged]
    assert set(chosen) == set(shared)
    assert max(own - tick for own, tick in zip(acknowledged, chosen, strict=True)) <= SHARED_TICKS_BACK_MAX


def codings(acknowledged: list[int], shared: tuple[int, ...]) -> int:
    """How many baselines clients who hold everything that they might choose."""
    ring, chosen = ring_with(302), set()
    for tick in acknowledged:
        client = client_that_acknowledged(*range(240, tick + 1))
        baseline, _ = client.choose(ring, 302, shared)
        assert baseline is not None
        chosen.add(baseline.tick)
    return len(chosen)


@pytest.mark.parametrize(("ages", "least"), [(1, 1), (2, 1), (3, 1), (5, 1), (6, 2), (9, 2), (15, 3), (40, 8)])
def test_as_few_codings_as_can_be_and_never_more_than_with_four(ages: int, least: int) -> None:
    acknowledged = [300 - index % ages for index in range(160)]
    fewest = codings(acknowledged, shared_baselines(acknowledged, fewest=True))
    assert fewest == least
    assert fewest <= codings(acknowledged, shared_baselines(acknowledged))


def test_one_who_is_far_away_costs_nobody_else_anything() -> None:
    acknowledged = [300] * 60 + [299] * 38 + [270, 260]
    assert shared_baselines(acknowledged, fewest=True) == (299, 270, 260)
