"""The body of an opened datagram: read or refused, and its parts keep their bounds."""

from __future__ import annotations

from engine.datagram.fragments import Reassembly
from engine.datagram.limits import DatagramLimits
from engine.datagram.messages import (
    FRAGMENT_BYTES,
    FRAGMENTS_MAX,
    PARTS_MAX,
    Fragment,
    Message,
    read_parts,
    write_challenge,
    write_farewell,
    write_fragments,
    write_message,
)
from engine.errors import DisconnectReason
from tests.fuzz.harness import Source, piece, run

LIMITS = DatagramLimits()


def target(data: bytes) -> None:
    """Bodies one after the other into one reassembly."""
    source, reassembly = Source(data), Reassembly(LIMITS)
    now = 0.0
    while source:
        now += source.below(8) / 10
        body = source.piece()
        parts = read_parts(body, 0)
        if parts is None:
            continue
        assert len(parts) <= PARTS_MAX + 1
        for part in parts:
            if isinstance(part, Message):
                assert len(part.content) <= len(body)
            elif isinstance(part, Fragment):
                assert part.place <= part.last < FRAGMENTS_MAX
                whole = reassembly.receive(part, now)
                assert whole is None or len(whole) <= FRAGMENT_BYTES * FRAGMENTS_MAX
        reassembly.advance(now)
        assert len(reassembly) <= LIMITS.reassembly_messages_max
        assert reassembly.held_bytes <= LIMITS.reassembly_bytes_max


if __name__ == "__main__":
    bodies = [write_message(b"one") + write_message(b"two"), write_challenge(bytes(8)), write_farewell(DisconnectReason.KICKED)]
    bodies += write_fragments(7, bytes(2500))
    run(target, [b"\0" + piece(body) for body in bodies] + [b"".join(b"\0" + piece(body) for body in bodies)])
