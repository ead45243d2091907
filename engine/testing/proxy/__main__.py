"""The command line: ``python -m engine.testing.proxy --listen 7778 --to 127.0.0.1:7777 --net bad_wifi,latency=80``.

The first line says where it listens, once it does; the report of what it did to the traffic is the end, with ``--json`` as one JSON object
on the last line. Exit codes: 0 after an orderly end (SIGINT and SIGTERM are one), 2 for something that the caller can put right.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Final

from engine.conditions import PRESETS, NetConditions
from engine.drivers import NoFreePortError
from engine.drivers.command_line import USAGE_ERROR, CommandLineParser, conditions, number
from engine.drivers.console import one_line, say
from engine.drivers.failures import failure_of
from engine.ids import Address
from engine.testing.proxy.relay import Proxy
from engine.testing.proxy.statistics import ProxyStatistics, in_a_line, in_words

PROGRAM: Final = "engine.testing.proxy"
PORT_MAX: Final = 65535


def _port(text: str, low: int) -> int:
    if not text.isdecimal() or not low <= int(text) <= PORT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port of {low} to {PORT_MAX}")
    return int(text)


def _server(text: str) -> Address:
    """``host:port`` or ``[v6]:port``."""
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    if not colon or not host:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address: write HOST:PORT or [IPv6]:PORT")
    return Address(host, _port(port, 1))


def _listen(text: str) -> Address:
    """``port``, or with the address to listen at; port 0 is any."""
    if text.isdecimal():
        return Address("", _port(text, 0))
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    if not colon or not host:
        raise argparse.ArgumentTypeError(f"{text!r}: write PORT, ADDRESS:PORT or [IPv6]:PORT")
    return Address(host, _port(port, 0))


def _parser() -> CommandLineParser:
    parser = CommandLineParser(
        prog=f"python -m {PROGRAM}", description="A bad network between any client and any server. It changes no byte but on request."
    )
    parser.add_argument("--listen", type=_listen, required=True, metavar="P", help="port, TCP and UDP, or ADDRESS:PORT; 0 is any")
    parser.add_argument("--to", type=_server, required=True, metavar="HOST:PORT", help="the server")
    parser.add_argument(
        "--net",
        type=conditions,
        default=NetConditions(),
        metavar="WORDS",
        help=f"latency=80,jitter=20,loss=5,burst=8,... for both directions; in front of them one of {', '.join(PRESETS)}",
    )
    parser.add_argument("--seed", type=number(0, 2**31 - 1), default=0, metavar="N", help="of the dice, not of the traffic's own timing")
    parser.add_argument("--seconds", type=number(0.1, 1e9, float), metavar="S", help="end after so many seconds")
    parser.add_argument("--json", action="store_true", help="the report as one JSON object on the last line")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    server: Address = options.to
    listen: Address = options.listen
    hosts = (listen.host,) if listen.host else ("0.0.0.0", "::")  # noqa: S104 - it stands where the server would
    try:
        proxy = Proxy(server.host, server.port, options.net, listen_port=listen.port, listen_hosts=hosts, seed=options.seed)
    except OSError as error:
        say(f"{PROGRAM}: {one_line(_problem(error, server, listen))}")
        return USAGE_ERROR

    def by_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's signature
        proxy.stop()

    signal.signal(signal.SIGTERM, by_signal)
    signal.signal(signal.SIGINT, by_signal)
    print(f"listening tcp={proxy.port} udp={proxy.port} to={server} net={options.net.describe()}", flush=True)
    if not listen.host:
        proxy.join_lan()
    proxy.run(options.seconds, _show if sys.stderr.isatty() else None)
    proxy.close()
    report = proxy.statistics()
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(in_words(report))
    if options.json:
        print(json.dumps(report.as_json()))
    return 0


def _problem(error: OSError, server: Address, listen: Address) -> str:
    """Why there is no proxy, and what helps, in this program's words."""
    if isinstance(error, socket.gaierror):
        return failure_of(error, server.host, server.port).sentence
    if isinstance(error, NoFreePortError):
        where = str(listen) if listen.host else f"port {listen.port}"
        why = error.__cause__.strerror if isinstance(error.__cause__, OSError) else error.__cause__
        return f"cannot listen at {where}: {why}; --listen takes another port, TCP and UDP (0 is any)"
    return str(error)


def _show(statistics: ProxyStatistics) -> None:
    print(f"\r{in_a_line(statistics)}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
