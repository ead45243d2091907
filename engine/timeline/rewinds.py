"""What lag compensation granted each seat, and what became of it: the record that a fairness report is made of.

The engine counts what it grants by itself. What was decided with it only the game knows; it says so with
:meth:`engine.contract.Past.judged`, which costs nothing in a prediction. Both are told hit by hit: a shot that meets two people may
be decided twice, or refused twice, or each once. What is refused again in the next tick by the same rule (a trigger that is held) is
the same claim and not counted again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.world import FRACTIONS

RULES_MAX: Final = 16
"""Names of rules per seat; a game has a handful. More are counted together as :data:`OTHER_RULES`."""
OTHER_RULES: Final = "other"


@dataclass(frozen=True, slots=True)
class SeatRewinds:
    """One seat's record. A rewind is a step in which something of the seat's was judged by what its player had been shown."""

    rewinds: int = 0
    rewind_ms_mean: float = 0.0
    rewind_ms_max: float = 0.0
    rewinds_clamped: int = 0
    """Of them: not as far back (or as new) as the client claimed, but as the engine held possible."""
    claims_too_old: int = 0
    claims_too_new: int = 0
    """Of all commands, rewound for or not: the view claimed was older or newer than what the player can have been shown."""
    decided: int = 0
    """Times that the game decided for the player by his view."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """Times that it did not, by the name of the game's rule."""


@dataclass(slots=True)
class _Account:
    rewinds: int = 0
    age_sum: int = 0
    age_max: int = 0
    clamped: int = 0
    too_old: int = 0
    too_new: int = 0
    decided: int = 0
    granted_at: int = -1
    refused: dict[str, int] = field(default_factory=dict)
    refused_at: dict[str, tuple[int, bool]] = field(default_factory=dict)
    """By rule, the last tick, and whether it repeated what the tick before it claimed."""


class RewindBook:
    """The records of a match's seats. Ages are in 256ths of a tick."""

    def __init__(self, tick_rate_hz: int) -> None:
        self._ms_per_age: Final = 1000.0 / (tick_rate_hz * FRACTIONS)
        self._accounts: Final[dict[int, _Account]] = {}

    def claimed(self, seat: int, *, too_old: bool, too_new: bool) -> None:
        """A claim was outside of what is possible."""
        account = self._accounts.setdefault(seat, _Account())
        account.too_old += too_old
        account.too_new += too_new

    def granted(self, seat: int, tick: int, age: int, is_clamped: bool) -> None:
        """The step of ``tick`` was shown a past of this age; counted once a tick."""
        account = self._accounts.setdefault(seat, _Account())
        if account.granted_at == tick:
            return
        account.granted_at = tick
        account.rewinds += 1
        account.age_sum += age
        account.age_max = max(account.age_max, age)
        account.clamped += is_clamped

    def judged(self, seat: int, tick: int, refused_by: str) -> None:
        """The game decided by that past, or (a rule's name) refused to."""
        account = self._accounts.setdefault(seat, _Account())
        if not refused_by:
            account.decided += account.granted_at == tick
            return
        rule = refused_by if refused_by in account.refused or len(account.refused) < RULES_MAX else OTHER_RULES
        last, is_repeated = account.refused_at.get(rule, (-2, False))
        if last != tick:
            is_repeated = last == tick - 1
        account.refused_at[rule] = (tick, is_repeated)
        account.refused[rule] = account.refused.get(rule, 0) + (not is_repeated)

    def report(self, seat: int) -> SeatRewinds:
        """The record so far."""
        account = self._accounts.get(seat, _Account())
        return SeatRewinds(
            rewinds=account.rewinds,
            rewind_ms_mean=account.age_sum * self._ms_per_age / account.rewinds if account.rewinds else 0.0,
            rewind_ms_max=account.age_max * self._ms_per_age,
            rewinds_clamped=account.clamped,
            claims_too_old=account.too_old,
            claims_too_new=account.too_new,
            decided=account.decided,
            refused=dict(account.refused),
        )

    def close(self, seat: int) -> SeatRewinds:
        """The record, which ends here: somebody else's begins."""
        report = self.report(seat)
        self._accounts.pop(seat, None)
        return report
