"""How bad a network is, in numbers, in the words that people type, and by name.

What comes of it, :mod:`engine.conditions` says and computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Final

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
    """How bad a network is, both directions alike; the head of :mod:`engine.conditions` says what each number means."""

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
