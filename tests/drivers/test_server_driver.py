"""A toy game's server and two clients over real loopback sockets, IPv4 and IPv6."""

from __future__ import annotations

import os
import threading

import pytest

from engine.drivers import ClientDriver, Pacer, ServerDriver
from engine.session import MatchClient, MatchServer
from engine.session import client_events as e
from tests.session.support import Walker, make_toy, plays
from tests.timeline.toy import COMMAND, SCHEMA

FRAMES_MAX = 1200
"""20 s of frames: a bound, not an expectation."""


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_small_server_plays_over_real_sockets(host: str) -> None:
    server = MatchServer(make_toy, schema=SCHEMA, command=COMMAND, entropy=os.urandom, seats=4, udp_port=0)
    try:
        driver = ServerDriver(server, port=0, hosts=(host,))
    except OSError as error:
        pytest.skip(f"no {host} on this machine: {error}")
    thread = threading.Thread(target=driver.run, daemon=True)
    thread.start()
    clients = [MatchClient(schema=SCHEMA, command=COMMAND, game_factory=make_toy, name=f"walker {number}") for number in range(2)]
    drivers = [ClientDriver(client, host, driver.port) for client in clients]
    for number, client in enumerate(clients):
        client.pilot = Walker(number)
    pacer = Pacer(60)
    try:
        for _ in range(FRAMES_MAX):
            pacer.wait()
            for each in drivers:
                each.poll()
            if all(plays(client) and client.statistics().snapshots > 30 for client in clients):
                break
        assert all(client.statistics().snapshots > 30 for client in clients)
        assert {client.statistics().carrier for client in clients} == {"udp"}
        driver.stop()
        for _ in range(FRAMES_MAX):
            pacer.wait()
            for each in drivers:
                each.poll()
            if all(client.closed_because for client in clients):
                break
        assert all(isinstance(client.closed_because, e.Closed) for client in clients), "the server said goodbye"
    finally:
        driver.stop()
        for each in drivers:
            each.close()
        thread.join(10)
    assert not thread.is_alive()
