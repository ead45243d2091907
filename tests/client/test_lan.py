from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine.discovery import ServerEntry, ServerInfo
from engine.ids import Address
from game.arena import ARENA_DIGEST
from game.client.lan import FoundServer, found_server, print_servers, read_address


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


def test_the_table_names_what_is_typed_to_join(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    print_servers([found_server(entry("A rather long name of a server", port=7780)), found_server(entry("Old", protocol=9))], as_json=False)
    out = capsys.readouterr().out
    assert " 192.168.1.5:7780 " in out, "whole, in a narrow terminal too"
    assert "other" in out
    assert "3/16" in out


def test_every_column_has_a_heading_and_passwords_have_one_where_there_are_any(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    locked = found_server(entry())
    print_servers([locked], as_json=False)
    heading = next(line for line in capsys.readouterr().out.splitlines() if "server" in line)
    assert [cell.strip() for cell in heading.strip("┃").split("┃")] == [
        *("server", "address", "players", "bots", "map", "ping", "version", "password")
    ]
    print_servers([replace(locked, has_password=False)], as_json=False)
    assert "password" not in capsys.readouterr().out


def test_a_name_with_markup_stays_a_name(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
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
