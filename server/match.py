"""A whole server with rooms in one object: control connections, lobby, matches. Sans-IO.

For a process that plays in real time, :mod:`server.service` runs the same two halves in two threads; in virtual time (tests, simulated
networks) this class runs them in line, deterministically. Both are driven by the same verbs as :class:`engine.session.MatchServer`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.control.server import ControlServerStatistics
from engine.ids import Address
from engine.session.config import HostConfig
from engine.session.host import HostStatistics, MatchHost
from server.config import ServerConfig
from server.control_side import ControlSide
from server.rooms import LobbyStatistics
from server.rules import Rules


@dataclass(frozen=True, slots=True)
class RoomServerStatistics:
    """All parts of a server."""

    lobby: LobbyStatistics
    control: ControlServerStatistics
    host: HostStatistics


class RoomServer:
    """Rooms and their matches, behind one stream side and one datagram side."""

    def __init__(
        self,
        config: ServerConfig,
        rules: Rules,
        *,
        entropy: Callable[[int], bytes],
        chance: Callable[[int], bytes] | None = None,
        udp_port: int = 0,
        host_config: HostConfig | None = None,
    ) -> None:
        """Raises ValueError, with a sentence, if the configured permanent room cannot be played."""
        self.side: Final = ControlSide(config, rules, udp_port=udp_port, entropy=entropy, chance=chance)
        self.host: Final = MatchHost(rules.make_game, entropy=entropy, config=host_config)

    # --- the verbs

    def stream_opened(self, peer: int, address: Address, now: float) -> None:
        """A stream was accepted; ``peer`` is the driver's number for it, never used twice."""
        self.side.stream_opened(peer, address, now)

    def receive_stream(self, peer: int, data: bytes, now: float) -> None:
        """Take bytes from a stream. Never raises for what is in them."""
        self.side.receive_stream(peer, data, now)

    def stream_lost(self, peer: int, now: float) -> None:
        """A stream ended or broke."""
        self.side.stream_lost(peer, now)

    def streams_to_send(self, now: float) -> list[tuple[int, bytes]]:
        """Drain what goes into the streams."""
        return self.side.streams_to_send(now)

    def streams_to_close(self) -> list[int]:
        """Drain the streams to close once their bytes are sent."""
        return self.side.streams_to_close()

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        """Take a datagram. Never raises for what is in it."""
        self.host.receive_datagram(data, address, now)

    def advance(self, now: float) -> None:
        """Let time pass: the lobby first, so that what it asks for is in the next tick."""
        self.side.advance(now)
        self._pass_requests()
        self.host.advance(now)
        self._pass_events(now)

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        """Drain."""
        datagrams = self.host.datagrams_to_send(now)
        self._pass_events(now)  # those that are carried
        return datagrams

    def drain(self, now: float) -> None:
        """Tell everybody that the server closes; the last bytes are still to be sent."""
        self.side.drain(now)
        self._pass_requests()
        self.host.advance(now)

    def log_lines(self) -> list[str]:
        """Drain what whoever runs the server may want to read."""
        return self.side.log_lines()

    def statistics(self) -> RoomServerStatistics:
        """Counters since the start."""
        lobby, control = self.side.statistics()
        return RoomServerStatistics(lobby, control, self.host.statistics())

    # --- inside

    def _pass_requests(self) -> None:
        for request in self.side.host_requests():
            self.host.request(request)

    def _pass_events(self, now: float) -> None:
        for event in self.host.events():
            self.side.host_event(event, now)
