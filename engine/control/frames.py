"""Frames on a byte stream: ``length u32 big-endian | body``, body 1 to ``bytes_max`` bytes.

The reader holds at most one unfinished frame. It looks at the length before anything else, allocates nothing from it, and notes when
the first byte of the unfinished frame came: a sender that trickles a byte a second does not extend that deadline (slowloris).
Frames are taken out one by one, because joining raises the limit in the middle of a buffer.
"""

from __future__ import annotations

from typing import Final

from engine.errors import LocalProtocolError

HEADER_BYTES: Final = 4


def write_frame(body: bytes, bytes_max: int) -> bytes:
    """``body`` as a frame. Raises :class:`LocalProtocolError` if it is empty or longer than ``bytes_max``."""
    if not 1 <= len(body) <= bytes_max:
        raise LocalProtocolError(f"a frame of {len(body)} bytes: 1 to {bytes_max} are allowed")
    return len(body).to_bytes(HEADER_BYTES, "big") + body


class FrameReader:
    """Bytes in, frame bodies out. ``is_broken`` once a length was out of bounds: nothing more comes then."""

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.is_broken = False
        self._buffer = bytearray()
        self._started_s: float | None = None

    def receive(self, data: bytes, now: float) -> None:
        """Append bytes. Take frames out with :meth:`next_frame` before the next call, so that only an unfinished frame stays."""
        if self.is_broken or not data:
            return
        self._buffer += data
        if self._started_s is None:
            self._started_s = now

    def next_frame(self, now: float) -> bytes | None:
        """The next whole frame's body, or None."""
        if self.is_broken or len(self._buffer) < HEADER_BYTES:
            return None
        length = int.from_bytes(self._buffer[:HEADER_BYTES], "big")
        if not 1 <= length <= self.bytes_max:
            self.is_broken = True
            self._buffer.clear()
            self._started_s = None
            return None
        end = HEADER_BYTES + length
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[HEADER_BYTES:end])
        del self._buffer[:end]
        self._started_s = now if self._buffer else None  # the rest came with the bytes of this call
        return body

    def forget(self) -> None:
        """Drop what has come and not been taken: nobody will."""
        self._buffer.clear()
        self._started_s = None

    @property
    def started_s(self) -> float | None:
        """When the first byte of the unfinished frame came, or None."""
        return self._started_s

    @property
    def buffered_bytes(self) -> int:
        """Bytes of the unfinished frame."""
        return len(self._buffer)
