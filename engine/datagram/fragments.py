"""Messages larger than a datagram, put together again within bounds that hold for every peer.

Nothing is reserved from what a fragment announces: a partial message holds the pieces that came, and nothing else. There are at most
``reassembly_messages_max`` of them and ``reassembly_bytes_max`` bytes in all; over either, the oldest goes. A message that misses one
fragment never arrives: the layers above send what matters again, in a newer form.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.datagram.limits import DatagramLimits
from engine.datagram.messages import Fragment


@dataclass(slots=True)
class _Partial:
    """One message in the making."""

    last: int
    started: float
    held_bytes: int = 0
    pieces: dict[int, bytes] = field(default_factory=dict)


class Reassembly:
    """The partial messages of one peer."""

    __slots__ = ("_limits", "_partials", "dropped", "held_bytes")

    def __init__(self, limits: DatagramLimits) -> None:
        self._limits = limits
        self._partials: dict[int, _Partial] = {}  # in order of their first fragment
        self.held_bytes = 0
        self.dropped = 0
        """Fragments that did not fit, and partial messages that were given up."""

    def __len__(self) -> int:
        return len(self._partials)

    def receive(self, fragment: Fragment, now: float) -> bytes | None:
        """Enter one fragment; the whole message when this was its last missing piece."""
        partial = self._partials.get(fragment.message)
        if partial is None:
            while len(self._partials) >= self._limits.reassembly_messages_max:
                self._give_up(next(iter(self._partials)))
            partial = self._partials[fragment.message] = _Partial(fragment.last, now)
        if partial.last != fragment.last or fragment.place in partial.pieces:
            self.dropped += 1
            return None
        partial.pieces[fragment.place] = fragment.content
        partial.held_bytes += len(fragment.content)
        self.held_bytes += len(fragment.content)
        if len(partial.pieces) == partial.last + 1:
            self._forget(fragment.message)
            return b"".join(partial.pieces[place] for place in range(partial.last + 1))
        while self.held_bytes > self._limits.reassembly_bytes_max:
            self._give_up(next(iter(self._partials)))
        return None

    def advance(self, now: float) -> None:
        """Give up what has waited too long."""
        horizon = now - self._limits.reassembly_ttl_s
        for message in [message for message, partial in self._partials.items() if partial.started < horizon]:
            self._give_up(message)

    def clear(self) -> None:
        """Hold nothing any more (the connection has ended)."""
        self._partials.clear()
        self.held_bytes = 0

    def _forget(self, message: int) -> None:
        self.held_bytes -= self._partials.pop(message).held_bytes

    def _give_up(self, message: int) -> None:
        self._forget(message)
        self.dropped += 1
