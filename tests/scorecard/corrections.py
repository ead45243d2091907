"""Corrections: of what kind each was, by the cells that were wrong, how many there were of each, and how far they moved the player.

The engine says whose doing a correction is (:mod:`engine.timeline.causes`); here the arena says what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

import numpy as np

from engine.timeline import Correction
from tests.scorecard.screen import WatchedClient
from tests.scorecard.stage import Stage

PLACE: Final = frozenset({"player.x", "player.y", "player.vx", "player.vy"})
PENDING: Final = "pending ticks only: somebody near went elsewhere"
SORTS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("came back to life", frozenset({"player.shield", "player.life"})),
    ("died", frozenset({"player.life"})),
    ("was hurt", frozenset({"player.health"})),
    ("own shot has hit", frozenset({"hit.generation"})),
    ("own bolt ended elsewhere", frozenset({"projectile.generation"})),
    ("own place", frozenset()),
)
"""By the fields that were wrong; the first that fits."""


def sort_of(correction: Correction) -> str:
    """What it was, in words. Whoever was hurt and pushed at once, and was moved by another player, was pushed."""
    fields = {f"{cell.kind}.{cell.field}" for cell in correction.mispredictions}
    if not fields:
        return PENDING
    if correction.cause.value != "server_event":
        if fields & PLACE:
            return "own place"
        return PENDING if correction.size_units else "own commands or things picked up"
    for words, wanted in SORTS:
        if wanted and wanted <= fields:
            return words
    return "own place" if fields & PLACE else "something else"


def of_stage(stage: Stage, start: float, end: float) -> list[Correction]:
    """All players' corrections between two times."""
    return [correction for client in stage.clients for at, correction in client.diary.corrections if start <= at < end]


def by_sort(found: Iterable[Correction], minutes: float) -> dict[str, dict[str, dict[str, float]]]:
    """Cause, then sort, then how many per player and minute, and the p95 of how far those moved the player that did."""
    sizes: dict[tuple[str, str], list[float]] = {}
    for correction in found:
        sizes.setdefault((correction.cause.value, sort_of(correction)), []).append(correction.size_units)
    told: dict[str, dict[str, dict[str, float]]] = {}
    for (cause, words), moved in sorted(sizes.items(), key=lambda entry: (entry[0][0], -len(entry[1]), entry[0][1])):
        visible = sorted(size for size in moved if size > 0)
        told.setdefault(cause, {})[words] = {
            "per_min": round(len(moved) / minutes, 2),
            "p95_units": round(percentile(visible, 0.95), 1),
        }
    return told


def in_lines(told: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[str]:
    """For ``--explain``."""
    return [
        f"{figures['per_min']:6.2f} corrections per player and minute: {cause}: {words}; p95 of those that moved the player "
        f"{figures['p95_units']:g} units"
        for cause, sorts in told.items()
        for words, figures in sorts.items()
    ]


def sizes(stage: Stage, start: float, end: float) -> dict[str, Any]:
    """How far the player on the screen had to move. His death and his coming back are not among it: that is where he is, for everybody."""
    found = [one for one in of_stage(stage, start, end) if all(cell.field != "life" for cell in one.mispredictions)]
    moved = sorted(correction.size_units for correction in found if correction.size_units > 0)
    replayed = sorted(correction.replayed_ticks for correction in found)
    seen = sorted(size for client in stage.clients for size in _drifts(client, start, end))
    return {
        "correction_seen_p95_units": round(percentile(seen, 0.95), 1),
        "correction_p95_units": round(percentile(moved, 0.95), 1),
        "correction_max_units": round(moved[-1], 1) if moved else 0.0,
        "rollback_ticks_p99": percentile(replayed, 0.99),
    }


def _drifts(client: WatchedClient, start: float, end: float) -> list[float]:
    """How far each frame of a fading correction moved the drawn player, beyond his own moving."""
    corrected = {at for at, _ in client.diary.corrections}
    found = []
    for earlier, later in pairwise(client.diary.frames):
        if start <= later.now < end and later.now not in corrected and any(earlier.shift):
            found.append(float(np.hypot(later.shift[0] - earlier.shift[0], later.shift[1] - earlier.shift[1])))
    return found


def percentile(ordered: list[Any], share: float) -> Any:
    """Of ascending values; 0 of none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0
