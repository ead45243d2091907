"""Bad networks, made on purpose: the same conditioner for tests in virtual time and for ``--net`` on a real client.

:class:`NetConditions` says how bad. :class:`LinkModel` turns it into arrival times, one direction of one link each: a datagram goes in, no
time (lost), one or two (duplicated) come out. It reads no clock and owns no randomness but the ``Random`` that it is given, so the same
seed loses the same datagrams.

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

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from random import Random
from typing import Final

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

_TIME: Final = (0.0, 10_000.0)
_SHARE: Final = (0.0, 100.0)
_KEYS: Final[Mapping[str, tuple[str, tuple[float, float]]]] = {
    "latency": ("latency_ms", _TIME),
    "jitter": ("jitter_ms", _TIME),
    "normal": ("normal_ms", _TIME),
    "spikes": ("spikes_pct", _SHARE),
    "spike": ("spike_ms", _TIME),
    "loss": ("loss_pct", _SHARE),
    "burst": ("burst", (1.0, 1000.0)),
    "density": ("density_pct", (1.0, 100.0)),
    "duplicate": ("duplicate_pct", _SHARE),
    "reorder": ("reorder_pct", _SHARE),
    "corrupt": ("corrupt_pct", _SHARE),
    "bits": ("corrupt_bits", (1.0, 64.0)),
    "truncate": ("truncate_pct", _SHARE),
    "rate": ("rate_kbit_s", (0.0, 10_000_000.0)),
    "queue": ("queue_ms", _TIME),
    "mtu": ("mtu_bytes", (0.0, 65_535.0)),
    "split": ("split_pct", _SHARE),
    "reset": ("reset_pct", _SHARE),
}
"""What people type, the field that it sets, and the field's limits."""
_UNITS: Final = {"_ms": "ms", "_pct": "percent", "_kbit_s": "kbit/s", "_bytes": "bytes"}
"""By the end of a field's name, for people."""
_SHOWN_CHARACTERS_MAX: Final = 40
"""Of a word that we do not know."""


@dataclass(frozen=True, slots=True)
class NetConditions:
    """How bad a network is, both directions alike; the module's head says what each number means."""

    latency_ms: float = 0.0
    """Added to a round trip; half of it each way."""
    jitter_ms: float = 0.0
    """Each one-way delay varies by up to +- this, evenly."""
    normal_ms: float = 0.0
    """Each one-way delay varies with this standard deviation, normally."""
    spikes_pct: float = 0.0
    """Datagrams that meet a spike of delay."""
    spike_ms: float = 0.0
    """Mean of such a spike, exponentially distributed; it comes on top of everything else."""
    loss_pct: float = 0.0
    """Datagrams lost per direction."""
    burst: float = 1.0
    """Mean length of a bad period, in datagrams; 1 = each loss is independent."""
    density_pct: float = 100.0
    """Datagrams lost within a bad period; 100: the burst loses everything."""
    duplicate_pct: float = 0.0
    reorder_pct: float = 0.0
    """Datagrams held back for REORDER_HOLD_S, so that later ones overtake them."""
    corrupt_pct: float = 0.0
    """Datagrams with flipped bits."""
    corrupt_bits: float = 1.0
    """How many bits of such a datagram."""
    truncate_pct: float = 0.0
    """Datagrams of which only the beginning arrives."""
    rate_kbit_s: float = 0.0
    """Bottleneck per direction; 0 = none."""
    queue_ms: float = 1000.0
    """Length of the queue in front of the bottleneck; a second is the bufferbloat of a home router."""
    mtu_bytes: float = 0.0
    """Largest IP packet; 0 = any."""
    split_pct: float = 0.0
    """Of what is written to a stream at once, the share that arrives in several pieces."""
    reset_pct: float = 0.0
    """Of what is written to a stream at once, the share that breaks the stream."""

    def __post_init__(self) -> None:
        for name, (low, high) in _KEYS.values():
            value = getattr(self, name)
            if not low <= value <= high:  # also refuses NaN
                raise ValueError(f"network conditions: {name} must be {low:g} to {high:g}, not {value}")

    @classmethod
    def parse(cls, text: str) -> NetConditions:
        """Read ``latency=80,jitter=20,loss=5,burst=8,duplicate=1,reorder=1``; empty or ``none`` is a perfect network.

        A preset's name may stand first, as in ``bad_wifi`` or ``bad_wifi,loss=10``. Raises ValueError with a sentence for people.
        """
        if text.strip() in ("", "none"):
            return cls()
        parts = [part.strip() for part in text.split(",")]
        preset = PRESETS.get(parts[0])
        values: dict[str, float] = {}
        if preset is not None:
            values = {field.name: getattr(preset, field.name) for field in fields(cls)}
            del parts[0]
        given: set[str] = set()
        for part in parts:
            key, value = _read_part(part)
            if key in given:
                raise ValueError(f"network conditions: {key} is given twice")
            given.add(key)
            values[_KEYS[key][0]] = value
        return cls(**values)

    def describe(self) -> str:
        """In the form that :meth:`parse` reads; ``none`` for a perfect network."""
        changed = [f"{key}={getattr(self, name):g}" for key, (name, _) in _KEYS.items() if getattr(self, name) != getattr(PERFECT, name)]
        return ",".join(changed) or "none"

    @property
    def is_perfect(self) -> bool:
        """Whether nothing is done to anything."""
        return self == PERFECT


