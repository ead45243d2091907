"""Expectations of statistics: every object of the engine reports itself in a frozen dataclass, and a test says what the figures should be.

    check_statistics(client.statistics(), snapshots_per_s=at_least(50), mispredictions=0, carrier="udp", loss_pct=between(2, 8))

All that is wrong is told at once, with the whole report, so that one run shows what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a figure should be, and how to say so."""

    words: str
    holds: Callable[[Any], bool]


def at_most(limit: float) -> Expectation:
    """No more than this."""
    return Expectation(f"at most {limit:g}", lambda value: value <= limit)


def at_least(limit: float) -> Expectation:
    """No less than this."""
    return Expectation(f"at least {limit:g}", lambda value: value >= limit)


def between(low: float, high: float) -> Expectation:
    """Within these, both included."""
    return Expectation(f"{low:g} to {high:g}", lambda value: low <= value <= high)


def check_statistics(statistics: Any, **expected: Any) -> None:
    """Compare figures by name: with an :class:`Expectation`, or for equality with anything else.

    A figure inside another is named with two underscores: ``mispredictions_by_cause__late_command=0``; one that a mapping does not have
    counts as 0. Raises AssertionError, or AttributeError for a figure that the report does not have at all.
    """
    __tracebackhide__ = True  # what is wrong stands in the user's line
    wrong = []
    for name, wanted in expected.items():
        value = _figure(statistics, name)
        holds = wanted.holds(value) if isinstance(wanted, Expectation) else value == wanted
        if not holds:
            words = wanted.words if isinstance(wanted, Expectation) else repr(wanted)
            wrong.append(f"{name.replace('__', '.')} is {value!r}, should be {words}")
    if wrong:
        raise AssertionError("\n".join([*wrong, "The whole report:", *(f"  {name} = {value!r}" for name, value in _all(statistics))]))


def _figure(statistics: Any, name: str) -> Any:
    value = statistics
    for part in name.split("__"):
        if isinstance(value, Mapping):
            value = value.get(part, 0)
        elif hasattr(value, part):
            value = getattr(value, part)
        else:
            known = ", ".join(name for name, _ in _all(value))
            raise AttributeError(f"{type(value).__name__} has no figure {part!r}; it has: {known}")
    return value


def _all(statistics: Any) -> list[tuple[str, Any]]:
    if is_dataclass(statistics):
        return [(field.name, getattr(statistics, field.name)) for field in fields(statistics)]
    return sorted(statistics.items()) if isinstance(statistics, Mapping) else [("value", statistics)]
