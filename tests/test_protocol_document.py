"""engine/PROTOCOL.md is read here: its constants, messages and states are the code's. Its examples: ``test_protocol_examples.py``.

How many tables and examples there are is counted, so that none goes unchecked because it is not found.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, get_args

import msgspec
import pytest

from engine.control import messages
from engine.control.limits import VERB_RATES, ControlLimits, Rate
from engine.control.states import CLIENT_TRANSITIONS, SERVER_TRANSITIONS
from engine.datagram import states as datagram_states
from engine.datagram.limits import DatagramLimits
from engine.datagram.messages import REASON_CODES
from engine.errors import DisconnectReason
from engine.ids import PROTOCOL_VERSION
from tests.protocol_page import TEXT, fences, rows_of, tables

CONSTANTS = rows_of("constant", "value", "where")


def test_the_parser_finds_what_is_there() -> None:
    kinds = [head for head, _ in fences() if head]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "example bits": 1,
        "example schema": 1,
        "example digest": 1,
        "example command": 1,
        "example ticket": 1,
        "example datagram": 9,
        "example control": 30,
        "example commands": 4,
        "example snapshot": 3,
        "example discovery": 2,
        "example announcements": 1,
    }
    assert len(CONSTANTS) > 150


# --- tables -------------------------------------------------------------------------------------------------------------------------


def value_at(where: str) -> Any:
    """``module:Name.field.field``; a dataclass stands for one with its defaults."""
    module, _, path = where.partition(":")
    value: Any = importlib.import_module(module)
    for name in path.split("."):
        if isinstance(value, type):
            value = value()
        value = value[name] if isinstance(value, Mapping) else getattr(value, name)
    return value


@pytest.mark.parametrize(("constant", "value", "where"), CONSTANTS, ids=[where for _, _, where in CONSTANTS])
def test_a_constant_is_the_codes(constant: str, value: str, where: str) -> None:
    actual = value_at(where)
    assert json.loads(value) == actual, constant
    assert isinstance(json.loads(value), type(actual)), f"{constant}: {value} is not written as {type(actual).__name__}"


def test_every_limit_of_control_and_datagrams_is_in_the_document() -> None:
    named = {where for _, _, where in CONSTANTS}
    for limits, module in ((DatagramLimits(), "engine.datagram.limits"), (ControlLimits(), "engine.control.limits")):
        for field in dataclasses.fields(limits):
            where = f"{module}:{type(limits).__name__}.{field.name}"
            if isinstance(getattr(limits, field.name), Rate):
                assert {f"{where}.burst", f"{where}.per_s"} <= named, field.name
            elif field.name != "verb_rates":
                assert where in named, field.name
    for verb in VERB_RATES:
        assert {f"engine.control.limits:VERB_RATES.{verb}.{part}" for part in ("burst", "per_s")} <= named


def test_the_heading_names_the_version() -> None:
    assert f"Every byte between a client and a server, version {PROTOCOL_VERSION}." in TEXT


DOCUMENT_TYPES: dict[str, Any] = {
    "u8": messages.U8,
    "u16": messages.U16,
    "u32": messages.U32,
    "u53": messages.U53,
    "i32": messages.I32,
    "bool": bool,
    "seat or -1": Annotated[int, msgspec.Meta(ge=-1, le=1023)],
    "word": messages.Word,
    "text": messages.Text,
    "name": messages.Name,
    "room name": messages.RoomName,
    "typed name": messages.TypedName,
    "typed text": messages.TypedText,
    "typed room name": messages.TypedRoomName,
    "password": messages.Password,
    "settings": messages.MatchSettings,
    "8 bytes": Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)],
    "16 bytes": messages.Key,
    "<= 512 bytes": messages.Body,
    "<= 1200 bytes": messages.CarriedDatagram,
    "RoomSummary[64]": Annotated[list[messages.RoomSummary], msgspec.Meta(max_length=64)],
    "Member[512]": Annotated[list[messages.Member], msgspec.Meta(max_length=512)],
    "Standing[512]": Annotated[list[messages.Standing], msgspec.Meta(max_length=512)],
    "schema": messages.SchemaDescription,
    "message": msgspec.Raw,
}


def described_fields(cell: str) -> list[tuple[str, Any, Any]]:
    described = []
    for part in filter(None, cell.split("; ")):
        match = re.fullmatch(r"`(\w+)` (.+?)(?: = (.+))?", part)
        assert match is not None, part
        default = json.loads(match[3]) if match[3] else msgspec.NODEFAULT
        described.append((match[1], DOCUMENT_TYPES[match[2]], default))
    return described


def test_the_messages_are_the_codes() -> None:
    described = {
        **{row[0]: row[2] for row in rows_of("type", "from", "fields")},
        **{row[0]: row[1] for row in rows_of("type", "fields", "answered by")},
        **{row[0]: row[1] for row in rows_of("type", "fields")},
        **{row[0]: row[1] for row in rows_of("row", "columns")},
    }
    types = get_args(messages.ConnectionMessage) + get_args(messages.Request) + get_args(messages.News)
    structs = {struct.__name__: struct for struct in (*types, messages.RoomSummary, messages.Member, messages.Standing)}
    assert set(described) == set(structs)
    for name, cell in described.items():
        assert described_fields(cell) == [(f.name, f.type, f.default) for f in msgspec.structs.fields(structs[name])], name


def test_the_sides_of_messages_are_the_codes() -> None:
    assert [row[0] for row in rows_of("type", "fields", "answered by")] == [struct.__name__ for struct in get_args(messages.Request)]
    assert [row[0] for row in rows_of("type", "fields")] == [struct.__name__ for struct in get_args(messages.News)]


def test_the_characters_of_clean_strings_are_the_codes() -> None:
    lines = next(lines for head, lines in fences() if not head and lines[0].startswith("00-1F "))
    spans = [tuple(int(end, 16) for end in span.split("-")) for span in " ".join(lines).split()]
    refused = {code for span in spans for code in range(span[0], span[-1] + 1)}
    looked_at = {edge + step for span in spans for edge in span for step in (-1, 0, 1)} | set(range(0x3200)) | refused
    pattern = re.compile(messages._CLEAN)
    assert {code for code in looked_at if 0 <= code <= 0x10FFFF and not pattern.match(chr(code))} == refused


def test_the_reasons_are_the_codes() -> None:
    told = {DisconnectReason(word): int(code) for word, code in rows_of("reason", "in a farewell datagram")}
    assert told == REASON_CODES
    assert set(told) == set(DisconnectReason)


STATE_TABLES = {
    "datagram connection": (datagram_states.State, datagram_states.Input, datagram_states.TRANSITIONS),
    "control client": (None, None, CLIENT_TRANSITIONS),
    "control server": (None, None, SERVER_TRANSITIONS),
}


@pytest.mark.parametrize("title", STATE_TABLES)
def test_the_states_are_the_codes(title: str) -> None:
    transitions: Any = STATE_TABLES[title][2]
    state_type, signal_type = (type(part) for part in next(iter(transitions)))
    heading, rows = next(table for table in tables() if table[0][0] == title)
    described = {}
    for label, *cells in rows:
        (signal,) = [signal_type[word] for word in re.findall(r"\b[A-Z_]{3,}\b", label) if word in signal_type.__members__]
        for state, cell in zip(heading[1:], cells, strict=True):
            if cell:
                described[state_type[state], signal] = state_type[cell]
    assert described == dict(transitions)
    assert [state.name for state in state_type] == heading[1:]