PERFECT: Final = NetConditions()

PRESETS: Final[Mapping[str, NetConditions]] = {
    # A switch between two computers: 0.2 to 0.5 ms are what `ping` shows; nothing is lost.
    "lan": NetConditions(latency_ms=0.4, normal_ms=0.05),
    # A radio in the next room: jitter and loss of naia's and lightyear's "good condition" (6 ms, 0.2 %), with a rare spike when it scans.
    "home_wifi": NetConditions(
        latency_ms=10, jitter_ms=6, spikes_pct=0.5, spike_ms=15, loss_pct=0.2, burst=2, rate_kbit_s=20_000, queue_ms=200
    ),
    # Behind two walls with neighbours on the channel: lightyear's bursts of 8, Mirror's 5 % in bursts, spikes as in
    # GameNetworkingSockets' tests (exponential, mean under 100 ms).
    "bad_wifi": NetConditions(
        latency_ms=60,
        jitter_ms=10,
        spikes_pct=2,
        spike_ms=60,
        loss_pct=5,
        burst=8,
        density_pct=75,
        duplicate_pct=0.5,
        reorder_pct=0.5,
        rate_kbit_s=5_000,
        queue_ms=300,
        split_pct=5,
    ),
    # WebPageTest's DSL profile: 50 ms, and its narrower direction (384 kbit/s up) with a home router's long queue; 1492 is PPPoE's MTU.
    "dsl": NetConditions(latency_ms=50, normal_ms=2, loss_pct=0.1, rate_kbit_s=384, queue_ms=1000, mtu_bytes=1492),
    # WebPageTest's LTE profile (70 ms, 12 Mbit/s) with a radio's scheduling jitter and its retransmissions, which delay and seldom lose.
    "mobile_4g": NetConditions(
        latency_ms=70, normal_ms=8, spikes_pct=2, spike_ms=80, loss_pct=0.5, burst=3, rate_kbit_s=12_000, queue_ms=600, mtu_bytes=1428
    ),
    # Network operators promise at most 160 ms and 0.5 % across the Pacific (Verizon's service level agreement for its IP network).
    "intercontinental": NetConditions(latency_ms=160, normal_ms=2, spikes_pct=0.2, spike_ms=20, loss_pct=0.5, reorder_pct=0.1),
    # Geostationary: RFC 2488 counts 558 ms for light alone; its narrow channel and the queue before it come on top.
    "satellite": NetConditions(latency_ms=600, normal_ms=10, loss_pct=1, burst=4, rate_kbit_s=1_000, queue_ms=800, mtu_bytes=1400),
    # Everything at once, worse than what anybody plays over: QUIC's interoperability tests lose 30 %; this is a third of that, with every
    # other fault on top, so that a match is still possible.
    "worst": NetConditions(
        latency_ms=250,
        jitter_ms=40,
        normal_ms=10,
        spikes_pct=2,
        spike_ms=150,
        loss_pct=10,
        burst=6,
        density_pct=90,
        duplicate_pct=10,
        reorder_pct=10,
        corrupt_pct=3,
        corrupt_bits=3,
        truncate_pct=1,
        rate_kbit_s=2_000,
        queue_ms=500,
        mtu_bytes=1400,
        split_pct=50,
    ),
}
"""Networks by name, each with where its figures come from. Every figure is that of both directions; ``latency`` is the round trip."""


def _read_part(part: str) -> tuple[str, float]:
    """One ``key=number`` between two commas, as :meth:`NetConditions.parse` takes it; the sentences use the words that people type."""
    key, equals, number = (piece.strip() for piece in part.partition("="))
    if not part:
        raise ValueError("network conditions: a part is empty; one comma stands between two, as in latency=80,loss=5")
    if key in PRESETS:
        wanted = "takes no number of its own" if equals else f"a preset stands first, and there is one at most, as in {key},loss=5"
        raise ValueError(f"network conditions: {key}: {wanted}")
    if key == "none" and not equals:
        raise ValueError("network conditions: none stands alone")
    if key not in _KEYS:
        meant = get_close_matches(key, [*_KEYS, *PRESETS], 1)
        hint = f" (did you mean {meant[0]}?)" if meant else ""
        known = f"known are {', '.join(_KEYS)}, and in front of them one of {', '.join(PRESETS)}"
        raise ValueError(f"network conditions: {key[:_SHOWN_CHARACTERS_MAX]!r} is unknown{hint}; {known}")
    try:
        value = float(number)
    except ValueError:
        value = float("nan")
    if value != value:
        raise ValueError(f"network conditions: {key} needs a number, as in {key}=5")
    name, (low, high) = _KEYS[key]
    if not low <= value <= high:
        unit = next((f" {word}" for ending, word in _UNITS.items() if name.endswith(ending)), "")
        raise ValueError(f"network conditions: {key} must be {low:g} to {high:.0f}{unit}, not {number[:_SHOWN_CHARACTERS_MAX]}")
    return key, value


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
