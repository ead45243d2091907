"""Playing across a cable, over IPv4 and over IPv6, where there is no default route."""

from __future__ import annotations

from tests.network.conftest import Join, MakeLan, Serve


def test_players_over_ipv4_and_over_ipv6_meet_in_one_match(make_lan: MakeLan, serve: Serve, join: Join) -> None:
    near, far = make_lan("near", "far").hosts
    assert not near.has_default_route()
    assert not far.has_default_route()
    server = serve(near, "--bots", "2")
    players = join(far, near.ipv4, name="Four", seconds=10), join(far, near.ipv6, name="Six", seconds=10)
    for player in players:
        report = player.finish()
        assert report["connected"] is True
        assert report["disconnect_reason"] is None
        assert report["carrier"] == "udp"
        assert report["snapshots"] > 240
        assert report["snapshots_per_s"] >= 59
        assert report["late_commands_pct"] < 0.5
        assert report["checksum_mismatches"] == 0
    told = server.stop()
    assert told["players_peak"] == 2
    assert told["rooms_peak"] == 1
    assert told["checksum_mismatches"] == 0
    assert server.says("no UDP gets through") == 0
