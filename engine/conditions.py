"""Bad networks, made on purpose: the same conditioner for tests in virtual time and for ``--net`` on a real client.

:class:`NetConditions` says how bad. :class:`LinkModel` turns it into arrival times, one direction of one link each: a datagram goes in, no
time (lost), one or two (duplicated) come out. It reads no clock and owns no randomness but the ``Random`` that it is given, so the same
seed loses the same datagrams.

The model, and why:

- ``latency`` is added to a round trip, half of it each way: it is what a ping shows.
- ``jitter`` varies each one-way delay by up to +-jitter, evenly, never below zero. It keeps the order: on real links most jitter is a
  queue in front of a busy radio, and a queue does not overtake. Order is broken by ``reorder`` alone, so the two are told apart.
- ``loss`` is the long-term share. With ``burst`` above 1 the losses come in runs of that mean length (Gilbert-Elliott with a bad state
  that loses everything), as Wi-Fi does.
- ``rate`` is a bottleneck with a queue of QUEUE_S in front of it; what does not fit is lost.
- A stream loses nothing. A lost segment comes again after a retransmission timeout, and everything behind it waits.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, fields
from heapq import heappop, heappush
from random import Random
from typing import Final

from engine.ids import Address

REORDER_HOLD_S: Final = 0.040
"""How long an overtaken datagram is held back: GameNetworkingSockets' tests use 40 ms."""

DUPLICATE_AFTER_S: Final = 0.010
"""A second copy follows within this time."""

QUEUE_S: Final = 1.0
"""Length of the queue in front of a rate limit: the bufferbloat of a home router."""

RETRANSMIT_AFTER_S: Final = 0.2
"""Smallest retransmission timeout of Linux; twice the round trip where that is longer; doubled for each loss of the same segment."""

RETRANSMISSIONS_MAX: Final = 6
"""After these a segment counts as arrived even at a loss of 100 %: the model ends after 12.6 s instead of never."""

SEGMENT_BYTES: Final = 1448
"""What one TCP segment carries over Ethernet."""

DELAYED_MAX: Final = 8192
"""Datagrams that a conditioner holds back at most; further ones are lost."""

_LIMITS: Final = {
    "latency_ms": 10_000.0,
    "jitter_ms": 10_000.0,
    "loss_pct": 100.0,
    "burst": 1000.0,
    "duplicate_pct": 100.0,
    "reorder_pct": 100.0,
    "corrupt_pct": 100.0,
    "rate_kbit_s": 10_000_000.0,
}


@dataclass(frozen=True, slots=True)
class NetConditions:
    """How bad a network is, both directions alike; the module's head says what each number means."""

    latency_ms: float = 0.0
    """Added to a round trip; half of it each way."""
    jitter_ms: float = 0.0
    """Each one-way delay varies by up to +- this."""
    loss_pct: float = 0.0
    """Datagrams lost per direction."""
    burst: float = 1.0
    """Mean number of datagrams lost in a row; 1 = each loss is independent."""
    duplicate_pct: float = 0.0
    reorder_pct: float = 0.0
    """Datagrams held back for REORDER_HOLD_S, so that later ones overtake them."""
    corrupt_pct: float = 0.0
    """Datagrams with one bit flipped."""
    rate_kbit_s: float = 0.0
    """Bottleneck per direction; 0 = none."""

    def __post_init__(self) -> None:
        for name, limit in _LIMITS.items():
            value = getattr(self, name)
            if not 0.0 <= value <= limit:  # also refuses NaN
                raise ValueError(f"network conditions: {name} must be 0 to {limit:g}, not {value}")

    @classmethod
    def parse(cls, text: str) -> NetConditions:
        """Read ``latency=80,jitter=20,loss=5,burst=8,duplicate=1,reorder=1,corrupt=0,rate=0``; empty or ``none`` is a perfect network.

        Raises ValueError with a sentence for people.
        """
        if text.strip() in ("", "none"):
            return cls()
        values: dict[str, float] = {}
        for part in text.split(","):
            key, equals, number = part.partition("=")
            name = _NAMES.get(key.strip())
            if name is None:
                raise ValueError(f"network conditions: {key.strip()!r} is unknown; known are {', '.join(_NAMES)}")
            try:
                values[name] = float(number) if equals else float("nan")
            except ValueError:
                values[name] = float("nan")
            if values[name] != values[name]:
                raise ValueError(f"network conditions: {key.strip()} needs a number, as in {key.strip()}=5")
        return cls(**values)

    def describe(self) -> str:
        """In the form that :meth:`parse` reads; ``none`` for a perfect network."""
        changed = [f"{key}={getattr(self, name):g}" for key, name in _NAMES.items() if getattr(self, name) != getattr(PERFECT, name)]
        return ",".join(changed) or "none"

    @property
    def is_perfect(self) -> bool:
        """Whether nothing is done to anything."""
        return self == PERFECT


