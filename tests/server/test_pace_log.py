"""A server that is too slow says so, once and not every few seconds."""

from __future__ import annotations

from engine.session.governor import GovernorStatistics
from server.pace_log import AGAIN_S, PaceLog


def test_it_is_told_when_snapshots_are_slowed_and_not_more_often_than_once_a_minute() -> None:
    log = PaceLog()
    assert log.lines(GovernorStatistics(40.0, 1, 0), 1.0) == []
    (line,) = log.lines(GovernorStatistics(97.0, 2, 1), 2.0)
    assert line == (
        "This computer has too much to do (a tick takes 97 % of its time): players get a snapshot every 2 ticks; slowed 1 times so far."
    )
    assert log.lines(GovernorStatistics(97.0, 2, 1), 2.0 + AGAIN_S) == [], "nothing new"
    assert log.lines(GovernorStatistics(99.0, 3, 2), 3.0) == [], "too soon"
    assert len(log.lines(GovernorStatistics(99.0, 3, 2), 2.0 + AGAIN_S)) == 1
