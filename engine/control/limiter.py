"""Token buckets: how often somebody may do something, and a bounded table of them per address.

The table must still bite when an attacker brings more addresses than it has rows. A plain LRU does not: he pushes out his own row and
comes back with a full bucket. Here only buckets that have filled up again (and so carry no information) give up their row; while there
is none, all further addresses share one bucket.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import Final

from engine.control.limits import Rate


class TokenBucket:
    """Holds at most ``rate.burst`` tokens, refilled by ``rate.per_s``. Time that runs backwards refills nothing."""

    __slots__ = ("_last_s", "_rate", "_tokens")

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._tokens = rate.burst
        self._last_s = now

    def take(self, now: float) -> bool:
        """Take one token; False if there is none."""
        if not self.has(now):
            return False
        self._tokens -= 1.0
        return True

    def has(self, now: float) -> bool:
        """Whether there is a token, without taking it."""
        if now > self._last_s:
            self._tokens = min(self._rate.burst, self._tokens + (now - self._last_s) * self._rate.per_s)
            self._last_s = now
        return self._tokens >= 1.0

    def is_full(self, now: float) -> bool:
        """Whether nothing is remembered any more."""
        self.has(now)
        return self._tokens >= self._rate.burst


class BucketTable:
    """A bucket per key, ``rows_max`` of them; keys beyond share one."""

    def __init__(self, rate: Rate, rows_max: int) -> None:
        self._rate: Final = rate
        self._rows_max: Final = rows_max
        self._rows: OrderedDict[str, TokenBucket] = OrderedDict()
        self._shared: TokenBucket | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def bucket(self, key: str, now: float) -> TokenBucket:
        """The bucket that counts for ``key``."""
        found = self._rows.get(key)
        if found is not None:
            self._rows.move_to_end(key)
            return found
        if len(self._rows) >= self._rows_max:
            # Oldest use first: when the oldest is not full again, hardly any other is, so one look is enough.
            oldest = next(iter(self._rows))
            if not self._rows[oldest].is_full(now):
                if self._shared is None:
                    self._shared = TokenBucket(self._rate, now)
                return self._shared
            del self._rows[oldest]
        self._rows[key] = bucket = TokenBucket(self._rate, now)
        return bucket


def address_key(host: str) -> str:
    """What counts as one address: an IPv4 address, an IPv6 /64 network (one machine can use all of it), a link-local address whole."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    if address.is_link_local:
        return str(address)
    return f"{ipaddress.IPv6Address(int(address) >> 64 << 64)}/64"
