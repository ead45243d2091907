"""Rollbacks explained, as lines that a developer reads: what was predicted, what was true, whose fault it was.

A line per cell that was wrong (of one rollback the first few, see ``cells``), words and ``key=value`` apart by blanks::

    tick=1234 cause=late_command cell=player[0].x predicted=1200 true=1190 cell_cause=late_command cells=4 replayed=7 coasted=0
    moved_units=12.5

(in one line). ``cause`` is the rollback's, which is counted, ``cell_cause`` the cell's own: who is pushed and hurt in one tick was pushed
by another player and hurt by the server (:mod:`engine.timeline.causes` has the rules). ``cell=-`` is a rollback without a wrong cell: what
was compared agreed, but what was pending had to be computed anew. A line appears a moment late, because whether a missing command is lost
or only late shows some ticks afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.timeline.correction import Correction
from engine.timeline.prediction import LATE_AFTER_TICKS_MAX, Prediction


class RollbackLines:
    """The lines of one prediction. Ask at least once per 50 snapshots: a prediction remembers its last 64 corrections."""

    def __init__(self, prediction: Prediction) -> None:
        self._prediction: Final = prediction
        self._told_tick = -1

    def take(self, newest_tick: int | None) -> list[str]:
        """Lines that are new and whose cause is settled. ``newest_tick`` is the newest snapshot's; None: all that are left."""
        lines: list[str] = []
        for correction in self._prediction.recent_corrections():
            if correction.tick <= self._told_tick:
                continue
            if newest_tick is not None and correction.tick >= newest_tick - LATE_AFTER_TICKS_MAX:
                break
            self._told_tick = correction.tick
            lines += _lines(correction)
        return lines


def _lines(correction: Correction) -> Iterator[str]:
    head = f"tick={correction.tick} cause={correction.cause.value}"
    tail = (
        f"cells={correction.cells_wrong} replayed={correction.replayed_ticks} coasted={correction.coasted_ticks} "
        f"moved_units={correction.size_units:.1f}"
    )
    for cell in correction.mispredictions:
        place = f"{cell.kind}[{cell.slot}].{cell.field}"
        yield f"{head} cell={place} predicted={cell.predicted} true={cell.authoritative} cell_cause={cell.cause.value} {tail}"
    if not correction.mispredictions:
        yield f"{head} cell=- {tail}"
