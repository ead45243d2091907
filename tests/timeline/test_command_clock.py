"""The clock against a server that measures slack; no game and no worlds: see test_match.py for the whole."""

from __future__ import annotations

import pytest

from engine.errors import LocalProtocolError
from engine.timeline import CommandClock
from tests.timeline.link import Link

RATE = 60


class Loop:
    """A server's tick clock, two links and a :class:`CommandClock`, in virtual time of 1/960 s."""

    def __init__(self, *, rtt_s: float, jitter_s: float = 0.0, loss: float = 0.0, seed: int = 3, drift: float = 0.0) -> None:
        self.up, self.down = Link(seed, rtt_s / 2, jitter_s, loss), Link(seed + 1, rtt_s / 2, jitter_s, loss)
        self.clock = CommandClock(RATE)
        self.rtt_s = rtt_s
        self.drift = drift
        self.server_offset_ticks = 0.0
        self.server_tick = 0
        self.seen: dict[int, float] = {}
        self.worst: float | None = None
        self.late = self.on_time = 0
        self.quantum = 0
        self.now = 0.0
        self.sent: list[int] = []
        self.speeds: list[float] = []
        self.frame_every = 16
        self.reports = True

    def server_clock(self, now: float) -> float:
        return now * RATE * (1 + self.drift) + self.server_offset_ticks

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 960)):
            self.quantum += 1
            self.now = self.quantum / 960
            for at, ticks in self.up.due(self.now):
                for tick in ticks:
                    if tick in self.seen:
                        continue
                    self.seen[tick] = slack = tick - self.server_clock(at)
                    self.worst = slack if self.worst is None else min(self.worst, slack)
                    self.late += slack < 0
                    self.on_time += slack >= 0
            if self.server_clock(self.now) >= self.server_tick + 1:
                self.server_tick = int(self.server_clock(self.now))
                slack = None if self.worst is None else max(-128, min(127, int(self.worst * 16)))
                self.down.push((self.server_tick, slack), self.now)
                self.worst = None
            if self.quantum % self.frame_every == 5:
                self.frame()

    def frame(self) -> None:
        newest = -1
        for _, (tick, slack) in self.down.due(self.now):
            if tick <= newest:
                continue
            newest = tick
            if not self.clock.started:
                self.clock.start(tick, self.rtt_s, self.now)
            if self.reports:
                self.clock.feedback(slack, self.now, snapshot_tick=tick, rtt_s=self.rtt_s)
        if self.clock.started:
            for tick in self.clock.advance(self.now):
                self.sent = [*self.sent, tick][-32:]
                self.up.push(tuple(self.sent), self.now)
            self.speeds.append(self.clock.speed)

    def reset(self) -> None:
        self.late = self.on_time = 0
        self.speeds.clear()


def test_at_100_ms_with_jitter_and_loss_hardly_a_command_is_late() -> None:
    late = on_time = 0
    for seed in (10, 20, 30):
        loop = Loop(rtt_s=0.100, jitter_s=0.020, loss=0.05, seed=seed)
        loop.run(5)
        loop.reset()
        loop.run(60)
        late, on_time = late + loop.late, on_time + loop.on_time
        assert loop.clock.ahead_ticks < 10  # 6 ticks of round trip, and not much more
        assert 0.95 <= min(loop.speeds) <= max(loop.speeds) <= 1.05
        assert loop.clock.statistics().snaps == 0
    assert late / (late + on_time) < 0.0035


@pytest.mark.parametrize("rtt_s", [0.0, 0.030, 0.200])
def test_on_a_calm_network_the_lead_is_small_and_stays_where_it_is(rtt_s: float) -> None:
    loop = Loop(rtt_s=rtt_s)
    loop.run(12)
    loop.reset()
    lead = loop.clock.ahead_ticks
    loop.run(20)
    assert loop.late == 0
    assert lead - rtt_s * RATE < 2.0
    assert loop.clock.ahead_ticks == pytest.approx(lead, abs=0.1)
    assert set(loop.speeds) == {1.0}  # nothing to steer: the dead band holds
    slack = loop.clock.statistics().slack_p99_ticks
    assert slack is not None
    assert 0.4 <= slack <= 1.1


def test_a_single_spike_does_not_move_the_clock() -> None:
    loop = Loop(rtt_s=0.050)
    loop.run(12)
    loop.reset()
    loop.up.delay_s += 0.080  # two datagrams held up
    loop.run(2 / 60)
    loop.up.delay_s -= 0.080
    loop.run(3)
    assert set(loop.speeds) == {1.0}


def test_a_lasting_change_moves_it_soon_and_at_no_more_than_the_speed_of_hurry() -> None:
    loop = Loop(rtt_s=0.050)
    loop.run(12)
    loop.up.delay_s += 0.050  # 3 ticks
    loop.down.delay_s += 0.050
    loop.rtt_s += 0.100
    loop.reset()
    loop.run(1.0)
    assert max(loop.speeds) <= 1.2501
    assert loop.late < 40
    loop.reset()
    loop.run(5)
    assert loop.late == 0
    assert max(loop.speeds) <= 1.05


def test_a_long_round_trip_does_not_make_it_swing() -> None:
    loop = Loop(rtt_s=0.400)
    loop.run(12)
    loop.up.delay_s += 0.050
    leads = []
    for _ in range(80):
        loop.run(0.1)
        leads.append(loop.clock.statistics().slack_p99_ticks)
    settled = [lead for lead in leads[20:] if lead is not None]
    assert len(settled) == 60
    assert min(settled) > 0.4
    assert max(settled) < 3.0  # steered by the past it would run twice as far


