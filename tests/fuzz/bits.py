"""Bits, ranges and exp-Golomb codes: any bytes are read or refused, and what is read is written back the same."""

from __future__ import annotations

from engine.wire import BitReader, BitWriter, ReadError, expand, newer
from tests.fuzz.harness import Source, run


def target(data: bytes) -> None:
    """A script of reads over the rest of the input, and the same script as writes."""
    source = Source(data)
    script = [(source.below(4), source.below(33)) for _ in range(source.below(24))]
    reader, writer = BitReader(source.rest()), BitWriter()
    try:
        for kind, size in script:
            if kind == 0:
                writer.write(reader.read(size), size)
            elif kind == 1:
                order = min(size, 15)
                writer.write_golomb(reader.read_golomb(order), order)
            elif kind == 2:
                order = min(size, 15)
                writer.write_signed_golomb(reader.read_signed_golomb(order), order)
            else:
                writer.write_range(reader.read_range(-size, 3 * size), -size, 3 * size)
        reader.finish()
    except ReadError:
        return
    again = writer.to_bytes()
    assert data.endswith(again), "what is read without complaint is written back the same"
    expand(int.from_bytes(data[:2]), int.from_bytes(data[2:10]))
    newer(int.from_bytes(data[:2]), int.from_bytes(data[2:4]))


if __name__ == "__main__":
    run(target, [bytes(range(80)), b"\x08" + bytes(40)])
