from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine.discovery import ServerEntry, ServerInfo
from engine.ids import Address
from game.arena import ARENA_DIGEST
from game.client.lan import DISPENSABLE, FoundServer, found_server, print_servers, read_address


def entry(
    name: str = "Cellar", *, host: str = "192.168.1.5", port: int = 7777, digest: bytes = ARENA_DIGEST, protocol: int = 1
) -> ServerEntry:
    info = ServerInfo(
        server_id=b"12345678",
        name=name,
        tcp_port=port,
        players=3,
        seats=16,
        map="courtyard",
        version="0.1.0",
        schema_digest=digest,
        bots=2,
        has_password=True,
        protocol=protocol,
    )
    address = Address(host, port)
    return ServerEntry(info, address, 3.14159, (address, Address("fd00::2", port)))


def test_json_is_one_object_on_one_line(capsys):
    print_servers([found_server(entry()), found_server(entry("Zoë 中文", port=7780))], as_json=True)
    (line,) = capsys.readouterr().out.splitlines()
    servers = json.loads(line)["servers"]
    assert [server["name"] for server in servers] == ["Cellar", "Zoë 中文"]
    assert servers[0] == {
        "name": "Cellar",
        "address": "192.168.1.5",
        "port": 7777,
        "players": 3,
        "bots": 2,
        "seats": 16,
        "map": "courtyard",
        "mode": "",
        "has_password": True,
        "ping_ms": 3.1,
        "version": "0.1.0",
        "protocol": 1,
        "compatible": True,
        "addresses": ["192.168.1.5", "fd00::2"],
    }


def test_an_empty_lan_is_said_in_both_ways(capsys):
    print_servers([], as_json=True)
    assert json.loads(capsys.readouterr().out) == {"servers": []}
    print_servers([], as_json=False)
    assert "No servers" in capsys.readouterr().out


LONG = "A rather long name of a server ."
ANSWERS = [entry(LONG, port=7780), entry("Old", protocol=9), entry("Far", host="2001:db8:1234:5678:9abc:def0:1234:5678")]


def printed(capsys, entries=ANSWERS, columns=None) -> list[str]:
    print_servers([found_server(entry) for entry in entries], as_json=False, columns=columns)
    return capsys.readouterr().out.splitlines()


def heading(lines: list[str]) -> list[str]:
    return [cell.strip() for cell in next(line for line in lines if "address" in line).strip("┃").split("┃")]


def test_whoever_reads_no_terminal_gets_a_line_per_server_with_everything(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    lines = printed(capsys)
    assert heading(lines) == [*("server", "address", "players", "bots", "map", "ping", "password", "version")]
    (row,) = [line for line in lines if LONG in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        *(LONG, "192.168.1.5:7780", "3/16", "2", "courtyard", "3 ms", "wanted", "0.1.0")
    ]
    assert sum(line.startswith("│") for line in lines) == len(ANSWERS)


@pytest.mark.parametrize("columns", [200, 120, 110, 100, 90, 80, 70, 60, 40, 20])
def test_no_terminal_is_so_narrow_that_anything_is_cut(capsys, columns):
    lines = printed(capsys, columns=columns)
    assert not [line for line in lines if "…" in line]
    titles = heading(lines)
    assert [title for title in titles if title not in DISPENSABLE] == ["server", "address", "players", "password"], "these stay"
    assert [title in titles for title in DISPENSABLE] == sorted(title in titles for title in DISPENSABLE), "the least important goes first"
    for whole in ("192.168.1.5:7780", "[2001:db8:1234:5678:9abc:def0:1234:5678]", "3/16", "wanted"):
        assert any(f" {whole} " in line for line in lines)
    assert "(other" in " ".join(lines), "told with the name where its column has gone"
    least = max(map(len, lines))
    assert least <= columns or not set(titles) & set(DISPENSABLE)


def test_eighty_columns_hold_what_matters(capsys):
    lines = printed(capsys, [entry(LONG, port=7780)], 80)
    assert max(map(len, lines)) <= 80
    assert heading(lines) == ["server", "address", "players", "map", "ping", "password"]


def test_passwords_have_a_column_where_there_are_any(capsys):
    locked = found_server(entry())
    print_servers([replace(locked, has_password=False)], as_json=False)
    assert "password" not in capsys.readouterr().out


def test_a_name_with_markup_stays_a_name(capsys):
    print_servers([found_server(entry("[bold red]boo[/]"))], as_json=False)
    assert "[bold red]boo[/]" in capsys.readouterr().out


@pytest.mark.parametrize(("digest", "protocol", "fits"), [(ARENA_DIGEST, 1, True), (b"otherone", 1, False), (ARENA_DIGEST, 2, False)])
def test_another_protocol_or_another_world_is_another_version(digest, protocol, fits):
    found: FoundServer = found_server(entry(digest=digest, protocol=protocol))
    assert found.compatible is fits


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.1.5", ("192.168.1.5", 7777)),
        (" cellar.local:7780 ", ("cellar.local", 7780)),
        ("fe80::1%eth0", ("fe80::1%eth0", 7777)),
        ("[fe80::1%2]:7781", ("fe80::1%2", 7781)),
        ("[::1]", ("::1", 7777)),
        ("", None),
        ("host:", None),
        ("host:0", None),
        ("host:65536", None),
        ("host:x", None),
        ("two words", None),
        ("[::1", None),
        ("[::1]x", None),
        (":7777", None),
    ],
)
def test_addresses_as_people_type_them(text, address):
    assert read_address(text) == address