def test_a_lead_that_is_not_needed_any_more_is_given_back() -> None:
    loop = Loop(rtt_s=0.200)
    loop.run(12)
    before = loop.clock.ahead_ticks
    loop.up.delay_s = loop.down.delay_s = 0.050
    loop.rtt_s = 0.100
    loop.run(15)
    assert before - loop.clock.ahead_ticks == pytest.approx(6, abs=0.7)
    assert loop.late == 0
    assert loop.clock.statistics().snaps == 0


def test_without_reports_the_clock_runs_on_at_real_time() -> None:
    loop = Loop(rtt_s=0.100, jitter_s=0.010, loss=0.02)
    loop.run(12)
    loop.reports = False
    tick = loop.clock.tick
    loop.run(3.0)
    assert abs(loop.clock.tick - tick - 180) <= 1


def test_the_servers_clock_may_drift() -> None:
    loop = Loop(rtt_s=0.060, jitter_s=0.005, drift=500e-6)
    loop.run(60)
    assert loop.late / (loop.late + loop.on_time) < 0.005
    assert loop.clock.ahead_ticks - 3.6 < 2.5


def test_a_suspended_client_leaves_ticks_out_and_is_in_time_at_once() -> None:
    loop = Loop(rtt_s=0.050)
    loop.run(5)
    loop.frame_every = 10**9
    loop.run(3.0)
    loop.frame_every = 16
    tick = loop.clock.tick
    loop.reset()
    loop.run(1.0)
    assert len([seen for seen in loop.seen if seen > tick]) <= 70  # not 240: none of the pause was made up for
    assert loop.late == 0
    assert loop.clock.statistics().ticks_skipped > 150


@pytest.mark.parametrize("jump", [-180.0, 180.0])
def test_a_server_whose_clock_jumped_is_found_again(jump: float) -> None:
    loop = Loop(rtt_s=0.050)
    loop.run(5)
    loop.server_offset_ticks += jump
    loop.server_tick = int(loop.server_clock(loop.now))
    loop.seen.clear()
    loop.run(1.5)
    loop.reset()
    loop.run(8)
    assert loop.clock.statistics().snaps >= 1
    assert loop.late == 0
    assert loop.clock.ahead_ticks < 3 + 3


def test_time_never_runs_backwards_and_no_tick_comes_twice() -> None:
    clock = CommandClock(RATE)
    clock.start(100, 0.05, 10.0)
    ticks = [tick for now in (10.0, 10.1, 10.05, 10.1, 10.2, 10.2) for tick in clock.advance(now)]
    assert ticks == sorted(set(ticks))
    assert ticks == list(range(ticks[0], ticks[0] + len(ticks)))
    assert 0 <= clock.fraction_256ths(10.2) <= 256
    assert clock.fraction_256ths(11.0) == 256


def test_any_feedback_is_harmless() -> None:
    clock = CommandClock(RATE)
    clock.feedback(0, 0.0, snapshot_tick=0, rtt_s=0.0)  # before the start: ignored
    clock.start(5, 0.0, 0.0)
    for index, slack in enumerate((-128, 127, None, 0, -128, -128, 127) * 40):
        now = index / 60
        clock.feedback(slack, now, snapshot_tick=index * 977 % 4_000_000_000, rtt_s=10.0 * (index % 3), late=15, missing=15)
        assert len(clock.advance(now)) <= 10
    assert clock.statistics().late == 15 * 280


def test_using_it_before_the_start_is_our_mistake() -> None:
    with pytest.raises(LocalProtocolError):
        CommandClock(RATE).advance(0.0)


def test_messages_go_apart_only_when_the_clock_is_ahead_and_together_at_once() -> None:
    clock = CommandClock(60)
    clock.start(1000, 0.05, 10.0)
    now, lead = 10.0, clock.advance(10.0).stop
    clock.send_apart(3)
    assert (clock.apart_ticks_wanted, clock.apart_ticks) == (3, 1)
    went_apart_after = 0
    while clock.apart_ticks == 1:
        now += 1 / 60
        went_apart_after += 1
        lead = clock.advance(now).stop
    assert lead - 1000 - (now - 10.0) * 60 > 3.0 + 0.9 + 1.0 + 1.5, "nearly two ticks further than before"
    assert 20 < went_apart_after < 90, "5 % faster until then"
    clock.send_apart(1)
    assert clock.apart_ticks == 1
    for _ in range(300):
        now += 1 / 60
        lead = clock.advance(now).stop
    assert lead - 1000 - (now - 10.0) * 60 == pytest.approx(3.0 + 0.9 + 1.0 + 0.5, abs=0.6), "the lead is given back"
    with pytest.raises(LocalProtocolError):
        clock.send_apart(0)


def test_a_clock_that_starts_apart_starts_ahead() -> None:
    together, apart = CommandClock(60), CommandClock(60)
    apart.send_apart(3)
    for clock in (together, apart):
        clock.start(1000, 0.05, 10.0)
    ticks = [clock.advance(10.0 + 1 / 60).stop for clock in (together, apart)]
    assert ticks[1] - ticks[0] == 2
    assert apart.apart_ticks == 3
