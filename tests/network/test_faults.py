"""What goes wrong on a LAN in the middle of a match: firewalls, cables, killed programs, loss, a router that forgets."""

from __future__ import annotations

from pathlib import Path

from tests.network.conftest import Join, MakeLan, Serve, or_skip
from tests.network.lan import MAPPED_PORTS, MAPPING_KEPT_S
from tests.network.programs import elapse, until

CARRIED = "No answer over UDP: datagrams go through the control connection now."
UDP_AGAIN = "UDP gets through again."
STARTED = "match started on"
NARROW_KBIT_S = 64
"""Far less than sixty snapshots of fifteen bots a second."""
QUEUE_MS = 1000


def test_where_a_firewall_drops_udp_the_match_plays_inside_the_control_connection(make_lan: MakeLan, serve: Serve, join: Join) -> None:
    near, far, farther = make_lan("near", "far", "farther").hosts
    server = serve(near)
    far.block_udp()
    ada, bob = join(far, near.ipv4, name="Ada"), join(farther, near.ipv6, name="Bob")
    carried = ada.wait_for(CARRIED)
    server.wait_for("Ada plays through the control connection: no UDP gets through")
    bob.wait_for(STARTED)
    assert far.dropped_packets() > 0

    far.unblock()
    again = ada.wait_for(UDP_AGAIN, after=carried)
    server.wait_for("Ada plays over UDP again")
    assert bob.says(CARRIED) == 0, "whose own firewall lets UDP in notices nothing"

    near.block_udp()  # one way only: everybody still hears the server
    ada.wait_for(CARRIED, after=again)
    bob.wait_for(CARRIED)
    elapse(3)
    assert near.dropped_packets() > 0
    for player in (ada, bob):
        report = player.stop()
        assert report["connected"] is True
        assert report["carrier"] == "control"
        assert report["disconnect_reason"] is None
        assert player.says(STARTED) == 1
    assert report["snapshots"] > 0.9 * report["ticks"], "Bob heard the server all the time"
    assert server.says("is silent") == 0
    assert server.stop()["checksum_mismatches"] == 0


def test_a_pulled_cable_costs_neither_session_nor_seat(make_lan: MakeLan, serve: Serve, join: Join) -> None:
    lan = make_lan("near", "far", "farther")
    near, far, farther = lan.hosts
    server = serve(near)
    players = ada, bob = join(far, near.ipv4, name="Ada"), join(farther, near.ipv6, name="Bob")
    for player in players:
        player.wait_for(STARTED)
    elapse(1)

    lan.pull_cable(near)
    elapse(5)
    lan.plug_in(near)
    lines = [player.wait_for(UDP_AGAIN, after=player.wait_for(CARRIED)) for player in players]
    assert server.says("lost the connection") == 0, "5 s are not long enough for that"

    lan.pull_cable(far)
    elapse(12)
    assert ada.says("Nothing was heard from the server for too long. Trying to come back ...", after=lines[0]) == 1
    lan.plug_in(far)
    ada.wait_for("back again", after=lines[0])
    server.wait_for("Ada is back")
    ada.wait_for(UDP_AGAIN, after=lines[0])
    assert len(bob.lines) == lines[1], "nobody else notices"

    elapse(1)
    for player in players:
        report = player.stop()
        assert report["connected"] is True
        assert report["carrier"] == "udp"
        assert report["disconnect_reason"] is None
        assert player.says("joined ") == 1, "the same session"
        assert player.says(STARTED) == 1, "the same match and the same seat"
    assert server.says(" came") == 2
    assert server.stop()["players_peak"] == 2


def test_a_killed_server_that_is_started_again_is_joined_again(make_lan: MakeLan, serve: Serve, join: Join) -> None:
    near, far = make_lan("near", "far").hosts
    first = serve(near)
    player = join(far, near.ipv4)
    before = player.wait_for(STARTED)
    elapse(1)
    first.kill()
    lost = player.wait_for("The connection to the server was lost. Trying to come back ...", after=before)
    again = serve(near, label="server, started again")
    player.wait_for("The server no longer keeps your seat. It may have been started again", after=lost)
    player.wait_for("joined Skirmish server as Ada", after=lost)
    player.wait_for(STARTED, after=lost)
    elapse(2)
    report = player.stop()
    assert report["connected"] is True
    assert report["carrier"] == "udp"
    assert report["ticks"] > 60
    assert again.stop()["players_peak"] == 1


