"""Which hits on a screen were credited, and why others were not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.scorecard.screen import SeenHit
from tests.scorecard.shots import _credited, _ruled_out
from tests.scorecard.truth import CreditedHit, Players, Truth

HIT = SeenHit(100, 0, 1, "blaster", born=90, slot=0, is_guess=False, own=(0, 0), other=(0, 0), speed=(0, 0))


def credit(tick: int, attacker: int = 0, victim: int = 1, weapon: str = "blaster") -> CreditedHit:
    return CreditedHit(tick, attacker, victim, weapon)


def test_a_credit_goes_to_the_hit_nearest_in_time_and_to_one_only() -> None:
    seen = [HIT, replace(HIT, tick=107)]
    assert _credited(seen, [credit(107)]) == {1}
    assert _credited(seen, [credit(107), credit(101)]) == {0, 1}
    assert _credited(seen, [credit(103)]) == {0}


def test_somebody_elses_credit_is_not_ours() -> None:
    others = [credit(100, attacker=2), credit(100, victim=2), credit(100, weapon="rail"), credit(108)]
    assert _credited([HIT], others) == set()


def players(**columns: list[int]) -> Players:
    values = {name: np.array(columns.get(name, [0, 0])) for name in ("x", "y", "vx", "vy", "shield", "dash", "deaths")}
    return Players(life=np.array(columns.get("life", [1, 1])), **values)


def truth(before: Players, after: Players) -> Truth:
    told = Truth(lambda: 0.0)
    told.players |= {89: players(), 99: before, 100: after}
    return told


def test_what_the_rules_decide_is_told_apart() -> None:
    assert _ruled_out(truth(players(), players()), HIT) == ""
    assert _ruled_out(truth(players(life=[2, 1]), players()), HIT) == "shooter dead"
    assert _ruled_out(truth(players(life=[1, 2]), players()), HIT) == "victim dead or protected"
    assert _ruled_out(truth(players(shield=[0, 9]), players()), HIT) == "victim dead or protected"
    assert _ruled_out(truth(players(), players(deaths=[0, 1])), HIT) == "victim dead or protected", (
        "somebody else's shot of this tick was first"
    )
    assert _ruled_out(truth(players(), players(dash=[0, 3])), HIT) == "victim dashed out of its way"
    assert _ruled_out(truth(players(), players(dash=[0, 3])), replace(HIT, weapon="rail")) == ""
