"""What a server, a network or a settings folder answers to a wrong order: one line that says what to do, exit code 2."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from engine.control.messages import CreateRoom
from engine.control.tls import make_certificate, server_context
from engine.drivers import Pacer
from engine.errors import DisconnectReason
from game.client.connection import Connection
from game.client.headless import hinted
from game.client.preferences import PlayerFiles
from tests.game_commands.processes import Done, free_port, installation, run, server

PLAY = ("--headless", "--seconds", "20")
"""Of these seconds none is played."""


def join(port: int, *more: str) -> list[str]:
    return ["join", f"127.0.0.1:{port}", *PLAY, *more]


@contextmanager
def answering(*answers: bytes) -> Iterator[int]:
    """Something that listens and is no server of ours."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                stream, _ = listener.accept()
                with stream:
                    stream.sendall(answer)
                    stream.shutdown(socket.SHUT_WR)
                    while stream.recv(4096):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


@contextmanager
def locked_room(port: int, name: str, password: str) -> Iterator[Connection]:
    """Somebody who has opened a room with a password and stays in it."""
    connection = Connection("127.0.0.1", port, files=PlayerFiles(), name="Owner")
    pacer = Pacer(200)
    try:
        for _ in range(4000):
            connection.poll()
            for event in connection.client.events():
                if type(event).__name__ == "LobbyEntered":
                    connection.client.request(CreateRoom(name, {}, 2, password, 0))
            if connection.client.room is not None:
                break
            pacer.wait()
        assert connection.client.room is not None
        yield connection
    finally:
        connection.close()


def test_a_name_that_nobody_knows(refused: Callable[..., str]) -> None:
    line = refused("join", "no-such-host.invalid", *PLAY)
    assert "No computer is known by the name no-such-host.invalid: check the spelling" in line


def test_a_port_where_nobody_listens(refused: Callable[..., str]) -> None:
    port = free_port()
    line = refused(*join(port))
    assert f"127.0.0.1 is there, but no server listens on port {port}" in line
    assert line.endswith(" What there is on this LAN: skirmish servers.\n")
    assert f"no server listens on port {port}" in refused("bots", f"127.0.0.1:{port}", "--count", "3")


def test_json_tells_of_a_refusal_as_well(skirmish: Callable[..., Done]) -> None:
    done = skirmish(*join(free_port(), "--json"))
    assert done.code == 2
    report = json.loads(done.out)
    assert report["connected"] is False
    assert report["disconnect_reason"] == "unreachable"
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_a_port_where_something_else_listens(refused: Callable[..., str], answer: bytes) -> None:
    with answering(answer) as port:
        line = refused(*join(port))
    assert f"No secure connection to 127.0.0.1 port {port}" in line
    assert "Is that a Skirmish server?" in line


@contextmanager
def talking_nonsense(state: Path) -> Iterator[int]:
    """TLS as ours, and in it another protocol."""
    state.mkdir()
    (state / "server.pem").write_bytes(make_certificate())
    context = server_context(state / "server.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            stream, _ = listener.accept()
            with context.wrap_socket(stream, server_side=True) as secure:
                secure.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 20)
                with suppress(OSError):
                    while secure.recv(4096):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


def test_an_address_with_another_protocol_is_named(refused: Callable[..., str], tmp_path: Path) -> None:
    with talking_nonsense(tmp_path / "other") as port:
        line = refused(*join(port))
    assert "The other side sent something that is not Skirmish's protocol." in line
    assert f"Is 127.0.0.1:{port} a Skirmish server? What there is on this LAN: skirmish servers." in line


def test_a_server_that_let_us_in_is_not_called_another_program() -> None:
    reason = DisconnectReason.PROTOCOL_ERROR
    assert hinted(reason, "Nonsense.", was_in=True, has_password=False) == "Nonsense."
    assert hinted(reason, "Nonsense.", was_in=False, has_password=False).startswith("Nonsense. What there is")


def test_a_wrong_password_of_the_server(refused: Callable[..., str], skirmish: Callable[..., Done], tmp_path: Path) -> None:
    with server(tmp_path, "--password", "sesame") as port:
        assert refused(*join(port)) == "skirmish: This server wants a password: give it with --password.\n"
        wrong = refused(*join(port, "--password", "Sesame"))
        assert wrong == "skirmish: The password is wrong. Give the right one with --password.\n"
        done = skirmish("join", f"127.0.0.1:{port}", "--headless", "--seconds", "0.5", "--password", "sesame")
        assert done.code == 0, done


def test_rooms_are_joined_by_name_and_password(refused: Callable[..., str], skirmish: Callable[..., Done], open_server: int) -> None:
    with locked_room(open_server, "The Den", "sesame") as owner:
        assert "This room wants a password: give it with --password." in refused(*join(open_server, "--room", "the den"))
        assert "The password is wrong." in refused(*join(open_server, "--room", "the den", "--password", "guess"))
        done = skirmish("join", f"127.0.0.1:{open_server}", "--headless", "--seconds", "0.5", "--room", "the den", "--password", "sesame")
        assert done.code == 0, done
        line = refused(*join(open_server, "--room", "moon"))
        assert "There is no room 'moon' on this server. Rooms: Arena, The Den." in line
        assert owner.client.closed_because is None


def test_a_full_room(refused: Callable[..., str], skirmish: Callable[..., Done], tmp_path: Path) -> None:
    settings = tmp_path / "server.toml"
    settings.write_text("[arena]\nseats = 2\n")
    with server(tmp_path, "--config", str(settings)) as port:
        done = skirmish("bots", f"127.0.0.1:{port}", "--count", "3", "--seconds", "1", "--json")
    assert done.code == 2
    assert "The room is full." in done.err
    assert "--room" in done.err
    assert "(1 of 3 players)" in done.err
    report = json.loads(done.out.splitlines()[-1])
    assert sorted(str(player["disconnect_reason"]) for player in report["players"]) == ["None", "None", "room_full"]
    assert report["connected"] is False
    assert report["disconnect_reason"] == "room_full"


