"""The half of a server that talks over streams: the control connections of all players, and the lobby behind them. Sans-IO.

::

    streams <--> ControlServer --events--> Lobby --requests--> match host (same thread, or another behind queues)
                      ^-------- news --------+ <---events------

Each verb leaves nothing half done: what the control server reported has been told to the lobby, and what the lobby answered is queued at
the control server. So nobody is ever told something about a session whose end is still waiting to be heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from engine.contract import game_description, game_digest
from engine.control.limiter import TokenBucket
from engine.control.limits import VERB_RATES, ControlLimits, Rate
from engine.control.server import ControlServer, ControlServerStatistics
from engine.control.server_events import CarriedReceived, Joined, Left, Lost, Requested, Resumed, ServerEvent, TurnedAway
from engine.ids import Address
from engine.session.values import CarriedToSend, DatagramCarried, HostEvent, HostRequest
from engine.world import first_difference
from server.config import ServerConfig
from server.rooms import Lobby, LobbyStatistics
from server.rules import Rules

CARRIED_WAITING_MAX: Final = 1024
"""Carried datagrams between two drains; more are dropped, like any datagram that is too much."""
PINGS_PER_S_MAX: Final = 64
PING_INTERVAL_S_MAX: Final = 4.0
"""Of a full server: one that takes more players pings each less often than once a second. The pings of 256 players, and theirs, and the
answers took a twentieth of a core."""
TURNED_AWAY_LINES: Final = Rate(2.0, 30)
"""In the log: whoever knocks thousands of times must not fill the disk. The statistics count them all."""


class ControlSide:
    """Control connections and lobby of one server."""

    def __init__(
        self,
        config: ServerConfig,
        rules: Rules,
        *,
        udp_port: int,
        entropy: Callable[[int], bytes],
        chance: Callable[[int], bytes] | None = None,
        ping_spread_s: float = 0.0,
    ) -> None:
        """``chance`` is what seeds matches and bots, for whoever wants the same ones again; without it they come from ``entropy`` as the
        secrets do. Raises ValueError, with a sentence, if the configured permanent room cannot be played.
        """
        self.lobby: Final = Lobby(config, rules, entropy=chance or entropy)
        self.control: Final = ControlServer(
            schema_digest=game_digest(rules.schema, rules.command),
            schema_description=game_description(rules.schema, rules.command),
            difference=first_difference,
            server_name=config.server.name,
            password=config.server.password,
            udp_port=udp_port,
            entropy=entropy,
            limits=replace(limits_of(config), ping_spread_s=ping_spread_s),
        )
        self._carried: list[DatagramCarried] = []
        self._turned_away_lines: Final = TokenBucket(TURNED_AWAY_LINES, 0.0)

    # --- the verbs

    def stream_opened(self, peer: int, address: Address, now: float) -> None:
        """A stream was accepted; ``peer`` is the driver's number for it, never used twice."""
        self.control.opened(peer, address, now)

    def receive_stream(self, peer: int, data: bytes, now: float) -> None:
        """Take bytes from a stream. Never raises for what is in them."""
        self.control.receive(peer, data, now)
        self._settle(now)

    def stream_lost(self, peer: int, now: float) -> None:
        """A stream ended or broke."""
        self.control.closed(peer, now)
        self._settle(now)

    def streams_to_send(self, now: float) -> list[tuple[int, bytes]]:
        """Drain what goes into the streams."""
        return self.control.bytes_to_send(now)

    def streams_to_close(self) -> list[int]:
        """Drain the streams to close once their bytes are sent."""
        return self.control.peers_to_close()

    def advance(self, now: float) -> None:
        """Let time pass: deadlines, countdowns, results."""
        if now < self.control.due_at and now < self.lobby.due_at:
            return
        self.control.advance(now)
        self._settle(now)
        self.lobby.update_pings(self.control.ping_ms, now)
        self.lobby.advance(now)
        self._settle(now)

    def drain(self, now: float) -> None:
        """Tell everybody that the server closes, end all matches, let nobody in; the last bytes are still to be sent."""
        self.lobby.drain()
        self._settle(now)
        self.control.drain()
        self._settle(now)

    # --- towards the match host

    def host_event(self, event: HostEvent, now: float) -> None:
        """Something happened in a match."""
        if isinstance(event, CarriedToSend):
            self.control.send_datagram(event.session_id, event.connection_id, event.datagram)
        else:
            self.lobby.host_event(event, now)
            self._settle(now)

    def host_requests(self) -> list[HostRequest]:
        """Drain what the match host is to do, in order."""
        requests: list[HostRequest] = [*self.lobby.outbox.drain_requests(), *self._carried]
        self._carried.clear()
        return requests

    # --- to look at

    def log_lines(self) -> list[str]:
        """Drain what whoever runs the server may want to read."""
        return self.lobby.outbox.drain_log()

    def statistics(self) -> tuple[LobbyStatistics, ControlServerStatistics]:
        """Rooms and players; connections."""
        return self.lobby.statistics(), self.control.statistics()

    # --- inside

    def _settle(self, now: float) -> None:
        """Events to the lobby, its news to the control server, until both are quiet: news may end a session, which is an event again."""
        while True:
            for event in self.control.events():
                self._tell_lobby(event, now)
            news = self.lobby.outbox.drain_news()
            if not news:
                return
            for delivery in news:
                self.control.broadcast(delivery.session_ids, delivery.news)

    def _tell_lobby(self, event: ServerEvent, now: float) -> None:
        lobby = self.lobby
        if isinstance(event, Requested):
            lobby.requested(event.session_id, event.request, now)
        elif isinstance(event, CarriedReceived):
            if lobby.owns_connection(event.session_id, event.connection_id) and len(self._carried) < CARRIED_WAITING_MAX:
                self._carried.append(DatagramCarried(event.connection_id, event.datagram))
        elif isinstance(event, Joined):
            lobby.joined(event.session_id, event.name, event.colour)
        elif isinstance(event, Lost):
            lobby.lost(event.session_id, now)
        elif isinstance(event, Resumed):
            lobby.resumed(event.session_id, now)
        elif isinstance(event, Left):
            lobby.left(event.session_id, event.reason, now)
        else:
            assert isinstance(event, TurnedAway)
            if self._turned_away_lines.take(now):
                detail = f" ({event.detail})" if event.detail else ""
                lobby.outbox.log(f"{event.address} turned away: {event.reason.value}{detail}")


def limits_of(config: ServerConfig) -> ControlLimits:
    """The control side's limits as far as they are settings."""
    rates: Mapping[str, Rate] = {**VERB_RATES, "SayChat": Rate(config.rooms.chat_per_s, config.rooms.chat_burst)}
    return ControlLimits(
        sessions_max=config.server.players_max,
        ping_interval_s=min(PING_INTERVAL_S_MAX, max(1.0, config.server.players_max / PINGS_PER_S_MAX)),
        # With the sessions fewer than the sockets that the service accepts: whoever opens many displaces his own, not the next player.
        pending_max=min(512, config.server.players_max + 32),
        sessions_per_address_max=config.server.connections_per_address,
        resume_s=float(config.server.seat_kept_s),
        verb_rates=rates,
    )
