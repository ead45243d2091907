"""Who plays on this LAN, for the command line and for the page of servers."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from engine.discovery import DiscoveryClient, ServerEntry
from engine.drivers import LanBrowser, Pacer, now
from engine.ids import DEFAULT_PORT
from game.arena import ARENA_DIGEST
from game.client.connection import server_name
from game.maps import map_names

if TYPE_CHECKING:
    from rich.table import Table

POLLS_HZ = 200.0
OTHER_VERSION: Final = " (other version)"
DISPENSABLE: Final = ("version", "bots", "map", "ping")
"""Columns that go where a terminal is too narrow, in this order; names are wrapped once the first has gone."""
NAME_COLUMNS_MIN: Final = 16
"""No name is wrapped to less."""
COLUMNS_MAX: Final = 2000
"""More than any table has."""


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


def print_servers(servers: Sequence[FoundServer], *, as_json: bool, columns: int | None = None) -> None:
    """A table for people, or one JSON object on the last line. ``columns``: the terminal's; None: it is read by no terminal."""
    if as_json:
        print(json.dumps({"servers": [asdict(server) for server in servers]}))
        return
    if not servers:
        print("No servers answered on this network. Somebody can start one: skirmish host")
        print(f"Across networks: skirmish join ADDRESS (UDP and TCP port {DEFAULT_PORT} must be open on the server).")
        return
    from rich.console import Console  # 20 ms, and the page of servers needs none of it

    rows = [_cells(server) for server in servers]
    shown = [title for title in rows[0] if title != "password" or any(row[title] for row in rows)]
    if columns is not None:
        for title in DISPENSABLE:
            if _width(rows, shown, names_wrap=title != DISPENSABLE[0]) <= columns:
                break
            shown.remove(title)
    # Where even the least is too much, the terminal breaks the lines: half an address is of no use.
    width = COLUMNS_MAX if columns is None else max(columns, _width(rows, shown, names_wrap=True))
    Console(width=width).print(_table(rows, shown))


def _cells(server: FoundServer) -> dict[str, str]:
    """What stands under each title."""
    here = "" if server.map in map_names() else " (not here)"
    return {
        "server": server.name,
        "address": server.join_address,
        "players": f"{server.players}/{server.seats}",
        "bots": str(server.bots),
        "map": f"{server.map}{here}",
        "ping": f"{server.ping_ms:.0f} ms",
        "password": "wanted" if server.has_password else "",
        "version": server.version if server.compatible else f"{server.version}{OTHER_VERSION}",
    }


def _table(rows: Sequence[Mapping[str, str]], shown: Sequence[str], name_columns: int | None = None) -> Table:
    """``name_columns``: so many at most for a server's name."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="On this LAN", caption="skirmish join ADDRESS")
    for title in shown:
        is_name = title == "server"
        table.add_column(title, no_wrap=not is_name, overflow="fold", max_width=name_columns if is_name else None)
    for row in rows:
        is_other = "version" not in shown and row["version"].endswith(OTHER_VERSION)
        name = {"server": f"{row['server']}{OTHER_VERSION}"} if is_other else {}
        table.add_row(*(Text({**row, **name}[title]) for title in shown))  # Text: a stranger's words are no markup
    return table


def _width(rows: Sequence[Mapping[str, str]], shown: Sequence[str], *, names_wrap: bool) -> int:
    """Of the table, with names as they are or as narrow as they may become."""
    from rich.console import Console

    return Console(width=COLUMNS_MAX).measure(_table(rows, shown, NAME_COLUMNS_MIN if names_wrap else None)).maximum


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
