"""Bad networks, made on purpose: the same conditioner for tests in virtual time and for ``--net`` on a real client.

:class:`NetConditions` (:mod:`engine.networks`) says how bad. :class:`LinkModel` turns it into arrival times, one direction of one link
each: a datagram goes in, no time (lost), one or two (duplicated) come out. It reads no clock and owns no randomness but the ``Random`` that
it is given, so the same seed loses the same datagrams.

The model, and why:

- ``latency`` is added to a round trip, half of it each way: it is what a ping shows.
- ``jitter`` varies each one-way delay by up to +-jitter, evenly; ``normal`` is the standard deviation of a normal distribution; ``spikes``
  percent of all datagrams wait another, exponentially distributed time of mean ``spike``. Never below zero, and all of it keeps the order:
  on real links most jitter is a queue in front of a busy radio, and a queue does not overtake. Order is broken by ``reorder`` alone.
- ``loss`` is the long-term share. With ``burst`` above 1 the losses come in runs (Gilbert-Elliott): bad periods of that mean length, in
  which ``density`` percent is lost (100: everything), as on Wi-Fi.
- ``rate`` is a bottleneck with a queue of ``queue`` ms in front of it; a datagram that does not fit is lost. Datagrams and streams of one
  direction share it.
- ``mtu`` is the largest IP packet; a datagram that would need fragments is lost, as in a tunnel that blocks ICMP.
- A stream loses nothing. A lost segment comes again after a retransmission timeout, and everything behind it waits. ``split`` percent of
  what is written arrives in pieces, cut anywhere; ``reset`` percent breaks the stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from engine.networks import PERFECT, PRESETS, NetConditions

__all__ = [
    "DUPLICATE_AFTER_S",
    "IP_TCP_BYTES",
    "IP_UDP_BYTES",
    "PERFECT",
    "PIECES_MAX",
    "PRESETS",
    "REORDER_HOLD_S",
    "RETRANSMISSIONS_MAX",
    "RETRANSMIT_AFTER_S",
    "SEGMENT_BYTES",
    "SPLIT_WITHIN_S",
    "Bottleneck",
    "ConditionStatistics",
    "LinkModel",
    "NetConditions",
]

REORDER_HOLD_S: Final = 0.040
"""How long an overtaken datagram is held back: GameNetworkingSockets' tests use 40 ms."""

DUPLICATE_AFTER_S: Final = 0.010
"""A second copy follows within this time."""

SPLIT_WITHIN_S: Final = 0.010
"""A later piece of something written at once follows within this time."""

PIECES_MAX: Final = 4
"""What is written at once is cut into so many pieces at most by ``split``."""

RETRANSMIT_AFTER_S: Final = 0.2
"""Smallest retransmission timeout of Linux; twice the round trip where that is longer; doubled for each loss of the same segment."""

RETRANSMISSIONS_MAX: Final = 6
"""After these a segment counts as arrived even at a loss of 100 %: the model ends after 12.6 s instead of never."""

SEGMENT_BYTES: Final = 1448
"""What one TCP segment carries over Ethernet."""

IP_UDP_BYTES: Final = 28
"""Headers of a datagram in an IPv4 packet, which count towards ``mtu``."""

IP_TCP_BYTES: Final = 52
"""The same of a segment, with time stamps."""


@dataclass(frozen=True, slots=True)
class ConditionStatistics:
    """What one direction has done so far, in datagrams (for a stream: ``lost`` counts retransmitted segments)."""

    sent: int
    lost: int
    """For whatever reason."""
    duplicated: int
    reordered: int
    corrupted: int
    truncated: int = 0
    overflowed: int = 0
    """Of the lost: the queue before the bottleneck was full."""
    oversized: int = 0
    """Of the lost: larger than the MTU."""
    split: int = 0
    reset: int = 0


class Bottleneck:
    """What the datagrams and the streams of one direction share: the line that is free again at a certain time."""

    __slots__ = ("free_at",)

    def __init__(self) -> None:
        self.free_at = 0.0


