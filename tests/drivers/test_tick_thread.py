import threading
from collections.abc import Callable
from typing import Any

import pytest

from engine.drivers import Pacer, TickThread, open_udp
from engine.drivers.tick_thread import EVENTS_MAX, REQUESTS_MAX, SLICES_PER_TICK
from engine.ids import Address
from tests.drivers.waiting import until


class FakeTime:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 5.0
        self.oversleep = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds + self.oversleep


class EchoHost:
    """Echoes datagrams; reports each request as an event; computes a tick in every fourth slice."""

    def __init__(self) -> None:
        self.advances = self.ticks = 0
        self.threads: set[int] = set()
        self.events_per_advance = 0
        self.loads: list[float] = []
        self.bomb: Exception | None = None
        self._out: list[tuple[Address, bytes]] = []
        self._events: list[Any] = []

    def request(self, request: Any) -> None:
        self._events.append(("requested", request))

    def note_load(self, load: float) -> None:
        self.loads.append(load)

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        self._out.append((address, data.upper()))

    def advance(self, now: float) -> None:
        self.advances += 1
        self.ticks += self.advances % SLICES_PER_TICK == 0
        self.threads.add(threading.get_ident())
        self._events.extend(range(self.events_per_advance))
        if self.bomb is not None:
            raise self.bomb

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        out, self._out = self._out, []
        return out

    def events(self) -> list[Any]:
        events, self._events = self._events, []
        return events


class Shouter:
    def receive(self, data: bytes, address: Address, now: float) -> bytes | None:
        return data[::-1] if data[1:2] == b"?" else None


@pytest.fixture
def port():
    opened = open_udp()
    yield opened
    opened.close()


def test_the_pacer_does_not_drift_with_oversleeping() -> None:
    time = FakeTime()
    time.oversleep = 0.0004
    pacer = Pacer(100.0, clock=time.clock, sleep=time.sleep)
    lates = [pacer.wait()[1] for _ in range(100)]
    assert time.now == pytest.approx(5.0 + 1.0 + 0.0004)
    assert lates == pytest.approx([0.0004] * 100)


def test_the_pacer_catches_up_a_little_and_drops_a_large_debt() -> None:
    time = FakeTime()
    pacer = Pacer(100.0, catch_up_max=5, clock=time.clock, sleep=time.sleep)
    time.now += 0.035
    waits = [pacer.wait() for _ in range(4)]
    assert [now for now, _ in waits] == pytest.approx([5.035, 5.035, 5.035, 5.04])
    assert pacer.skipped == 0
    time.now += 10.004
    pacer.wait()
    assert pacer.skipped == 999
    assert pacer.wait()[0] == pytest.approx(15.05)


def test_datagrams_requests_and_events_pass_through_the_thread(port: Any) -> None:
    host, client, told = EchoHost(), open_udp(), threading.Event()
    thread = TickThread(host, port, on_events=told.set)
    thread.start()
    client.send([(Address("127.0.0.1", port.port), b"ping"), (Address("::1", port.port), b"pong")])
    received: list[bytes] = []
    until(lambda: len(received) == 2, lambda: received.extend(data for data, _ in client.receive()))
    assert sorted(received) == [b"PING", b"PONG"]
    assert thread.post("open")
    assert told.wait(5.0)
    events: list[Any] = []
    until(lambda: events, lambda: events.extend(thread.take_events()))
    assert events == [("requested", "open")]
    until(lambda: host.ticks)
    assert thread.post("last wish")
    thread.stop()
    assert thread.take_events() == [("requested", "last wish")]
    assert not thread.is_running
    assert thread.failure is None
    assert host.threads.isdisjoint({threading.get_ident()})
    statistics = thread.statistics()
    assert statistics.udp.datagrams_in == 2
    assert statistics.ticks > 0
    assert 0.0 < statistics.tick_ms_p50 <= statistics.tick_ms_p99
    assert statistics.tick_late_ms_p99 > 0.0
    client.close()


def test_strangers_questions_go_to_the_responder_and_never_to_the_host(port: Any) -> None:
    host, client = EchoHost(), open_udp()
    thread = TickThread(host, port, responder=Shouter())
    target = Address("127.0.0.1", port.port)
    client.send([(target, b"\xff?abc"), (target, b"\xffsilence"), (target, b""), (target, b"game")])
    thread.start()
    received: list[bytes] = []
    until(lambda: len(received) == 3, lambda: received.extend(data for data, _ in client.receive()))
    thread.stop()
    assert received == [b"cba?\xff", b"", b"GAME"]  # the answer goes out at once
    assert thread.statistics().answers == 1
    client.close()


