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

COUNTS: Final = frozenset(
    {
        "ticks",
        "snapshots",
        "frames",
        "bytes_in",
        "bytes_out",
        "datagrams_lost_in",
        "datagrams_lost_out",
        "mispredictions",
        "checksum_mismatches",
        "kills",
        "deaths",
        "matches",
    }
)
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
    return {key: _together(key, [report[key] for report in reports], weights) for key in reports[0]}


def _together(key: str, values: Sequence[Any], weights: Sequence[int]) -> Any:
    known = [(value, weight) for value, weight in zip(values, weights, strict=True) if value is not None]
    if not known:
        return None
    first = known[0][0]
    if key in COUNTS:
        return sum(value for value, _ in known)
    if isinstance(first, bool):
        return all(values)
    if isinstance(first, Mapping):
        names = dict.fromkeys(name for value, _ in known for name in value)  # who has not played has none
        return {name: sum(value.get(name, 0) for value, _ in known) for name in names}
    if isinstance(first, int | float):
        total = sum(weight for _, weight in known)
        mean = sum(value * weight for value, weight in known) / total if total else first
        return round(float(mean), DIGITS)
    return _words(key, [value for value, _ in known])


def _words(key: str, values: Sequence[str]) -> str:
    return "mixed" if key == "carrier" and len(set(values)) > 1 else values[0]
