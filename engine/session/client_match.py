"""A match as its client lives it: one datagram connection, its snapshots, the predicted own player, the commands that go back.

The rhythm of a frame is :meth:`ClientMatch.advance`: timeouts, carrier, then every tick that the command clock says is due: sample a
command, predict with it, and send all commands that the server has not yet confirmed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from engine.contract import Command, Game, Settings
from engine.datagram import Connection, Disconnected, Losses, PathChanged, Received
from engine.errors import DisconnectReason
from engine.ids import CARRIED, Address, ConnectionId, MatchId, Seat, Ticket
from engine.replication import COMMANDS_PER_MESSAGE_MAX, CommandEntry, CommandsMessage, Decoded, Refusal, SnapshotDecoder, write_commands
from engine.session.announcements import Announcement, AnnouncementFeed
from engine.session.carrier import Carrier, CarrierKind
from engine.session.config import ClientConfig
from engine.session.message_kinds import (
    ANNOUNCEMENTS_MESSAGE,
    COMMANDS_MESSAGE,
    HEARD_MESSAGE,
    PACE_TICKS_MAX,
    PACED_SNAPSHOT_MESSAGE,
    SNAPSHOT_MESSAGE,
)
from engine.session.redundancy import COPIES_APART_TICKS, Copies, Redundancy
from engine.timeline import CommandClock, Interpolation, Prediction, Scene
from engine.world import FRACTIONS, World

TICKET_INTERVAL_S: Final = 2.0
"""Between two requests for a new ticket."""

_SNAPSHOT_HEAD: Final = bytes([SNAPSHOT_MESSAGE])
_SNAPSHOT_HEADS: Final = (_SNAPSHOT_HEAD, bytes([PACED_SNAPSHOT_MESSAGE]))
_ANNOUNCEMENTS_HEAD: Final = bytes([ANNOUNCEMENTS_MESSAGE])
_COMMANDS_HEAD: Final = bytes([COMMANDS_MESSAGE])
_HEARD_HEAD: Final = bytes([HEARD_MESSAGE])

Sample: TypeAlias = Callable[[Callable[[], World], Seat], Command]
"""Gives the command for the next tick. What a pilot would see is composed only for who asks for it: a person has seen it."""


class ClientMatch:
    """One seat in one match, from its ticket to its end."""

    def __init__(
        self,
        match_id: MatchId,
        seat: Seat,
        game: Game,
        settings: Settings,
        ticket: Ticket,
        server: Address,
        now: float,
        *,
        config: ClientConfig,
        carrier: CarrierKind = CarrierKind.UDP,
        announced: int = 0,
    ) -> None:
        """``carrier``: what has worked with this server until now. ``announced``: number of the newest announcement before our seat."""
        self.match_id: Final = match_id
        self.seat: Final = seat
        self.game: Final = game
        self.settings: Final = settings
        self.seats: Final = game.schema.seats
        self.decoder: Final = SnapshotDecoder(game.schema, seat)
        self.interpolation: Final = Interpolation(game.schema, game.tick_rate_hz)
        self.prediction: Final = Prediction(game, seat, ticks_max=config.rollback_ticks_max)
        self.clock: Final = CommandClock(game.tick_rate_hz)
        self.feed: Final = AnnouncementFeed(announced)
        self.carrier = Carrier(now, carrier)
        self.connection = self._connect(ticket, server, now)
        self.bytes_in_before = self.bytes_out_before = 0
        self.losses_before = Losses()
        """Of the connections that this one has replaced: the present one counts its own."""
        self.late_commands = 0
        self.missing_commands = 0
        self.commands_sent = 0
        self.snapshots = 0
        self.first_snapshot_at: float | None = None
        self.last_snapshot_at: float | None = None
        self._server = server
        self._sent_tick = -1
        """Of the newest command in our last message."""
        self._told_tick: int | None = None
        """The snapshot that it acknowledged."""
        self._pending: Final[deque[CommandEntry]] = deque(maxlen=COMMANDS_PER_MESSAGE_MAX)
        self._input_delay_ticks: Final = config.input_delay_ticks
        self._scene: Final = Scene(game.schema, seat)
        self._redundancy: Final = Redundancy()
        self._copies: Final = Copies()
        self._last_snapshot = b""
        self._drawn: Final = World(game.schema)
        self._piloted: Final = World(game.schema)
        self._announced: list[Announcement] = []
        self._is_told = False
        """The server announces by datagram what it does not know to have come: our next commands say what has."""
        self._newest: Decoded | None = None
        self._late_now = self._missing_now = 0
        self._ended: DisconnectReason | None = None
        self._ticket_wanted_at = now

    @property
    def connection_id(self) -> ConnectionId:
        """Of the present connection; a renewed ticket changes it."""
        return self.connection.id

    @property
    def predicted(self) -> World | None:
        """The newest predicted world. None before the first snapshot."""
        return self.prediction.world if self.prediction.ready else None

    @property
    def pending(self) -> tuple[CommandEntry, ...]:
        """Commands that the server has not confirmed yet, oldest first."""
        return tuple(self._pending)

    # --- connection

    def renew(self, ticket: Ticket, server: Address, now: float) -> None:
        """Go on with a new connection: worlds, clock and prediction stay as they are."""
        ended = self.connection.statistics()
        self.bytes_in_before += ended.bytes_in
        self.bytes_out_before += ended.bytes_out
        self.losses_before = self.losses_before.plus(ended.losses)
        self._server = server
        self.carrier = Carrier(now, self.carrier.works)
        self.connection = self._connect(ticket, server, now)
        self._ended = None

    def _connect(self, ticket: Ticket, server: Address, now: float) -> Connection:
        path = server if self.carrier.kind is CarrierKind.UDP else CARRIED
        connection = Connection(ticket, is_server=False, now=now, path=path)
        connection.expect_to_send(self.clock.apart_ticks_wanted / self.game.tick_rate_hz)
        return connection

    def needs_ticket(self, now: float) -> bool:
        """Whether to ask for a new ticket now: the connection ended but the match did not."""
        if self._ended is None or now - self._ticket_wanted_at < TICKET_INTERVAL_S:
            return False
        self._ticket_wanted_at = now
        return True

    def disconnect(self, now: float) -> None:
        """End it on purpose."""
        self.connection.disconnect(DisconnectReason.CLOSED_BY_US, now)

    def stream_lost(self, now: float) -> None:
        """The control connection broke: what was carried can only go by UDP now."""
        self.carrier.stream_lost(now)
        self.connection.set_path(self._server)

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        """Take a datagram, from the socket or out of a control frame (``CARRIED``)."""
        self.connection.receive(data, address, now)
        if address != CARRIED:
            self.carrier.answered(self.connection.acknowledged_at)
        self._take_events(now)

    def _take_events(self, now: float) -> None:
        for event in self.connection.events():
            if isinstance(event, Received):
                if event.message[:1] in _SNAPSHOT_HEADS:
                    if event.message != self._last_snapshot:  # a copy, otherwise
                        self._last_snapshot = event.message
                        self._take_snapshot(event.message, now)
                elif event.message[:1] == _ANNOUNCEMENTS_HEAD:
                    self._announced += self.feed.from_datagram(event.message[1:])
                    self._is_told = True
            elif isinstance(event, PathChanged):
                if event.path != CARRIED:
                    self.carrier.proven(now)
            elif isinstance(event, Disconnected):
                self._ended = event.reason

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        """Drain. Copies go out in datagrams of their own: what shares one is lost together."""
        datagrams = self.connection.datagrams_to_send(now)
        for message in self._copies.due(now) if self._ended is None else ():
            self.connection.send(message)
            datagrams += self.connection.datagrams_to_send(now)
        return datagrams

    def announced(self) -> list[Announcement]:
        """Drain what datagrams have announced, in order; what the control connection brought first is not among it."""
        announced, self._announced = self._announced, []
        return announced

    # --- time

    def advance(self, now: float, sample: Sample) -> None:
        """Run the ticks that are due."""
        self.connection.advance(now)
        self._take_events(now)
        if self.carrier.advance(now):
            self.connection.set_path(CARRIED)
        if self.carrier.should_probe(now):
            self.connection.probe(self._server, now)
        self._reconcile(now)
        if not self.prediction.ready:
            return
        self.interpolation.advance(now)
        due = self.clock.advance(now)
        for tick in due:
            command = sample(self._pilots_view, self.seat)
            while self._pending and self._pending[-1].tick >= tick:
                self._pending.pop()  # the clock was set back: what was meant for these ticks is not what will be predicted
            view_tick, view_fraction = self.interpolation.view
            self._pending.append(CommandEntry(tick, command, view_tick, view_fraction))
            self.prediction.give(tick, command, self.interpolation.shown)
            self._predict(tick)
        if due:
            self.commands_sent += len(due)
            # Where messages are apart, a snapshot that has come hurries the next by a tick: then the one after it can be built on it. A
            # slowed server sends its snapshots in turns, so what it hears comes in turns, too.
            since, apart = due[-1] - self._sent_tick, self.clock.apart_ticks
            if not 0 < since < (apart - 1 if self.decoder.newest_tick != self._told_tick else apart):
                self._sent_tick, self._told_tick = due[-1], self.decoder.newest_tick
                self._send_commands(now)

    def _predict(self, tick: int) -> None:
        """Show what the command for ``tick`` does, or with input delay what those before it do.

        Only what would be predicted is delayed: on a LAN, where the newest snapshot is younger than the delay, that one is enough.
        """
        prediction = self.prediction
        if not self._input_delay_ticks:
            prediction.predict(tick)
            return
        shown = min(tick, max(tick - self._input_delay_ticks, (self.decoder.newest_tick or 0) + 1))
        if not 0 <= shown - prediction.tick <= self._input_delay_ticks + 1:
            prediction.predict(shown)  # the clock has jumped
            return
        for due in range(prediction.tick + 1, shown + 1):
            prediction.predict(due)

    def _pilots_view(self) -> World:
        """What a pilot looks at: what a person would see, the others where they are drawn. Its tick is the own one."""
        prediction = self.prediction
        view = self._scene.compose(self._piloted, self.interpolation.shown, prediction.world, prediction.world, FRACTIONS)
        view.tick = prediction.tick
        return view

    def _send_commands(self, now: float) -> None:
        if self._ended is not None:
            return
        decoder = self.decoder
        has_mismatch = decoder.wants_complete_because is Refusal.CHECKSUM
        message = CommandsMessage(decoder.newest_tick, decoder.wants_complete, tuple(self._pending), has_mismatch)
        head = _HEARD_HEAD + self.feed.newest.to_bytes(4) if self._is_told else _COMMANDS_HEAD
        self._is_told = False  # where this is lost, it will tell us again
        data = head + write_commands(self.game.command, message)
        self.connection.send(data)
        copies = self._redundancy.advance(self.connection, now) if self.connection.path != CARRIED else 0
        if copies:
            # With a frame (and a drain) per tick there is no moment in between: all at once then.
            apart_ticks = COPIES_APART_TICKS if self.clock.frame_ticks < COPIES_APART_TICKS else 0.0
            self._copies.add(data, copies, now, apart_ticks / self.game.tick_rate_hz)

    def scene(self, now: float) -> World | None:
        """The world to draw now; None before the first snapshot."""
        if not self.prediction.ready:
            return None
        return self._scene.compose(
            self._drawn,
            self.interpolation.advance(now),
            self.prediction.previous,
            self.prediction.world,
            self.clock.fraction_256ths(now),
            self.prediction.offsets(now),
        )

    # --- snapshots

    def _take_snapshot(self, message: bytes, now: float) -> None:
        apart_ticks, start = (1, 1) if message[:1] == _SNAPSHOT_HEAD else (message[1] if len(message) > 1 else 0, 2)
        if not 1 <= apart_ticks <= PACE_TICKS_MAX:
            return
        decoded = self.decoder.receive(message[start:])
        if not isinstance(decoded, Decoded):
            return
        if apart_ticks != self.clock.apart_ticks_wanted:
            self.clock.send_apart(apart_ticks)
            self.connection.expect_to_send(apart_ticks / self.game.tick_rate_hz)
        self.snapshots += 1
        self.last_snapshot_at = now
        if self.first_snapshot_at is None:
            self.first_snapshot_at = now
            self.clock.start(decoded.tick, self.connection.rtt_s, now)
        self.interpolation.snapshot(decoded.world, now)
        feedback = decoded.feedback
        self.late_commands += feedback.late
        self.missing_commands += feedback.missing
        self.clock.feedback(
            feedback.slack_16ths,
            now,
            snapshot_tick=decoded.tick,
            rtt_s=self.connection.rtt_s,
            late=feedback.late,
            missing=feedback.missing,
        )
        if feedback.newest_command_tick is not None:
            while self._pending and self._pending[0].tick <= feedback.newest_command_tick:
                self._pending.popleft()
        self._newest = decoded
        self._late_now += feedback.late
        self._missing_now += feedback.missing

    def _reconcile(self, now: float) -> None:
        """Compare the prediction with the newest snapshot that came since the last frame: a burst of them costs one rollback, not many."""
        newest = self._newest
        if newest is None:
            return
        self.prediction.snapshot(
            newest.world, now, late=self._late_now, missing=self._missing_now, last_used_tick=newest.feedback.last_used_tick
        )
        self._newest = None
        self._late_now = self._missing_now = 0
