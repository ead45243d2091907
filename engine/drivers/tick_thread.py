"""The thread that keeps the tick: it owns the UDP port and the host of the matches, and nothing else touches either.

Four slices per tick: each receives what has arrived, lets the host advance (which runs a tick when one is due) and sends. Slices, and not
one wake per tick, because the host measures how long before its tick a command arrives, and a datagram that lies in the socket until the
tick would always look just in time; and because 256 clients' datagrams then come in four small heaps instead of one.

Between the threads pass frozen values alone: ``post`` in, ``take_events`` out, both bounded.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from engine.drivers import clock as clocks
from engine.drivers.udp import UdpPort, UdpStatistics
from engine.verbs import DatagramHost, Responder

SLICES_PER_TICK: Final = 4
CATCH_UP_TICKS_MAX: Final = 5
REQUESTS_MAX: Final = 8192
EVENTS_MAX: Final = 65536
"""About 4 s of what 256 clients can cause whose datagrams are all carried. Beyond it the other thread is stuck, and the oldest of what may
be lost are dropped and counted."""
EVENTS_LEFT: Final = EVENTS_MAX * 3 // 4
"""As many stay then: room is made in one go, not event by event."""
EVENTS_KEPT_MAX: Final = EVENTS_MAX // 2
"""Of those that must not be lost. Requests cause one each, and seats a few; what a game says to its players comes by the tick, and fills
this in minutes. A server whose other thread takes nothing for that long is broken: the tick ends and says why (``failure``), rather than
leave the other side with seats that no match has."""

TICKS_REMEMBERED: Final = 1024
"""17 s at 60 Hz."""

NEVER_SEALED: Final = b"\xff"
"""First byte of questions from strangers (LAN discovery, server queries); a datagram of a connection never begins with it."""


@dataclass(frozen=True, slots=True)
class TickThreadStatistics:
    """How well the tick is kept, over the last TICKS_REMEMBERED ticks, and what the port did."""

    ticks: int
    tick_ms_p50: float
    tick_ms_p99: float
    """Work per tick that the host computed: all slices behind the one of the tick before it, up to and with its own. Where several were
    computed at once, each has an equal share."""
    tick_late_ms_p99: float
    """The latest of a tick's wakes after its time."""
    answers: int
    events_dropped: int
    udp: UdpStatistics


