"""Was it fair? Per player of a match: what lag compensation granted him, what it decided, what was refused, what became of his commands.

A player's account begins when he is seated and goes on through reconnections; whoever takes the seat after him has one of his own. The
commands of a match are counted by its buffers and the rewinds by its past; this only adds up what belongs to one player.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from engine.ids import Seat, SessionId
from engine.replication import CommandBufferStatistics
from engine.timeline import SeatRewinds

PLAYERS_MAX: Final = 512
"""Accounts kept of players who have left, per match; beyond, the oldest is given up. Twice what a match seats."""

_NO_REWINDS: Final = SeatRewinds()


@dataclass(frozen=True, slots=True)
class PlayerFairness:
    """One player's account of one match. Counts of commands; rewinds as :class:`SeatRewinds` has them."""

    session_id: SessionId
    seat: Seat
    commands: int = 0
    """That arrived, late ones too."""
    commands_late: int = 0
    """Came after the step that they were meant for."""
    commands_missing: int = 0
    """Steps that had to do without."""
    rewinds: SeatRewinds = field(default=_NO_REWINDS)

    def plain(self) -> dict[str, Any]:
        """For JSON: one flat object."""
        told: dict[str, Any] = {name: value for name, value in asdict(self).items() if name != "rewinds"}
        rewinds = asdict(self.rewinds)
        refused = rewinds.pop("refused")
        return {**told, **{name: round(value, 2) for name, value in rewinds.items()}, "refused": refused}

    def sentence(self) -> str:
        """For people: one line, without the player's name."""
        rewinds = self.rewinds
        refused = ", ".join(f"{rule} {count}" for rule, count in sorted(rewinds.refused.items())) or "nothing"
        return (
            f"{rewinds.rewinds} steps judged by what he saw (mean {rewinds.rewind_ms_mean:.0f} ms back, most "
            f"{rewinds.rewind_ms_max:.0f} ms, {rewinds.rewinds_clamped} held to the limit), {rewinds.decided} decided for him, "
            f"refused: {refused}; {self.commands} commands, {self.commands_late} late, {self.commands_missing} missing"
        )


class FairnessBook:
    """The accounts of a match's players."""

    def __init__(self) -> None:
        self._closed: Final[dict[tuple[Seat, SessionId], PlayerFairness]] = {}

    def close(self, account: PlayerFairness) -> None:
        """A connection or a stay ends: keep what it came to."""
        key = (account.seat, account.session_id)
        self._closed[key] = _sum(self._closed.get(key), account)  # in its place: who sat there first stays first
        if len(self._closed) > PLAYERS_MAX:
            del self._closed[next(iter(self._closed))]

    def report(self, running: Iterable[PlayerFairness]) -> tuple[PlayerFairness, ...]:
        """Everybody, ``running`` accounts added to what is closed; by seat, who sat there first first."""
        accounts = dict(self._closed)
        for account in running:
            key = (account.seat, account.session_id)
            accounts[key] = _sum(accounts.get(key), account)
        return tuple(sorted(accounts.values(), key=lambda account: account.seat))


def account_of(seat: Seat, session_id: SessionId, commands: CommandBufferStatistics, rewinds: SeatRewinds) -> PlayerFairness:
    """A stay's account from what its parts have counted."""
    return PlayerFairness(session_id, seat, commands.received, commands.late, commands.missing, rewinds)


def _sum(before: PlayerFairness | None, after: PlayerFairness) -> PlayerFairness:
    if before is None:
        return after
    return replace(
        after,
        commands=before.commands + after.commands,
        commands_late=before.commands_late + after.commands_late,
        commands_missing=before.commands_missing + after.commands_missing,
        rewinds=_sum_rewinds(before.rewinds, after.rewinds),
    )


def _sum_rewinds(one: SeatRewinds, other: SeatRewinds) -> SeatRewinds:
    rewinds = one.rewinds + other.rewinds
    weighted_ms = one.rewind_ms_mean * one.rewinds + other.rewind_ms_mean * other.rewinds
    rules = dict.fromkeys((*one.refused, *other.refused))
    return SeatRewinds(
        rewinds=rewinds,
        rewind_ms_mean=weighted_ms / rewinds if rewinds else 0.0,
        rewind_ms_max=max(one.rewind_ms_max, other.rewind_ms_max),
        rewinds_clamped=one.rewinds_clamped + other.rewinds_clamped,
        claims_too_old=one.claims_too_old + other.claims_too_old,
        claims_too_new=one.claims_too_new + other.claims_too_new,
        decided=one.decided + other.decided,
        refused={rule: one.refused.get(rule, 0) + other.refused.get(rule, 0) for rule in rules},
    )
