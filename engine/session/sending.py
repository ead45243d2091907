"""What a host sends when a tick is computed: to each seat its snapshot, when it is its turn and as much as its way carries.

Three decide: the seat's budget (its own line), the governor (this host's time) and, for what goes out twice, the seat's redundancy (its
losses). Announcements travel beside the snapshots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.datagram import Connection
from engine.ids import ConnectionId, MatchId, SessionId
from engine.session.budget import PERIOD_S, SendBudget
from engine.session.config import HostConfig
from engine.session.governor import SPREAD_TICKS_MAX, LoadGovernor
from engine.session.match import Match, SeatState
from engine.session.message_kinds import PACE_TICKS_MAX, PACED_SNAPSHOT_MESSAGE, SNAPSHOT_MESSAGE
from engine.session.redundancy import COPIES_APART_TICKS, Copies, Redundancy
from engine.session.repetition import HEARD_S

_SNAPSHOT_HEADS: Final = (
    b"",
    *(bytes([SNAPSHOT_MESSAGE] if pace == 1 else [PACED_SNAPSHOT_MESSAGE, pace]) for pace in range(1, PACE_TICKS_MAX + 1)),
)
"""By how many ticks apart commands are to come."""


@dataclass(slots=True)
class Place:
    """Where a connection speaks for."""

    match: Match
    state: SeatState
    session_id: SessionId
    connection: Connection
    budget: SendBudget
    look_at: float
    """When the budget wants the next report."""
    is_connected: bool = False
    is_carried: bool = False
    redundancy: Redundancy = field(default_factory=Redundancy)
    copies: Copies = field(default_factory=Copies)
    apart_ticks: int = 0
    """From snapshot to snapshot, as its connection knows; 0: it has not been told."""
    last_commands: bytes = b""
    """The last message of commands: what is the same is a copy."""


class Sending:
    """For all places of one host."""

    def __init__(self, config: HostConfig, places: Mapping[ConnectionId, Place], fail: Callable[[Match, float], None]) -> None:
        """``places``: the host's own, as they come and go. ``fail`` ends a match whose game broke, at the time of its second argument."""
        normal = config.snapshot_interval_ticks
        self.governor: Final = LoadGovernor(max(normal, min(SPREAD_TICKS_MAX, config.snapshot_interval_ticks_max)), normal)
        self._config: Final = config
        self._places: Final = places
        self._fail: Final = fail
        self._copying: Final[set[ConnectionId]] = set()
        """Whose newest snapshot is still to be sent again."""

    @property
    def is_copying(self) -> bool:
        """Whether anything may be left to send again."""
        return bool(self._copying)

    def send_snapshots(self, tick: int, ticks: int, now: float) -> None:
        """To every seat whose turn it is at the host's ``tick``; ``ticks`` have been computed since the last time, and only the newest is
        worth sending.
        """
        failed: set[MatchId] = set()
        spread = self.governor.spread_ticks
        head = _SNAPSHOT_HEADS[spread if self.governor.is_slowed else 1]
        for connection_id, place in list(self._places.items()):
            match, budget, connection = place.match, place.budget, place.connection
            if not place.is_connected or (failed and match.match_id in failed):
                continue
            if now >= place.look_at:
                place.look_at = now + PERIOD_S
                budget.observe(connection.path_report(now), now, losses_in_runs=place.redundancy.copies > 0)
                place.state.round_trip_s = connection.rtt_s
            room: int | None = 0
            try:
                apart = max(spread, budget.interval_ticks)
                if apart != place.apart_ticks:
                    place.apart_ticks = apart
                    connection.expect_to_send(apart / self._config.tick_rate_hz)
                if apart > 1:
                    room = self._room(place, tick, ticks)
                    if room is None:
                        continue
                message = head + (self._part(place, room) if room else match.snapshot_for(place.state))
            except Exception:  # noqa: BLE001 - as in _step: a cell out of its range, an interest mask of the wrong shape
                failed.add(match.match_id)
                self._fail(match, now)
                continue
            if not room:
                budget.sent(len(message) - len(head))
            connection.send(message)
            redundancy = place.redundancy
            if now >= redundancy.judge_at or redundancy.copies:
                self._plan_copies(connection_id, place, message, now)
            log = match.announcements
            if place.state.repetition.confirmed < log.newest:
                is_heard = now - connection.acknowledged_at <= HEARD_S
                told = place.state.repetition.message(log, match.world.tick, is_heard=is_heard, is_carried=place.is_carried)
                if told:
                    connection.send(told)

    def _room(self, place: Place, tick: int, ticks: int) -> int | None:
        """How many bytes this place's snapshot may have now; 0: any number; None: it is not its turn."""
        budget = place.budget
        if budget.interval_ticks < self.governor.spread_ticks:  # two paces at once could miss each other for ever: the slower one decides
            return 0 if self.governor.is_turn(place.state.seat, tick, ticks) else None
        if budget.is_slowed and not self.governor.is_slowed and place.match.rows_can_wait(place.state):
            return budget.room_bytes(tick, ticks) or None
        return 0 if budget.interval_ticks == 1 or budget.is_due(tick, ticks) else None

    def _part(self, place: Place, room_bytes: int) -> bytes:
        """A snapshot in which rows may wait."""
        message, whole_bytes, rows_held_back = place.match.part_for(place.state, room_bytes)
        place.budget.part_sent(len(message), whole_bytes, rows_held_back)
        return message

    def _plan_copies(self, connection_id: ConnectionId, place: Place, message: bytes, now: float) -> None:
        """A client whose losses come in runs gets its snapshot again, a quarter of a tick later; one that must get less gets no copies,
        and nobody does while there is too much to do for what everybody is to get once.
        """
        copies = place.redundancy.advance(place.connection, now)
        if (
            copies
            and self.governor.leaves_room
            and not place.is_carried
            and place.budget.interval_ticks == self._config.snapshot_interval_ticks
        ):
            place.copies.add(message, copies, now, COPIES_APART_TICKS / self._config.tick_rate_hz)
            self._copying.add(connection_id)

    def send_copies(self, now: float) -> None:
        """Those whose time has come."""
        for connection_id in list(self._copying):
            place = self._places.get(connection_id)
            if place is None or not place.copies.is_waiting:
                self._copying.discard(connection_id)
                continue
            for message in place.copies.due(now):
                place.connection.send(message)
