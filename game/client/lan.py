"""Who plays on this LAN, for the command line and for the page of servers."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from engine.discovery import DiscoveryClient, ServerEntry
from engine.drivers import LanBrowser, Pacer, now
from engine.ids import DEFAULT_PORT
from game.arena import ARENA_DIGEST
from game.client.connection import server_name
from game.maps import map_names

POLLS_HZ = 200.0


@dataclass(frozen=True, slots=True)
class FoundServer:
    """One server as scripts and tables see it; the field names are the keys of ``--json``."""

    name: str
    address: str
    port: int
    players: int
    bots: int
    seats: int
    map: str
    mode: str
    has_password: bool
    ping_ms: float
    version: str
    protocol: int
    compatible: bool
    """Whether it speaks our protocol and describes the world as we do."""
    addresses: tuple[str, ...] = ()
    """Every address that answered, the best first."""

    @property
    def join_address(self) -> str:
        """As it is typed."""
        return server_name(self.address, self.port)


def found_server(entry: ServerEntry) -> FoundServer:
    """A line of discovery's list."""
    info = entry.info
    return FoundServer(
        name=info.name,
        address=entry.address.host,
        port=entry.address.port,
        players=info.players,
        bots=info.bots,
        seats=info.seats,
        map=info.map,
        mode=info.mode,
        has_password=info.has_password,
        ping_ms=round(entry.ping_ms, 1),
        version=info.version,
        protocol=info.protocol,
        compatible=info.is_compatible and info.schema_digest == ARENA_DIGEST,
        addresses=tuple(address.host for address in entry.addresses),
    )


def new_browser() -> tuple[DiscoveryClient, LanBrowser]:
    """The asker and what drives it: poll the browser, read the asker's list."""
    asker = DiscoveryClient(os.urandom)
    return asker, LanBrowser(asker)


def find_servers(timeout_s: float) -> list[FoundServer]:
    """Ask the whole LAN for so long; blocks. By name."""
    asker, browser = new_browser()
    pacer = Pacer(POLLS_HZ)
    until = now() + timeout_s
    try:
        while now() < until:
            browser.poll()
            pacer.wait()
        browser.poll()
        return [found_server(entry) for entry in asker.servers()]
    finally:
        browser.close()


def print_servers(servers: Sequence[FoundServer], *, as_json: bool) -> None:
    """A table for people, or one JSON object on the last line."""
    if as_json:
        print(json.dumps({"servers": [asdict(server) for server in servers]}))
        return
    from rich.console import Console  # 20 ms, and the page of servers needs none of it
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    if not servers:
        console.print("No servers answered on this network. Somebody can start one: skirmish host")
        console.print(
            f"Across networks: skirmish join ADDRESS (UDP and TCP port {DEFAULT_PORT} must be open on the server).", highlight=False
        )
        return
    table = Table(title="On this LAN", caption="skirmish join ADDRESS")
    table.add_column("server")
    table.add_column("address", no_wrap=True)  # half an address is of no use
    for title in ("players", "bots", "map", "ping", "version"):
        table.add_column(title)
    has_locked = any(server.has_password for server in servers)
    if has_locked:
        table.add_column("password")
    for server in servers:
        here = "" if server.map in map_names() else " (not here)"
        table.add_row(
            escape(server.name),  # a stranger's, as are map and version: no markup of theirs counts
            server.join_address,
            f"{server.players}/{server.seats}",
            str(server.bots),
            escape(f"{server.map}{here}"),
            f"{server.ping_ms:.0f} ms",
            escape(server.version if server.compatible else f"{server.version} (other version)"),
            *(["wanted" if server.has_password else ""] if has_locked else []),
        )
    console.print(table)


def read_address(text: str) -> tuple[str, int] | None:
    """What somebody typed: ``host``, ``host:port``, ``[v6]``, ``[v6]:port`` or a bare IPv6 address. None if it is none of these."""
    text = text.strip()
    host, port = text, str(DEFAULT_PORT)
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            return None
        port = rest[1:] or port
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if not host or any(c.isspace() for c in host) or not port.isdecimal() or not 1 <= int(port) <= 65535:
        return None
    return host, int(port)
