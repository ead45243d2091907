"""Looking into datagrams without taking part: for failure reports of tests and for tools. Needs one side's connection, which has the keys.

Nothing here changes a connection; a datagram that is not its own, or too far from the newest to guess its number, is None.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.datagram.connection import Connection
from engine.datagram.messages import (
    DATAGRAM_BYTES_MAX,
    DATAGRAM_BYTES_MIN,
    HEADER,
    HEADER_BYTES,
    KIND_SEALED,
    PREFIX,
    PREFIX_BYTES,
    Part,
    read_parts,
)
from engine.wire.sequence import expand


@dataclass(frozen=True, slots=True)
class Opened:
    """What was under the seal."""

    is_ours: bool
    """Sent by the side whose connection it was opened with, not received by it."""
    sequence: int
    acknowledged: int
    """The newest number of the other direction that its sender had received; its low 16 bits."""
    parts: tuple[Part, ...]


def connection_id_of(datagram: bytes) -> int | None:
    """Whose it says it is; None where it cannot be anybody's."""
    if not DATAGRAM_BYTES_MIN <= len(datagram) <= DATAGRAM_BYTES_MAX or datagram[0] != KIND_SEALED:
        return None
    return int(HEADER.unpack_from(datagram)[1])


def open_datagram(connection: Connection, datagram: bytes) -> Opened | None:
    """Open a datagram of this connection, of either direction."""
    if connection_id_of(datagram) != connection.id:
        return None
    wire_sequence = HEADER.unpack_from(datagram)[2]
    header, sealed = datagram[:HEADER_BYTES], datagram[HEADER_BYTES:]
    seals = ((False, connection._seal_in, connection._window.newest), (True, connection._sender._seal, connection._sender.sent.newest))
    for is_ours, seal, newest in seals:
        sequence = expand(wire_sequence, newest)
        body = seal.open(sequence, header, sealed)
        if body is None:
            continue
        parts = read_parts(body, PREFIX_BYTES) if len(body) >= PREFIX_BYTES else None
        if parts is not None:
            return Opened(is_ours, sequence, PREFIX.unpack_from(body)[0], tuple(parts))
    return None
