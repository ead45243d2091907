"""How long the way there and back takes, how much that varies, and its recent minimum.

Smoothed as lightyear does (alpha 1/12 for the mean, beta 1/6 for the deviation, outliers clamped before they enter), because Wi-Fi
answers a scan with single samples of hundreds of milliseconds and one of them must not move everything that is steered by the round trip.
The peer tells how long it held an acknowledgement back, so a tick's wait on either side is not mistaken for distance.
"""

from __future__ import annotations

from typing import Final

ALPHA: Final = 1 / 12
BETA: Final = 1 / 6
OUTLIER_DEVIATIONS: Final = 3.0
OUTLIER_FACTOR: Final = 3.0
OUTLIER_EXCESS_S: Final = 0.5
OUTLIER_ALLOWED_FACTOR: Final = 1.2
"""A sample may always be 20 % above the mean: with a deviation near zero the clamp would otherwise hold a genuine change off for ever."""
MINIMUM_WINDOW_S: Final = 10.0
"""The minimum is that of the last 10 to 20 s (two buckets), so that a route that became longer is noticed."""
OUTLIER_FLOOR_S: Final = 0.001
"""On a LAN of 0.2 ms the relative clamps are below the scheduler's own noise; a sample may always be 1 ms above the mean."""


class RoundTrip:
    """Round-trip statistics of one connection, all in seconds."""

    __slots__ = ("_bucket_minimum_s", "_bucket_until", "_lowest_s", "_previous_minimum_s", "jitter_s", "latest_s", "mean_s", "samples")

    def __init__(self) -> None:
        self.mean_s = 0.0
        """Smoothed; 0.0 before the first sample."""
        self.jitter_s = 0.0
        """Smoothed mean deviation from the mean."""
        self.latest_s = 0.0
        self.samples = 0
        self._lowest_s = float("inf")
        self._bucket_until = 0.0
        self._bucket_minimum_s = float("inf")
        self._previous_minimum_s = float("inf")

    @property
    def minimum_s(self) -> float:
        """The smallest sample of the last 10 to 20 s; 0.0 before the first."""
        return min(self._bucket_minimum_s, self._previous_minimum_s) if self.samples else 0.0

    def take_lowest_s(self) -> float | None:
        """The smallest sample since the last call, None where there was none: what is always there, a queue, shows; jitter does not."""
        lowest, self._lowest_s = self._lowest_s, float("inf")
        return None if lowest == float("inf") else lowest

    @property
    def patience_s(self) -> float:
        """How long to wait for an acknowledgement before a datagram counts as lost: mean + 4 deviations (RFC 6298), at first 1 s."""
        return self.mean_s + 4 * self.jitter_s if self.samples else 1.0

    def sample(self, measured_s: float, held_s: float, now: float) -> None:
        """Enter one round trip: ``measured_s`` from sending to acknowledgement, of which the peer says it held the answer ``held_s``.

        A peer that claims to have held it longer than there was time gets 0: it can only make itself look near, which buys nothing.
        """
        rtt = measured_s - held_s
        if rtt < 0.0:
            rtt = 0.0
        self.latest_s = rtt
        if rtt < self._lowest_s:
            self._lowest_s = rtt
        if now >= self._bucket_until:
            self._previous_minimum_s = self._bucket_minimum_s
            self._bucket_minimum_s = rtt
            self._bucket_until = now + MINIMUM_WINDOW_S
        elif rtt < self._bucket_minimum_s:
            self._bucket_minimum_s = rtt
        self.samples += 1
        mean = self.mean_s
        if self.samples == 1:
            self.mean_s = rtt
            self.jitter_s = rtt / 2
            return
        if rtt > mean * OUTLIER_ALLOWED_FACTOR and rtt > mean + OUTLIER_FLOOR_S:
            ceiling = min(mean + OUTLIER_DEVIATIONS * self.jitter_s, mean * OUTLIER_FACTOR, mean + OUTLIER_EXCESS_S)
            rtt = min(rtt, max(ceiling, mean * OUTLIER_ALLOWED_FACTOR, mean + OUTLIER_FLOOR_S))
        error = rtt - mean
        self.mean_s = mean + ALPHA * error
        self.jitter_s += BETA * (abs(error) - self.jitter_s)
