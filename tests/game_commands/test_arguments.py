"""Wrong arguments: one line that says what to do, exit code 2, and nothing was started for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.control import messages
from game import __main__ as command_line
from tests.game_commands.processes import Done

NO_ADDRESS = "is not an address: write HOST or HOST:PORT, with a port of 1 to 65535"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dance"], "invalid choice: 'dance' (choose from "),
        (["--headless"], "unrecognized arguments: --headless"),
        (["join"], "the following arguments are required: ADDRESS[:PORT]"),
        (["join", "host", "--head"], "unrecognized arguments: --head"),
        (["join", "host", "--headles"], "--headles; did you mean --headless? (see: skirmish join --help)"),
        (["join", "host", "more"], "unrecognized arguments: more"),
        (["join", ""], NO_ADDRESS),
        (["join", "host:0"], NO_ADDRESS),
        (["join", "host:70000"], NO_ADDRESS),
        (["join", "host:"], NO_ADDRESS),
        (["join", "host:7777 "], NO_ADDRESS),
        (["join", "host:٧٧٧٧"], NO_ADDRESS),
        (["join", "host:" + "9" * 5000], NO_ADDRESS),
        (["join", ":7777"], NO_ADDRESS),
        (["join", "two words"], NO_ADDRESS),
        (["join", "two\nlines"], NO_ADDRESS),
        (["join", "me@host"], NO_ADDRESS),
        (["join", "a" * 300], NO_ADDRESS),
        (["join", "[::1"], "write [IPv6]:PORT"),
        (["join", "[::1]7777"], "write [IPv6]:PORT"),
        (["join", "[::1]:"], NO_ADDRESS),
        (["join", "[]:7777"], NO_ADDRESS),
        (["join", "host", "--net", "garbage"], "--net: network conditions: 'garbage' is unknown; known are latency, jitter, "),
        (["join", "host", "--net", "loss=101"], "--net: network conditions: loss must be 0 to 100 percent, not 101"),
        (["join", "host", "--net", "latency=-1"], "latency must be 0 to 10000 ms, not -1"),
        (["join", "host", "--net", "latency=nan"], "latency"),
        (["join", "host", "--net", "latency="], "latency"),
        (["join", "host", "--name", "a" * 17], "--name: 'aaaaaaaaaaaaaaaaa'... has 17 characters; at most 16 are possible"),
        (["join", "host", "--name", "two\nlines"], "--name: 'two\\nlines' has characters that cannot be shown"),
        (["join", "host", "--name", "\x1b[31mred"], "characters that cannot be shown"),
        (["join", "host", "--name", "\u202eright to left"], "characters that cannot be shown"),
        (["join", "host", "--name", "  "], "--name: must not be empty"),
        (["join", "host", "--password", "a" * 65], "--password: "),
        (["join", "host", "--password", "a\tb"], "characters that cannot be shown"),
        (["join", "host", "--seconds", "-1"], "--seconds: -1 is not in 0.1 to 86400"),
        (["join", "host", "--seconds", "0"], "--seconds: 0 is not in 0.1 to 86400"),
        (["join", "host", "--seconds", "nan"], "--seconds: nan is not in 0.1 to 86400"),
        (["join", "host", "--seconds", "inf"], "--seconds: inf is not in 0.1 to 86400"),
        (["join", "host", "--seconds", "soon"], "--seconds: 'soon' is not a number"),
        (["join", "host", "--seconds"], "--seconds: expected one argument"),
        (["join", "host", "--seed", "-5"], "--seed: -5 is not in 0 to 2147483647"),
        (["join", "host", "--seed", "1.5"], "--seed: '1.5' is not a whole number"),
        (["join", "host", "--bot-level", "3"], "--bot-level: 3 is not in 0 to 2"),
        (["join", "host", "--input-delay", "4"], "--input-delay: 4 is not in 0 to 3"),
        (["play", "--bots", "99"], "--bots: 99 is not in 0 to 15"),
        (["play", "--bots", "-1"], "--bots: -1 is not in 0 to 15"),
        (["play", "--bots", "9" * 5000], "is not a whole number"),
        (["play", "--mode", "ctf", "--headless"], "there is no mode 'ctf'; there is: deathmatch"),
        (["play", "--map", "moon", "--headless"], "There is no map 'moon'; there are "),
        (["play", "--map", "../../etc/passwd", "--headless"], "There is no map '../../etc/passwd'; there are "),
        (["play", "--map", "-x", "--headless"], "--map: expected one argument"),
        (["host", "--port", "0"], "--port: 0 is not in 1 to 65535"),
        (["host", "--port", "65536"], "--port: 65536 is not in 1 to 65535"),
        (["host", "--name", "a" * 33], "--name: "),
        (["host", "--password", "a\nb"], "--password: "),
        (["bots", "host"], "the following arguments are required: --count"),
        (["bots", "host", "--count", "0"], "--count: 0 is not in 1 to 256"),
        (["bots", "host", "--count", "257"], "--count: 257 is not in 1 to 256"),
        (["bots", "host", "--count", "2", "--headless"], "unrecognized arguments: --headless"),
        (["servers", "--timeout", "0"], "--timeout: 0 is not in 0.1 to 60"),
        (["servers", "--seconds", "1"], "unrecognized arguments: --seconds"),
    ],
)
def test_a_wrong_argument_is_one_line(refused: Callable[..., str], arguments: list[str], words: str) -> None:
    assert words in refused(*arguments)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.1.5", ("192.168.1.5", 7777)),
        ("laptop.local:7780", ("laptop.local", 7780)),
        ("::1", ("::1", 7777)),
        ("[::1]", ("::1", 7777)),
        ("[fe80::1%eth0]:7778", ("fe80::1%eth0", 7778)),
        ("fe80::1%eth0", ("fe80::1%eth0", 7777)),
        ("rechner-größe:1", ("rechner-größe", 1)),
    ],
)
def test_addresses_are_read_as_people_write_them(text: str, address: tuple[str, int]) -> None:
    assert command_line._address(text) == address


def test_values_may_begin_with_a_dash_and_be_empty_where_that_means_something() -> None:
    options = command_line._parser().parse_args(["host", "--password=-x", "--name=-y"])
    assert (options.password, options.name) == ("-x", "-y")
    assert command_line._parser().parse_args(["join", "h", "--password", ""]).password == ""


def test_the_limits_are_the_protocols() -> None:
    assert command_line.NAME_CHARACTERS_MAX == messages.NAME_CHARACTERS_MAX
    assert command_line.SERVER_NAME_CHARACTERS_MAX == messages.ROOM_NAME_CHARACTERS_MAX
    assert command_line.PASSWORD_CHARACTERS_MAX == messages.PASSWORD_CHARACTERS_MAX


@pytest.mark.parametrize("command", [[], ["play"], ["host"], ["join"], ["servers"], ["bots"]])
def test_help_is_on_standard_output(skirmish: Callable[..., Done], command: list[str]) -> None:
    done = skirmish(*command, "--help")
    assert done.code == 0
    assert done.err == ""
    assert done.out.startswith("usage: skirmish")
