"""``server.toml``: every setting of a server, with its default, its limits and its explanation, in one place.

The frozen dataclasses below are the single source. :func:`read_config` checks a file against them and names the setting and the line of
whatever is wrong; :func:`render_config` writes the commented example (``skirmish-server --write-config PATH``, also
``docs/server.toml``). A setting is the name of its table and its own name: ``[arena] bots``.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.control.messages import PASSWORD_CHARACTERS_MAX, ROOM_NAME_CHARACTERS_MAX
from engine.control.messages import ROOMS_MAX as ROOMS_LISTED_MAX
from engine.ids import DEFAULT_PORT, PORTS_TRIED

CONFIG_BYTES_MAX: Final = 65536
"""A settings file is small; anything larger is some other file."""

MAPS_MAX: Final = 64
SEATS_MAX: Final = 256
"""The list of a room's members goes out in one control frame of at most 64 KiB."""


class ConfigError(Exception):
    """A setting is unknown or wrong; the text is one line for the person who wrote it."""


def _setting(default: Any, explanation: str, low: float | None = None, high: float | None = None) -> Any:
    """A dataclass field with what the file's reader and writer must know. Limits are inclusive: of numbers, or of a text's length."""
    metadata = {"explanation": explanation, "low": low, "high": high}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """``[server]``: the process and its doors."""

    name: str = _setting("Skirmish server", "What players see in their list of servers.", 1, ROOM_NAME_CHARACTERS_MAX)
    host: str = _setting(
        "", "Numeric address to listen on, for example 192.168.1.5 or ::1.\nEmpty: every address of this machine, IPv4 and IPv6.", 0, 64
    )
    port: int = _setting(
        0, f"TCP and UDP port. 0: the first free one of {DEFAULT_PORT} to {DEFAULT_PORT + PORTS_TRIED - 1}, which LAN lists ask.", 0, 65535
    )
    password: str = _setting("", "Whoever joins must give it. Empty: everybody may come in.", 0, PASSWORD_CHARACTERS_MAX)
    players_max: int = _setting(64, "Players connected at once, all rooms together.", 1, 1024)
    connections_per_address: int = _setting(64, "Players connected at once from one address.", 1, 1024)
    seat_kept_s: int = _setting(60, "Seconds that a seat is kept for a player who has lost the connection.", 1, 3600)
    lan: bool = _setting(True, "Answer the question of LAN server lists. No: players type the address.")


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """``[rooms]``: what holds for every room."""

    rooms_max: int = _setting(8, "Rooms at once, the permanent one included.", 1, ROOMS_LISTED_MAX)
    players_create: bool = _setting(True, "Players may open rooms of their own.")
    seats_max: int = _setting(16, "Seats that a room may have, bots included.", 2, SEATS_MAX)
    countdown_s: float = _setting(3.0, 'Seconds from "everybody is ready" to the match.', 0, 30)
    results_s: float = _setting(
        5.0, "Seconds between a match and what follows it: the room, or in the permanent room the next match.", 0, 60
    )
    chat_burst: int = _setting(5, "Lines of chat that a player may write at once ...", 1, 100)
    chat_per_s: float = _setting(0.7, "... and how many more he earns per second.", 0.05, 20)


@dataclass(frozen=True, slots=True)
class ArenaSettings:
    """``[arena]``: the permanent room, where a match starts by itself as soon as somebody is ready."""

    enabled: bool = _setting(True, "Keep the permanent room. No: players open rooms of their own.")
    name: str = _setting("Arena", "Its name in the list of rooms.", 1, ROOM_NAME_CHARACTERS_MAX)
    has_owner: bool = _setting(True, "Whoever has been in it longest may start, change and kick. No: nobody may.")
    seats: int = _setting(16, "Its seats, bots included.", 2, SEATS_MAX)
    bots: int = _setting(0, "Bots that play along; they give way to players when the seats run out.", 0, SEATS_MAX)
    maps: tuple[str, ...] = _setting((), "Maps, played one after the other. Empty: all maps.", 0, MAPS_MAX)


@dataclass(frozen=True, slots=True)
class MatchDefaults:
    """``[match]``: how a match is played unless a room's owner says otherwise."""

    mode: str = _setting("deathmatch", "The rules: deathmatch.", 1, 32)
    frag_limit: int = _setting(20, "Kills that win a match. 0: time decides.", 0, 999)
    time_limit_s: int = _setting(300, "Seconds that a match lasts at most.", 10, 3600)
    warmup_s: int = _setting(5, "Seconds before kills count.", 0, 120)
    bot_level: int = _setting(1, "How well bots play: 0 easy, 1 middling, 2 hard.", 0, 2)


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """All settings. Read-only: a change is a :func:`dataclasses.replace`, followed by :func:`check_config`."""

    server: ServerSettings = ServerSettings()
    rooms: RoomSettings = RoomSettings()
    arena: ArenaSettings = ArenaSettings()
    match: MatchDefaults = MatchDefaults()


def tables(config: ServerConfig) -> Iterator[tuple[str, Any]]:
    """The tables of the file by name, in its order."""
    for entry in dataclasses.fields(config):
        yield entry.name, getattr(config, entry.name)


# --- reading ------------------------------------------------------------------------------------------------------------------------


