"""Any bytes, in any order, from anywhere, into both sides of discovery: no exception, bounded answers, bounded memory."""

from __future__ import annotations

import gc
import tracemalloc
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from engine.discovery import DiscoveryClient, DiscoveryResponder
from engine.discovery.client import SERVERS_MAX
from engine.discovery.query import Answer, Query, write_answer, write_query
from engine.discovery.responder import ADDRESSES_MAX
from engine.ids import Address
from tests.discovery.test_discovery import info

GENUINE = [write_query(Query(bytes(8))), write_answer(Answer(bytes(8), info(3)))]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(GENUINE)))
    for _ in range(draw(st.integers(0, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


@given(st.lists(st.tuples(st.one_of(st.binary(max_size=1400), damaged()), st.integers(0, 9)), max_size=30))
def test_any_bytes(datagrams: list[tuple[bytes, int]]) -> None:
    responder, client = DiscoveryResponder(info(1)), DiscoveryClient(bytes)
    client.queries_to_send(0.0)
    for number, (data, host) in enumerate(datagrams):
        address = Address(f"10.0.0.{host}", 7777)
        answer = responder.receive(data, address, number / 10)
        assert answer is None or len(answer) <= len(data)
        client.receive(data, address, number / 10)
        client.servers()


def test_a_flood_is_held_within_bounds() -> None:
    random, responder, client = Random(1), DiscoveryResponder(info(1)), DiscoveryClient(bytes)
    client.queries_to_send(0.0)

    def flood(count: int) -> None:
        for number in range(count):
            address = Address(f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 7777)
            responder.receive(write_query(Query(random.randbytes(8))), address, 1.0)
            client.receive(write_answer(Answer(bytes(8), info(random.getrandbits(63)))), address, 1.0)

    flood(ADDRESSES_MAX + 100)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    flood(2 * ADDRESSES_MAX)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(responder._addresses) <= ADDRESSES_MAX
    assert len(client.servers()) <= SERVERS_MAX
    assert grown < 2_000_000, "rows are replaced, not added"
