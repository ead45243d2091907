"""One connection to one server with everything around it: sockets, TLS with a pinned certificate, the arena's schema.

The menu and the command line make these; screens poll them once per frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.conditions import PERFECT, NetConditions
from engine.control.pins import PinCheck, changed_sentence
from engine.control.tls import TlsStream, client_context
from engine.drivers import ClientDriver
from engine.errors import DisconnectReason
from engine.ids import DEFAULT_PORT
from engine.session import ClientConfig, MatchClient
from engine.session.client_events import Closed
from game.arena import ARENA_COMMAND, ARENA_SCHEMA, make_arena
from game.client.preferences import PlayerFiles
from game.client.rollback_log import RollbackLog


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """What the command line says of every connection that this run of the program makes."""

    conditions: NetConditions = PERFECT
    input_delay_ticks: int | None = None
    """None: what the player has set."""
    rollback_log: RollbackLog | None = None


DEFAULT_OPTIONS: Final = ConnectionOptions()


class Connection:
    """A client, its driver, and the pin of the server's certificate. Nothing here blocks."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        files: PlayerFiles,
        name: str,
        colour: int = 0,
        password: str = "",
        options: ConnectionOptions = DEFAULT_OPTIONS,
        seed: int = 0,
        is_own_server: bool = False,
        accepts_new_certificate: bool = False,
    ) -> None:
        """``seed``: of the chance in ``options.conditions``."""
        given = options.input_delay_ticks
        self.client: Final = MatchClient(
            schema=ARENA_SCHEMA,
            command=ARENA_COMMAND,
            game_factory=make_arena,
            name=name,
            colour=colour,
            password=password,
            config=ClientConfig(input_delay_ticks=files.preferences.input_delay_ticks if given is None else given),
        )
        self.server: Final = server_name(host, port)
        self.port: Final = port
        self.has_password: Final = bool(password)
        """Whether one was given."""
        self._files: Final = files
        self.is_own_server: Final = is_own_server
        """We started it ourselves a moment ago: there is nobody to mistake it for, and nothing to remember."""
        self._accepts_new: Final = accepts_new_certificate
        """The player has said that the server has a new one: whatever it shows takes the place of the old one, once it has let us in."""
        self.options: Final = options
        self._context: Final = client_context()
        self._is_pinned = is_own_server
        self._stream: TlsStream | None = None
        self.driver: Final = ClientDriver(self.client, host, port, stream_wrapper=self._wrapper, conditions=options.conditions, seed=seed)

    def poll(self) -> float:
        """Once per frame; returns the client's time."""
        now = self.driver.poll()
        if not self._is_pinned and self.client.session_id is not None:
            self._pin()
        if self.options.rollback_log is not None:
            self.options.rollback_log.look(self.client)
        return now

    def close(self) -> None:
        """Say goodbye and free the sockets."""
        self.client.leave(self.driver.poll())
        self.driver.close()
        if self.options.rollback_log is not None:
            self.options.rollback_log.forget(self.client)

    @property
    def end(self) -> Closed | None:
        """How it ended, with a sentence that can be shown; None while it has not."""
        closed = self.client.closed_because
        if closed is not None and closed.reason is DisconnectReason.PROTOCOL_ERROR and self.client.session_id is None:
            found = f"({closed.detail}) " if closed.detail else ""
            return Closed(closed.reason, f"{found}Is {self.server} a Skirmish server?")
        failure = self.driver.failure
        if closed is None or failure is None or failure.reason is not DisconnectReason.CERTIFICATE_CHANGED:
            return closed
        pinned = self._files.known_servers.pinned(self.server) or ""
        seen = self._last_seen()
        remedy = f"accept the new one with: skirmish join {self.server} --accept-new-certificate"
        return Closed(failure.reason, changed_sentence(self.server, pinned, seen, remedy))

    def _wrapper(self) -> TlsStream:
        is_open_minded = self.is_own_server or (self._accepts_new and not self._is_pinned)
        pinned = None if is_open_minded else self._files.known_servers.pinned(self.server)
        self._stream = TlsStream.client(self._context, pinned)
        return self._stream

    def _last_seen(self) -> str:
        return "" if self._stream is None else self._stream.peer_fingerprint or ""

    def _pin(self) -> None:
        """Trust on first use, and only once the server has let us in."""
        fingerprint = self._last_seen()
        self._is_pinned = True
        known = self._files.known_servers
        if fingerprint and self._accepts_new and known.check(self.server, fingerprint) is PinCheck.CHANGED:
            known.forget(self.server)
        if fingerprint and known.check(self.server, fingerprint) is PinCheck.NEW:
            known.remember(self.server, fingerprint)
            self._files.preferences.remember_address(self.server)
            self._files.save()


def server_name(host: str, port: int) -> str:
    """How a server is written, typed and pinned: ``192.168.1.5``, ``192.168.1.5:7778``, ``[fe80::1%eth0]:7778``."""
    shown = f"[{host}]" if ":" in host else host
    return shown if port == DEFAULT_PORT else f"{shown}:{port}"


def sentence(closed: Closed) -> str:
    """One line for the player: the reason, and what helps."""
    says_it_all = closed.reason in (DisconnectReason.UNREACHABLE, DisconnectReason.CERTIFICATE_CHANGED)
    if not closed.detail:
        return closed.reason.sentence
    if says_it_all:
        return closed.detail
    if closed.detail.endswith((".", "?")):
        return f"{closed.reason.sentence} {closed.detail}"
    return f"{closed.reason.sentence.removesuffix('.')} ({closed.detail})."