class LinkModel:
    """One direction of one link: when does what goes in now come out?"""

    def __init__(self, conditions: NetConditions, random: Random, bottleneck: Bottleneck | None = None) -> None:
        self._random: Final = random
        self._bottleneck: Final = bottleneck or Bottleneck()
        self._is_losing = False
        self._newest_due = 0.0
        self._stream_due = 0.0
        self.sent = self.lost = self.duplicated = self.reordered = self.corrupted = 0
        self.truncated = self.overflowed = self.oversized = self.split = self.reset = 0
        self.set_conditions(conditions)

    def set_conditions(self, conditions: NetConditions) -> None:
        """Change the weather; what is on its way keeps its arrival time."""
        self.conditions = conditions
        self._half_s = conditions.latency_ms / 2000.0
        self._jitter_s = conditions.jitter_ms / 1000.0
        self._varies = bool(conditions.jitter_ms or conditions.normal_ms or conditions.spikes_pct)
        self._loss = conditions.loss_pct / 100.0
        self._density = conditions.density_pct / 100.0
        bad = min(1.0, self._loss / self._density)  # the share of the time that is bad
        # The mean run of independent chances is 1 / (1 - bad): a burst below that cannot be had, so both chances stay within 0..1.
        burst = max(conditions.burst, 1.0 / max(1.0 - bad, 1e-9))
        self._leave_losing = 1.0 / burst
        self._start_losing = min(1.0, bad / max(1.0 - bad, 1e-9) / burst)
        self._is_disturbed = any((conditions.duplicate_pct, conditions.reorder_pct, conditions.rate_kbit_s, conditions.mtu_bytes))
        self._damages = bool(conditions.corrupt_pct or conditions.truncate_pct)
        self._segment_bytes = SEGMENT_BYTES
        if conditions.mtu_bytes:
            self._segment_bytes = int(min(SEGMENT_BYTES, max(conditions.mtu_bytes - IP_TCP_BYTES, 1)))

    def arrivals(self, size_bytes: int, now: float) -> tuple[float, ...]:
        """Times at which a datagram sent now arrives: none when it is lost, two when it is duplicated."""
        self.sent += 1
        if self._loss and self._loses():
            self.lost += 1
            return ()
        due = now + (self._varied_delay_s() if self._varies else self._half_s)
        if not self._is_disturbed:
            self._newest_due = due = max(due, self._newest_due)
            return (due,)
        return self._disturbed(due, size_bytes, now)

    def _disturbed(self, due: float, size_bytes: int, now: float) -> tuple[float, ...]:
        conditions, dice = self.conditions, self._random
        if conditions.mtu_bytes and size_bytes + IP_UDP_BYTES > conditions.mtu_bytes:
            self.lost += 1
            self.oversized += 1
            return ()
        if conditions.rate_kbit_s:
            bottleneck = self._bottleneck
            start = max(now, bottleneck.free_at)
            if (start - now) * 1000.0 > conditions.queue_ms:
                self.lost += 1
                self.overflowed += 1
                return ()
            bottleneck.free_at = start + size_bytes * 8 / (conditions.rate_kbit_s * 1000.0)
            due += bottleneck.free_at - now
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

    def _varied_delay_s(self) -> float:
        """One one-way delay: each kind of variation rolls its dice only where it is asked for."""
        conditions, dice = self.conditions, self._random
        delay = self._half_s
        if self._jitter_s:
            delay += self._jitter_s * (2.0 * dice.random() - 1.0)
        if conditions.normal_ms:
            delay += dice.gauss(0.0, conditions.normal_ms / 1000.0)
        delay = max(0.0, delay)
        if conditions.spikes_pct and dice.random() * 100.0 < conditions.spikes_pct and conditions.spike_ms:
            delay += dice.expovariate(1000.0 / conditions.spike_ms)
        return delay

    def _loses(self) -> bool:
        """Step the two-state chain by one datagram; at ``burst=1`` it is nothing but independent chances."""
        chance = self._random.random()
        self._is_losing = chance >= self._leave_losing if self._is_losing else chance < self._start_losing
        return self._is_losing and (self._density >= 1.0 or self._random.random() < self._density)

    def damaged(self, data: bytes) -> bytes:
        """``data`` as it comes out: now and then with bits flipped, or cut short."""
        if not self._damages or not data:
            return data
        conditions, dice = self.conditions, self._random
        if conditions.corrupt_pct and dice.random() * 100.0 < conditions.corrupt_pct:
            self.corrupted += 1
            copy = bytearray(data)
            for bit in dice.sample(range(len(data) * 8), min(int(conditions.corrupt_bits), len(data) * 8)):
                copy[bit >> 3] ^= 1 << (bit & 7)
            data = bytes(copy)
        if conditions.truncate_pct and dice.random() * 100.0 < conditions.truncate_pct:
            self.truncated += 1
            data = data[: dice.randrange(len(data))]
        return data

    def stream_arrival(self, size_bytes: int, now: float) -> float:
        """Time at which all of these stream bytes, sent now, have arrived: never before what was sent earlier on this stream."""
        delay = self._varied_delay_s() if self._varies else self._half_s
        if self.conditions.rate_kbit_s:
            bottleneck = self._bottleneck
            bottleneck.free_at = max(now, bottleneck.free_at) + size_bytes * 8 / (self.conditions.rate_kbit_s * 1000.0)
            delay += bottleneck.free_at - now
        self.sent += 1
        if self._loss:
            segments = -(-size_bytes // self._segment_bytes)
            delay += max((self._retransmission_s() for _ in range(segments)), default=0.0)
        self._stream_due = max(self._stream_due, now + delay)
        return self._stream_due

    def stream_arrivals(self, data: bytes, now: float) -> list[tuple[float, bytes]] | None:
        """``data``, written at once, as the pieces that arrive, in order, each with its time. None: it breaks the stream."""
        conditions, dice = self.conditions, self._random
        if conditions.reset_pct and dice.random() * 100.0 < conditions.reset_pct:
            self.reset += 1
            return None
        if len(data) > 1 and conditions.split_pct and dice.random() * 100.0 < conditions.split_pct:
            self.split += 1
            cuts = {dice.randrange(1, len(data)) for _ in range(dice.randrange(1, PIECES_MAX))}
            arrivals, begin, late = [], 0, now
            for end in (*sorted(cuts), len(data)):
                arrivals.append((self.stream_arrival(end - begin, late), data[begin:end]))
                begin, late = end, late + dice.random() * SPLIT_WITHIN_S
            return arrivals
        size = self._segment_bytes
        if len(data) <= size or not self._loss:
            return [(self.stream_arrival(len(data), now), data)]
        return [(self.stream_arrival(len(data[at : at + size]), now), data[at : at + size]) for at in range(0, len(data), size)]

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
        return ConditionStatistics(
            self.sent,
            self.lost,
            self.duplicated,
            self.reordered,
            self.corrupted,
            self.truncated,
            self.overflowed,
            self.oversized,
            self.split,
            self.reset,
        )
