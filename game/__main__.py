"""``skirmish``: the menu, practice, hosting, joining, the list of servers on the LAN, network bots."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from engine.conditions import NetConditions
from engine.ids import DEFAULT_PORT

USAGE_ERROR = 2


class _Parser(argparse.ArgumentParser):
    """One clear line for a wrong argument."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"skirmish: {message} (see: {self.prog} --help)\n")


def _conditions(text: str) -> NetConditions:
    try:
        return NetConditions.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _address(text: str) -> tuple[str, int]:
    """``host``, ``host:port``, ``[v6]``, ``[v6]:port`` or a bare IPv6 address."""
    host, port = text, str(DEFAULT_PORT)
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise argparse.ArgumentTypeError(f"{text!r} is not an address: write [IPv6]:port")
        port = rest[1:] or port
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address: write HOST or HOST:PORT, with a port of 1 to 65535")
    return host, int(port)


def _number(low: float, high: float, kind: type[int] | type[float] = int) -> "argparse._ActionType":  # noqa: UP037 - a private name
    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not in {low:g} to {high:g}")
        return value

    return read


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="skirmish", description="A LAN arena shooter. Without a command: the menu.")
    commands = parser.add_subparsers(dest="what", metavar="COMMAND", parser_class=_Parser)

    playing = _Parser(add_help=False)
    playing.add_argument("--headless", action="store_true", help="no window: a bot plays the seat")
    playing.add_argument("--seconds", type=_number(0.1, 86400, float), metavar="S", help="leave after so many seconds")
    playing.add_argument("--json", action="store_true", help="statistics as one JSON object on the last line")
    playing.add_argument(
        "--net", type=_conditions, metavar="WORDS", help="a worse network: latency=80,jitter=20,loss=5,burst=8,duplicate=1,reorder=1"
    )
    playing.add_argument("--seed", type=_number(0, 2**31 - 1), default=None, help="makes --net and the bot repeatable")
    playing.add_argument("--bot-level", type=_number(0, 2), default=1, help="how well the headless player plays, 0 to 2")

    named = _Parser(add_help=False)
    named.add_argument("--name", default=None, help="your name, at most 16 characters")

    play = commands.add_parser("play", parents=[playing, named], help="practice against bots")
    play.add_argument("--bots", type=_number(0, 15), default=5)
    play.add_argument("--map", default=None)
    play.add_argument("--mode", default="deathmatch")

    host = commands.add_parser("host", parents=[playing], help="start a match for the LAN and play in it")
    host.add_argument("--name", default=None, help="the server's name in everybody's list")
    host.add_argument("--port", type=_number(1, 65535), default=None)
    host.add_argument("--password", default="")
    host.add_argument("--bots", type=_number(0, 15), default=0)
    host.add_argument("--map", default=None)

    join = commands.add_parser("join", parents=[playing, named], help="join a server")
    join.add_argument("address", type=_address, metavar="ADDRESS[:PORT]")
    join.add_argument("--password", default="")

    servers = commands.add_parser("servers", help="what is on the LAN")
    servers.add_argument("--timeout", type=_number(0.1, 60, float), default=1.5, metavar="S")
    servers.add_argument("--json", action="store_true")

    bots = commands.add_parser("bots", help="network players that are bots")
    bots.add_argument("address", type=_address, metavar="ADDRESS[:PORT]")
    bots.add_argument("--count", type=_number(1, 256), required=True)
    bots.add_argument("--seconds", type=_number(0.1, 86400, float), metavar="S")
    bots.add_argument("--password", default="")
    bots.add_argument("--json", action="store_true")
    bots.add_argument("--net", type=_conditions, metavar="WORDS")
    bots.add_argument("--seed", type=_number(0, 2**31 - 1), default=None)
    bots.add_argument("--bot-level", type=_number(0, 2), default=1)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code (0 well, 1 the match ended badly, 2 something that the caller can put right)."""
    options = _parser().parse_args(arguments)
    from game.client import commands

    try:
        return commands.run(options)
    except commands.UsageProblem as problem:
        print(f"skirmish: {problem}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
