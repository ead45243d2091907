"""Bits, ranges, residual codes, sequence numbers: how integers become bytes, with a bound beside every read.

Leaves to the layers above: what the numbers mean, and when bytes are sent.
"""

from engine.wire.bits import MESSAGE_BITS_MAX, BitReader, BitWriter, ReadError
from engine.wire.codes import ORDER_MAX, choose_orders, golomb_columns, pack_codes, unzigzag, zigzag
from engine.wire.sequence import SequenceBuffer, expand, newer

__all__ = [
    "MESSAGE_BITS_MAX",
    "ORDER_MAX",
    "BitReader",
    "BitWriter",
    "ReadError",
    "SequenceBuffer",
    "choose_orders",
    "expand",
    "golomb_columns",
    "newer",
    "pack_codes",
    "unzigzag",
    "zigzag",
]
