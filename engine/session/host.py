"""All matches of a process behind one datagram endpoint: requests and datagrams in, ticks, events and datagrams out.

Runs wherever its caller likes: in a thread of its own behind queues (a real server) or in line (a simulated one). Readable as one line
per tick: carry out requests, take datagrams (they came in before), step every match that has players or pilots, snapshot every seat.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from engine.contract import GameFactory
from engine.datagram import (
    Connected,
    Connection,
    ConnectionEvent,
    DatagramLimits,
    Disconnected,
    Endpoint,
    EndpointStatistics,
    PathChanged,
    Received,
)
from engine.errors import DisconnectReason, LocalProtocolError
from engine.ids import CARRIED, Address, ConnectionId, MatchId, SessionId
from engine.session.announcements import Repetition
from engine.session.budget import PERIOD_S, BudgetStatistics, SendBudget
from engine.session.config import HostConfig
from engine.session.governor import SPREAD_TICKS_MAX, GovernorStatistics, LoadGovernor
from engine.session.match import Match, SeatState
from engine.session.message_kinds import COMMANDS_MESSAGE, SNAPSHOT_MESSAGE
from engine.session.redundancy import COPIES_APART_TICKS, Copies, Redundancy
from engine.session.values import (
    AdmitSeat,
    AnnouncementMade,
    CarriedToSend,
    CloseMatch,
    DatagramCarried,
    FairnessReported,
    HostEvent,
    HostRequest,
    MatchFailed,
    MatchOpened,
    MatchOver,
    MatchRefused,
    OpenMatch,
    ReleaseSeat,
    SeatCarried,
    SeatConnected,
    SeatLost,
    SetPilot,
    TicketIssued,
)
from engine.timeline import TickAccumulator

_COMMANDS_HEAD: Final = bytes([COMMANDS_MESSAGE])
_SNAPSHOT_HEAD: Final = bytes([SNAPSHOT_MESSAGE])

EVENTS_MAX: Final = 65536
"""Events waiting to be drained; beyond it the caller has stopped draining, which is a mistake of ours."""


@dataclass(frozen=True, slots=True)
class HostStatistics:
    """Counters since the start."""

    ticks: int
    ticks_dropped: int
    matches: int
    seats_connected: int
    seats_slowed: int
    """Those that get snapshots less often, because their way carries no more."""
    rows_held_back: int
    """Changed rows that were left for a later snapshot to such a seat, each counted in every snapshot that it missed."""
    complete_snapshots: int
    checksum_mismatches: int
    malformed_commands: int
    matches_failed: int
    load: GovernorStatistics
    endpoint: EndpointStatistics


@dataclass(slots=True)
class _Place:
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
    repetition: Repetition = field(default_factory=Repetition)
    last_commands: bytes = b""
    """The last message of commands: what is the same is a copy."""


class MatchHost:
    """The datagram side of a server, sans-IO."""

    def __init__(
        self,
        game_factory: GameFactory,
        *,
        entropy: Callable[[int], bytes],
        config: HostConfig | None = None,
        limits: DatagramLimits | None = None,
    ) -> None:
        self.config: Final = config or HostConfig()
        self._game_factory: Final = game_factory
        self._endpoint: Final = Endpoint(entropy, limits or DatagramLimits())
        self._accumulator: Final = TickAccumulator(self.config.tick_rate_hz, self.config.catch_up_ticks_max)
        self._matches: Final[dict[MatchId, Match]] = {}
        self._places: Final[dict[ConnectionId, _Place]] = {}
        self._governor: Final = _make_governor(self.config)
        self._requests: Final[deque[HostRequest]] = deque()
        self._events: Final[deque[HostEvent]] = deque()
        self._ticks = 0
        self._heard_at = 0.0
        """When the datagrams came whose events are not taken yet."""
        self._copying: Final[set[ConnectionId]] = set()
        """Whose newest snapshot is still to be sent again."""
        self._failed = 0
        self._ended_complete = self._ended_mismatches = self._ended_malformed = self._ended_rows = 0

    # --- the verbs

    def request(self, request: HostRequest) -> None:
        """Ask for something; carried out at the next :meth:`advance`."""
        if len(self._requests) >= self.config.requests_max:
            raise LocalProtocolError(f"more than {self.config.requests_max} requests wait for the next advance")
        self._requests.append(request)

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        """Take a datagram from the socket. Never raises for what is in it. What it brings about is seen by the next of the other verbs."""
        if now != self._heard_at:
            self._take_endpoint_events(self._heard_at)  # what came earlier has its own time
            self._heard_at = now
        self._endpoint.receive(data, address, now)

    def advance(self, now: float) -> None:
        """Carry out requests, compute the ticks that are due, make their snapshots."""
        self._take_endpoint_events(self._heard_at)
        self._endpoint.advance(now)
        self._take_endpoint_events(now)
        while self._requests:
            self._carry_out(self._requests.popleft(), now)
        due = self._accumulator.advance(now)
        for _ in range(due):
            self._ticks += 1
            for match in list(self._matches.values()):
                self._step(match, now)
        if due:
            self._send_snapshots(due, now)
        elif self._copying:
            self._send_copies(now)

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        """Drain what goes out over UDP; what must travel in control frames becomes events."""
        datagrams = []
        for connection_id, address, data in self._endpoint.datagrams_to_send(now):
            if address != CARRIED:
                datagrams.append((address, data))
            elif (place := self._places.get(connection_id)) is not None:
                self._emit(CarriedToSend(place.session_id, connection_id, data))
        return datagrams

    def note_load(self, load: float) -> None:
        """Who runs this says how much of the time between two ticks the last one took: too much, and snapshots are sent less often."""
        self._governor.note(load)

    def events(self) -> list[HostEvent]:
        """Drain."""
        self._take_endpoint_events(self._heard_at)
        if not self._events:
            return []
        drained = list(self._events)
        self._events.clear()
        return drained

    def next_tick_at(self) -> float | None:
        """When the next tick is due, in the caller's seconds; a driver sleeps until then at the most. None before the first advance."""
        return self._accumulator.next_tick_at()

    def statistics(self) -> HostStatistics:
        """Counters since the start, over all matches, ended ones too."""
        matches = self._matches.values()
        return HostStatistics(
            ticks=self._ticks,
            ticks_dropped=self._accumulator.statistics().ticks_dropped,
            matches=len(self._matches),
            seats_connected=sum(place.is_connected for place in self._places.values()),
            seats_slowed=sum(place.budget.interval_ticks > self.config.snapshot_interval_ticks for place in self._places.values()),
            rows_held_back=self._ended_rows + sum(match.rows_held_back for match in matches),
            complete_snapshots=self._ended_complete + sum(match.complete_snapshots for match in matches),
            checksum_mismatches=self._ended_mismatches + sum(match.checksum_mismatches for match in matches),
            malformed_commands=self._ended_malformed + sum(match.malformed_commands for match in matches),
            matches_failed=self._failed,
            load=self._governor.statistics(),
            endpoint=self._endpoint.statistics(),
        )

    def match(self, match_id: MatchId) -> Match | None:
        """A running match, to look at (tests, admin); None if there is none."""
        return self._matches.get(match_id)

    def budget(self, connection_id: ConnectionId) -> BudgetStatistics | None:
        """How often a seat's connection gets snapshots, and why; None for one that has ended."""
        place = self._places.get(connection_id)
        return None if place is None else place.budget.statistics()

    # --- requests

    def _carry_out(self, request: HostRequest, now: float) -> None:
        if isinstance(request, OpenMatch):
            self._open(request)
            return
        if isinstance(request, DatagramCarried):
            if request.connection_id in self._places:
                self._endpoint.receive(request.datagram, CARRIED, now)
                self._take_endpoint_events(now)
            return
        match = self._matches.get(request.match_id)
        if match is None:
            return  # it ended while the request was on its way: nothing is left to do
        if isinstance(request, CloseMatch):
            self._close(match, now)
            return
        try:
            self._change_seat(match, request, now)
        except LocalProtocolError:
            raise  # our caller's mistake, not the game's
        except Exception:  # noqa: BLE001 - as in _step: the game's own join or leave
            self._fail(match, now)

    def _change_seat(self, match: Match, request: AdmitSeat | ReleaseSeat | SetPilot, now: float) -> None:
        if isinstance(request, AdmitSeat):
            self._admit(match, request, now)
        elif isinstance(request, ReleaseSeat):
            self._disconnect_seat(match.leave_seat(request.seat), DisconnectReason.CLOSED_BY_PEER, now)
        elif request.pilot is not None:
            match.take_seat(request.seat).pilot = request.pilot
        elif (state := match.seats.get(request.seat)) is not None:
            state.pilot = None
            if state.session_id is None:
                match.leave_seat(request.seat)

    def _open(self, request: OpenMatch) -> None:
        if request.match_id in self._matches or len(self._matches) >= self.config.matches_max:
            self._emit(MatchRefused(request.match_id, f"This server runs {len(self._matches)} matches and takes no more."))
            return
        try:
            game = self._game_factory(request.settings, request.seats)
        except ValueError as error:
            self._emit(MatchRefused(request.match_id, str(error)))
            return
        if game.tick_rate_hz != self.config.tick_rate_hz:
            sentence = f"The game runs at {game.tick_rate_hz} Hz, this server at {self.config.tick_rate_hz} Hz."
            self._emit(MatchRefused(request.match_id, sentence))
            return
        try:
            match = Match(request.match_id, game, request.seed, self.config)
            for seat, pilot in request.pilots:
                match.take_seat(seat).pilot = pilot
        except Exception:  # noqa: BLE001 - as in _step: the game's own new_world or join
            self._failed += 1
            self._emit(MatchFailed(request.match_id, traceback.format_exc()))
            return
        self._matches[request.match_id] = match
        self._emit(MatchOpened(request.match_id))

    def _admit(self, match: Match, request: AdmitSeat, now: float) -> None:
        seats = match.world.schema.seats
        if not 0 <= request.seat < seats:
            raise LocalProtocolError(f"seat {request.seat}: the match has {seats}")
        self._disconnect_seat(match.seats.get(request.seat), DisconnectReason.CLOSED_BY_US, now)
        state = match.take_seat(request.seat)
        state.pilot = None
        ticket = self._endpoint.issue_ticket(now)
        match.reconnect(state, request.session_id, ticket.connection_id)
        connection = self._endpoint.connection(ticket.connection_id)
        assert connection is not None  # the ticket was issued a moment ago
        self._places[ticket.connection_id] = _Place(match, state, request.session_id, connection, self._make_budget(), now + PERIOD_S)
        self._emit(TicketIssued(match.match_id, request.seat, request.session_id, ticket, match.announcements.newest))

    def _make_budget(self) -> SendBudget:
        config = self.config
        return SendBudget(config.tick_rate_hz, config.snapshot_interval_ticks, config.snapshot_interval_ticks_max)

    def _close(self, match: Match, now: float) -> None:
        for state in list(match.seats.values()):
            self._disconnect_seat(state, DisconnectReason.CLOSED_BY_PEER, now)
        del self._matches[match.match_id]
        self._emit(FairnessReported(match.match_id, match.fairness()))
        self._ended_complete += match.complete_snapshots
        self._ended_rows += match.rows_held_back
        self._ended_mismatches += match.checksum_mismatches
        self._ended_malformed += match.malformed_commands

    def _disconnect_seat(self, state: SeatState | None, reason: DisconnectReason, now: float) -> None:
        if state is None or state.connection_id is None:
            return
        self._endpoint.disconnect(state.connection_id, reason, now)
        self._places.pop(state.connection_id, None)
        state.connection_id = None

    # --- datagrams

    def _take_endpoint_events(self, now: float) -> None:
        events = self._endpoint.events()
        if not events:
            return
        places = self._places
        clock = self._accumulator.now_in_ticks(now) - self._accumulator.tick
        for connection_id, event in events:
            place = places.get(connection_id)
            if place is None:
                continue
            if type(event) is Received:
                message = event.message
                if message[:1] == _COMMANDS_HEAD and message != place.last_commands:
                    place.last_commands = message
                    # A match's own continuous tick reads T when its tick T is computed; matches begin at different ticks of the host.
                    match = place.match
                    match.receive_commands(place.state, message[1:], clock + match.world.tick, event.is_newest)
            else:
                self._take_change(place, connection_id, event)

    def _take_change(self, place: _Place, connection_id: ConnectionId, event: ConnectionEvent) -> None:
        """A connection began, moved or ended."""
        if isinstance(event, Connected):
            place.is_connected = True
            self._emit(SeatConnected(place.match.match_id, place.state.seat, place.session_id))
            self._note_path(place, event.path)
        elif isinstance(event, PathChanged):
            self._note_path(place, event.path)
        elif isinstance(event, Disconnected):
            del self._places[connection_id]
            if place.state.connection_id == connection_id:
                place.state.connection_id = None
            self._emit(SeatLost(place.match.match_id, place.state.seat, place.session_id, event.reason))

    def _note_path(self, place: _Place, path: Address) -> None:
        is_carried = path == CARRIED
        if is_carried is not place.is_carried:
            place.is_carried = is_carried
            place.budget.path_changed(is_carried=is_carried)
            self._emit(SeatCarried(place.match.match_id, place.state.seat, place.session_id, is_carried))

    # --- ticks

    def _step(self, match: Match, now: float) -> None:
        try:
            announcements = match.step()
            is_over = match.is_over()
        except Exception:  # noqa: BLE001 - a bug in one game's step must not end the other matches of this host
            self._fail(match, now)
            return
        for number, _, body in announcements:
            self._emit(AnnouncementMade(match.match_id, match.tick, body, number))
        if is_over and not match.is_over_reported:
            match.is_over_reported = True
            self._emit(MatchOver(match.match_id, match.world.copy()))

    def _send_snapshots(self, ticks: int, now: float) -> None:
        """To every seat whose turn it is; ``ticks`` have been computed since the last time, and only the newest is worth sending."""
        failed: set[MatchId] = set()
        tick, spread = self._ticks, self._governor.spread_ticks
        for connection_id, place in list(self._places.items()):
            if not place.is_connected or place.match.match_id in failed:
                continue
            budget, connection, room = place.budget, place.connection, 0
            if now >= place.look_at:
                place.look_at = now + PERIOD_S
                budget.observe(connection.path_report(now), now, losses_in_runs=place.redundancy.copies > 0)
                place.state.round_trip_s = connection.rtt_s
            if budget.interval_ticks < spread:  # two paces at once could miss each other for ever: the slower one decides
                if not self._governor.is_turn(place.state.seat, tick, ticks):
                    continue
            elif budget.is_slowed and not self._governor.is_slowed and place.match.rows_can_wait:
                room = budget.room_bytes(tick, ticks)
                if not room:
                    continue
            elif budget.interval_ticks > 1 and not budget.is_due(tick, ticks):
                continue
            try:
                message = _SNAPSHOT_HEAD + (self._part(place, room) if room else place.match.snapshot_for(place.state))
            except Exception:  # noqa: BLE001 - as in _step: a cell out of its range, an interest mask of the wrong shape
                failed.add(place.match.match_id)
                self._fail(place.match, now)
                continue
            if not room:
                budget.sent(len(message) - 1)
            connection.send(message)
            if now >= place.redundancy.judge_at or place.redundancy.copies:
                self._plan_copies(connection_id, place, message, now)
            match = place.match
            announced = place.repetition.message(match.announcements, match.tick, is_carried=place.is_carried)
            if announced:
                connection.send(announced)

    def _part(self, place: _Place, room_bytes: int) -> bytes:
        """A snapshot in which rows may wait."""
        message, whole_bytes, rows_held_back = place.match.part_for(place.state, room_bytes)
        place.budget.part_sent(len(message), whole_bytes, rows_held_back)
        return message

    def _plan_copies(self, connection_id: ConnectionId, place: _Place, message: bytes, now: float) -> None:
        """A client whose losses come in runs gets its snapshot again, a quarter of a tick later; one that must get less gets no copies,
        and nobody does while there is too much to do for what everybody is to get once.
        """
        copies = place.redundancy.advance(place.connection, now)
        if (
            copies
            and self._governor.leaves_room
            and not place.is_carried
            and place.budget.interval_ticks == self.config.snapshot_interval_ticks
        ):
            place.copies.add(message, copies, now, COPIES_APART_TICKS / self.config.tick_rate_hz)
            self._copying.add(connection_id)

    def _send_copies(self, now: float) -> None:
        for connection_id in list(self._copying):
            place = self._places.get(connection_id)
            if place is None or not place.copies.is_waiting:
                self._copying.discard(connection_id)
                continue
            for message in place.copies.due(now):
                place.connection.send(message)

    def _fail(self, match: Match, now: float) -> None:
        self._failed += 1
        self._close(match, now)
        self._emit(MatchFailed(match.match_id, traceback.format_exc()))

    def _emit(self, event: HostEvent) -> None:
        if len(self._events) >= EVENTS_MAX:
            raise LocalProtocolError("nobody drains the host's events")
        self._events.append(event)


def _make_governor(config: HostConfig) -> LoadGovernor:
    normal = config.snapshot_interval_ticks
    return LoadGovernor(max(normal, min(SPREAD_TICKS_MAX, config.snapshot_interval_ticks_max)), normal)
