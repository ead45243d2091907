"""What crosses between the datagram side of a server and everything else: frozen values, in both directions.

A :class:`~engine.session.host.MatchHost` may run in a thread of its own. Requests go in and events come out through bounded queues;
nothing else is shared, so nothing needs a lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from engine.contract import Pilot, Settings
from engine.control.messages import Seated
from engine.errors import DisconnectReason
from engine.ids import ConnectionId, MatchId, Seat, SessionId, Tick, Ticket
from engine.session.fairness import PlayerFairness
from engine.world import World

# --- requests -----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenMatch:
    """Start a match. Answered by :class:`MatchOpened` or :class:`MatchRefused`."""

    match_id: MatchId
    settings: Settings
    seats: int
    seed: int
    pilots: tuple[tuple[Seat, Pilot], ...] = ()
    """Seats that are played on the server, from the first tick."""


@dataclass(frozen=True, slots=True)
class CloseMatch:
    """End a match and every connection of its seats."""

    match_id: MatchId


@dataclass(frozen=True, slots=True)
class AdmitSeat:
    """Seat a player, or give a seated one a new ticket (the old connection ends). Answered by :class:`TicketIssued`."""

    match_id: MatchId
    seat: Seat
    session_id: SessionId


@dataclass(frozen=True, slots=True)
class ReleaseSeat:
    """Take a player out of the match: his rows go, his connection ends."""

    match_id: MatchId
    seat: Seat


@dataclass(frozen=True, slots=True)
class SetPilot:
    """Let the server play a seat (which is taken if it was free), or (None) stop doing so, which frees it unless a player holds it."""

    match_id: MatchId
    seat: Seat
    pilot: Pilot | None


@dataclass(frozen=True, slots=True)
class DatagramCarried:
    """A datagram that came inside a control frame. The control side has checked that the connection belongs to the session."""

    connection_id: ConnectionId
    datagram: bytes


HostRequest: TypeAlias = OpenMatch | CloseMatch | AdmitSeat | ReleaseSeat | SetPilot | DatagramCarried

# --- events -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MatchOpened:
    """The match runs."""

    match_id: MatchId


@dataclass(frozen=True, slots=True)
class MatchRefused:
    """The game did not accept the settings; ``sentence`` says why, for people."""

    match_id: MatchId
    sentence: str


@dataclass(frozen=True, slots=True)
class TicketIssued:
    """The player may open a datagram connection with this ticket."""

    match_id: MatchId
    seat: Seat
    session_id: SessionId
    ticket: Ticket
    announced: int = 0
    """Number of the match's newest announcement so far."""

    def seated(self, seats: int, settings: Settings) -> Seated:
        """What its player is told: the ticket, and what he needs to make the same game."""
        return Seated(
            match_id=self.match_id,
            seat=self.seat,
            seats=seats,
            settings=dict(settings),
            connection_id=self.ticket.connection_id,
            key_to_server=self.ticket.key_to_server,
            key_to_client=self.ticket.key_to_client,
            lifetime_s=int(self.ticket.lifetime_s),
            announced=self.announced,
        )


@dataclass(frozen=True, slots=True)
class SeatConnected:
    """The first valid datagram of a seat came."""

    match_id: MatchId
    seat: Seat
    session_id: SessionId


@dataclass(frozen=True, slots=True)
class SeatLost:
    """A seat's datagram connection ended; the seat is kept (its player stands still) until ReleaseSeat or a new AdmitSeat."""

    match_id: MatchId
    seat: Seat
    session_id: SessionId
    reason: DisconnectReason


@dataclass(frozen=True, slots=True)
class SeatCarried:
    """A seat's datagrams travel inside control frames from now on, because no UDP gets through; or (False) they come over UDP again."""

    match_id: MatchId
    seat: Seat
    session_id: SessionId
    is_carried: bool


@dataclass(frozen=True, slots=True)
class AnnouncementMade:
    """The game announced something: the control connection brings it, as a reliable event, to who may not have it yet."""

    match_id: MatchId
    tick: Tick
    body: bytes
    number: int = 0
    """From 1, without gaps, per match."""
    only_for: frozenset[SessionId] | None = None
    """The others have acknowledged it as it came by datagram. None: for everybody, without asking."""


@dataclass(frozen=True, slots=True)
class MatchOver:
    """The game says that the match is finished; ``world`` is a copy of its last state. The match runs on until CloseMatch."""

    match_id: MatchId
    world: World


@dataclass(frozen=True, slots=True)
class FairnessReported:
    """A match has ended, however it did: what each of its players was granted and refused."""

    match_id: MatchId
    players: tuple[PlayerFairness, ...]


@dataclass(frozen=True, slots=True)
class MatchFailed:
    """The game's own code raised in a step: this match is closed, the others go on. ``report`` is for the log, never for players."""

    match_id: MatchId
    report: str


@dataclass(frozen=True, slots=True)
class CarriedToSend:
    """A datagram for a connection whose UDP does not get through: goes out inside a control frame of the session."""

    session_id: SessionId
    connection_id: ConnectionId
    datagram: bytes


HostEvent: TypeAlias = (
    MatchOpened
    | MatchRefused
    | TicketIssued
    | SeatConnected
    | SeatLost
    | SeatCarried
    | AnnouncementMade
    | MatchOver
    | FairnessReported
    | MatchFailed
    | CarriedToSend
)
