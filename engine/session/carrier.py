"""Which way datagrams travel: over UDP, or inside control frames where a network blocks UDP.

Unanswered datagrams decide, at the start and later alike. If for 2 s nothing that was sent over UDP is acknowledged, the very same sealed
datagrams go into control frames; one of them a second is also tried over UDP. When that one is answered, the path is proven and everything
moves back. The server follows the client: it sends to where the newest valid datagram came from, once that path is proven.

Hearing the server is not enough: a firewall that lets only its datagrams through leaves the player watching a match in which his own
player stands still. An acknowledgement of something new has gone both ways.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

SILENCE_S: Final = 2.0
"""Longer than the worst jitter spike of a working path, short enough that a player waits and does not leave."""

PROBE_INTERVAL_S: Final = 1.0

PAUSE_S: Final = 0.5
"""A longer gap between two advances is a pause of our own (a dragged window, a suspended laptop), in which we sent nothing that could
have been answered: it counts as no silence."""


class CarrierKind(Enum):
    """The value is what statistics say."""

    UDP = "udp"
    CONTROL = "control"


class Carrier:
    """Decides; sends nothing itself. Time is the caller's monotonic seconds."""

    def __init__(self, now: float, kind: CarrierKind = CarrierKind.UDP) -> None:
        """``kind``: what has worked until now, so that a new connection on a network without UDP does not wait for 2 s again."""
        self.kind = kind
        self.works = kind
        """What is known to get through: ``kind``, but for UDP that is tried again only because the control connection is gone."""
        self.switches = 0
        self._answered_at = self._probed_at = self._advanced_at = now

    def answered(self, at: float) -> None:
        """Over UDP came an acknowledgement; ``at`` is when the newest one of something new came."""
        if self.kind is CarrierKind.UDP and at > self._answered_at:
            self._answered_at = at
            self.works = CarrierKind.UDP

    def proven(self, now: float) -> None:
        """The server answered on the UDP path that was probed."""
        if self.kind is CarrierKind.CONTROL:
            self._switch(CarrierKind.UDP, now)
        self.works = CarrierKind.UDP

    def advance(self, now: float) -> bool:
        """Returns whether the carrier changed."""
        pause = now - self._advanced_at
        self._advanced_at = now
        if pause > PAUSE_S:
            self._answered_at = min(now, self._answered_at + pause)
        if self.kind is CarrierKind.UDP and now - self._answered_at > SILENCE_S:
            self._switch(CarrierKind.CONTROL, now)
            self.works = CarrierKind.CONTROL
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
        self._answered_at = self._probed_at = now
        self.switches += 1