class TickThread:
    """Runs a :class:`DatagramHost` over a port at a fixed rate until it is stopped or the host raises (see ``failure``).

    ``may_be_lost`` says which of the host's events are worth no more than a datagram (a datagram to carry, for one): where nobody takes
    events, they go first, and nothing else ever does.
    """

    def __init__(
        self,
        host: DatagramHost,
        udp: UdpPort,
        *,
        tick_rate_hz: int = 60,
        responder: Responder | None = None,
        on_events: Callable[[], None] | None = None,
        may_be_lost: Callable[[Any], bool] = lambda event: False,  # noqa: ARG005 - the signature of one that looks
        clock: clocks.Clock = clocks.now,
        sleep: clocks.Sleep = clocks.sleep,
    ) -> None:
        self.failure: Exception | None = None
        """What the host raised, or that nobody takes its events; the thread has ended then."""
        self._host: Final = host
        self._udp: Final = udp
        self._responder: Final = responder
        self._on_events: Final = on_events
        self._may_be_lost: Final = may_be_lost
        self._clock: Final = clock
        self._rate_hz: Final = tick_rate_hz
        self._sleep: Final = sleep
        self._requests: Final[deque[Any]] = deque()
        self._events: Final[deque[Any]] = deque()
        self._events_lock: Final = threading.Lock()
        self._work_ms: Final[deque[float]] = deque(maxlen=TICKS_REMEMBERED)
        self._late_ms: Final[deque[float]] = deque(maxlen=TICKS_REMEMBERED)
        self._ticks = self._answers = self._events_dropped = 0
        self._ticks_before = 0
        """Of the host, when it was given to us."""
        self._work_s = self._late_s = 0.0
        """Since the last tick."""
        self._is_stopping = False
        self._thread: Final = threading.Thread(target=self._run, name="tick", daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether the thread lives."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Let it finish its slice and end; wait for that. The port stays open, its owner closes it."""
        self._is_stopping = True
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def post(self, request: Any) -> bool:
        """Hand a request to the host, any thread; False where REQUESTS_MAX are waiting already (it is not taken then)."""
        if len(self._requests) >= REQUESTS_MAX:
            return False
        self._requests.append(request)
        return True

    def take_events(self) -> list[Any]:
        """What the host reported since the last call; one other thread."""
        with self._events_lock:
            taken = list(self._events)
            self._events.clear()
        return taken

    def statistics(self) -> TickThreadStatistics:
        """How it went; any thread."""
        work, late = sorted(self._work_ms.copy()), sorted(self._late_ms.copy())
        return TickThreadStatistics(
            ticks=self._ticks,
            tick_ms_p50=_percentile(work, 0.50),
            tick_ms_p99=_percentile(work, 0.99),
            tick_late_ms_p99=_percentile(late, 0.99),
            answers=self._answers,
            events_dropped=self._events_dropped,
            udp=self._udp.statistics(),
        )

    def _run(self) -> None:
        pacer = clocks.Pacer(
            self._rate_hz * SLICES_PER_TICK, catch_up_max=CATCH_UP_TICKS_MAX * SLICES_PER_TICK, clock=self._clock, sleep=self._sleep
        )
        self._ticks_before = self._host.ticks
        try:
            while not self._is_stopping:
                self._wake(pacer)
            self._slice(self._clock())  # requests posted before the stop, and the last words that they cause
        except Exception as error:  # noqa: BLE001 - its owner decides; a thread that dies unseen is the worst of all
            self.failure = error
        self._tell()

    def _wake(self, pacer: clocks.Pacer) -> None:
        """One slice, and the account of the tick that it may have computed: by the host's ticks and not by fours of slices, because a long
        one moves the tick from the last slice of its four to the first, and two ticks would pass for one.
        """
        now, late_s = pacer.wait()
        self._slice(now)
        self._work_s += self._clock() - now
        self._late_s = max(self._late_s, late_s)
        computed = self._host.ticks - self._ticks_before - self._ticks
        if not computed:
            return
        work_s = self._work_s / computed
        for _ in range(computed):
            self._host.note_load(work_s * self._rate_hz)
            self._work_ms.append(work_s * 1000.0)
            self._late_ms.append(self._late_s * 1000.0)
        self._ticks += computed
        self._work_s = self._late_s = 0.0

    def _slice(self, now: float) -> None:
        """Receive all, advance, send all, report."""
        host = self._host
        for _ in range(len(self._requests)):
            host.request(self._requests.popleft())
        receive = host.receive_datagram
        for data, address in self._udp.receive():
            if data[:1] == NEVER_SEALED:
                self._answer(data, address, now)
            else:
                receive(data, address, now)
        host.advance(now)
        datagrams = host.datagrams_to_send(now)
        if datagrams:
            self._udp.send(datagrams)
        events = host.events()
        if events:
            with self._events_lock:
                self._events.extend(events)
                if len(self._events) > EVENTS_MAX:
                    self._make_room()
            self._tell()

    def _make_room(self) -> None:
        """Drop the oldest of what may be lost; raises where that would not be enough."""
        losable = sum(map(self._may_be_lost, self._events))
        kept = len(self._events) - losable
        if kept > EVENTS_KEPT_MAX:
            raise RuntimeError(f"nobody takes the host's events: {kept} wait that must not be lost")
        to_drop = len(self._events) - EVENTS_LEFT
        self._events_dropped += to_drop
        remaining: list[Any] = []
        for event in self._events:
            if to_drop and self._may_be_lost(event):
                to_drop -= 1
            else:
                remaining.append(event)
        self._events.clear()
        self._events.extend(remaining)

    def _answer(self, data: bytes, address: Any, now: float) -> None:
        if self._responder is None:
            return
        answer = self._responder.receive(data, address, now)
        if answer is not None:
            self._answers += 1
            self._udp.send([(address, answer)])

    def _tell(self) -> None:
        if self._on_events is not None:
            self._on_events()


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
