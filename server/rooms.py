"""The lobby: who is on the server, and what becomes of that. Sans-IO policy.

In go what the control side reports (a player came, asked for something, was lost, is back, has gone) and what the match host reports;
out come news for players and requests to the host, collected in an :class:`~server.outbox.Outbox`. A request that cannot be carried out
(:mod:`server.requests`) is answered by ``Denied`` with a sentence; nothing that a player sends raises. How often somebody may ask is the
control side's to say.

The rules, in short: a player is in one room at most. Who opens a room owns it; when he leaves, who has been there longest does. The owner
changes settings, starts, and kicks; who was kicked stays out of that room. A room closes with its last member, except the permanent
one, which goes back to its settings. A lost player stays a member until the control side gives him up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.control.limiter import TokenBucket
from engine.control.limits import Rate
from engine.control.messages import Denied, Request, Rooms, RoomSummary, ServerNotice
from engine.control.text import clean_line
from engine.errors import DisconnectReason
from engine.ids import ConnectionId, SessionId
from engine.session.values import (
    AnnouncementMade,
    FairnessReported,
    HostEvent,
    MatchFailed,
    MatchOver,
    MatchRefused,
    SeatCarried,
    SeatLost,
    TicketIssued,
)
from engine.verbs import ALWAYS, NEVER
from server.config import ServerConfig
from server.fairness_log import FairnessLog
from server.outbox import Outbox, next_showing_s
from server.registry import Registry
from server.requests import Refusal, Requests, refusal
from server.room import Guest, Phase, Room
from server.rounds import Rounds
from server.rules import Rules

PINGS_INTERVAL_S: Final = 1.0
PING_STEP_MS: Final = 3
"""A smaller change is not worth telling everybody."""
PINGS_PER_S_MAX: Final = 16
"""Of one room: pings alone make a room of 16 members tell its state once a second, one of 256 every 16 s."""
PATH_LINES: Final = Rate(1.0, 30)
"""In the log: a player may change his way to us as often as he likes, and must not fill the disk."""
LIST_INTERVAL_S: Final = 1.0
"""Players outside rooms are sent a changed list of rooms at most so often."""


@dataclass(frozen=True, slots=True)
class LobbyStatistics:
    """Who is here, and the most there ever were."""

    players: int
    players_peak: int
    rooms: int
    rooms_peak: int
    matches: int
    denied: int


class Lobby:
    """All rooms of a server."""

    def __init__(self, config: ServerConfig, rules: Rules, *, entropy: Callable[[int], bytes]) -> None:
        """Raises ValueError, with a sentence, if the configured permanent room cannot be played (an unknown map)."""
        self.outbox: Final = Outbox()
        self._rounds: Final = Rounds(rules, self.outbox, config.rooms, entropy)
        self._registry: Final = Registry(config, rules, self._rounds, self.outbox)
        self._requests: Final = Requests(config, rules, self._registry, self._rounds, self.outbox)
        self.fairness: Final = FairnessLog(self.outbox)
        self._guests: Final[dict[SessionId, Guest]] = {}
        self.due_at = ALWAYS
        """Before this time :meth:`update_pings` and then :meth:`advance` find nothing to do, unless something is reported meanwhile."""
        self._is_draining = False
        self._path_lines: Final = TokenBucket(PATH_LINES, 0.0)
        self._listed: list[RoomSummary] = []
        self._pings_at = self._list_at = 0.0
        self._players_peak = self._denied = 0

    # --- what the control side reports

    def joined(self, session_id: SessionId, name: str, colour: int) -> None:
        """A player came through the door; his name is clean and nobody else's."""
        self.due_at = ALWAYS
        guest = Guest(session_id, name, colour)
        self._guests[session_id] = guest
        self._players_peak = max(self._players_peak, len(self._guests))
        self.outbox.log(f"{name} came")
        self.outbox.list_rooms(guest, list(self._registry.rooms.values()))

    def requested(self, session_id: SessionId, request: Request, now: float) -> None:
        """A player wants something."""
        self.due_at = ALWAYS
        guest = self._guests.get(session_id)
        if guest is None:
            return
        try:
            if self._is_draining:
                raise refusal(DisconnectReason.SERVER_CLOSING)
            self._requests.carry_out(guest, request, now)
        except Refusal as refused:
            self._denied += 1
            self.outbox.tell(session_id, Denied(type(request).__name__, refused.reason, clean_line(refused.sentence)))

    def lost(self, session_id: SessionId, now: float) -> None:
        """A player's connection broke; his seat is kept."""
        self.due_at = ALWAYS
        if (guest := self._guests.get(session_id)) is None:
            return
        guest.is_connected = False
        self.outbox.log(f"{guest.name} lost the connection")
        if (room := self._registry.room_of(guest)) is not None:
            room.is_changed = True
            self._rounds.readiness_changed(room, now)

    def resumed(self, session_id: SessionId, now: float) -> None:
        """A lost player is back; he asks for a new ticket himself."""
        self.due_at = ALWAYS
        if (guest := self._guests.get(session_id)) is None:
            return
        guest.is_connected = True
        self.outbox.log(f"{guest.name} is back")
        if (room := self._registry.room_of(guest)) is not None:
            room.is_changed = True
            member = room.members[session_id]
            if room.is_running and member.ready:
                self._rounds.seat(room, member, now)  # the match started while he was away
            self._rounds.readiness_changed(room, now)

    def left(self, session_id: SessionId, reason: DisconnectReason, now: float) -> None:
        """A player has gone for good."""
        self.due_at = ALWAYS
        if (guest := self._guests.pop(session_id, None)) is None:
            return
        self._registry.leave(guest, now)
        for room in self._registry.rooms.values():
            room.kicked.discard(session_id)
        self.outbox.log(f"{guest.name} has gone: {reason.value}")

    def update_pings(self, ping_ms: Callable[[SessionId], int | None], now: float) -> None:
        """Ask how far away everybody is, once a second."""
        if now < self._pings_at + PINGS_INTERVAL_S:
            return
        self._pings_at = now
        for session_id, guest in self._guests.items():
            guest.ping_ms = ping_ms(session_id) or 0
            room = self._registry.room_of(guest)
            if room is not None and now >= room.shown_at + len(room.members) / PINGS_PER_S_MAX:
                room.is_changed |= abs(guest.ping_ms - room.members[session_id].shown_ping_ms) >= PING_STEP_MS

    # --- what the match host reports

    def host_event(self, event: HostEvent, now: float) -> None:
        """Something happened in a match."""
        if isinstance(event, AnnouncementMade):  # the one that changes nothing
            self._rounds.announced(event)
            return
        self.due_at = ALWAYS
        if isinstance(event, TicketIssued):
            if (guest := self._guests.get(event.session_id)) is not None:
                self.fairness.seated(event.match_id, event.session_id, guest.name)
            self._rounds.ticket_issued(event, now)
        elif isinstance(event, MatchOver):
            self._rounds.over(event, now)
        elif isinstance(event, FairnessReported):
            self.fairness.reported(event)
        elif isinstance(event, MatchRefused):
            self._rounds.refused(event, now)
        elif isinstance(event, MatchFailed):
            self._rounds.failed(event, now)
        elif isinstance(event, SeatCarried | SeatLost):
            self._log_path(event, now)

    def _log_path(self, event: SeatCarried | SeatLost, now: float) -> None:
        """A host whose firewall lets no UDP in reads it here, before his friends complain."""
        guest = self._guests.get(event.session_id)
        if guest is None or not guest.is_connected:
            return  # that he is lost was said already
        if isinstance(event, SeatLost):
            line = f"{guest.name} is silent, the seat is kept" if event.reason is DisconnectReason.TIMED_OUT else None
        elif event.is_carried:
            line = f"{guest.name} plays through the control connection: no UDP gets through"
        else:
            line = f"{guest.name} plays over UDP again"
        if line is not None and self._path_lines.take(now):
            self.outbox.log(line)

    # --- time, ends, questions

    def advance(self, now: float) -> None:
        """Countdowns and results end; whatever changed is told."""
        if now < self.due_at:
            return
        rooms = list(self._registry.rooms.values())
        for room in rooms:
            left_s = room.countdown_s(now)
            self._rounds.advance(room, now)
            room.is_changed |= left_s != room.shown_countdown_s and room.phase is Phase.COUNTDOWN
            room.shown_countdown_s = left_s
        self.outbox.show_changed(rooms, now)
        if now >= self._list_at + LIST_INTERVAL_S:
            self._list_at = now
            self._tell_changed_list()
        self.due_at = min(self._pings_at + PINGS_INTERVAL_S, self._list_at + LIST_INTERVAL_S, *map(_room_due_at, rooms))

    def _tell_changed_list(self) -> None:
        """Players outside rooms see the list change by itself."""
        lines = [room.summary() for room in self.rooms]
        if lines == self._listed:
            return
        self._listed = lines
        for session_id, guest in self._guests.items():
            if guest.room_id is None and guest.is_connected:
                self.outbox.tell(session_id, Rooms(lines))

    def drain(self) -> None:
        """The server closes: tell everybody, end all matches, take nothing new."""
        if self._is_draining:
            return
        self._is_draining = True
        self.due_at = ALWAYS
        for session_id in self._guests:
            self.outbox.tell(session_id, ServerNotice(DisconnectReason.SERVER_CLOSING.sentence))
        for room in self._registry.rooms.values():
            self._rounds.abandon(room)

    def owns_connection(self, session_id: SessionId, connection_id: ConnectionId) -> bool:
        """Whether a datagram connection is this session's: nobody carries datagrams for others."""
        guest = self._guests.get(session_id)
        return guest is not None and guest.connection_id == connection_id

    @property
    def rooms(self) -> tuple[Room, ...]:
        """All rooms, the permanent one first. To look at, not to change."""
        return tuple(self._registry.rooms.values())

    def statistics(self) -> LobbyStatistics:
        """Counters since the start."""
        return LobbyStatistics(
            players=len(self._guests),
            players_peak=self._players_peak,
            rooms=len(self._registry.rooms),
            rooms_peak=self._registry.rooms_peak,
            matches=sum(room.is_running for room in self._registry.rooms.values()),
            denied=self._denied,
        )


def _room_due_at(room: Room) -> float:
    """When a room may next have something to tell: at any moment while it counts down to something."""
    if room.phase in (Phase.COUNTDOWN, Phase.RESULTS):
        return ALWAYS
    return next_showing_s(room) if room.is_changed else NEVER
