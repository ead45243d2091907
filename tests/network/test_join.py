"""Playing across a cable, over IPv4 and over IPv6, where there is no default route."""

from __future__ import annotations

from tests.network.conftest import Join, MakeLan, Serve

TICK_MS = 1000 / 60


def test_players_over_ipv4_and_over_ipv6_meet_in_one_match(make_lan: MakeLan, serve: Serve, join: Join) -> None:
    near, far = make_lan("near", "far").hosts
    assert not near.has_default_route()
    assert not far.has_default_route()
    server = serve(near, "--bots", "2")
    players = join(far, near.ipv4, name="Four", seconds=10), join(far, near.ipv6, name="Six", seconds=10)
    reports = [player.finish() for player in players]
    told = server.stop()
    for report in reports:
        assert report["connected"] is True
        assert report["disconnect_reason"] is None
        assert report["carrier"] == "udp"
        assert report["snapshots"] > 240
        assert report["snapshots"] >= 0.97 * report["ticks"]
        assert report["checksum_mismatches"] == 0
        if told["tick_late_ms_p99"] < TICK_MS:  # otherwise the machine was too busy to keep the server's time
            assert report["snapshots_per_s"] >= 59
            assert report["late_commands_pct"] < 0.5
    assert told["players_peak"] == 2
    assert told["rooms_peak"] == 1
    assert told["checksum_mismatches"] == 0
    assert server.says("no UDP gets through") == 0
