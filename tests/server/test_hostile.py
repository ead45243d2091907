"""Any bytes, in any order, into a whole server with rooms: no exception, no datagram to a stranger, and a friend's lobby goes on."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract import game_digest
from engine.ids import Address
from server.arena_rules import ArenaRules
from server.config import ServerConfig
from server.match import RoomServer
from tests.control.pair import frame, hello
from tests.session.test_hostile import REQUESTS, chopped, stream_bytes

STRANGER = Address("10.9.9.9", 1234)
CONFIG = ServerConfig()
RULES = ArenaRules.of(CONFIG)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 3), stream_bytes(REQUESTS), st.binary(max_size=1300)), max_size=8),
    st.lists(st.integers(0, 999)),
)
def test_a_room_server_survives_any_bytes(inputs: list[tuple[int, bytes, bytes]], cuts: list[int]) -> None:
    server = RoomServer(CONFIG, RULES, entropy=Random(1).randbytes)
    server.advance(0.0)
    now = 0.1
    for peer in range(4):
        server.stream_opened(peer, Address(f"10.0.0.{peer}", 1), now)
    server.receive_stream(0, frame(hello(schema_digest=game_digest(RULES.schema, RULES.command), name="Friend")), now)
    for peer, stream, datagram in inputs:
        now += 1 / 120
        for piece in chopped(stream, cuts):
            server.receive_stream(peer, piece, now)
        server.receive_datagram(datagram, STRANGER, now)
        server.advance(now)
        assert server.datagrams_to_send(now) == [], "no datagram to anybody who has not sealed one"
        server.streams_to_send(now)
        for closed in server.streams_to_close():
            server.stream_lost(closed, now)
        server.log_lines()
    server.advance(now + 0.5)
    assert 0 not in server.streams_to_close()
    assert server.statistics().control.sessions >= 1
