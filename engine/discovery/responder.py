"""The server's side of LAN discovery: at most one answer per question, no longer than it, and not too many.

The only state that a stranger can make is a row in a table of bounded size; a flood from more addresses than rows meets the limit for all.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from engine.discovery.query import Answer, ServerInfo, read_query, write_answer
from engine.ids import Address

PER_ADDRESS_HZ: Final = 5.0
"""A list asks once a second, on up to four ways at once."""

FOR_ALL_HZ: Final = 50.0
"""DDNet answers at most 50 a second too; a LAN party of 50 browsing at once gets its answers."""

ADDRESSES_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class ResponderStatistics:
    """What became of the datagrams that were not for the game."""

    answered: int
    malformed: int
    repeated: int
    """The same question by another way; the first was answered."""
    limited_address: int
    limited_all: int


@dataclass(slots=True)
class _Bucket:
    """Tokens that come back at a rate, up to one second's worth."""

    tokens: float
    filled_at: float
    nonce: bytes = b""

    def take(self, rate_hz: float, now: float) -> bool:
        self.tokens = min(rate_hz, self.tokens + max(0.0, now - self.filled_at) * rate_hz)
        self.filled_at = now
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True


class DiscoveryResponder:
    """Answers for one server. Put a new ``info`` in whenever something changes; None keeps silent."""

    def __init__(self, info: ServerInfo | None = None) -> None:
        self.info: ServerInfo | None = info
        self._for_all = _Bucket(FOR_ALL_HZ, 0.0)
        self._addresses: Final[OrderedDict[str, _Bucket]] = OrderedDict()
        self._answered = self._malformed = self._repeated = self._limited_address = self._limited_all = 0

    def receive(self, data: bytes, address: Address, now: float) -> bytes | None:
        """The answer to send back, or None. Any bytes."""
        query = read_query(data)
        info = self.info
        if query is None or info is None:
            self._malformed += query is None
            return None
        bucket = self._bucket_of(address.host, now)
        if bucket.nonce == query.nonce:
            self._repeated += 1
            return None
        if not bucket.take(PER_ADDRESS_HZ, now):
            self._limited_address += 1
            return None
        if not self._for_all.take(FOR_ALL_HZ, now):
            self._limited_all += 1
            return None
        bucket.nonce = query.nonce
        self._answered += 1
        return write_answer(Answer(query.nonce, info))

    def statistics(self) -> ResponderStatistics:
        """Counters since the start."""
        return ResponderStatistics(self._answered, self._malformed, self._repeated, self._limited_address, self._limited_all)

    def _bucket_of(self, host: str, now: float) -> _Bucket:
        bucket = self._addresses.get(host)
        if bucket is None:
            if len(self._addresses) >= ADDRESSES_MAX:
                self._addresses.popitem(last=False)
            bucket = self._addresses[host] = _Bucket(PER_ADDRESS_HZ, now)
        else:
            self._addresses.move_to_end(host)
        return bucket