def test_a_host_that_raises_ends_the_thread_and_is_told(port: Any) -> None:
    host, told = EchoHost(), threading.Event()
    host.bomb = RuntimeError("broken rule")
    thread = TickThread(host, port, on_events=told.set)
    thread.start()
    assert told.wait(5.0)
    until(lambda: not thread.is_running)
    assert thread.failure is host.bomb
    thread.stop()


def test_requests_are_bounded(port: Any) -> None:
    thread = TickThread(EchoHost(), port)
    assert all(thread.post(index) for index in range(REQUESTS_MAX))
    assert not thread.post("one more")


def ticking(host: EchoHost, port: Any, **options: Any) -> tuple[TickThread, Callable[[], None]]:
    """A thread that is not started, and what makes one tick of it, four slices, in this one."""
    time = FakeTime()
    thread = TickThread(host, port, clock=time.clock, sleep=time.sleep, **options)
    pacer = Pacer(240.0, clock=time.clock, sleep=time.sleep)

    def tick() -> None:
        for _ in range(SLICES_PER_TICK):
            thread._wake(pacer)

    return thread, tick


def test_what_nobody_takes_is_bounded_and_only_what_may_be_lost_is_dropped(port: Any) -> None:
    host = EchoHost()
    thread, tick = ticking(host, port, may_be_lost=lambda event: isinstance(event, int))
    host.events_per_advance = EVENTS_MAX // 16
    thread.post("a match is over")
    for _ in range(5):
        thread.post("a seat is lost")
        tick()
        assert len(thread._events) <= EVENTS_MAX
    events = thread.take_events()
    assert [event for event in events if not isinstance(event, int)] == [
        ("requested", "a match is over"),
        *[("requested", "a seat is lost")] * 5,
    ]
    made = 5 * SLICES_PER_TICK * host.events_per_advance + 6
    assert thread.statistics().events_dropped == made - len(events) > 0
    assert events[-host.events_per_advance :] == list(range(host.events_per_advance)), "the newest are there"


def test_a_thread_whose_lasting_events_nobody_takes_ends_and_says_so(port: Any) -> None:
    host = EchoHost()
    thread, tick = ticking(host, port)
    host.events_per_advance = EVENTS_MAX // SLICES_PER_TICK
    tick()
    assert len(thread._events) == EVENTS_MAX
    host.events_per_advance = 1
    thread.start()
    until(lambda: not thread.is_running)
    assert "nobody takes the host's events" in str(thread.failure)
    assert thread.statistics().events_dropped == 0


def measured(port: Any, host: EchoHost, time: FakeTime) -> tuple[TickThread, Pacer]:
    """A thread that is not started, and what it would wait with."""
    thread = TickThread(host, port, clock=time.clock, sleep=time.sleep)
    return thread, Pacer(240.0, catch_up_max=20, clock=time.clock, sleep=time.sleep)


def taking(host: EchoHost, time: FakeTime, seconds: list[float], ticks: list[int]) -> None:
    """The host's next slices take so long and compute so many ticks."""

    def advance(now: float) -> None:
        time.now += seconds.pop(0)
        host.ticks += ticks.pop(0)

    host.advance = advance  # type: ignore[method-assign]


def test_work_and_lateness_are_measured_per_tick(port: Any) -> None:
    time, host = FakeTime(), EchoHost()
    thread, pacer = measured(port, host, time)
    taking(host, time, [0.001] * 4, [0, 0, 0, 1])
    time.oversleep = 0.0002
    for _ in range(4):
        thread._wake(pacer)
    assert thread.statistics().tick_ms_p99 == pytest.approx(4.0)
    assert host.loads == pytest.approx([0.24])  # 4 ms of a tick of 16.7
    assert thread.statistics().tick_late_ms_p99 == pytest.approx(0.2)


def test_a_long_slice_that_moves_the_tick_is_not_two_ticks_of_work(port: Any) -> None:
    time, host = FakeTime(), EchoHost()
    thread, pacer = measured(port, host, time)
    taking(host, time, [0.010, 0.001, 0.001, 0.010, 0.001, 0.010], [1, 0, 0, 1, 0, 1])  # twice in the first four slices
    for _ in range(6):
        thread._wake(pacer)
    assert list(thread._work_ms) == pytest.approx([10.0, 12.0, 11.0])
    assert host.loads == pytest.approx([0.6, 0.72, 0.66])


def test_ticks_that_are_computed_at_once_share_the_work(port: Any) -> None:
    time, host = FakeTime(), EchoHost()
    thread, pacer = measured(port, host, time)
    taking(host, time, [0.050, 0.015], [1, 3])
    for _ in range(2):
        thread._wake(pacer)
    assert list(thread._work_ms) == pytest.approx([50.0, 5.0, 5.0, 5.0])
    assert thread.statistics().ticks == 4
    assert len(host.loads) == 4