def test_a_full_server(skirmish: Callable[..., Done], tmp_path: Path) -> None:
    settings = tmp_path / "server.toml"
    settings.write_text("[server]\nplayers_max = 1\n")
    with server(tmp_path, "--config", str(settings)) as port:
        done = skirmish("bots", f"127.0.0.1:{port}", "--count", "2", "--seconds", "1", "--json")
    assert done.code == 2
    assert "The server is full." in done.err
    assert "(1 of 2 players)" in done.err
    assert {player["disconnect_reason"] for player in json.loads(done.out.splitlines()[-1])["players"]} == {None, "server_full"}


def test_a_server_without_an_open_room(refused: Callable[..., str], tmp_path: Path) -> None:
    settings = tmp_path / "server.toml"
    settings.write_text("[arena]\nenabled = false\n")
    with server(tmp_path, "--config", str(settings)) as port:
        line = refused(*join(port))
    assert "No room of this server is open" in line
    assert "Rooms: none." in line


def in_another_version(change: str, arguments: list[str], state: Path) -> Done:
    """The command line of an installation that differs from ours."""
    return run("-c", f"{change}\nimport sys\nfrom game.__main__ import main\nsys.exit(main({arguments!r}))", state=state)


def test_another_protocol_version(open_server: int, state: Path) -> None:
    done = in_another_version("import engine.ids\nengine.ids.PROTOCOL_VERSION = 99", join(open_server), state)
    assert (done.code, done.out) == (2, done.out)
    assert done.err.count("\n") == 1
    assert "install the same version on both" in done.err
    assert "you speak 99" in done.err


OTHER_SCHEMA = """
from dataclasses import replace
from engine.world import Range, Schema
from game.simulation import rules
def changed(field):
    return replace(field, range=Range(0, 120)) if field.name == "health" else field
kinds = [replace(kind, fields=tuple(changed(field) for field in kind.fields)) for kind in rules.ARENA_SCHEMA.kinds]
rules.ARENA_SCHEMA = Schema(*kinds, seats=rules.ARENA_SCHEMA.seats)
"""


def test_another_schema_is_told_with_the_field_that_differs(open_server: int, state: Path) -> None:
    done = in_another_version(OTHER_SCHEMA, join(open_server), state)
    assert done.code == 2, done
    assert done.err.count("\n") == 1
    assert "describe the game's world differently: install the same version on both" in done.err
    assert "player.health: ours high 120, theirs high 100" in done.err


def test_a_map_that_only_the_server_has(skirmish: Callable[..., Done], tmp_path: Path) -> None:
    theirs = installation(tmp_path)
    (theirs / "assets" / "maps" / "crossfire.tmx").rename(theirs / "assets" / "maps" / "moon.tmx")
    with server(tmp_path / "their state", "--map", "moon", cwd=theirs) as port:
        done = skirmish(*join(port))
    assert (done.code, done.out) == (2, "")
    assert "install the same version, with the same maps. There is no map 'moon'; there are " in done.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not XML at all", "is not XML"),
        ('<map orientation="hexagonal"/>', "is not a finite orthogonal Tiled map"),
        (None, "the border is not wall all round"),
    ],
)
def test_a_broken_map(tmp_path: Path, text: str | None, words: str) -> None:
    ours = installation(tmp_path)
    path = ours / "assets" / "maps" / "crossfire.tmx"
    path.write_text(text or path.read_text().replace("1,1,1,1", "1,0,1,1", 1))
    for command in (["server", "--local"], ["game", "play", "--headless", "--map", "crossfire"]):
        done = run("-m", *command, state=tmp_path / "state", cwd=ours)
        assert (done.code, done.out) == (2, ""), done
        assert done.err.count("\n") == 1
        assert f"crossfire.tmx: {words}" in done.err


def test_a_changed_certificate_is_refused_until_it_is_accepted(
    refused: Callable[..., str], skirmish: Callable[..., Done], tmp_path: Path
) -> None:
    port = free_port()
    order = ("join", f"127.0.0.1:{port}", "--headless", "--seconds", "0.3")
    with server(tmp_path / "first", "--port", str(port)):
        assert skirmish(*order).code == 0
        assert skirmish(*order).code == 0
    with server(tmp_path / "second", "--port", str(port)):
        line = refused(*order)
        assert f"The certificate of 127.0.0.1:{port} is not the one of last time" in line
        assert f"skirmish join 127.0.0.1:{port} --accept-new-certificate" in line
        assert "is not the one of last time" in refused("bots", f"127.0.0.1:{port}", "--count", "2")
        assert skirmish(*order, "--accept-new-certificate").code == 0
        assert skirmish(*order).code == 0, "remembered now"


def test_a_port_that_is_taken(refused: Callable[..., str]) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused("host", "--headless", "--port", str(port))
    assert f"cannot listen on port {port}" in line
    assert "Is another server running? --port takes another one." in line


def test_a_settings_folder_that_cannot_be_written_does_not_keep_anybody_from_playing(
    skirmish: Callable[..., Done], open_server: int, state: Path
) -> None:
    state.write_text("a file where the folder should be")
    done = skirmish("join", f"127.0.0.1:{open_server}", "--headless", "--seconds", "0.5", "--json")
    assert done.code == 0
    assert json.loads(done.out)["connected"] is True
    assert str(state) in done.err
