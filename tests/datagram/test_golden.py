"""The bytes themselves: datagrams made once from the document, outside this package. A changed vector means a new protocol number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.datagram.messages import HEADER, HEADER_BYTES, KIND_SEALED, PREFIX, PREFIX_BYTES, Farewell, Part, read_parts
from engine.datagram.sealing import make_seals
from engine.ids import PROTOCOL_VERSION
from tests.datagram.support import TICKET

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "golden" / "datagram.json").read_text())["vectors"]
BY_NAME = pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])


def shown(part: Part) -> list[object]:
    if isinstance(part, Farewell):
        return ["Farewell", part.reason.value]
    return [type(part).__name__, *(value.hex() if isinstance(value, bytes) else value for value in part)]


def test_the_vectors_belong_to_this_protocol() -> None:
    assert PROTOCOL_VERSION == 1


@BY_NAME
def test_written_as_the_vector_says(vector: dict[str, Any]) -> None:
    out, _ = make_seals(TICKET, is_server=vector["direction"] == "to_client")
    header = HEADER.pack(KIND_SEALED, TICKET.connection_id, vector["sequence"] & 0xFFFF)
    body = PREFIX.pack(vector["ack"], vector["ack_delay"], vector["ack_bits"]) + bytes.fromhex(vector["parts"])
    assert out.close(vector["sequence"], header, body).hex() == vector["datagram"]


@BY_NAME
def test_read_as_the_vector_says(vector: dict[str, Any]) -> None:
    _, into = make_seals(TICKET, is_server=vector["direction"] == "to_server")
    datagram = bytes.fromhex(vector["datagram"])
    assert HEADER.unpack_from(datagram) == (KIND_SEALED, TICKET.connection_id, vector["sequence"] & 0xFFFF)
    body = into.open(vector["sequence"], datagram[:HEADER_BYTES], datagram[HEADER_BYTES:])
    assert body is not None
    assert PREFIX.unpack_from(body) == (vector["ack"], vector["ack_delay"], vector["ack_bits"])
    parts = read_parts(body, PREFIX_BYTES)
    assert parts is not None
    assert [shown(part) for part in parts] == vector["reads"]


@BY_NAME
def test_no_truncation_and_no_trailing_byte_opens(vector: dict[str, Any]) -> None:
    _, into = make_seals(TICKET, is_server=vector["direction"] == "to_server")
    datagram = bytes.fromhex(vector["datagram"])
    for length in range(HEADER_BYTES, len(datagram)):
        assert into.open(vector["sequence"], datagram[:HEADER_BYTES], datagram[HEADER_BYTES:length]) is None
    assert into.open(vector["sequence"], datagram[:HEADER_BYTES], datagram[HEADER_BYTES:] + b"\0") is None