def read_config(text: str, file_name: str = "server.toml") -> ServerConfig:
    """The settings of a file's text. Raises :class:`ConfigError` with one line that names the file, the line and the setting."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{file_name}: not readable as TOML: {_one_line(error)}") from None
    config = ServerConfig()
    known = dict(tables(config))
    for name, given in document.items():
        where = f"{file_name}, line {_line_of(text, name, None)}"
        if name not in known:
            kind = f"table [{name}]" if isinstance(given, dict) else f"setting {name!r}"
            raise ConfigError(f"{where}: unknown {kind}; the tables are {_list(f'[{table}]' for table in known)}")
        if not isinstance(given, dict):
            raise ConfigError(f"{where}: {name!r} is a table: write [{name}] on a line of its own")
        table = _read_table(name, known[name], given, text, file_name)
        config = dataclasses.replace(config, **{name: table})
    for table_name, key, problem in _contradictions(config):
        raise ConfigError(f"{file_name}, line {_line_of(text, table_name, key)}: [{table_name}] {key}: {problem}")
    return config


def check_config(config: ServerConfig) -> None:
    """Raise :class:`ConfigError` if a value is out of its limits or two settings contradict (for values from a command line)."""
    for name, table in tables(config):
        for entry in dataclasses.fields(table):
            problem = _problem(entry, getattr(table, entry.name))
            if problem:
                raise ConfigError(f"[{name}] {entry.name}: {problem}")
    for table_name, key, problem in _contradictions(config):
        raise ConfigError(f"[{table_name}] {key}: {problem}")


def _read_table(name: str, defaults: Any, given: Mapping[str, Any], text: str, file_name: str) -> Any:
    entries = {entry.name: entry for entry in dataclasses.fields(defaults)}
    values: dict[str, Any] = {}
    for key, value in given.items():
        where = f"{file_name}, line {_line_of(text, name, key)}: [{name}] {key}"
        if key not in entries:
            raise ConfigError(f"{where}: unknown setting; [{name}] has {_list(entries)}")
        if isinstance(entries[key].default, tuple) and isinstance(value, list):
            value = tuple(value)
        elif isinstance(entries[key].default, float) and type(value) is int:
            value = float(value)
        problem = _problem(entries[key], value)
        if problem:
            raise ConfigError(f"{where}: {problem}")
        values[key] = value
    return dataclasses.replace(defaults, **values)


_KINDS: Final = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes", tuple: "a list of texts"}


def _problem(entry: dataclasses.Field[Any], value: Any) -> str | None:
    """What is wrong with a value, or None."""
    kind: type = type(entry.default)
    low, high = entry.metadata["low"], entry.metadata["high"]
    if type(value) is not kind or (isinstance(value, tuple) and not all(isinstance(part, str) for part in value)):
        return f"must be {_KINDS[kind]}, not {value!r}"
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return None if low <= value <= high else f"must be {low} to {high}, not {value}"  # nan is in no range
    assert isinstance(value, str | tuple)
    if not low <= len(value) <= high:
        return f"must have {low} to {high} {'characters' if kind is str else 'entries'}, not {len(value)}"
    if isinstance(value, str) and not value.isprintable():
        return "must not contain control characters"
    return None


def _contradictions(config: ServerConfig) -> Iterator[tuple[str, str, str]]:
    """What only a second look finds: the table, the setting and the problem."""
    if config.server.host and not _is_numeric_address(config.server.host):
        yield "server", "host", f"{config.server.host!r} is not a numeric address such as 192.168.1.5 or ::1"
    if config.arena.seats > config.rooms.seats_max:
        yield "arena", "seats", f"{config.arena.seats} is more than [rooms] seats_max = {config.rooms.seats_max}"
    if config.arena.bots > config.arena.seats:
        yield "arena", "bots", f"{config.arena.bots} is more than [arena] seats = {config.arena.seats}"


def _is_numeric_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _line_of(text: str, table: str, key: str | None) -> int:
    """The line (from 1) of a setting, or of its table's heading, or 1: TOML's parser does not keep lines, so look for them as people do."""
    heading = re.compile(r"\s*\[+\s*([^\[\]]+?)\s*\]+\s*(#.*)?")
    setting = re.compile(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*(?:\.\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*)?=")
    current: str | None = None
    table_line: int | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if found := heading.fullmatch(line):
            current = found[1].strip("\"' ")
            if current.split(".")[0].strip("\"' ") == table and table_line is None:
                table_line = number
        elif found := setting.match(line):
            path = [part for part in (current, found[1], found[2]) if part is not None]
            if path[: 1 if key is None else 2] == ([table] if key is None else [table, key]):
                return table_line if key is None and table_line is not None else number
    return table_line or 1


# --- writing ------------------------------------------------------------------------------------------------------------------------


def render_config(config: ServerConfig | None = None) -> str:
    """A ``server.toml`` with every setting explained; reading it back gives the same config."""
    config = config or ServerConfig()
    lines = [
        "# Settings of a Skirmish server: skirmish-server --config server.toml",
        "# Every setting is here with its default; leave out what you do not change.",
    ]
    for name, table in tables(config):
        lines += ["", f"# {_first_sentence(table)}", f"[{name}]"]
        for entry in dataclasses.fields(table):
            lines.append("")
            lines += [f"# {line}" for line in str(entry.metadata["explanation"]).splitlines()]
            if limits := _limits(entry):
                lines.append(f"# {limits}")
            lines.append(f"{entry.name} = {_toml(getattr(table, entry.name))}")
    return "\n".join(lines) + "\n"


def _limits(entry: dataclasses.Field[Any]) -> str:
    low, high = entry.metadata["low"], entry.metadata["high"]
    if low is None:
        return "true or false"
    if isinstance(entry.default, str):
        return f"At most {high} characters."
    return f"At most {high}." if isinstance(entry.default, tuple) else f"{low} to {high}"


def _first_sentence(table: Any) -> str:
    text = str(type(table).__doc__).split(": ", 1)[1]
    return text[0].upper() + text[1:]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(part) for part in value)}]"
    return str(value)


def _list(names: Any) -> str:
    return ", ".join(names)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
