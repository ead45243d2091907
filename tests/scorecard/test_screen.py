"""Whom a bolt is seen to meet, and when in a tick."""

from __future__ import annotations

import numpy as np
import pytest

from tests.scorecard.screen import _meeting, _nearest


def test_a_bolt_passes_two_players_and_is_near_to_the_first_one_sooner() -> None:
    x, y = np.array([50, 150, 100]), np.array([10, 10, 900])
    distance, along = _meeting((0, 0), (200, 0), (x, y), (x, y))
    assert distance.tolist() == pytest.approx([10, 10, 900])
    assert along.tolist() == pytest.approx([0.25, 0.75, 0.5])


def test_both_move() -> None:
    before, after = (np.array([100]), np.array([-50])), (np.array([100]), np.array([50]))
    assert _nearest((0, 0), (200, 0), before, after)[0] == pytest.approx(0.0), "they meet in the middle of both ways"
    assert _nearest((0, 0), (0, 0), before, after)[0] == pytest.approx(100.0)
