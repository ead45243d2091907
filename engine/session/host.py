"""All matches of a process behind one datagram endpoint: requests and datagrams in, ticks, events and datagrams out.

Runs wherever its caller likes: in a thread of its own behind queues (a real server) or in line (a simulated one). Readable as one line
per tick: carry out requests, take datagrams (they came in before), step every match that has players or pilots, snapshot every seat.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.contract import GameFactory
from engine.datagram import (
    Connected,
    ConnectionEvent,
    DatagramLimits,
    Disconnected,
    Endpoint,
    EndpointStatistics,
    PathChanged,
    Received,
)
from engine.errors import DisconnectReason, LocalProtocolError
from engine.ids import CARRIED, Address, ConnectionId, MatchId
from engine.session.budget import PERIOD_S, BudgetStatistics, SendBudget
from engine.session.config import HostConfig
from engine.session.governor import GovernorStatistics
from engine.session.match import Match, SeatState
from engine.session.message_kinds import COMMANDS_MESSAGE, HEARD_MESSAGE
from engine.session.sending import Place, Sending
from engine.session.values import (
    AdmitSeat,
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
_HEARD_HEAD: Final = bytes([HEARD_MESSAGE])
_HEARD_BYTES: Final = 5
"""Before the commands: the type, and the number of an announcement."""

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
    lines_slowed: int
    """Times that a way looked too narrow (a queue, or loss) and its seat's snapshots became fewer. Computers that stall look the same."""
    rows_held_back: int
    """Changed rows that were left for a later snapshot to such a seat, each counted in every snapshot that it missed."""
    complete_snapshots: int
    checksum_mismatches: int
    malformed_commands: int
    matches_failed: int
    load: GovernorStatistics
    endpoint: EndpointStatistics


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
        self._places: Final[dict[ConnectionId, Place]] = {}
        self._sending: Final = Sending(self.config, self._places, self._fail)
        self._requests: Final[deque[HostRequest]] = deque()
        self._events: Final[deque[HostEvent]] = deque()
        self._ticks = 0
        self._heard_at = 0.0
        """When the datagrams came whose events are not taken yet."""
        self._failed = 0
        self._ended_complete = self._ended_mismatches = self._ended_malformed = self._ended_rows = self._ended_slowed = 0

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
        fewest = self._sending.governor.wants_fewest_codings
        for _ in range(due):
            self._ticks += 1
            for match in list(self._matches.values()):
                match.wants_fewest_codings = fewest
                self._step(match, now)
        if due:
            self._sending.send_snapshots(self._ticks, due, now)
        elif self._sending.is_copying:
            self._sending.send_copies(now)

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        """Drain what goes out over UDP; what must travel in control frames becomes events."""
        datagrams = self._endpoint.datagrams_to_send(now)
        for connection_id, data in self._endpoint.carried_to_send():
            if (place := self._places.get(connection_id)) is not None:
                self._emit(CarriedToSend(place.session_id, connection_id, data))
        return datagrams

    @property
    def ticks(self) -> int:
        """Computed since the start."""
        return self._ticks

    @property
    def load(self) -> GovernorStatistics:
        """How busy this computer is, and the pace for it; a few numbers, which another thread may read as well."""
        return self._sending.governor.statistics()

    def note_load(self, load: float) -> None:
        """Who runs this says how much of the time between two ticks the last one took: too much, and snapshots are sent less often."""
        self._sending.governor.note(load)

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
            lines_slowed=self._ended_slowed + sum(place.budget.slowed for place in self._places.values()),
            rows_held_back=self._ended_rows + sum(match.rows_held_back for match in matches),
            complete_snapshots=self._ended_complete + sum(match.complete_snapshots for match in matches),
            checksum_mismatches=self._ended_mismatches + sum(match.checksum_mismatches for match in matches),
            malformed_commands=self._ended_malformed + sum(match.malformed_commands for match in matches),
            matches_failed=self._failed,
            load=self.load,
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
        self._places[ticket.connection_id] = Place(match, state, request.session_id, connection, self._make_budget(), now + PERIOD_S)
        self._emit(TicketIssued(match.match_id, request.seat, request.session_id, ticket, match.announcements.newest))

    def _make_budget(self) -> SendBudget:
        config = self.config
        return SendBudget(config.snapshot_interval_ticks, config.snapshot_interval_ticks_max)

    def _close(self, match: Match, now: float) -> None:
        """Announcements that still wait go with it: who asks for this has told the players that the match has ended."""
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
        self._forget_place(state.connection_id)
        state.connection_id = None

    def _forget_place(self, connection_id: ConnectionId) -> None:
        place = self._places.pop(connection_id, None)
        if place is not None:
            self._ended_slowed += place.budget.slowed

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
                message, is_newest = event
                if message != place.last_commands:
                    place.last_commands = message
                    # A match's own continuous tick reads T when its tick T is computed; matches begin at different ticks of the host.
                    self._take_message(place, message, clock + place.match.world.tick, is_newest)
            else:
                self._take_change(place, connection_id, event)

    def _take_message(self, place: Place, message: bytes, now_in_ticks: float, is_newest: bool) -> None:
        match, state = place.match, place.state
        if message.startswith(_COMMANDS_HEAD):
            match.receive_commands(state, message, now_in_ticks, is_newest, 1)
        elif (
            message.startswith(_HEARD_HEAD)
            and len(message) > _HEARD_BYTES
            and match.receive_commands(state, message, now_in_ticks, is_newest, _HEARD_BYTES)
        ):
            state.repetition.heard(int.from_bytes(message[1:_HEARD_BYTES]), match.announcements.newest)

    def _take_change(self, place: Place, connection_id: ConnectionId, event: ConnectionEvent) -> None:
        """A connection began, moved or ended."""
        if isinstance(event, Connected):
            place.is_connected = True
            self._emit(SeatConnected(place.match.match_id, place.state.seat, place.session_id))
            self._note_path(place, event.path)
        elif isinstance(event, PathChanged):
            self._note_path(place, event.path)
        elif isinstance(event, Disconnected):
            self._forget_place(connection_id)
            if place.state.connection_id == connection_id:
                place.state.connection_id = None
            self._emit(SeatLost(place.match.match_id, place.state.seat, place.session_id, event.reason))

    def _note_path(self, place: Place, path: Address) -> None:
        is_carried = path == CARRIED
        if is_carried is not place.is_carried:
            place.is_carried = is_carried
            place.budget.path_changed(is_carried=is_carried)
            self._emit(SeatCarried(place.match.match_id, place.state.seat, place.session_id, is_carried))

    # --- ticks

    def _step(self, match: Match, now: float) -> None:
        try:
            match.step()
            is_over = match.is_over()
        except Exception:  # noqa: BLE001 - a bug in one game's step must not end the other matches of this host
            self._fail(match, now)
            return
        ends = is_over and not match.is_over_reported
        self._announce(match, everything=ends)
        if ends:
            match.is_over_reported = True
            self._emit(MatchOver(match.match_id, match.world.copy()))

    def _announce(self, match: Match, *, everything: bool) -> None:
        for event in match.to_announce(everything=everything):
            self._emit(event)

    def _fail(self, match: Match, now: float) -> None:
        self._failed += 1
        self._announce(match, everything=True)
        self._close(match, now)
        self._emit(MatchFailed(match.match_id, traceback.format_exc()))

    def _emit(self, event: HostEvent) -> None:
        if len(self._events) >= EVENTS_MAX:
            raise LocalProtocolError("nobody drains the host's events")
        self._events.append(event)
