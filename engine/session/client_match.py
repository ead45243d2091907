"""A match as its client lives it: one datagram connection, the snapshots that it brings, the predicted own player, the commands that go back.

The rhythm of a frame is :meth:`ClientMatch.advance`: timeouts, carrier, then every tick that the command clock says is due: sample a
command, predict with it, and send all commands that the server has not yet confirmed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from engine.contract import Command, Game, Settings
from engine.datagram import Connection, Disconnected, Received
from engine.errors import DisconnectReason
from engine.ids import CARRIED, Address, ConnectionId, MatchId, Seat, Ticket
from engine.replication import CommandEntry, CommandsMessage, Decoded, SnapshotDecoder, write_commands
from engine.session.carrier import Carrier, CarrierKind
from engine.session.config import ClientConfig
from engine.session.host import COMMANDS_MESSAGE, SNAPSHOT_MESSAGE
from engine.timeline import CommandClock, Interpolation, Prediction, compose
from engine.world import World

COMMANDS_PER_MESSAGE_MAX: Final = 32
"""Half a second at 60 Hz: what a loss burst may swallow and still be made good by the next datagram."""
TICKET_INTERVAL_S: Final = 2.0
"""Between two requests for a new ticket."""

Sample: TypeAlias = Callable[[World | None, Seat], Command]


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
    ) -> None:
        self.match_id: Final = match_id
        self.seat: Final = seat
        self.game: Final = game
        self.settings: Final = settings
        self.seats: Final = game.schema.seats
        self.started_at: Final = now
        self.decoder: Final = SnapshotDecoder(game.schema, seat)
        self.interpolation: Final = Interpolation(game.schema, game.tick_rate_hz)
        self.prediction: Final = Prediction(game, seat, ticks_max=config.rollback_ticks_max)
        self.clock: Final = CommandClock(game.tick_rate_hz)
        self.carrier = Carrier(now)
        self.connection = Connection(ticket, is_server=False, now=now)
        self.connection.set_path(server)
        self.late_commands = 0
        self.missing_commands = 0
        self.commands_sent = 0
        self.snapshots = 0
        self.first_snapshot_at: float | None = None
        self.last_snapshot_at: float | None = None
        self._server = server
        self._pending: Final[deque[CommandEntry]] = deque(maxlen=COMMANDS_PER_MESSAGE_MAX)
        self._scene: Final = World(game.schema)
        self._ended: DisconnectReason | None = None
        self._ticket_wanted_at = now
        self._probing = False

    @property
    def connection_id(self) -> ConnectionId:
        """Of the present connection; a renewed ticket changes it."""
        return self.connection.connection_id

    @property
    def predicted(self) -> World | None:
        """The newest predicted world: what a pilot should look at. None before the first snapshot."""
        return self.prediction.world

    # --- connection

    def renew(self, ticket: Ticket, server: Address, now: float) -> None:
        """Go on with a new connection: worlds, clock and prediction stay as they are."""
        self._server = server
        self.carrier = Carrier(now)
        self.connection = Connection(ticket, is_server=False, now=now)
        self.connection.set_path(server)
        self._ended = None

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
        heard = self.connection.datagrams_in
        self.connection.receive(data, address, now)
        if self.connection.datagrams_in != heard and self.carrier.heard(address != CARRIED, now):
            self._follow_carrier()
        for event in self.connection.events():
            if isinstance(event, Received):
                if event.message[:1] == bytes([SNAPSHOT_MESSAGE]):
                    self._take_snapshot(event.message[1:], now)
            elif isinstance(event, Disconnected):
                self._ended = event.reason

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        """Drain."""
        return self.connection.datagrams_to_send(now)

    def _follow_carrier(self) -> None:
        self.connection.set_path(self._server if self.carrier.kind is CarrierKind.UDP else CARRIED)

    # --- time

    def advance(self, now: float, sample: Sample) -> None:
        """Run the ticks that are due."""
        self.connection.advance(now)
        for event in self.connection.events():
            if isinstance(event, Disconnected):
                self._ended = event.reason
        if self.carrier.advance(now):
            self._follow_carrier()
        if self.carrier.should_probe(now):
            self.connection.probe(self._server, now)
        self.interpolation.advance(now)
        due = self.clock.advance(now)
        for tick in due:
            command = sample(self.prediction.world, self.seat)
            view_tick, view_fraction = self.interpolation.view
            self._pending.append(CommandEntry(tick, command, view_tick, view_fraction))
            self.prediction.step(tick, command)
        if due:
            self.commands_sent += len(due)
            self._send_commands()

    def _send_commands(self) -> None:
        if self._ended is not None:
            return
        message = CommandsMessage(self.decoder.newest_tick, self.decoder.wants_complete, tuple(self._pending))
        self.connection.send(bytes([COMMANDS_MESSAGE]) + write_commands(self.game.command, message))

    def scene(self, now: float) -> World | None:
        """The world to draw now; None before the first snapshot."""
        if self.prediction.world is None or self.prediction.previous is None:
            return None
        others = self.interpolation.advance(now)
        compose(
            self._scene,
            others,
            self.prediction.previous,
            self.prediction.world,
            self.clock.fraction(now),
            self.seat,
            self.prediction.offsets(now),
        )
        return self._scene

    # --- snapshots

    def _take_snapshot(self, message: bytes, now: float) -> None:
        decoded = self.decoder.receive(message)
        if not isinstance(decoded, Decoded):
            return
        self.snapshots += 1
        if self.first_snapshot_at is None:
            self.first_snapshot_at = now
            self.clock.start(decoded.tick, self.connection.round_trip_s, now)
        self.last_snapshot_at = now
        self.interpolation.snapshot(decoded.world, now)
        if decoded.tick != self.decoder.newest_tick:
            return  # came out of order: good for display, too old for the clock and for prediction
        feedback = decoded.feedback
        self.late_commands += feedback.late
        self.missing_commands += feedback.missing
        if feedback.slack_16ths is not None:
            self.clock.feedback(feedback.slack_16ths, now)
        if feedback.newest_command_tick is not None:
            while self._pending and self._pending[0].tick <= feedback.newest_command_tick:
                self._pending.popleft()
        self.prediction.snapshot(decoded.world, now, late=feedback.late, missing=feedback.missing)
