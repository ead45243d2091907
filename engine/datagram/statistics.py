"""What a connection and an endpoint report about themselves, and the names under which they count what they drop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from engine.datagram.states import State
from engine.ids import Address


class Losses(NamedTuple):
    """Of all datagrams since the start, but for the three newest each way, which may merely be late."""

    lost_out: int = 0
    """Ours that the peer never acknowledged."""
    judged_out: int = 0
    lost_in: int = 0
    """The peer's that we never got."""
    judged_in: int = 0

    def plus(self, other: Losses) -> Losses:
        """Of this connection and another."""
        return Losses(*(one + two for one, two in zip(self, other, strict=True)))

    @property
    def out_pct(self) -> float:
        """Of ours, in percent."""
        return 100 * self.lost_out / self.judged_out if self.judged_out else 0.0

    @property
    def in_pct(self) -> float:
        """Of the peer's, in percent."""
        return 100 * self.lost_in / self.judged_in if self.judged_in else 0.0


class DropReason(StrEnum):
    """Why a datagram or a message was dropped. The value is the key in ``dropped``."""

    WRONG_SIZE = "wrong_size"
    WRONG_KIND = "wrong_kind"
    UNKNOWN_CONNECTION = "unknown_connection"
    REPLAYED = "replayed"
    BAD_SEAL = "bad_seal"
    MALFORMED = "malformed"
    """Validly sealed, yet not of the protocol: the peer's mistake."""
    CLOSED = "closed"
    EXPIRED = "expired"
    """The first valid datagram of a ticket came after its lifetime."""
    FRAGMENT = "fragment"
    """A fragment that does not fit its siblings, or a partial message that was evicted or ran out of time."""
    EVENTS_FULL = "events_full"
    OUTBOX_FULL = "outbox_full"
    NO_PATH = "no_path"
    """A message to send before the peer was ever heard of."""
    PATH_BUDGET = "path_budget"
    """A datagram to send that would exceed three times the bytes received from a path that is not proven yet."""
    LATE_SEND = "late_send"
    """A message to send after the peer ended the connection and before our owner could know."""


@dataclass(frozen=True, slots=True)
class DatagramStatistics:
    """One connection. Times in milliseconds, shares in percent; counters since the start."""

    state: State
    path: Address | None
    path_changes: int
    rtt_ms: float
    """Smoothed, without the time that the peer held acknowledgements back; 0.0 while ``rtt_samples`` is 0."""
    rtt_min_ms: float
    jitter_ms: float
    rtt_samples: int
    loss_pct: float
    """Of our last 256 datagrams, those that did not arrive."""
    loss_in_pct: float
    """Of the peer's last 256 datagrams, those that we miss."""
    losses: Losses
    """Since the start."""
    silent_ms: float
    """Since the last valid datagram, at the last call that told the time. A warning is due at 750."""
    unacknowledged_ms: float
    """Since the peer last acknowledged something new. Above 2000 on a UDP path: nothing of ours gets through, carry it."""
    datagrams_in: int
    """Valid ones."""
    datagrams_out: int
    bytes_in: int
    bytes_out: int
    messages_in: int
    messages_out: int
    dropped: Mapping[str, int]


class PathReport(NamedTuple):
    """What happened on the way to the peer since the last report."""

    lowest_rtt_s: float | None
    """None: no round trip was measured."""
    jitter_s: float
    """Smoothed, as of now."""
    judged: int
    """Datagrams of which it is now known whether they arrived."""
    lost: int
    """Of those, the ones that did not."""


@dataclass(frozen=True, slots=True)
class EndpointStatistics:
    """All connections of an endpoint, those that ended included."""

    connections: int
    """Connected now."""
    tickets: int
    """Issued and not used yet."""
    datagrams_in: int
    """Everything that came, valid or not."""
    datagrams_out: int
    bytes_in: int
    bytes_out: int
    dropped: Mapping[str, int]
