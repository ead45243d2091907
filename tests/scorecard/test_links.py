"""What no client could do better, from when datagrams were sent and arrived."""

from __future__ import annotations

import numpy as np
import pytest

from tests.scorecard.links import LOST, first_arrival_s, needed_leads_s, snapshot_ages_s, transit_s

WAY = np.array([(0.0, 0.1), (1.0, LOST), (2.0, LOST), (3.0, 3.2)])


def test_a_command_is_there_when_the_first_datagram_that_carries_it_is() -> None:
    assert needed_leads_s(WAY).tolist() == pytest.approx([0.1, 2.2, 1.2, 0.2])


def test_a_command_that_no_later_datagram_carries_either_never_comes() -> None:
    assert needed_leads_s(np.array([(0.0, 0.1), (1.0, LOST)]))[1] == LOST


def test_a_screen_knows_the_newest_snapshot_that_has_arrived() -> None:
    assert snapshot_ages_s(WAY, np.array([0.05, 0.5, 3.1, 3.3])).tolist() == pytest.approx([LOST, 0.5, 3.1, 0.3])


def test_how_long_arrivals_take() -> None:
    assert transit_s(WAY) == pytest.approx(0.15)
    assert first_arrival_s(WAY, 0.5) == pytest.approx(2.7)
    assert first_arrival_s(WAY, 3.5) == LOST
