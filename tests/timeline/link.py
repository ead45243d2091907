"""One direction of a network in virtual time: delay, jitter, loss, blackouts. Seeded, so a failing test fails again."""

from __future__ import annotations

import heapq
from random import Random
from typing import Any


class Link:
    """Delivers what was pushed, in order of arrival. ``jitter_s``: each delay varies by up to this much either way."""

    def __init__(self, seed: int, delay_s: float, jitter_s: float = 0.0, loss: float = 0.0) -> None:
        self.random = Random(seed)
        self.delay_s, self.jitter_s, self.loss = delay_s, jitter_s, loss
        self.blackouts: list[tuple[float, float]] = []
        self._queue: list[tuple[float, int, Any]] = []
        self._count = 0

    def push(self, message: Any, now: float) -> None:
        lost = self.random.random() < self.loss
        delay = max(0.0, self.delay_s + self.random.uniform(-self.jitter_s, self.jitter_s))
        if lost or any(start <= now < end for start, end in self.blackouts):
            return
        self._count += 1
        heapq.heappush(self._queue, (now + delay, self._count, message))

    def due(self, now: float) -> list[tuple[float, Any]]:
        """(arrival time, message) of all that has arrived by ``now``."""
        arrived = []
        while self._queue and self._queue[0][0] <= now:
            at, _, message = heapq.heappop(self._queue)
            arrived.append((at, message))
        return arrived
