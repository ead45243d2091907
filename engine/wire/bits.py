"""Bits in, bytes out, and back: most significant bit first, the last byte filled up with zeros.

The reader turns a message into a text of '0' and '1' once. That sounds odd and is the fastest way that CPython has: ``str.find`` counts
leading zeros and ``int(text, 2)`` reads a field, both in C, about 0.3 us a code. Hot loops (the snapshot decoder) use
:attr:`BitReader.text` and :attr:`BitReader.position` directly, by the same rules as the methods here.

Every read is bounded. A message that ends too early, holds an impossible number or goes on after its end raises :class:`ReadError`, which
is caught in one place per message type and never leaves ``receive``.
"""

from __future__ import annotations

from typing import Final

from engine.errors import LocalProtocolError

MESSAGE_BITS_MAX: Final = 65536 * 8
"""More than any message needs (the datagram layer carries less); bounds what a writer may grow to."""

GOLOMB_ZEROS_MAX: Final = 32
"""Leading zeros of an exp-Golomb code: values stay below 2**33 plus the order, so a hostile run of zeros makes no huge integer."""


class ReadError(Exception):
    """The peer's bytes are not a message. Private to the codecs: ``receive`` turns it into a refusal and a count."""


class BitWriter:
    """Collects bits, most significant first. Our own mistakes (a value that does not fit, too much) raise :class:`LocalProtocolError`."""

    __slots__ = ("_bits", "_chunks", "_chunks_bits", "_value", "bits_max")

    def __init__(self, bits_max: int = MESSAGE_BITS_MAX) -> None:
        self.bits_max = bits_max
        self._value = 0
        self._bits = 0
        self._chunks: list[tuple[int, int]] = []
        self._chunks_bits = 0

    @property
    def bits(self) -> int:
        """Bits written so far."""
        return self._chunks_bits + self._bits

    def write(self, value: int, bits: int) -> None:
        """Append ``bits`` bits; ``0 <= value < 2**bits``. Any number of bits: a packed block goes in as one value."""
        if bits < 0 or value < 0 or value >> bits:
            raise LocalProtocolError(f"{value} does not fit {bits} bits")
        self._value = self._value << bits | value
        self._bits += bits
        if self._bits > 2048:  # shifting one ever longer integer would be quadratic
            self._flush()

    def _flush(self) -> None:
        self._chunks.append((self._value, self._bits))
        self._chunks_bits += self._bits
        self._value = self._bits = 0
        if self._chunks_bits > self.bits_max:
            raise LocalProtocolError(f"message of {self._chunks_bits} bits, more than {self.bits_max}")

    def write_range(self, value: int, low: int, high: int) -> None:
        """A value of an inclusive range, in as many bits as the range needs."""
        if not low <= value <= high:
            raise LocalProtocolError(f"{value} is not in {low} to {high}")
        self.write(value - low, (high - low).bit_length())

    def write_golomb(self, value: int, order: int) -> None:
        """An unsigned value as an exponential Golomb code of ``order``."""
        code = value + (1 << order)
        if value < 0 or code.bit_length() > GOLOMB_ZEROS_MAX + order + 1:
            raise LocalProtocolError(f"{value} has no exp-Golomb code of order {order}")
        self.write(code, 2 * code.bit_length() - order - 1)

    def write_signed_golomb(self, value: int, order: int) -> None:
        """A signed value: zigzag, then exponential Golomb."""
        self.write_golomb(2 * value if value >= 0 else -2 * value - 1, order)

    def to_int(self) -> tuple[int, int]:
        """Everything written, as one integer and its number of bits."""
        if self._chunks or self._bits > self.bits_max:
            self._flush()
            while len(self._chunks) > 1:  # join neighbours: n log n, not n squared
                pairs = [self._chunks[i : i + 2] for i in range(0, len(self._chunks), 2)]
                self._chunks = [
                    (pair[0][0] << pair[1][1] | pair[1][0], pair[0][1] + pair[1][1]) if len(pair) == 2 else pair[0] for pair in pairs
                ]
            return self._chunks[0]
        return self._value, self._bits

    def to_bytes(self) -> bytes:
        """Everything written, filled up with zeros to whole bytes."""
        value, bits = self.to_int()
        return (value << (-bits % 8)).to_bytes((bits + 7) // 8, "big")


class BitReader:
    """Reads bits of one message. ``text`` is the message as '0' and '1'; ``position`` counts its characters."""

    __slots__ = ("position", "text")

    def __init__(self, data: bytes) -> None:
        self.text: Final = bin(int.from_bytes(b"\x01" + data, "big"))[3:]
        self.position = 0

    @property
    def remaining_bits(self) -> int:
        """Bits not read yet, padding included."""
        return len(self.text) - self.position

    def read(self, bits: int) -> int:
        """The next ``bits`` bits as an unsigned integer; 0 bits are 0."""
        start = self.position
        end = start + bits
        if end > len(self.text):
            raise ReadError("the message ends too early")
        self.position = end
        return int(self.text[start:end], 2) if bits else 0

    def read_bool(self) -> bool:
        """The next bit. Half the price of reading a number of one bit."""
        position = self.position
        self.position = position + 1
        try:
            return self.text[position] == "1"
        except IndexError:
            raise ReadError("the message ends too early") from None

    def read_range(self, low: int, high: int) -> int:
        """A value written by :meth:`BitWriter.write_range`; one beyond ``high`` is refused."""
        start = self.position
        self.position = end = start + (high - low).bit_length()
        if end > len(self.text):
            raise ReadError("the message ends too early")
        value = low + int(self.text[start:end] or "0", 2)
        if value > high:
            raise ReadError(f"{value} is not in {low} to {high}")
        return value

    def read_golomb(self, order: int) -> int:
        """A value written by :meth:`BitWriter.write_golomb`."""
        start = self.position
        one = self.text.find("1", start)
        zeros = one - start
        if not 0 <= zeros <= GOLOMB_ZEROS_MAX:  # negative where there is no '1' at all
            raise ReadError("no such exp-Golomb code")
        end = one + zeros + order + 1
        if end > len(self.text):
            raise ReadError("the message ends too early")
        self.position = end
        return int(self.text[one:end], 2) - (1 << order)

    def read_signed_golomb(self, order: int) -> int:
        """A value written by :meth:`BitWriter.write_signed_golomb`."""
        value = self.read_golomb(order)
        return (value >> 1) ^ -(value & 1)

    def finish(self) -> None:
        """The message must end here: fewer than 8 bits are left, all zero. Otherwise it carries junk, and one meaning has two spellings."""
        if self.remaining_bits >= 8 or "1" in self.text[self.position :]:
            raise ReadError("the message goes on after its end")
