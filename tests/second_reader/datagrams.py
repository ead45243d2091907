"""Sealed datagrams, fragments and announcements: sections 3 and 4 of engine/PROTOCOL.md."""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Part = tuple[Any, ...]
"""Its name and what it carries."""

REASONS = (
    *("closed_by_peer", "timed_out", "stream_lost", "protocol_error", "flooding", "server_closing", "kicked", "version_mismatch"),
    *("schema_mismatch", "wrong_password", "server_full", "room_full", "no_such_room", "resume_refused", "certificate_changed"),
    *("unreachable", "cannot_play"),
)


def number(data: bytes) -> int:
    """Big-endian."""
    return int.from_bytes(data, "big")


def widen(low: int, newest: int) -> int:
    """The number nearest to the newest one with these low 16 bits; of two equally near, the lower; never below 0."""
    near = [newest - newest % 65536 + turn * 65536 + low for turn in (-1, 0, 1)]
    return min((value for value in near if value >= 0), key=lambda value: (abs(value - newest), value))


def open_datagram(datagram: bytes, keys: tuple[bytes, bytes], to_client: bool, newest: int) -> dict[str, Any]:
    """``keys``: to the server, to the client. ``newest``: sequence number received so far in this direction."""
    if not 35 <= len(datagram) <= 1200 or datagram[0] != 1:
        raise ValueError("no datagram")
    sequence = widen(number(datagram[5:7]), newest)
    nonce = int(to_client).to_bytes(4, "big") + sequence.to_bytes(8, "big")
    try:
        body = AESGCM(keys[to_client]).decrypt(nonce, datagram[7:], datagram[:7])
    except InvalidTag:
        raise ValueError("the seal does not hold") from None
    return {
        "connection_id": number(datagram[1:5]),
        "sequence": sequence,
        "ack": number(body[0:2]),
        "ack_delay": number(body[2:4]),
        "ack_bits": number(body[4:12]),
        "parts": read_parts(body[12:]),
    }


def read_parts(rest: bytes) -> list[Part]:
    """Exactly a list of parts."""
    parts: list[Part] = []
    while rest:
        kind = rest[0]
        if kind == 0:
            if any(rest):
                raise ValueError("padding that is not zeros")
            return parts
        if len(parts) == 64:
            raise ValueError("too many parts")
        part, used = _read_part(kind, rest)
        if used > len(rest):
            raise ValueError("a part that is cut")
        parts.append(part)
        rest = rest[used:]
    return parts


def _read_part(kind: int, rest: bytes) -> tuple[Part, int]:
    if kind == 1:
        end = 3 + number(rest[1:3]) if len(rest) >= 3 else 3
        return ("Message", rest[3:end]), end
    if kind == 2:
        return ("Message", rest[1:]), len(rest)
    if kind == 3:
        if len(rest) < 7:
            raise ValueError("a part that is cut")
        message, place, last, length = number(rest[1:3]), rest[3], rest[4], number(rest[5:7])
        if not 1 <= last <= 63 or place > last or not (length == 1024 or (place == last and 0 < length < 1024)):
            raise ValueError("a fragment that cannot be")
        return ("Fragment", message, place, last, rest[7 : 7 + length]), 7 + length
    if kind == 4:
        return ("Ping",), 1
    if kind in (5, 6):
        return ("Challenge" if kind == 5 else "Response", rest[1:9]), 9
    if kind == 7:
        reason = rest[1] if len(rest) > 1 else 0
        return ("Farewell", REASONS[reason] if reason < len(REASONS) else REASONS[0]), 2
    raise ValueError("an unknown part")


class Receiver:
    """One direction of a connection: which datagrams count, and what their parts amount to."""

    def __init__(self, keys: tuple[bytes, bytes], to_client: bool) -> None:
        self.newest = 0
        self._keys = keys
        self._to_client = to_client
        self._seen: set[int] = set()
        self._making: dict[int, tuple[float, int, dict[int, bytes]]] = {}

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """The messages that this datagram completes. Raises ValueError for one that is dropped."""
        read = open_datagram(datagram, self._keys, self._to_client, self.newest)
        sequence = read["sequence"]
        if sequence < 1 or sequence in self._seen or sequence < self.newest - 255:
            raise ValueError("not fresh")
        self.newest = max(self.newest, sequence)
        self._seen.add(sequence)
        self._seen = {seen for seen in self._seen if seen >= self.newest - 255}
        messages = []
        for part in read["parts"]:
            if part[0] == "Message":
                messages.append(part[1])
            elif part[0] == "Fragment" and (whole := self._piece(now, *part[1:])) is not None:
                messages.append(whole)
        return messages

    def _piece(self, now: float, message: int, place: int, last: int, content: bytes) -> bytes | None:
        self._making = {key: made for key, made in self._making.items() if now - made[0] <= 1.0}
        if message not in self._making and len(self._making) == 4:
            del self._making[min(self._making, key=lambda key: self._making[key][0])]
        _, held_last, pieces = self._making.setdefault(message, (now, last, {}))
        if held_last != last or place in pieces:
            return None
        pieces[place] = content
        if len(pieces) <= last:
            return None
        del self._making[message]
        return b"".join(pieces[place] for place in range(last + 1))


def read_announcements(message: bytes) -> list[tuple[int, int, bytes]]:
    """Number, tick, body of each; the message with its type byte."""
    if message[:1] != b"\x02":
        raise ValueError("no announcements")
    found, rest = [], message[1:]
    while rest:
        end = 10 + number(rest[8:10])
        if len(rest) < max(10, end):
            raise ValueError("not exactly a list")
        found.append((number(rest[0:4]), number(rest[4:8]), rest[10:end]))
        rest = rest[end:]
    return found
