"""A whole server for one game, without rooms: whoever says hello gets a seat. What a game programmer starts with.

``python -m server`` adds rooms, settings and threads around the same two parts (a :class:`~engine.control.ControlServer` and a
:class:`~engine.session.host.MatchHost`); its verbs are the same, so drivers and the simulated network drive both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from engine.contract import CommandSchema, GameFactory, Settings, game_description, game_digest
from engine.control import ControlServer
from engine.control import messages as m
from engine.control.server_events import CarriedReceived, Joined, Left, Requested
from engine.datagram import DatagramLimits
from engine.errors import DisconnectReason
from engine.ids import Address, ConnectionId, MatchId, Seat, SessionId
from engine.session.config import HostConfig
from engine.session.host import MatchHost
from engine.session.values import (
    AdmitSeat,
    AnnouncementMade,
    CarriedToSend,
    CloseMatch,
    DatagramCarried,
    MatchFailed,
    MatchOver,
    MatchRefused,
    OpenMatch,
    ReleaseSeat,
    TicketIssued,
)
from engine.world import Schema, first_difference

CARRIED_PER_ROUND_MAX: Final = 1024
"""Carried datagrams taken between two rounds, of all players; the rest is dropped, as a full socket would."""


class MatchServer:
    """One match that never stops: when the game says it is over, the next one begins with the same players. Sans-IO."""

    def __init__(
        self,
        game_factory: GameFactory,
        *,
        schema: Schema,
        command: CommandSchema,
        entropy: Callable[[int], bytes],
        settings: Settings | None = None,
        seats: int = 16,
        seed: int = 0,
        server_name: str = "Skirmish",
        password: str = "",
        udp_port: int = 0,
        config: HostConfig | None = None,
        limits: DatagramLimits | None = None,
    ) -> None:
        """``udp_port`` 0: datagrams come to the port that the streams come to. Raises ValueError for settings that do not work."""
        game_factory(settings or {}, seats)  # wrong settings show here, as ValueError, and not in a player's face
        self.control: Final = ControlServer(
            schema_digest=game_digest(schema, command),
            schema_description=game_description(schema, command),
            difference=first_difference,
            server_name=server_name,
            password=password,
            udp_port=udp_port,
            entropy=entropy,
        )
        self.host: Final = MatchHost(game_factory, entropy=entropy, config=config, limits=limits)
        self.failures: Final[list[str]] = []
        """Reports of games that raised in a step; at most 16 are kept."""
        self._settings: Final = dict(settings or {})
        self._seats: Final = seats
        self._seed = seed
        self._match_id = MatchId(0)
        self._seat_of: Final[dict[SessionId, Seat]] = {}
        self._name_of: Final[dict[SessionId, str]] = {}
        self._connection_of: Final[dict[SessionId, ConnectionId]] = {}
        self._carried = 0
        """Datagrams out of control frames that wait for the host."""
        self._open_next()

    @property
    def match_id(self) -> MatchId:
        """Of the running match."""
        return self._match_id

    @property
    def players(self) -> Mapping[SessionId, Seat]:
        """Who sits where; a lost player is still here until his time to resume is over."""
        return self._seat_of

    # --- verbs

    def stream_opened(self, peer: int, address: Address, now: float) -> None:
        """A stream was accepted; ``peer`` is the driver's number for it, never used twice."""
        self.control.opened(peer, address, now)

    def receive_stream(self, peer: int, data: bytes, now: float) -> None:
        """Take bytes from a stream. Never raises for what is in them."""
        self.control.receive(peer, data, now)
        self._take_control_events()

    def stream_lost(self, peer: int, now: float) -> None:
        """A stream ended or broke."""
        self.control.closed(peer, now)
        self._take_control_events()

    def streams_to_send(self, now: float) -> list[tuple[int, bytes]]:
        """Drain what goes into the streams."""
        return self.control.bytes_to_send(now)

    def streams_to_close(self) -> list[int]:
        """Drain the streams to close once their bytes are sent."""
        return self.control.peers_to_close()

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        """Take a datagram. Never raises for what is in it."""
        self.host.receive_datagram(data, address, now)

    def advance(self, now: float) -> None:
        """Let time pass: timeouts, requests, the ticks that are due."""
        self.control.advance(now)
        self._take_control_events()
        self.host.advance(now)
        self._carried = 0
        self._take_host_events()

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        """Drain."""
        datagrams = self.host.datagrams_to_send(now)
        self._take_host_events()  # those that are carried
        return datagrams

    def drain(self, now: float) -> None:
        """Tell everybody that the server closes; the last bytes are still to be sent."""
        self.control.drain()
        self._take_control_events()
        self.host.advance(now)  # the seats are released: their connections say farewell

    # --- inside

    def _open_next(self) -> None:
        self._match_id = MatchId(self._match_id + 1)
        self.host.request(OpenMatch(self._match_id, self._settings, self._seats, self._seed))
        self._seed += 1
        for session_id, seat in self._seat_of.items():
            self.host.request(AdmitSeat(self._match_id, seat, session_id))

    def _take_control_events(self) -> None:
        for event in self.control.events():
            if isinstance(event, Joined):
                self._seat(event.session_id, event.name)
            elif isinstance(event, Requested):
                self._answer(event.session_id, event.request)
            elif isinstance(event, CarriedReceived):
                if self._connection_of.get(event.session_id) == event.connection_id and self._carried < CARRIED_PER_ROUND_MAX:
                    self._carried += 1
                    self.host.request(DatagramCarried(event.connection_id, event.datagram))
            elif isinstance(event, Left):
                self._connection_of.pop(event.session_id, None)
                self._name_of.pop(event.session_id, None)
                seat = self._seat_of.pop(event.session_id, None)
                if seat is not None:
                    self.host.request(ReleaseSeat(self._match_id, seat))
            # Lost, Resumed: the seat is kept meanwhile; a resumed client asks for its ticket. TurnedAway: nobody to seat.

    def _seat(self, session_id: SessionId, name: str) -> None:
        taken = set(self._seat_of.values())
        free = next((Seat(seat) for seat in range(self._seats) if seat not in taken), None)
        if free is None:
            self.control.close_session(session_id, DisconnectReason.SERVER_FULL)
            return
        self._seat_of[session_id] = free
        self._name_of[session_id] = name
        self.host.request(AdmitSeat(self._match_id, free, session_id))

    def _answer(self, session_id: SessionId, request: m.Request) -> None:
        if isinstance(request, m.SayChat):
            said = m.ChatSaid(session_id, self._name_of.get(session_id, ""), request.text)
            self.control.broadcast(self._seat_of, said)
        elif isinstance(request, m.RequestTicket) and session_id in self._seat_of:
            self.host.request(AdmitSeat(self._match_id, self._seat_of[session_id], session_id))
        else:
            name = type(request).__name__
            self.control.send(session_id, m.Denied(name, "no_rooms", "This server has one match and no rooms."))

    def _take_host_events(self) -> None:
        for event in self.host.events():
            if isinstance(event, TicketIssued):
                self._hand_over(event)
            elif isinstance(event, AnnouncementMade):
                announced = m.Announced(event.match_id, event.tick, event.body, event.number)
                self.control.broadcast([each for each in self._seat_of if event.only_for is None or each in event.only_for], announced)
            elif isinstance(event, CarriedToSend):
                self.control.send_datagram(event.session_id, event.connection_id, event.datagram)
            elif isinstance(event, MatchOver | MatchFailed):
                if isinstance(event, MatchFailed):
                    self.failures[15:] = [event.report]
                self.control.broadcast(self._seat_of, m.MatchEnded(event.match_id, []))
                self.host.request(CloseMatch(event.match_id))
                self._open_next()
            elif isinstance(event, MatchRefused):
                self.failures[15:] = [event.sentence]

    def _hand_over(self, event: TicketIssued) -> None:
        if self._seat_of.get(event.session_id) != event.seat:
            return  # he left while the ticket was being made
        self._connection_of[event.session_id] = event.ticket.connection_id
        self.control.send(event.session_id, event.seated(self._seats, self._settings))
