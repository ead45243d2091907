"""AES-GCM over each datagram: nobody without the ticket's keys can read one, change one or make one.

Two keys per ticket, one per direction. The 7 bytes of header are authenticated, not hidden. The nonce is never sent: 4 bytes of direction
(0 to the server, 1 to the client) and the whole 64-bit sequence number, of which the header shows the low 16 bits. Keys are fresh for
every ticket, so a nonce cannot repeat under a key, whatever is restarted.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.ids import Ticket

TO_SERVER: Final = 0
TO_CLIENT: Final = 1
TAG_BYTES: Final = 16

_NONCE: Final = Struct(">IQ")


class Seal:
    """One direction of one connection."""

    __slots__ = ("_cipher", "_direction")

    def __init__(self, key: bytes, direction: int) -> None:
        self._cipher = AESGCM(key)
        self._direction = direction

    def close(self, sequence: int, header: bytes, body: bytes) -> bytes:
        """The whole datagram: header, sealed body, tag."""
        return header + self._cipher.encrypt(_NONCE.pack(self._direction, sequence), body, header)

    def open(self, sequence: int, header: bytes, sealed: bytes) -> bytes | None:
        """The body, or None where the seal does not hold. ``sealed`` must be at least a tag long."""
        try:
            return self._cipher.decrypt(_NONCE.pack(self._direction, sequence), sealed, header)
        except InvalidTag:
            return None


def make_seals(ticket: Ticket, *, is_server: bool) -> tuple[Seal, Seal]:
    """(for what we send, for what we receive)."""
    to_server = Seal(ticket.key_to_server, TO_SERVER)
    to_client = Seal(ticket.key_to_client, TO_CLIENT)
    return (to_client, to_server) if is_server else (to_server, to_client)
