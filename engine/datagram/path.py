"""When the peer's datagrams come from a new address: is it really there?

The address of a datagram is not authenticated, and whoever sees one datagram can send it again from elsewhere, faster. So a newer valid
datagram from a new UDP address only starts a challenge: 8 random bytes go there, sealed, and the path moves when they come back from
there. Until then the old path is served as before, and the new one gets at most three times the bytes that came from it (RFC 9000's
anti-amplification limit). A datagram from :data:`~engine.ids.CARRIED` needs no challenge: it came inside the control connection, which
has proven who it is.

A client knows where the server is and needs no such proof of it. What it may not know is whether that address can be reached at all: while
its datagrams travel inside the control connection, it probes.

Several candidates are held at once: otherwise one captured datagram per moment, replayed from anywhere, would keep replacing the genuine
new path before its answer arrives.
"""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from engine.datagram.limits import DatagramLimits
from engine.datagram.messages import CHALLENGE_BYTES
from engine.ids import CARRIED, Address

PROBES_MAX = 8
"""Probes whose acknowledgement is waited for: at one a second, a round trip of 8 s."""

AMPLIFICATION_MAX = 3
"""Bytes out per byte in, towards an address that has not proven itself (RFC 9000, section 8)."""


@dataclass(slots=True)
class Candidate:
    """An address that may be the peer's new one."""

    address: Address
    token: bytes
    heard: float
    bytes_in: int = 0
    bytes_out: int = 0
    challenged: float = float("-inf")

    def may_send(self, size: int) -> bool:
        """Whether ``size`` more bytes keep within the budget of an unproven address."""
        return self.bytes_out + size <= AMPLIFICATION_MAX * self.bytes_in


class Probes:
    """A client's tries at an address that is not its path now: has one of them come back?

    Either the server's challenge comes from there; or anything comes from there while the server has acknowledged one of the probes, which
    went there and nowhere else. The second matters where the server never left that path, because what was sent by the other way did not
    reach it: a probe from the path that it has is nothing to challenge.
    """

    __slots__ = ("_numbers", "address")

    def __init__(self) -> None:
        self.address: Address | None = None
        self._numbers: deque[int] = deque(maxlen=PROBES_MAX)

    def begin(self, address: Address) -> None:
        """``address`` is tried from now on."""
        if address != self.address:
            self._numbers.clear()
            self.address = address

    def sent(self, address: Address, sequence: int) -> None:
        """A probe went there with this number."""
        if address == self.address:
            self._numbers.append(sequence)

    def are_answered(self, source: Address, is_acknowledged: Callable[[int], bool]) -> bool:
        """Whether a datagram from ``source`` shows that the address works in both directions."""
        return source == self.address and any(map(is_acknowledged, self._numbers))

    def clear(self) -> None:
        """The path has been chosen anew: nothing is tried."""
        self.address = None
        self._numbers.clear()


class PathWatch:
    """A server's judgement of where one client is: whether its path is proven, and which others are under test."""

    __slots__ = ("_entropy", "_limits", "candidates", "unproven")

    def __init__(self, entropy: Callable[[int], bytes], limits: DatagramLimits) -> None:
        self._entropy = entropy
        self._limits = limits
        self.candidates: dict[Address, Candidate] = {}
        """Those under test."""
        self.unproven: Candidate | None = None
        """Not None: the very first path, until the client has acknowledged something: whoever raced the first datagram gets no stream."""

    def opened(self, address: Address, now: float) -> None:
        """The first valid datagram came from ``address``; it is the path, and proven only if the control connection vouches for it."""
        self.unproven = None if address == CARRIED else Candidate(address, b"", now)

    def heard_on_path(self, size: int, is_acknowledged: bool) -> None:
        """A valid datagram of ``size`` bytes came along the path; ``is_acknowledged``: the peer has acknowledged something of ours."""
        if self.unproven is not None:
            self.unproven.bytes_in += size
            # Only the peer can seal an acknowledgement; if nothing of ours went elsewhere, it was received here.
            if is_acknowledged and not self.candidates:
                self.unproven = None

    def heard_elsewhere(self, address: Address, size: int, is_newest: bool, now: float) -> bool:
        """A valid datagram came from another address than the path. Whether the path moves there at once; if not, it may be challenged."""
        if address == CARRIED:
            return is_newest
        candidate = self.candidates.get(address)
        if candidate is None:
            if not is_newest:
                return False
            if len(self.candidates) >= self._limits.candidates_max:
                del self.candidates[min(self.candidates, key=lambda known: self.candidates[known].heard)]
            candidate = self.candidates[address] = Candidate(address, self._entropy(CHALLENGE_BYTES), now)
        candidate.bytes_in += size
        if is_newest:
            candidate.heard = now
        return False

    def is_answer(self, address: Address, token: bytes) -> bool:
        """Whether this response, from this address, answers this address's challenge."""
        candidate = self.candidates.get(address)
        return candidate is not None and candidate.bytes_out > 0 and hmac.compare_digest(candidate.token, token)

    def may_send(self, size: int) -> bool:
        """Whether ``size`` bytes may go along the path; they are accounted for."""
        if self.unproven is None:
            return True
        if not self.unproven.may_send(size):
            return False
        self.unproven.bytes_out += size
        return True

    def due(self, size: int, now: float) -> list[Candidate]:
        """The candidates to challenge now with a datagram of ``size`` bytes; the caller sends it, and it is already accounted for."""
        due = []
        for candidate in self.candidates.values():
            if now - candidate.challenged >= self._limits.challenge_interval_s and candidate.may_send(size):
                candidate.challenged = now
                candidate.bytes_out += size
                due.append(candidate)
        return due

    def advance(self, now: float) -> None:
        """Forget candidates from which nothing newer has come for a while."""
        horizon = now - self._limits.candidate_ttl_s
        for address in [address for address, candidate in self.candidates.items() if candidate.heard < horizon]:
            del self.candidates[address]

    def moved(self) -> None:
        """The path has moved to a proven address: all candidates are settled."""
        self.unproven = None
        self.candidates.clear()

    def clear(self) -> None:
        """The connection has ended: nothing is under test any more."""
        self.candidates.clear()
