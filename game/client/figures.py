"""Figures of several matches, or of several players, as one set with the same keys.

Counts are sums. Rates, times and percentages are means weighted by the ticks that were played, so a match of two seconds does not weigh as
much as one of five minutes. Of ``connected``, ``carrier`` and ``disconnect_reason`` a player's latest match decides; of several
players: all connected, the carrier that all have or ``mixed``, the first reason that there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from engine.session import ClientStatistics

COUNTS: Final = frozenset({"ticks", "snapshots", "mispredictions", "checksum_mismatches", "kills", "deaths", "matches"})
DIGITS: Final = 3


def of_matches(matches: Sequence[ClientStatistics]) -> dict[str, Any]:
    """One player's matches, the latest last, as one; rounded for reading."""
    reports = [asdict(match) for match in matches]
    latest = {key: reports[-1][key] for key in ("connected", "carrier", "disconnect_reason")}
    return {**_combined(reports), **latest}


def of_players(players: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several players' reports as one, without what only one player has."""
    return _combined([{key: value for key, value in player.items() if key != "name"} for player in players])


def _combined(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    weights = [report["ticks"] for report in reports]
    if not any(weights):
        weights = [1] * len(reports)
    combined: dict[str, Any] = {}
    for key, first in reports[0].items():
        values = [report[key] for report in reports]
        if key in COUNTS:
            combined[key] = sum(values)
        elif isinstance(first, bool):
            combined[key] = all(values)
        elif isinstance(first, Mapping):
            combined[key] = {name: sum(value.get(name, 0) for value in values) for name in first}
        elif isinstance(first, int | float):
            mean = sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)
            combined[key] = round(float(mean), DIGITS)
        else:
            combined[key] = _words(key, values)
    return combined


def _words(key: str, values: Sequence[str | None]) -> str | None:
    if key == "carrier":
        return values[0] if len(set(values)) == 1 else "mixed"
    return next((value for value in values if value is not None), None)