def test_the_seat_of_a_killed_player_is_kept_and_then_given_to_the_next(
    make_lan: MakeLan, serve: Serve, join: Join, tmp_path: Path
) -> None:
    near, far = make_lan("near", "far").hosts
    settings = tmp_path / "server.toml"
    settings.write_text("[server]\nseat_kept_s = 4\n[arena]\nseats = 2\n", encoding="utf-8")
    server = serve(near, "--config", str(settings))
    ada, bob = join(far, near.ipv4, name="Ada"), join(far, near.ipv4, name="Bob")
    seat = ada.lines[ada.wait_for(STARTED) - 1].rpartition(", ")[2]
    bob.wait_for(STARTED)
    ada.kill()
    lost = server.wait_for("Ada lost the connection")
    early = join(far, near.ipv4, name="Cleo")
    server.wait_for("Cleo came", after=lost)
    assert "full" in early.refused(), "the seat is kept"
    server.wait_for("Ada has gone: timed_out", after=lost)
    late = join(far, near.ipv4, name="Dora")
    assert late.lines[late.wait_for(STARTED) - 1].endswith(seat)
    report = bob.stop()
    assert report["connected"] is True
    assert report["snapshots"] > 0.97 * report["ticks"], "Bob played on all the time"
    assert bob.says("lost") == bob.says(CARRIED) == 0
    late.stop()
    assert server.stop()["players_peak"] == 3


def test_loss_of_a_tenth_each_way_ends_nothing(make_lan: MakeLan, serve: Serve, join: Join) -> None:
    near, far = make_lan("near", "far").hosts
    server = serve(near, "--bots", "3")
    player = join(far, near.ipv4)
    player.wait_for(STARTED)
    for host in (near, far):
        host.drop_incoming("meta l4proto { tcp, udp } numgen random mod 100 < 10")
    elapse(8)
    dropped = near.dropped_packets(), far.dropped_packets()
    for host in (near, far):
        host.unblock()
    report = player.stop()
    assert min(dropped) > 20
    assert report["connected"] is True
    assert report["carrier"] == "udp"
    assert report["loss_pct"] > 3
    assert report["late_commands_pct"] < 2
    assert report["checksum_mismatches"] == 0
    assert player.says(CARRIED) == player.says("lost") == 0
    told = server.stop()
    assert told["checksum_mismatches"] == 0
    assert server.says("silent") == server.says("lost") == 0


def test_a_router_that_makes_its_mapping_anew_is_followed(make_lan: MakeLan, serve: Serve, join: Join) -> None:
    near, far = make_lan("near", "far").hosts
    server = serve(near)
    player = join(far, near.ipv4)
    player.wait_for(STARTED)
    (port,) = far.udp_ports()
    for seen_as in (40000, 40001, 40002):
        far.remap(port, 7777, seen_as)
        until(lambda: far.packets_to_new_port() > 60, "a second's snapshots at the new port", within_s=15)
    report = player.stop()
    assert report["connected"] is True
    assert report["carrier"] == "udp"
    assert report["snapshots"] > 0.9 * report["ticks"]
    assert player.says(CARRIED) == 0
    assert player.says(STARTED) == 1
    server.stop()


def test_a_translation_of_addresses_that_forgot_its_mapping_is_followed_to_a_random_port(
    make_lan: MakeLan, serve: Serve, join: Join
) -> None:
    near, far = make_lan("near", "far").hosts
    with or_skip("translation of addresses (nft masquerade)"):
        far.masquerade(7777)
        near.note_ports(7777)
    server = serve(near)
    player = join(far, near.ipv4)
    player.wait_for(STARTED)
    until(lambda: bool(near.noted_ports()), "datagrams of the player")
    (own,) = far.udp_ports()
    assert own not in near.noted_ports(), "the server sees the port of the translation alone"
    heard = 0
    for forgotten in range(1, 4):
        far.silence_udp(7777)
        elapse(MAPPING_KEPT_S + 2)
        far.end_silence()
        heard = player.wait_for(UDP_AGAIN, after=heard)
        until(lambda mappings=forgotten + 1: len(near.noted_ports()) >= mappings, "a new mapping")
    assert all(MAPPED_PORTS[0] <= port <= MAPPED_PORTS[1] for port in near.noted_ports())
    elapse(2)
    report = player.stop()
    assert report["connected"] is True
    assert report["carrier"] == "udp"
    assert player.says(STARTED) == 1, "the same match and the same seat"
    assert player.says("lost") == 0
    assert server.stop()["players_peak"] == 1


def test_a_narrow_line_gets_fewer_snapshots_and_no_queue(make_lan: MakeLan, serve: Serve, join: Join) -> None:
    near, far = make_lan("near", "far").hosts
    with or_skip("token bucket filter (tc tbf)"):
        near.limit_rate(NARROW_KBIT_S, QUEUE_MS)
        near.lift_rate()
    server = serve(near, "--bots", "15")
    player = join(far, near.ipv4)
    player.wait_for(STARTED)
    elapse(2)
    near.limit_rate(NARROW_KBIT_S, QUEUE_MS)
    elapse(15)
    report = player.stop()
    assert report["connected"] is True
    assert report["carrier"] == "udp"
    assert report["snapshots_per_s"] < 45, "the line was too narrow for all of them"
    assert report["snapshots_per_s"] > 8
    assert report["rtt_ms"] < QUEUE_MS / 3, "the queue of a second is not filled"
    assert report["checksum_mismatches"] == 0
    assert player.says("lost") == player.says(CARRIED) == 0
    server.stop()
