"""The figures against a network whose latency, jitter and loss are known."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from engine.datagram import DropReason, State
from tests.datagram.support import CLIENT, STEP_S, Net

TOLERANCE_MS = 1.0


@pytest.mark.parametrize("latency_ms", [0.3, 20.0, 100.0])
def test_the_round_trip_is_that_of_the_network_and_not_of_the_ticks(latency_ms: float) -> None:
    net = Net(latency_s=latency_ms / 1000)
    net.run(4.0, up=b"command", down=b"snapshot")
    for side in (net.client, net.server):
        statistics = side.statistics()
        # Both sides only look at 60 Hz; what a datagram waits for a tick to answer it is told and taken off.
        assert statistics.rtt_ms == pytest.approx(2 * latency_ms, abs=TOLERANCE_MS)
        assert statistics.rtt_min_ms == pytest.approx(2 * latency_ms, abs=TOLERANCE_MS)
        assert statistics.jitter_ms < 2.0
        assert statistics.loss_pct == statistics.loss_in_pct == 0.0
        assert side.rtt_s * 1000 == statistics.rtt_ms


def test_the_round_trip_is_right_at_different_rates_too() -> None:
    net = Net(latency_s=0.030)
    for step in range(600):
        net.step(b"command", b"snapshot" if step % 6 == 0 else None)
    assert net.client.statistics().rtt_ms == pytest.approx(60.0, abs=TOLERANCE_MS)
    assert net.server.statistics().rtt_ms == pytest.approx(60.0, abs=TOLERANCE_MS)


def test_jitter_shows_and_is_not_mistaken_for_loss() -> None:
    net = Net(latency_s=0.060, jitter_s=0.040)
    net.run(10.0, up=b"command", down=b"snapshot")
    statistics = net.client.statistics()
    assert 8.0 < statistics.jitter_ms < 40.0
    assert statistics.loss_pct == 0.0
    assert 40.0 <= statistics.rtt_min_ms <= statistics.rtt_ms <= 200.0


@pytest.mark.parametrize("loss", [0.02, 0.10, 0.30])
def test_loss_is_what_was_lost(loss: float) -> None:
    net = Net(latency_s=0.020, loss=loss, seed=4)
    shown = []
    for _ in range(10):
        net.run(4.3, up=b"command", down=b"snapshot")  # a fresh window of 256 each time
        shown.append((net.client.statistics().loss_pct, net.server.statistics().loss_in_pct))
    average_out = sum(out for out, _ in shown) / len(shown)
    average_in = sum(into for _, into in shown) / len(shown)
    assert average_out == pytest.approx(100 * loss, rel=0.35)
    assert average_in == pytest.approx(average_out, rel=0.2)  # two ways to know the same thing


def test_what_was_lost_since_the_start_stays_counted_when_the_line_is_good_again() -> None:
    net = Net(latency_s=0.020)
    net.run(1.0, up=b"command", down=b"snapshot")
    for step in range(300):
        net.is_up_blocked = step % 5 == 0
        net.is_down_blocked = step % 10 == 0
        net.step(b"command", b"snapshot")
    net.is_up_blocked = net.is_down_blocked = False
    net.run(10.0, up=b"command", down=b"snapshot")  # longer than the window of 256
    client, server = net.client.statistics(), net.server.statistics()
    assert (client.loss_pct, client.loss_in_pct) == (0.0, 0.0)
    assert (client.losses.lost_out, client.losses.lost_in) == (60, 30)
    assert (server.losses.lost_out, server.losses.lost_in) == (30, 60)
    assert client.losses.judged_out == pytest.approx(960, abs=10)
    assert client.losses.out_pct == pytest.approx(6.25, abs=0.1)
    assert client.losses.in_pct == pytest.approx(3.1, abs=0.1)
    both = client.losses.plus(client.losses)
    assert (both.lost_out, both.in_pct) == (120, client.losses.in_pct)


def test_loss_one_way_is_not_blamed_on_the_other() -> None:
    net = Net(latency_s=0.020)
    net.run(1.0, up=b"command", down=b"snapshot")
    for step in range(300):
        net.is_up_blocked = step % 5 == 0
        net.step(b"command", b"snapshot")
    assert net.client.statistics().loss_pct == pytest.approx(20.0, abs=3.0)
    assert net.client.statistics().loss_in_pct == 0.0
    assert net.server.statistics().loss_pct == 0.0
    assert net.server.statistics().loss_in_pct == pytest.approx(20.0, abs=3.0)


def test_a_blackout_shows_as_silence_then_as_loss_and_heals() -> None:
    net = Net(latency_s=0.020)
    net.run(2.0, up=b"command", down=b"snapshot")
    net.is_up_blocked = net.is_down_blocked = True
    net.run(2.0, up=b"command", down=b"snapshot")
    statistics = net.client.statistics()
    assert statistics.silent_ms > 1900
    assert statistics.unacknowledged_ms > 1900
    assert statistics.loss_pct > 10.0
    net.is_up_blocked = net.is_down_blocked = False
    net.run(6.0, up=b"command", down=b"snapshot")
    statistics = net.client.statistics()
    assert statistics.silent_ms <= 1000 * STEP_S + TOLERANCE_MS
    assert statistics.loss_pct == 0.0
    assert statistics.state is State.CONNECTED


def test_duplicates_are_counted_and_do_not_look_like_traffic() -> None:
    net = Net()
    net.run(1.0, up=b"command")
    net.step()
    valid = net.server.statistics().datagrams_in
    for datagram in net.sent_up[:-1]:
        net.endpoint.receive(datagram, CLIENT, net.now)
    statistics = net.server.statistics()
    assert statistics.datagrams_in == valid
    assert statistics.dropped == {DropReason.REPLAYED.value: len(net.sent_up) - 1}


def test_counters_count() -> None:
    net = Net()
    net.run(0.5)
    before = net.client.statistics(), net.server.statistics()
    net.run(1.0, up=bytes(40), down=bytes(3000))
    net.step()
    client, server = net.client.statistics(), net.server.statistics()
    assert client.messages_out - before[0].messages_out == server.messages_in - before[1].messages_in == 60
    assert server.messages_out - before[1].messages_out == client.messages_in - before[0].messages_in == 60
    assert client.bytes_out - before[0].bytes_out == 60 * (35 + 1 + 40)
    assert client.datagrams_in - before[0].datagrams_in == 180  # three fragments each


def test_statistics_can_be_shown_as_json() -> None:
    net = Net(loss=0.1)
    net.run(1.0, up=b"command", down=b"snapshot")
    shown = json.loads(json.dumps(asdict(net.client.statistics()), default=lambda value: value.value))
    assert shown["state"] == "connected"


def test_a_report_judges_each_datagram_once_and_only_when_it_had_time() -> None:
    net = Net(seed=4, latency_s=0.05, loss=0.2)
    judged = lost = 0
    lowest = []
    for _ in range(50):
        net.run(0.2, up=b"command", down=b"snapshot")
        report = net.server.path_report(net.now)
        judged += report.judged
        lost += report.lost
        lowest += [report.lowest_rtt_s] if report.lowest_rtt_s is not None else []
    assert 500 <= judged <= net.server.statistics().datagrams_out
    assert 0.14 <= lost / judged <= 0.28
    assert 0.09 <= min(lowest) <= max(lowest) <= 0.2


def test_a_clock_that_is_set_back_makes_no_negative_times() -> None:
    net = Net()
    net.run(1.0, up=b"command", down=b"snapshot")
    net.client.advance(net.now - 0.3)
    figures = net.client.statistics()
    assert (figures.silent_ms, figures.unacknowledged_ms) == (0.0, 0.0)
