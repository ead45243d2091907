"""Frames and messages of the control connection: section 2 of engine/PROTOCOL.md, whose tables of messages are read from the page."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from pathlib import Path
from typing import Any

_TEXT = (Path(__file__).parents[2] / "engine" / "PROTOCOL.md").read_text()
_NOT_CLEAN = re.compile(
    "["
    + "".join(
        "-".join(f"\\U{int(end, 16):08x}" for end in span.split("-"))
        for span in re.search(r"^00-1F .*?(?=^```)", _TEXT, re.MULTILINE | re.DOTALL)[0].split()  # type: ignore[index]
    )
    + "]"
)
_LENGTHS = {"word": 64, "text": 200, "name": 16, "room name": 32}
_TYPED_LENGTHS = {"typed name": 64, "typed text": 200, "typed room name": 32, "password": 64}


def _tables(*heading: str) -> dict[str, list[tuple[str, str, Any]]]:
    """Name, and per field name, type and default (``...`` where there is none), of every row of the tables with this heading."""
    found = {}
    pattern = r"^\| " + r" \| ".join(heading) + r" \|\n\|[-|]+\|\n((?:\|.*\|\n)+)"
    for table in re.findall(pattern, _TEXT, re.MULTILINE):
        for line in table.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            fields = cells[heading.index("fields" if "fields" in heading else "columns")]
            parts = [re.fullmatch(r"`(\w+)` (.+?)(?: = (.+))?", part) for part in fields.split("; ") if part]
            found[cells[0]] = [(part[1], part[2], json.loads(part[3]) if part[3] else ...) for part in parts if part]
    return found


OWN = _tables("type", "from", "fields")
REQUESTS = _tables("type", "fields", "answered by")
NEWS = _tables("type", "fields")
ROWS = _tables("row", "columns")


def read_frame(data: bytes) -> bytes:
    """The body of exactly one frame."""
    length = int.from_bytes(data[:4], "big")
    if not 1 <= length <= 65536 or len(data) != 4 + length:
        raise ValueError("not one frame")
    return data[4:]


def read_message(body: bytes) -> dict[str, Any]:
    """A message of the connection's own; what a Reliable holds is read too."""
    value, end = _unpack(body, 0)
    if end != len(body):
        raise ValueError("trailing bytes")
    return _struct(value, OWN)


def _struct(value: Any, tables: dict[str, list[tuple[str, str, Any]]]) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str) or value["type"] not in tables:
        raise ValueError("no such message")
    _demand(all(isinstance(name, str) for name in value), "field without a name")
    read = {"type": value["type"]}
    for name, kind, default in tables[value["type"]]:
        if name not in value and default is ...:
            raise ValueError(f"{name} is missing")
        read[name] = _value(kind, value[name]) if name in value else default
    return read


def _value(kind: str, value: Any) -> Any:
    if kind == "message":
        return _struct(value, REQUESTS | NEWS)
    if kind == "settings":
        return _settings(value)
    if kind == "schema":
        return _schema(value, 0)
    if match := re.fullmatch(r"(\w+)\[(\d+)\]", kind):
        _demand(isinstance(value, list) and len(value) <= int(match[2]), kind)
        return [_row(ROWS[match[1]], row) for row in value]
    if match := re.fullmatch(r"(<= )?(\d+) bytes", kind):
        _demand(isinstance(value, bytes) and (len(value) <= int(match[2]) if match[1] else len(value) == int(match[2])), kind)
    elif kind == "bool":
        _demand(isinstance(value, bool), kind)
    elif kind in _LENGTHS:
        _demand(_is_text(value, _LENGTHS[kind]) and not _NOT_CLEAN.search(value), kind)
    elif kind in _TYPED_LENGTHS:
        _demand(_is_text(value, _TYPED_LENGTHS[kind]), kind)
    else:
        low, high = {"i32": (-(2**31), 2**31 - 1), "seat or -1": (-1, 1023)}.get(kind) or (0, 2 ** int(kind[1:]) - 1)
        _demand(type(value) is int and low <= value <= high, kind)
    return value


