"""What a fault test measures: each figure with the bound that it must keep, asserted at once and kept for ``tests.faults.report``."""

from __future__ import annotations

from collections.abc import Iterable, MutableSequence
from typing import Final

PROPERTY: Final = "figure"
"""Name of the test property that carries a figure: the report reads it, also out of other worker processes."""


class Figures:
    """Collects one test's figures."""

    def __init__(self, properties: MutableSequence[tuple[str, object]]) -> None:
        self._properties = properties

    def at_most(self, name: str, value: float, bound: float, unit: str = "") -> None:
        """``value`` must not be above ``bound``."""
        self._keep(name, value, f"<= {_number(bound)}", unit, value <= bound)

    def at_least(self, name: str, value: float, bound: float, unit: str = "") -> None:
        """``value`` must not be below ``bound``."""
        self._keep(name, value, f">= {_number(bound)}", unit, value >= bound)

    def exactly(self, name: str, value: float, expected: float, unit: str = "") -> None:
        """``value`` must be ``expected``."""
        self._keep(name, value, f"= {_number(expected)}", unit, value == expected)

    def note(self, name: str, value: float, unit: str = "") -> None:
        """Told in the report, bound by nothing: how hard the fault was, for example."""
        self._keep(name, value, "", unit, True)

    def _keep(self, name: str, value: float, bound: str, unit: str, holds: bool) -> None:
        self._properties.append((PROPERTY, [name, _number(value), bound, unit, holds]))
        assert holds, f"{name}: {_number(value)} {unit}, must be {bound}"


def percentile(values: Iterable[float], share: float) -> float:
    """The value that ``share`` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    assert ordered, "a percentile of nothing"
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _number(value: float) -> str:
    return f"{value:.4g}" if isinstance(value, float) and abs(value) < 1e4 else f"{value:.0f}"
