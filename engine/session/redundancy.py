"""Sending the same again within a tick, while losses come in runs.

Commands travel in every datagram until they are confirmed, and the next snapshot says all that a lost one said. So a single loss costs
one tick, which the margins cover. Losses in runs (a radio that is busy for a moment) cost as many ticks as the run is long, and margins
for that would cost more than they give. A second and third copy makes the same run half and a third as long, for a hundred bytes each.

Only where it helps: single losses need no copies, a queue that has grown says that we send too much already, and an outage (one long
run) is not shortened by anything.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

COPIES_APART_TICKS: Final = 0.25
"""A server looks four times a tick, a fast screen draws as often. A real radio's bad moment may be over by then."""

JUDGED_EVERY_S: Final = 0.25
LOST_MIN: Final = 6
RUNS_MIN: Final = 3
"""Fewer than this among the last 256 datagrams say nothing about how losses come."""
MEAN_RUN_FOR_COPIES: Final = (1.6, 2.4)
"""Mean length of a run from which on one and two copies are sent. Independent losses of 20 % have runs of 1.25. A third
copy would bring a run of four below one tick, at four times the bytes."""
KEPT_S: Final = 10.0
"""Copies go on this long after the last reason: with them the 256 datagrams are only a second and a half."""
QUEUEING_S_MAX: Final = 0.100
"""A round trip this much above its minimum (and above what jitter explains) is a queue of ours: no copies."""
QUEUEING_JITTERS: Final = 4.0


class SeesLoss(Protocol):
    """What is asked of a connection."""

    @property
    def queueing_s(self) -> float:
        """The round trip beyond its minimum."""

    @property
    def jitter_s(self) -> float:
        """Mean deviation of the round trip."""

    def loss_runs(self) -> tuple[int, int]:
        """Lost datagrams, and in how many runs."""


class Redundancy:
    """Decides for one direction of one connection."""

    __slots__ = ("_kept_until", "copies", "judge_at")

    def __init__(self) -> None:
        self.copies = 0
        """How many more times to send what was just sent."""
        self.judge_at = float("-inf")
        """When the connection is looked at next; until then :meth:`advance` only says again what it said."""
        self._kept_until = float("-inf")

    def advance(self, connection: SeesLoss, now: float) -> int:
        """Look at the connection now and then; returns :attr:`copies`."""
        if now < self.judge_at:
            return self.copies
        self.judge_at = now + JUDGED_EVERY_S
        lost, runs = connection.loss_runs()
        wanted = 0
        if lost >= LOST_MIN and runs >= RUNS_MIN:
            wanted = sum(lost >= length * runs for length in MEAN_RUN_FOR_COPIES)
        if wanted >= self.copies:
            self.copies = wanted
            self._kept_until = now + KEPT_S
        elif now >= self._kept_until:
            self.copies = wanted
        if connection.queueing_s > max(QUEUEING_S_MAX, QUEUEING_JITTERS * connection.jitter_s):
            self.copies = 0
        return self.copies


class Copies:
    """Messages that are to be sent again, a moment later where there is a moment within the tick."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, bytes]] = deque()

    def add(self, message: bytes, copies: int, now: float, apart_s: float) -> None:
        """Send ``message`` again ``copies`` times, ``apart_s`` apart. What still waits is out of date and given up."""
        self._waiting.clear()
        self._waiting.extend((now + apart_s * number, message) for number in range(1, copies + 1))

    @property
    def is_waiting(self) -> bool:
        """Whether there is anything left to send."""
        return bool(self._waiting)

    def due(self, now: float) -> list[bytes]:
        """Those whose time has come; each is to have a datagram of its own."""
        if not self._waiting:
            return []
        ready = []
        while self._waiting and self._waiting[0][0] <= now:
            ready.append(self._waiting.popleft()[1])
        return ready
