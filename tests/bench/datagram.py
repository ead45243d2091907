"""What the datagram layer costs per datagram: ``python -m tests.bench.datagram --json``.

One client and one endpoint exchange ``--datagrams N`` commands (60 bytes) and snapshots (120 bytes) in virtual time. Prints microseconds
of each verb; asserts nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from time import perf_counter

from engine.datagram import Connection, Endpoint
from engine.ids import Address
from tests.command_line import JSON_HELP, number, tool

CLIENT = Address("198.51.100.7", 50000)
SERVER = Address("192.0.2.1", 7777)
COMMAND = bytes(60)
SNAPSHOT = bytes(120)


def measure(datagrams: int) -> dict[str, float]:
    """Mean microseconds per call: send and receive of each side, and what a tick asks of the endpoint besides."""
    endpoint = Endpoint(Random(1).randbytes)
    ticket = endpoint.issue_ticket(0.0)
    client = Connection(ticket, is_server=False, now=0.0, path=SERVER)
    for _, datagram in client.datagrams_to_send(0.0):
        endpoint.receive(datagram, CLIENT, 0.0)
    server = endpoint.connection(ticket.connection_id)
    assert server is not None
    server.send(SNAPSHOT)
    for _, _, datagram in endpoint.datagrams_to_send(0.0):
        client.receive(datagram, SERVER, 0.0)
    spent = dict.fromkeys(("client_send", "server_receive", "server_advance_and_events", "server_send", "client_receive"), 0.0)
    for index in range(datagrams):
        now = 1.0 + index / 60
        began = perf_counter()
        client.send(COMMAND)
        ((_, up),) = client.datagrams_to_send(now)
        sent = perf_counter()
        endpoint.receive(up, Address(CLIENT.host, CLIENT.port), now)  # a driver's address is a new object each time
        received = perf_counter()
        endpoint.advance(now)
        endpoint.events()
        advanced = perf_counter()
        server.send(SNAPSHOT)
        ((_, _, down),) = endpoint.datagrams_to_send(now)
        answered = perf_counter()
        client.receive(down, SERVER, now)
        ended = perf_counter()
        client.advance(now)
        client.events()
        for name, seconds in zip(
            spent, (sent - began, received - sent, advanced - received, answered - advanced, ended - answered), strict=True
        ):
            spent[name] += seconds
    return {f"{name}_us": round(seconds / datagrams * 1e6, 2) for name, seconds in spent.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = tool("tests.bench.datagram", __doc__)
    parser.add_argument("--datagrams", type=number(1, 10_000_000), default=20_000, metavar="N", help="each way")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    options = parser.parse_args(arguments)
    figures = measure(options.datagrams)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:32} {value:8.2f}")


if __name__ == "__main__":
    main()
