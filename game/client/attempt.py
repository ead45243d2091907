"""The way to a server: perhaps a child starts first, then a connection opens, then the server says welcome. Polled, never waited for."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Final

from engine.drivers import lan_addresses
from engine.errors import DisconnectReason
from game.client.connection import DEFAULT_OPTIONS, Connection, ConnectionOptions, sentence, server_name
from game.client.local_server import LocalServer, LocalServerError
from game.client.online import Entering, Online
from game.client.preferences import PlayerFiles, default_name
from game.client.screen import JoinOrder, Order, StartOrder

SETTINGS_FILE: Final = "hosted.toml"
"""The settings of the server that was last started from the menu; ``skirmish-server --config`` takes it as well."""

_OWN: Final = "127.0.0.1"


class Attempt:
    """Carries out an order. Poll it until :attr:`is_over`; then there is :attr:`online` or :attr:`problem`."""

    def __init__(self, order: Order, files: PlayerFiles, options: ConnectionOptions = DEFAULT_OPTIONS) -> None:
        self.order: Final = order
        self.online: Online | None = None
        """Set once the server has said welcome."""
        self.server: LocalServer | None = None
        """The child that was started; whoever takes the result takes this along."""
        self.problem = ""
        """Why it came to nothing, in a sentence."""
        self.question: JoinOrder | None = None
        """It failed for want of a password, or of a yes to a new certificate: the order to give again with it."""
        self._files: Final = files
        self._options: Final = options
        self._candidate: Online | None = None
        if isinstance(order, JoinOrder):
            connection = self._connection(
                order.host, order.port, order.password, is_own=False, accepts_new_certificate=order.accepts_new_certificate
            )
            self._candidate = Online(connection, entering=Entering.ONLY)
            return
        try:
            self.server = LocalServer(server_arguments(order, files))
        except (LocalServerError, OSError) as error:
            self.problem = f"The server could not be started: {error}"

    @property
    def is_over(self) -> bool:
        """Whether it is decided."""
        return self.online is not None or bool(self.problem)

    @property
    def status(self) -> str:
        """What is being waited for."""
        if self._candidate is None:
            return "Starting the server"
        return "Entering the arena" if isinstance(self.order, StartOrder) else f"Connecting to {self._candidate.connection.server}"

    def poll(self) -> None:
        """Once per frame."""
        if self.is_over:
            return
        if self._candidate is None:
            self._poll_server()
            return
        self._candidate.poll()
        self._candidate.events()  # enters a room by itself; screens read the state
        closed = self._candidate.connection.end
        if closed is not None:
            self.problem = sentence(closed)
            self.question = _question(self.order, closed.reason)
            self.cancel()
        elif self._candidate.session_id is not None:
            self.online, self._candidate = self._candidate, None

    def cancel(self) -> None:
        """Give up what was begun; the child, if any, is asked to end."""
        if self._candidate is not None:
            self._candidate.close()
        if self.server is not None:
            self.server.ask_to_stop()

    def _poll_server(self) -> None:
        assert self.server is not None
        assert isinstance(self.order, StartOrder)
        try:
            port = self.server.poll()
        except LocalServerError as error:
            self.problem = str(error)
            return
        if port is not None:
            friends = () if self.order.is_practice else tuple(server_name(host, port) for host in lan_addresses())
            connection = self._connection(_OWN, port, self.order.password, is_own=True)
            self._candidate = Online(connection, entering=Entering.FIRST, is_practice=self.order.is_practice, friends=friends)

    def _connection(self, host: str, port: int, password: str, *, is_own: bool, accepts_new_certificate: bool = False) -> Connection:
        chosen = self._files.preferences
        return Connection(
            host,
            port,
            files=self._files,
            name=chosen.name or default_name(),
            colour=chosen.colour,
            password=password,
            is_own_server=is_own,
            accepts_new_certificate=accepts_new_certificate,
            options=self._options,
            seed=int.from_bytes(os.urandom(4), "big") >> 1,
        )


def _question(order: Order, reason: DisconnectReason) -> JoinOrder | None:
    if not isinstance(order, JoinOrder):
        return None
    if reason is DisconnectReason.WRONG_PASSWORD:
        return order
    if reason is DisconnectReason.CERTIFICATE_CHANGED:
        return dataclasses.replace(order, accepts_new_certificate=True)
    return None


def server_arguments(order: StartOrder, files: PlayerFiles) -> list[str]:
    """The child's command line. Its settings go through a file, so that the password is not in the system's list of processes."""
    tables: dict[str, dict[str, object]] = {
        "server": {"name": order.name or f"{files.preferences.name or default_name()}'s server", "password": order.password},
        "arena": {"bots": order.bots, "maps": [order.map] if order.map else []},
        "match": {"frag_limit": order.frag_limit, "time_limit_s": order.time_limit_s, "bot_level": order.bot_level},
    }
    if order.port:
        tables["server"]["port"] = order.port
    path = files.folder / SETTINGS_FILE
    files.folder.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text("\n".join(_toml_table(name, table) for name, table in tables.items()), encoding="utf-8")
    return [*(["--local"] if order.is_practice else []), "--config", str(path)]


def _toml_table(name: str, values: dict[str, object]) -> str:
    # A JSON string without escapes of its own for other alphabets is a TOML string.
    return "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()), ""])