_NAMES: Final = {field.name.split("_")[0]: field.name for field in fields(NetConditions)}
PERFECT: Final = NetConditions()


@dataclass(frozen=True, slots=True)
class ConditionStatistics:
    """What one direction has done so far, in datagrams (for a stream: ``lost`` counts retransmitted segments)."""

    sent: int
    lost: int
    duplicated: int
    reordered: int
    corrupted: int


class LinkModel:
    """One direction of one link: when does what goes in now come out?"""

    def __init__(self, conditions: NetConditions, random: Random) -> None:
        self._random: Final = random
        self._is_losing = False
        self._newest_due = 0.0
        self._free_at = 0.0
        self._stream_due = 0.0
        self.sent = self.lost = self.duplicated = self.reordered = self.corrupted = 0
        self.set_conditions(conditions)

    def set_conditions(self, conditions: NetConditions) -> None:
        """Change the weather; what is on its way keeps its arrival time."""
        self.conditions = conditions
        self._half_s = conditions.latency_ms / 2000.0
        self._jitter_s = conditions.jitter_ms / 1000.0
        self._loss = conditions.loss_pct / 100.0
        # The mean run of independent losses is 1 / (1 - loss): a burst below that cannot be had, so both chances stay within 0..1.
        burst = max(conditions.burst, 1.0 / max(1.0 - self._loss, 1e-9))
        self._leave_losing = 1.0 / burst
        self._start_losing = min(1.0, self._loss / max(1.0 - self._loss, 1e-9) / burst)
        self._is_disturbed = any((conditions.duplicate_pct, conditions.reorder_pct, conditions.corrupt_pct, conditions.rate_kbit_s))

    def arrivals(self, size_bytes: int, now: float) -> tuple[float, ...]:
        """Times at which a datagram sent now arrives: none when it is lost, two when it is duplicated."""
        self.sent += 1
        if self._loss and self._loses():
            self.lost += 1
            return ()
        delay = self._half_s
        if self._jitter_s:
            delay = max(0.0, delay + self._jitter_s * (2.0 * self._random.random() - 1.0))
        due = now + delay
        if not self._is_disturbed:
            self._newest_due = due = max(due, self._newest_due)
            return (due,)
        return self._disturbed(due, size_bytes, now)

    def _disturbed(self, due: float, size_bytes: int, now: float) -> tuple[float, ...]:
        conditions, dice = self.conditions, self._random
        if conditions.rate_kbit_s:
            start = max(now, self._free_at)
            if start - now > QUEUE_S:
                self.lost += 1
                return ()
            self._free_at = start + size_bytes * 8 / (conditions.rate_kbit_s * 1000.0)
            due += self._free_at - now
        due = max(due, self._newest_due)
        if conditions.reorder_pct and dice.random() * 100.0 < conditions.reorder_pct:
            self.reordered += 1
            due += REORDER_HOLD_S  # without telling _newest_due: that is what lets the next ones pass
        else:
            self._newest_due = due
        if conditions.duplicate_pct and dice.random() * 100.0 < conditions.duplicate_pct:
            self.duplicated += 1
            return (due, due + dice.random() * DUPLICATE_AFTER_S)
        return (due,)

    def _loses(self) -> bool:
        """Step the two-state chain by one datagram; at ``burst=1`` it is nothing but independent chances."""
        chance = self._random.random()
        self._is_losing = chance >= self._leave_losing if self._is_losing else chance < self._start_losing
        return self._is_losing

    def damaged(self, data: bytes) -> bytes:
        """``data`` as it comes out: now and then with one bit flipped."""
        if not data or not self.conditions.corrupt_pct or self._random.random() * 100.0 >= self.conditions.corrupt_pct:
            return data
        self.corrupted += 1
        bit = self._random.randrange(len(data) * 8)
        copy = bytearray(data)
        copy[bit >> 3] ^= 1 << (bit & 7)
        return bytes(copy)

    def stream_arrival(self, size_bytes: int, now: float) -> float:
        """Time at which all of these stream bytes, sent now, have arrived: never before what was sent earlier on this stream."""
        delay = self._half_s
        if self._jitter_s:
            delay = max(0.0, delay + self._jitter_s * (2.0 * self._random.random() - 1.0))
        if self.conditions.rate_kbit_s:
            self._free_at = max(now, self._free_at) + size_bytes * 8 / (self.conditions.rate_kbit_s * 1000.0)
            delay += self._free_at - now
        self.sent += 1
        if self._loss:
            segments = -(-size_bytes // SEGMENT_BYTES)
            delay += max((self._retransmission_s() for _ in range(segments)), default=0.0)
        self._stream_due = max(self._stream_due, now + delay)
        return self._stream_due

    def _retransmission_s(self) -> float:
        timeout = max(RETRANSMIT_AFTER_S, 4.0 * self._half_s)
        waited = 0.0
        for _ in range(RETRANSMISSIONS_MAX):
            if self._random.random() >= self._loss:
                break
            self.lost += 1
            waited += timeout
            timeout *= 2.0
        return waited

    def statistics(self) -> ConditionStatistics:
        """What happened so far."""
        return ConditionStatistics(self.sent, self.lost, self.duplicated, self.reordered, self.corrupted)


class DatagramConditioner:
    """A delay line for one direction of a real socket: push what was sent, pop what has arrived by now."""

    def __init__(self, conditions: NetConditions, random: Random) -> None:
        self.link: Final = LinkModel(conditions, random)
        self._waiting: list[tuple[float, int, bytes, Address]] = []
        self._serial = 0

    def push(self, data: bytes, address: Address, now: float) -> None:
        """Send; ``address`` (of the sender or the receiver) comes out with the datagram."""
        for due in self.link.arrivals(len(data), now):
            if len(self._waiting) >= DELAYED_MAX:
                self.link.lost += 1
                continue
            self._serial += 1
            heappush(self._waiting, (due, self._serial, self.link.damaged(data), address))

    def pop(self, now: float) -> list[tuple[bytes, Address]]:
        """What has arrived, in order of arrival."""
        arrived = []
        while self._waiting and self._waiting[0][0] <= now:
            _, _, data, address = heappop(self._waiting)
            arrived.append((data, address))
        return arrived


class StreamConditioner:
    """The same for one direction of a byte stream: nothing is lost, all of it waits."""

    def __init__(self, conditions: NetConditions, random: Random) -> None:
        self.link: Final = LinkModel(conditions, random)
        self._waiting: deque[tuple[float, bytes]] = deque()

    def push(self, data: bytes, now: float) -> None:
        """Send these bytes."""
        if data:
            self._waiting.append((self.link.stream_arrival(len(data), now), data))

    def pop(self, now: float) -> bytes:
        """The bytes that have arrived."""
        arrived = []
        while self._waiting and self._waiting[0][0] <= now:
            arrived.append(self._waiting.popleft()[1])
        return b"".join(arrived)

    def pop_all(self) -> bytes:
        """Everything, arrived or not: a stream that is closed delivers what was sent before."""
        arrived = b"".join(data for _, data in self._waiting)
        self._waiting.clear()
        return arrived
