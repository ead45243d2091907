from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from engine.testing import at_least, at_most, between, check_statistics


@dataclass(frozen=True)
class Inner:
    lost: int = 3


@dataclass(frozen=True)
class Report:
    rtt_ms: float = 80.0
    carrier: str = "udp"
    by_cause: Mapping[str, int] = field(default_factory=lambda: {"late": 2})
    link: Inner = Inner()


def test_figures_that_are_as_expected_pass() -> None:
    check_statistics(
        Report(),
        rtt_ms=between(70, 90),
        carrier="udp",
        by_cause__late=at_most(2),
        by_cause__never=0,
        link__lost=at_least(3),
    )


def test_all_that_is_wrong_is_told_at_once_with_the_whole_report() -> None:
    with pytest.raises(AssertionError) as caught:
        check_statistics(Report(), rtt_ms=at_most(50), carrier="control", by_cause__late=0, link__lost=3)
    assert str(caught.value).splitlines()[:4] == [
        "rtt_ms is 80.0, should be at most 50",
        "carrier is 'udp', should be 'control'",
        "by_cause.late is 2, should be 0",
        "The whole report:",
    ]
    assert "  carrier = 'udp'" in str(caught.value)


@pytest.mark.parametrize(
    ("expectation", "good", "bad"), [(at_most(5), 5, 5.001), (at_least(5), 5, 4.999), (between(1, 2), 1, 0.999), (between(1, 2), 2, 2.001)]
)
def test_bounds_are_included(expectation: object, good: float, bad: float) -> None:
    check_statistics(Report(rtt_ms=good), rtt_ms=expectation)
    with pytest.raises(AssertionError):
        check_statistics(Report(rtt_ms=bad), rtt_ms=expectation)


def test_a_figure_that_is_not_there_is_a_mistake_of_the_test() -> None:
    with pytest.raises(AttributeError, match="Report has no figure 'rtt'; it has: rtt_ms, carrier"):
        check_statistics(Report(), rtt=5)
