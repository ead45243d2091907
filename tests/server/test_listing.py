"""The line of a LAN list says what the rooms are."""

from __future__ import annotations

from engine.control.messages import CreateRoom, JoinRoom
from engine.discovery import ServerInfo
from server.listing import server_info
from tests.server.lobby_bench import Bench, config_with


def info_of(bench: Bench, **server: object) -> ServerInfo:
    config = config_with(server={"name": "Den of Ada", **server})
    return server_info(config, bench.lobby.rooms, port=7779, server_id=bytes(8), schema_digest=bytes(8), version="1")


def test_all_rooms_together_and_the_map_of_the_busiest() -> None:
    bench = Bench(config_with(arena={"bots": 3, "seats": 8}))
    bench.come(1, 2, 3)
    bench.do(1, JoinRoom(0))
    bench.do(2, CreateRoom("Other", {"map": "hall"}, seats=4))
    bench.do(3, JoinRoom(2))
    info = info_of(bench)
    assert (info.name, info.tcp_port, info.players, info.bots, info.seats, info.map) == ("Den of Ada", 7779, 3, 3, 12, "hall")
    assert not info.has_password
    assert info_of(bench, password="hush").has_password


def test_a_server_without_rooms_is_still_a_line() -> None:
    info = info_of(Bench())
    assert (info.players, info.seats, info.map) == (0, 0, "")
