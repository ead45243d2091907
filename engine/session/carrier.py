"""Which way datagrams travel: over UDP, or inside control frames where a network blocks UDP.

Silence decides, at the start and later alike. If no datagram came for 2 s, the very same sealed datagrams go into control frames; one
of them a second is also tried over UDP. When that one is answered, the path is proven and everything moves back. The server follows the
client: it sends to where the newest valid datagram came from, once that path is proven.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

SILENCE_S: Final = 2.0
"""Longer than the worst jitter spike of a working path, short enough that a player waits and does not leave."""

PROBE_INTERVAL_S: Final = 1.0


class CarrierKind(Enum):
    """The value is what statistics say."""

    UDP = "udp"
    CONTROL = "control"


class Carrier:
    """Decides; sends nothing itself. Time is the caller's monotonic seconds."""

    def __init__(self, now: float) -> None:
        self.kind = CarrierKind.UDP
        self._heard_at = now
        self._probed_at = now
        self.switches = 0

    def heard(self, now: float) -> None:
        """A valid datagram came over UDP."""
        if self.kind is CarrierKind.UDP:
            self._heard_at = now

    def proven(self, now: float) -> None:
        """The server answered on the UDP path that was probed."""
        if self.kind is CarrierKind.CONTROL:
            self._switch(CarrierKind.UDP, now)

    def advance(self, now: float) -> bool:
        """Returns whether the carrier changed."""
        if self.kind is CarrierKind.UDP and now - self._heard_at > SILENCE_S:
            self._switch(CarrierKind.CONTROL, now)
            return True
        return False

    def should_probe(self, now: float) -> bool:
        """Whether to try UDP with one datagram now (at most once a second, while carried)."""
        if self.kind is CarrierKind.UDP or now - self._probed_at < PROBE_INTERVAL_S:
            return False
        self._probed_at = now
        return True

    def stream_lost(self, now: float) -> None:
        """The control connection is gone: datagrams can only go by UDP."""
        self.proven(now)

    def _switch(self, kind: CarrierKind, now: float) -> None:
        self.kind = kind
        self._heard_at = now
        self._probed_at = now
        self.switches += 1
