"""``skirmish``: the menu, practice, hosting, joining, the list of servers on the LAN, network bots.

Exit codes: 0 well, 1 a match ended badly, 2 something that the caller can put right (one line on standard error), 130 interrupted before
there was anything to report. Only what reads the arguments is imported here: a wrong one is answered at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from engine.drivers.command_line import USAGE_ERROR, CommandLineParser, conditions, number
from engine.drivers.console import one_line, say
from engine.ids import DEFAULT_PORT, VERSION
from engine.session.config import INPUT_DELAY_TICKS_MAX
from game.assets import map_names

PROGRAM: Final = "skirmish"
INTERRUPTED: Final = 130
"""As shells have it for SIGINT."""

NAME_CHARACTERS_MAX: Final = 16
SERVER_NAME_CHARACTERS_MAX: Final = 32
PASSWORD_CHARACTERS_MAX: Final = 64
HOST_CHARACTERS_MAX: Final = 253
"""Of a name that the Internet's name service knows. The others are of :mod:`engine.control.messages`, which is too heavy for here."""


def _address(text: str) -> tuple[str, int]:
    """``host``, ``host:port``, ``[v6]``, ``[v6]:port`` or a bare IPv6 address."""
    host, port = text, str(DEFAULT_PORT)
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise argparse.ArgumentTypeError(f"{text!r} is not an address: write [IPv6]:PORT")
        port = rest[1:] if rest else port
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    is_host = 0 < len(host) <= HOST_CHARACTERS_MAX and host.isprintable() and not any(letter in " /@?#" for letter in host)
    if not is_host or not (port.isascii() and port.isdecimal() and len(port) <= 5 and 1 <= int(port) <= 65535):
        shown = text if len(text) <= HOST_CHARACTERS_MAX else f"{text[:40]}..."
        raise argparse.ArgumentTypeError(f"{shown!r} is not an address: write HOST or HOST:PORT, with a port of 1 to 65535")
    return host, int(port)


def _text(characters_max: int, *, may_be_empty: bool = False) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not text.isprintable():
            raise argparse.ArgumentTypeError(f"{text[:40]!r} has characters that cannot be shown")
        if len(text) > characters_max:
            raise argparse.ArgumentTypeError(f"{text[:40]!r}... has {len(text)} characters; at most {characters_max} are possible")
        if not text.strip() and not may_be_empty:
            raise argparse.ArgumentTypeError("must not be empty")
        return text

    return read


_NAME: Final = _text(NAME_CHARACTERS_MAX)
_WORD: Final = _text(SERVER_NAME_CHARACTERS_MAX)
_PASSWORD: Final = _text(PASSWORD_CHARACTERS_MAX, may_be_empty=True)
_SECONDS: Final = number(0.1, 86400, float)
_SEED: Final = number(0, 2**31 - 1)
_LEVEL: Final = number(0, 2)


def _parser() -> argparse.ArgumentParser:
    parser = CommandLineParser(prog=PROGRAM, description="A LAN arena shooter. Without a command: the menu.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = parser.add_subparsers(dest="what", metavar="COMMAND", parser_class=CommandLineParser)

    measured = CommandLineParser(add_help=False)
    measured.add_argument("--seconds", type=_SECONDS, metavar="S", help="leave after so many seconds")
    measured.add_argument("--json", action="store_true", help="statistics as one JSON object on the last line")
    measured.add_argument(
        "--net",
        type=conditions,
        metavar="WORDS",
        help="a worse network: latency=80,jitter=20,loss=5,burst=8,duplicate=1,reorder=1 (ms, percent), or a preset such as bad_wifi",
    )
    measured.add_argument("--seed", type=_SEED, metavar="N", help="the same chance in --net, bots and matches every time")
    delay_help = f"show yourself N ticks later, 0 to {INPUT_DELAY_TICKS_MAX}: smaller corrections"
    measured.add_argument("--input-delay", type=number(0, INPUT_DELAY_TICKS_MAX), metavar="N", help=delay_help)
    measured.add_argument("--rollback-log", type=Path, metavar="FILE", help="write why each prediction was wrong, a line per cell")
    measured.add_argument("--bot-level", type=_LEVEL, default=1, metavar="L", help="how well bots play, 0 to 2")

    playing = CommandLineParser(add_help=False, parents=[measured])
    playing.add_argument("--headless", action="store_true", help="no window: a bot plays the seat")

    maps = f"one of {', '.join(map_names())}; without: all of them in turn"
    play = commands.add_parser("play", parents=[playing], help="practice against bots")
    play.add_argument("--name", type=_NAME, help=f"your name, at most {NAME_CHARACTERS_MAX} characters")
    play.add_argument("--bots", type=number(0, 15), default=5, metavar="N", help="how many, 0 to 15")
    play.add_argument("--map", type=_WORD, metavar="M", help=maps)
    play.add_argument("--mode", type=_WORD, default="deathmatch", metavar="M", help="deathmatch is the only one")

    host = commands.add_parser("host", parents=[playing], help="start a match for the LAN and play in it")
    host.add_argument("--name", type=_WORD, help="the server's name in everybody's list")
    host.add_argument("--port", type=number(1, 65535), metavar="P", help="TCP and UDP; without: the first free of 7777 to 7784")
    host.add_argument("--password", type=_PASSWORD, default="", metavar="W", help="whoever joins must give it")
    host.add_argument("--bots", type=number(0, 15), default=0, metavar="N", help="how many, 0 to 15")
    host.add_argument("--map", type=_WORD, metavar="M", help=maps)

    join = commands.add_parser("join", parents=[playing], help="join a server")
    join.add_argument("--name", type=_NAME, help=f"your name, at most {NAME_CHARACTERS_MAX} characters")
    bots = commands.add_parser("bots", parents=[measured], help="network players that are bots")
    bots.add_argument("--count", type=number(1, 256), required=True, metavar="N", help="how many, 1 to 256")
    for command in (join, bots):
        command.add_argument("address", type=_address, metavar="ADDRESS[:PORT]")
        command.add_argument("--password", type=_PASSWORD, default="", metavar="W", help="the server's, or with --room the room's")
        command.add_argument("--room", type=_WORD, metavar="NAME", help="headless: this room; without: any that is open")
        command.add_argument("--accept-new-certificate", action="store_true", help="the server was set up anew, and I know it")

    servers = commands.add_parser("servers", help="what is on the LAN")
    servers.add_argument("--timeout", type=number(0.1, 60, float), default=1.5, metavar="S", help="listen so long for answers")
    servers.add_argument("--json", action="store_true", help="the list as one JSON object on the last line")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        from game.client import commands

        try:
            return commands.run(options)
        except commands.UsageProblem as problem:
            say(f"{PROGRAM}: {one_line(str(problem))}")
            return USAGE_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
