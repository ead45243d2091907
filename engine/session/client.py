"""The client's facade: one object from the first byte to the last, for a driver on one side and a game on the other.

A driver opens the stream when :attr:`MatchClient.wants_stream` says so, hands in bytes and time, and takes bytes out. A game makes
requests, sets its command every frame, and draws :meth:`MatchClient.scene`. Nothing here blocks, sleeps or reads a clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from engine.contract import Command, CommandSchema, GameFactory, Pilot, game_description, game_digest
from engine.control import ControlClient, ControlClientStatistics
from engine.control import client_events as c
from engine.control import messages as m
from engine.control.client import reason_of
from engine.control.states import ClientState as ControlState
from engine.errors import DisconnectReason, LocalProtocolError
from engine.ids import CARRIED, Address, ConnectionId, MatchId, Seat, Tick, Ticket
from engine.session import client_events as e
from engine.session.carrier import CarrierKind
from engine.session.client_match import ClientMatch
from engine.session.client_statistics import ClientStatistics, make_statistics
from engine.session.config import ClientConfig
from engine.world import SEATS_MAX, Schema, World, first_difference

EVENTS_MAX: Final = 4096
"""Undrained events; the oldest go first: a game that never asks must not grow without end."""


class ClientState(Enum):
    """Where a client is. Why it is CLOSED, the Closed event says."""

    CONNECTING = "connecting"
    LOBBY = "lobby"
    ROOM = "room"
    MATCH = "match"
    RESUMING = "resuming"
    CLOSED = "closed"


class MatchClient:
    """One player's connection to a server: lobby, rooms, match, resume."""

    def __init__(
        self,
        *,
        schema: Schema,
        command: CommandSchema,
        game_factory: GameFactory,
        name: str,
        colour: int = 0,
        password: str = "",
        config: ClientConfig | None = None,
    ) -> None:
        self.config: Final = config or ClientConfig()
        self.rooms: tuple[m.RoomSummary, ...] = ()
        self.room: m.RoomState | None = None
        self.match: ClientMatch | None = None
        self.pilot: Pilot | None = None
        self.player_name = name
        self.server_name = ""
        self.session_id: int | None = None
        self.resume_s = 0
        """How long the server keeps the seat of a lost connection; known once we are in."""
        self.closed_because: e.Closed | None = None
        self._command: Final = command
        self._game_factory: Final = game_factory
        self._schema: Final = schema
        self._colour: Final = colour
        self._password: Final = password
        self._control = self._new_control()
        self._events: Final[deque[e.ClientEvent]] = deque(maxlen=EVENTS_MAX)
        self._server: Address | None = None
        self._udp_port = 0
        self._is_lost = False
        self._now = 0.0
        self._next_attempt_at = 0.0
        self._attempt_wait_s = self.config.reconnect_first_s
        self._wanted: Command = command.neutral
        self._latched: dict[int, int] = {}
        self._last_match: ClientMatch | None = None
        self._carrier = CarrierKind.UDP
        """By which datagrams get through to this server, as far as we know and have told."""

    # --- state

    @property
    def state(self) -> ClientState:
        """Where we are now."""
        if self.closed_because is not None:
            return ClientState.CLOSED
        if self._is_lost:
            return ClientState.RESUMING
        if self.session_id is None:
            return ClientState.CONNECTING
        if self.match is not None:
            return ClientState.MATCH
        return ClientState.ROOM if self.room is not None else ClientState.LOBBY

    @property
    def wants_stream(self) -> bool:
        """Whether a (new) stream to the server is what is missing."""
        return self.closed_because is None and self._control.wants_stream and self._now >= self._next_attempt_at

    @property
    def wants_close(self) -> bool:
        """Whether the driver should close the stream, once what is to send is sent."""
        return self._control.wants_close

    # --- the stream's verbs

    def stream_opened(self, server: Address, now: float) -> None:
        """The stream is up. ``server`` is the peer's numeric address: datagrams go to the same host."""
        self._now = now
        self._server = server
        if self.closed_because is not None:
            return  # the end came while the driver was calling; ``wants_close`` has it closed again
        if self._control.state is ControlState.NEW:
            self._control.opened(now)
        else:
            self._control.reopened(now)

    def stream_failed(self, detail: str, now: float) -> None:
        """No stream could be opened; ``detail`` says why, for people. The first time that is the end; while resuming it is tried again."""
        self._now = now
        if self._is_lost:
            self._wait_longer(now)
        else:
            self._close(DisconnectReason.UNREACHABLE, detail)

    def receive_stream(self, data: bytes, now: float) -> None:
        """Take bytes from the stream. Never raises for what is in them."""
        self._control.receive(data, now)
        self._take_control_events(now)

    def stream_lost(self, now: float) -> None:
        """The stream ended or broke."""
        if self._control.state is ControlState.NEW:
            return  # one that a refused resume ended is none of the fresh session's
        if self._is_lost:
            self._wait_longer(now)  # it opened, and did not last until we were back
        self._control.closed(now)
        self._take_control_events(now)

    def stream_to_send(self, now: float) -> bytes:
        """Drain what goes into the stream."""
        return self._control.bytes_to_send(now)

    # --- the datagrams' verbs

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        """Take a datagram from the socket. Never raises for what is in it."""
        if self.match is not None:
            self.match.receive_datagram(data, address, now)
            self._take_announcements(self.match)

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        """Drain what goes out over UDP; what must be carried goes into the stream instead."""
        if self.match is None:
            return []
        datagrams = []
        for address, data in self.match.datagrams_to_send(now):
            if address == CARRIED:
                self._control.send_datagram(self.match.connection_id, data)
            else:
                datagrams.append((address, data))
        return datagrams

    # --- time

    def advance(self, now: float) -> None:
        """Let time pass: timeouts, resume, and the ticks that are due."""
        self._now = now
        self._control.advance(now)
        self._take_control_events(now)
        if self.closed_because is not None or self.match is None:
            return
        self.match.advance(now, self._sample)
        if self.match.carrier.works is not self._carrier:
            self._carrier = self.match.carrier.works
            self._events.append(e.CarrierChanged(self._carrier))
        if not self._is_lost and self.match.needs_ticket(now):
            self._control.request(m.RequestTicket())

    def events(self) -> list[e.ClientEvent]:
        """Drain."""
        drained = list(self._events)
        self._events.clear()
        return drained

    # --- for the game

    def request(self, request: m.Request) -> bool:
        """Ask the server for something: it arrives exactly once, if need be after a resume (a server that was started again never hears
        it). False where so many wait already that it was not taken. Raises :class:`LocalProtocolError` once the client is closed.
        """
        if self.closed_because is not None:
            raise LocalProtocolError("the client is closed")
        return self._control.request(request)

    def set_command(self, **fields: int) -> None:
        """What the player wants from now on; fields not named are neutral. Latched fields keep a press until a tick has seen it."""
        self._wanted = self._command.make(**fields)
        for index, field in enumerate(self._command.fields):
            if field.latch and self._wanted[index] != field.neutral:
                self._latched[index] = self._wanted[index]

    def scene(self, now: float) -> World | None:
        """The world to draw now: others interpolated, own rows predicted, between ticks, with the visible correction. None before the first
        snapshot. Valid until the next call.
        """
        return None if self.match is None else self.match.scene(now)

    def leave(self, now: float) -> None:
        """Say goodbye and end the session."""
        if self.closed_because is None:
            if self.match is not None:
                self.match.disconnect(now)
            self._control.leave()
            self._take_control_events(now)

    @property
    def control_statistics(self) -> ControlClientStatistics:
        """The control connection's own figures."""
        return self._control.statistics()

    def statistics(self) -> ClientStatistics:
        """The figures of the running match, or of the last one."""
        match = self.match or self._last_match
        reason = None if self.closed_because is None else self.closed_because.reason
        return make_statistics(match, is_connected=self.session_id is not None and reason is None, reason=reason)

    # --- inside

    def _new_control(self) -> ControlClient:
        return ControlClient(
            schema_digest=game_digest(self._schema, self._command),
            schema_description=game_description(self._schema, self._command),
            difference=first_difference,
            name=self.player_name,
            colour=self._colour,
            password=self._password,
        )

    def _wait_longer(self, now: float) -> None:
        """Another attempt to come back has failed, whether the stream did not open or did not last."""
        self._next_attempt_at = now + self._attempt_wait_s
        self._attempt_wait_s = min(self._attempt_wait_s * 2, self.config.reconnect_longest_s)

    def _sample(self, view: Callable[[], World], seat: Seat) -> Command:
        if self.pilot is not None:
            return self.pilot.command(view(), seat)
        command = self._wanted
        if self._latched:
            changed = list(command)
            for index, value in self._latched.items():
                changed[index] = value
            command = tuple(changed)
            self._latched.clear()
        return command

    def _take_control_events(self, now: float) -> None:
        for event in self._control.events():
            if isinstance(event, c.NewsReceived):
                self._take_news(event.message, now)
            elif isinstance(event, c.CarriedReceived):
                if self.match is not None and self.match.connection_id == event.connection_id:
                    self.match.receive_datagram(event.datagram, CARRIED, now)
                    self._take_announcements(self.match)
            elif isinstance(event, c.Welcomed):
                self.session_id = event.session_id
                self.player_name = event.name
                self.server_name = event.server_name
                self._udp_port = event.udp_port
                self.resume_s = event.resume_s
                self._attempt_wait_s = self.config.reconnect_first_s
                self._events.append(e.LobbyEntered())
            elif isinstance(event, c.Resumed):
                self._is_lost = False
                self._attempt_wait_s = self.config.reconnect_first_s
                self._events.append(e.ConnectionResumed())
            elif event.reason is DisconnectReason.RESUME_REFUSED and self._is_lost:
                self._start_over(now)
            elif not event.can_resume:
                self._close(event.reason, event.detail)
            elif not self._is_lost:
                self._is_lost = True
                self._events.append(e.ConnectionLost(event.reason))
                if self.match is not None:
                    self.match.stream_lost(now)

    def _take_announcements(self, match: ClientMatch) -> None:
        """Those that a datagram brought before the control connection did."""
        for _, tick, body in match.announced():
            self._events.append(e.GameAnnounced(Tick(tick), body))

    def _start_over(self, now: float) -> None:
        """The server is there but knows us no more (it was started again): say hello to it as somebody new."""
        self._end_match(now)
        self.session_id = None
        self._is_lost = False
        self._next_attempt_at = now + self.config.reconnect_first_s
        self._control = self._new_control()
        if self.room is not None:
            self.room = None
            self._events.append(e.RoomLeft(DisconnectReason.RESUME_REFUSED))

    def _take_news(self, news: m.News, now: float) -> None:
        if isinstance(news, m.Rooms):
            self.rooms = tuple(news.rooms)
            self._events.append(e.RoomsListed())
        elif isinstance(news, m.RoomState):
            self.room = news
            self._events.append(e.RoomChanged())
        elif isinstance(news, m.LeftRoom):
            self.room = None
            self._end_match(now)
            is_own_wish = news.reason == DisconnectReason.CLOSED_BY_US.value  # said of a room, "us" is who left it
            self._events.append(e.RoomLeft(DisconnectReason.CLOSED_BY_US if is_own_wish else reason_of(news.reason)))
        elif isinstance(news, m.Denied):
            self._events.append(e.RequestDenied(news.request, news.reason, news.sentence))
        elif isinstance(news, m.ChatSaid):
            self._events.append(e.ChatReceived(news.session_id, news.name, news.text))
        elif isinstance(news, m.Seated):
            self._take_seat(news, now)
        elif isinstance(news, m.Announced):
            match = self.match
            if match is not None and match.match_id == news.match_id and (not news.number or match.feed.from_control(news.number)):
                self._events.append(e.GameAnnounced(Tick(news.tick), news.body))
        elif isinstance(news, m.MatchEnded):
            self._end_match(now)
            self._events.append(e.MatchFinished(tuple(news.standings)))
        else:
            self._events.append(e.Noticed(news.text))

    def _take_seat(self, seated: m.Seated, now: float) -> None:
        assert self._server is not None, "news comes through a stream"
        server = Address(self._server.host, self._udp_port or self._server.port)
        connection_id = ConnectionId(seated.connection_id)
        ticket = Ticket(connection_id, seated.key_to_server, seated.key_to_client, seated.lifetime_s)
        if self.match is not None and self.match.match_id == seated.match_id and self.match.seat == seated.seat:
            self.match.renew(ticket, server, now)
            return
        self._end_match(now)
        if not seated.seat < seated.seats <= SEATS_MAX:
            self._close(DisconnectReason.PROTOCOL_ERROR, f"The server offered seat {seated.seat} of {seated.seats}.")
            self._control.leave()
            return
        settings: Mapping[str, Any] = dict(seated.settings)
        try:
            game = self._game_factory(settings, seated.seats)
        except ValueError as error:
            self._close(DisconnectReason.CANNOT_PLAY, str(error))
            self._control.leave()
            return
        self.match = ClientMatch(
            MatchId(seated.match_id),
            Seat(seated.seat),
            game,
            settings,
            ticket,
            server,
            now,
            config=self.config,
            carrier=self._carrier,
            announced=seated.announced,
        )
        self._events.append(e.MatchStarted(self.match.match_id))

    def _end_match(self, now: float) -> None:
        if self.match is not None:
            self.match.disconnect(now)
            self._last_match = self.match
            self.match = None

    def _close(self, reason: DisconnectReason, detail: str) -> None:
        if self.closed_because is None:
            self.closed_because = e.Closed(reason, detail)
            self._events.append(self.closed_because)
            if self.match is not None:
                self.match.disconnect(self._now)  # its farewells are still to be drained
                self._last_match = self.match
            self.room = None
