"""Requests on their way to the tick thread, in order, also while its queue is full.

Datagrams do not wait: they would be late. Everything else must arrive, or lobby and matches would disagree for ever; so it waits, for the
next round. What the queue and this one hold together is more than all players of a full server may ask for in ten seconds. A tick thread
that has taken nothing for that long never will: the server then ends, and says why.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from engine.session.values import DatagramCarried, HostRequest

WAITING_MAX: Final = 8192
"""Requests, beside those that the tick thread's queue holds."""


class Posting:
    """``post`` takes a request, or says that there is no room."""

    def __init__(self, post: Callable[[HostRequest], bool]) -> None:
        self.is_stuck = False
        """More than WAITING_MAX waited: they are gone, and so is the agreement with the matches."""
        self._post: Final = post
        self._waiting: Final[deque[HostRequest]] = deque()

    async def finish(self, tries: int, pause: Callable[[], Awaitable[None]]) -> int:
        """Nothing is asked any more: post what waits, a ``pause`` before each try. Returns how many requests are given up."""
        for _ in range(tries):
            if not self._waiting:
                break
            await pause()
            self.add(())
        return len(self._waiting)

    def add(self, requests: Iterable[HostRequest]) -> None:
        """Post what waits, then these."""
        self._waiting.extend(requests)
        while self._waiting and self._post(self._waiting[0]):
            self._waiting.popleft()
        if not self._waiting:
            return
        lasting = [request for request in self._waiting if not isinstance(request, DatagramCarried)]
        self._waiting.clear()
        if len(lasting) > WAITING_MAX:
            self.is_stuck = True
        else:
            self._waiting.extend(lasting)
