from __future__ import annotations

import pytest

from engine.datagram.replay_window import SEQUENCE_MAX
from engine.datagram.sealing import TAG_BYTES, Seal, make_seals
from tests.datagram.support import TICKET

HEADER = b"headers"


def test_each_side_opens_what_the_other_closed() -> None:
    server_out, server_in = make_seals(TICKET, is_server=True)
    client_out, client_in = make_seals(TICKET, is_server=False)
    for out, into in ((server_out, client_in), (client_out, server_in)):
        datagram = out.close(5, HEADER, b"body")
        assert len(datagram) == len(HEADER) + 4 + TAG_BYTES
        assert into.open(5, HEADER, datagram[len(HEADER) :]) == b"body"


def test_ones_own_datagram_reflected_does_not_open() -> None:
    client_out, client_in = make_seals(TICKET, is_server=False)
    assert client_in.open(5, HEADER, client_out.close(5, HEADER, b"body")[len(HEADER) :]) is None


def test_directions_differ_even_under_one_key() -> None:
    assert Seal(bytes(16), 1).open(5, HEADER, Seal(bytes(16), 0).close(5, HEADER, b"body")[len(HEADER) :]) is None


@pytest.mark.parametrize("sequence", [4, 6, 5 + 65536, 5 + 2**32])
def test_the_whole_sequence_number_is_sealed(sequence: int) -> None:
    out, _ = make_seals(TICKET, is_server=False)
    _, into = make_seals(TICKET, is_server=True)
    assert into.open(sequence, HEADER, out.close(5, HEADER, b"body")[len(HEADER) :]) is None


def test_the_last_sequence_number_works() -> None:
    out, _ = make_seals(TICKET, is_server=False)
    _, into = make_seals(TICKET, is_server=True)
    assert into.open(SEQUENCE_MAX, HEADER, out.close(SEQUENCE_MAX, HEADER, b"")[len(HEADER) :]) == b""


def test_every_flipped_bit_breaks_the_seal() -> None:
    out, _ = make_seals(TICKET, is_server=False)
    _, into = make_seals(TICKET, is_server=True)
    datagram = out.close(5, HEADER, b"body")
    for bit in range(len(datagram) * 8):
        flipped = bytearray(datagram)
        flipped[bit // 8] ^= 1 << bit % 8
        assert into.open(5, bytes(flipped[: len(HEADER)]), bytes(flipped[len(HEADER) :])) is None


def test_a_ticket_does_not_show_its_keys() -> None:
    assert TICKET.key_to_server.hex() not in repr(TICKET)
    assert repr(TICKET.key_to_client) not in repr(TICKET)
