"""``skirmish servers`` across a cable, without a default route: by broadcast, by multicast, and each server once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.network.conftest import MakeLan, Serve, Start
from tests.network.lan import Host


def servers_seen_by(host: Host, start: Start, timeout_s: int = 2) -> list[dict[str, Any]]:
    """Three questions in 2 s: one may be lost, and the first answer over IPv6 may have to ask for our hardware address twice."""
    found = start(host, "game", "servers", "--json", "--timeout", str(timeout_s), label=f"servers, asked by {host.name}").finish()[
        "servers"
    ]
    assert isinstance(found, list)
    return found


def test_a_server_on_another_computer_is_listed_once(make_lan: MakeLan, serve: Serve, start: Start) -> None:
    near, far = make_lan("near", "far").hosts
    serve(near, "--name", "Den", "--bots", "3")
    (seen,) = servers_seen_by(far, start)
    assert (seen["name"], seen["address"], seen["port"], seen["bots"]) == ("Den", near.ipv4, 7777, 3)
    assert seen["compatible"] is True
    assert near.ipv6 in seen["addresses"], "it answered over IPv6 as well, and is one server all the same"
    (seen_at_home,) = servers_seen_by(near, start)
    assert seen_at_home["name"] == "Den"


@pytest.mark.parametrize(
    ("dropped", "address"),
    [
        pytest.param(("meta pkttype multicast",), "ipv4", id="by the directed broadcast alone"),
        pytest.param(("meta pkttype broadcast", "meta protocol ip6"), "ipv4", id="by IPv4 multicast alone"),
        pytest.param(("meta protocol ip",), "ipv6", id="by IPv6 multicast alone"),
    ],
)
def test_each_way_of_asking_is_enough(dropped: tuple[str, ...], address: str, make_lan: MakeLan, serve: Serve, start: Start) -> None:
    near, far = make_lan("near", "far").hosts
    serve(near, "--name", "Den")
    near.drop_incoming(*(f"meta l4proto udp {match}" for match in dropped))
    (seen,) = servers_seen_by(far, start)
    assert seen["name"] == "Den"
    assert getattr(near, address) in seen["addresses"]
    assert near.dropped_packets() > 0


def test_a_network_that_comes_after_the_server_is_served_by_multicast_too(make_lan: MakeLan, serve: Serve, start: Start) -> None:
    near, far = make_lan("near", "far").hosts
    near.lose_addresses()
    server = serve(near, "--name", "Den")
    server.wait_for("This computer is on no network")
    near.take_addresses()
    near.drop_incoming("meta l4proto udp meta pkttype broadcast")
    (seen,) = servers_seen_by(far, start, timeout_s=8)
    assert near.ipv4 in seen["addresses"]
    assert near.ipv6 in seen["addresses"]


def test_all_servers_of_three_computers_on_a_switch_are_listed(make_lan: MakeLan, start: Start) -> None:
    near, far, farther = make_lan("near", "far", "farther").hosts
    hosts = {"Den": near, "Loft": near, "Barn": far}
    for name, host in hosts.items():
        start(host, "server", "--name", name, "--seconds", "60", label=name, state=name).wait_for("listening")
    seen = servers_seen_by(farther, start)
    assert sorted((line["name"], line["address"], line["port"]) for line in seen) == [
        ("Barn", far.ipv4, 7777),
        ("Den", near.ipv4, 7777),
        ("Loft", near.ipv4, 7778),
    ]
