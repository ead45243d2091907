"""Which way datagrams travel: over UDP, or inside control frames where a network blocks UDP.

Silence decides, at the start and later alike. If no datagram came for 2 s, the very same sealed datagrams go into control frames; one
of them a second is also tried over UDP, and the first that is answered there moves everything back. The server follows the client: it
sends to where the newest valid datagram came from.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

SILENCE_S: Final = 2.0
"""Longer than the worst jitter spike of a working path, short enough that a player waits and does not leave."""

PROBE_INTERVAL_S: Final = 1.0
RETURN_AFTER: Final = 2
"""Datagrams that must have come by UDP before we trust it again: one could be the last of a burst before the path closed."""


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
        self._returns = 0
        self.switches = 0

    def heard(self, by_udp: bool, now: float) -> bool:
        """A valid datagram came. Returns whether the carrier changed."""
        if self.kind is CarrierKind.UDP:
            if by_udp:
                self._heard_at = now
            return False
        if not by_udp:
            return False
        self._returns += 1
        if self._returns < RETURN_AFTER:
            return False
        self._switch(CarrierKind.UDP, now)
        return True

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
        if self.kind is CarrierKind.CONTROL:
            self._switch(CarrierKind.UDP, now)

    def _switch(self, kind: CarrierKind, now: float) -> None:
        self.kind = kind
        self._heard_at = now
        self._probed_at = now
        self._returns = 0
        self.switches += 1