def _row(columns: list[tuple[str, str, Any]], row: Any) -> list[Any]:
    _demand(isinstance(row, list), "row")
    read = []
    for index, (_, kind, default) in enumerate(columns):
        _demand(index < len(row) or default is not ..., "row")
        read.append(_value(kind, row[index]) if index < len(row) else default)
    return read


def _settings(value: Any) -> Any:
    _demand(isinstance(value, dict) and len(value) <= 32, "settings")
    for name, setting in value.items():
        _value("word", name)
        _value("word" if isinstance(setting, str) else "i32", setting)
    return value


def _schema(value: Any, depth: int) -> Any:
    """Maps of words to lists of maps of words to scalars or lists of maps of words to scalars."""
    _demand(isinstance(value, dict), "schema")
    for word, inner in value.items():
        _demand(_is_text(word, 64), "schema")
        if isinstance(inner, list):
            _demand(depth < 2 and len(inner) <= 256, "schema")
            for part in inner:
                _schema(part, depth + 1)
        else:
            is_scalar = inner is None or isinstance(inner, bool) or _is_text(inner, 64)
            _demand(depth > 0 and (is_scalar or (isinstance(inner, int) and -(2**31) <= inner < 2**31)), "schema")
    return value


def _demand(holds: bool, kind: str) -> None:
    if not holds:
        raise ValueError(f"no {kind}")


def digest(schema: dict[str, Any], command: list[dict[str, Any]]) -> bytes:
    """Section 6, of a schema's description and a command's."""
    kinds = [*schema["kinds"], {"name": "command", "capacity": None, "per_seat": None, "fields": command}]
    return hashlib.sha256(json.dumps({"kinds": kinds}, sort_keys=True, separators=(",", ":")).encode()).digest()[:8]


# --- msgpack ------------------------------------------------------------------------------------------------------------------------

_SIZED = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
_NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


def _unpack(data: bytes, at: int) -> tuple[Any, int]:
    """A value, and the place behind it. No extension types: the protocol has none."""
    head = _take(data, at, 1)[0]
    at += 1
    if head < 0x80:
        return head, at
    if head >= 0xE0:
        return head - 256, at
    if head < 0x90:
        return _unpack_map(data, at, head & 15)
    if head < 0xA0:
        return _unpack_list(data, at, head & 15)
    if head < 0xC0:
        return _text(_take(data, at, head & 31)), at + (head & 31)
    if head in _CONSTANTS:
        return _CONSTANTS[head], at
    if head in _NUMBERS:
        size = struct.calcsize(_NUMBERS[head])
        return struct.unpack(_NUMBERS[head], _take(data, at, size))[0], at + size
    if head not in _SIZED:
        raise ValueError("not msgpack that is used here")
    size = _SIZED[head]
    length = int.from_bytes(_take(data, at, size), "big")
    at += size
    if head >= 0xDE:
        return _unpack_map(data, at, length)
    if head >= 0xDC:
        return _unpack_list(data, at, length)
    content = _take(data, at, length)
    return _text(content) if head >= 0xD9 else content, at + length


def _text(content: bytes) -> str:
    """What is no UTF-8 is kept as such: in a field that is skipped, and in its name, nobody looks at it."""
    return content.decode("utf-8", "surrogateescape")


def _is_text(value: Any, length_max: int) -> bool:
    return isinstance(value, str) and len(value) <= length_max and not any("\udc80" <= character <= "\udcff" for character in value)


def _unpack_list(data: bytes, at: int, count: int) -> tuple[list[Any], int]:
    values = []
    for _ in range(count):
        value, at = _unpack(data, at)
        values.append(value)
    return values, at


def _unpack_map(data: bytes, at: int, count: int) -> tuple[dict[Any, Any], int]:
    found = {}
    for _ in range(count):
        key, at = _unpack(data, at)
        _demand(not isinstance(key, list | dict), "key")
        found[key], at = _unpack(data, at)
    return found, at


def _take(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise ValueError("cut")
    return data[at : at + size]
