"""The player's side of LAN discovery: asks in rounds, puts the answers together to one line per server.

A round is one question (one nonce) that the driver sends by every way there is. The same server answers by several: it is told apart by its
id, never by its address. Broadcasts over Wi-Fi are not repeated by the radio, so the second round comes soon after the first.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.discovery.query import NONCE_BYTES, SERVER_ID_BYTES, Query, ServerInfo, read_answer, write_query
from engine.ids import Address

SECOND_ROUND_AFTER_S: Final = 0.3
ROUND_EVERY_S: Final = 1.0
ROUNDS_REMEMBERED: Final = 8
"""An answer later than this many rounds is nobody's answer."""

GONE_AFTER_S: Final = 4.0
"""A server that missed as many rounds has gone, or its answers are all lost: off the list."""

SERVERS_MAX: Final = 256
SERVERS_PER_HOST_MAX: Final = 16
"""A server has one of eight ports; one host that pretends to be a hundred servers is a liar."""

ADDRESSES_PER_SERVER_MAX: Final = 8
ASKED_DIRECTLY_MAX: Final = 64
PINGS_REMEMBERED: Final = 5


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """One line of the list."""

    info: ServerInfo
    address: Address
    """Where to join: the best of the addresses that answered, with the TCP port."""
    ping_ms: float
    """Smallest of the latest answers: each is measured from frame to frame, so up to a frame too long."""
    addresses: tuple[Address, ...]
    """All that answered, best first."""


@dataclass(frozen=True, slots=True)
class DiscoveryStatistics:
    """Counters since the start; ``dropped`` by reason."""

    rounds: int
    answers: int
    dropped: Mapping[str, int]


@dataclass(slots=True)
class _Server:
    info: ServerInfo
    heard_at: float
    heard_from: dict[Address, float] = field(default_factory=dict)
    """Where to join to when it last answered from there, in the order in which they first did."""
    pings_ms: deque[float] = field(default_factory=lambda: deque(maxlen=PINGS_REMEMBERED))

    def is_at(self, host: str) -> bool:
        """Whether it has answered from this host."""
        return any(address.host == host for address in self.heard_from)


class DiscoveryClient:
    """Asks and lists. Drive it with ``queries_to_send`` and ``receive`` as often as you like; ``servers`` is always up to date."""

    def __init__(self, entropy: Callable[[int], bytes], *, round_every_s: float = ROUND_EVERY_S) -> None:
        self._entropy: Final = entropy
        self._round_every_s: Final = round_every_s
        self._next_round: float | None = None
        self._rounds = self._answers = 0
        self._sent: Final[dict[bytes, float]] = {}
        """Nonce of each remembered round to when it went out."""
        self._directly: Final[dict[Address, None]] = {}
        self._servers: Final[dict[bytes, _Server]] = {}
        self._dropped: Final[Counter[str]] = Counter()

    def ask(self, address: Address) -> bool:
        """Ask this address too, each round: a favourite outside the LAN. False where ASKED_DIRECTLY_MAX are asked already."""
        if address not in self._directly and len(self._directly) >= ASKED_DIRECTLY_MAX:
            return False
        self._directly[address] = None
        return True

    def refresh(self) -> None:
        """Begin a new round at once."""
        self._next_round = None

    def queries_to_send(self, now: float) -> list[tuple[Address | None, bytes]]:
        """The round that is due: (None, question) is for every interface and discovery port. Forgets who has gone."""
        self._forget_gone(now)
        if self._next_round is not None and now < self._next_round:
            return []
        self._next_round = now + (SECOND_ROUND_AFTER_S if self._rounds == 0 else self._round_every_s)
        self._rounds += 1
        nonce = self._entropy(NONCE_BYTES)
        if len(self._sent) >= ROUNDS_REMEMBERED:
            del self._sent[next(iter(self._sent))]
        self._sent[nonce] = now
        data = write_query(Query(nonce))
        return [(None, data), *((address, data) for address in self._directly)]

    def receive(self, data: bytes, address: Address, now: float) -> None:
        """Take an answer in. Any bytes."""
        answer = read_answer(data)
        if answer is None:
            self._dropped["malformed"] += 1
            return
        sent_at = self._sent.get(answer.nonce)
        if sent_at is None:
            self._dropped["not asked"] += 1
            return
        server = self._servers.get(answer.info.server_id)
        if server is None:
            if len(self._servers) >= SERVERS_MAX:
                self._dropped["too many servers"] += 1
                return
            if sum(other.is_at(address.host) for other in self._servers.values()) >= SERVERS_PER_HOST_MAX:
                self._dropped["too many servers of one host"] += 1
                return
            server = self._servers[answer.info.server_id] = _Server(answer.info, now)
        joined_at = Address(address.host, answer.info.tcp_port or address.port)
        if joined_at not in server.heard_from and len(server.heard_from) >= ADDRESSES_PER_SERVER_MAX:
            self._dropped["too many addresses"] += 1
            return
        self._answers += 1
        server.info = answer.info
        server.heard_at = now
        server.heard_from[joined_at] = now
        server.pings_ms.append(max(0.0, (now - sent_at) * 1000.0))

    def servers(self) -> list[ServerEntry]:
        """Everybody who answers, by name."""
        entries = [_entry(server) for server in self._servers.values()]
        return sorted(entries, key=lambda entry: (entry.info.name.casefold(), entry.info.server_id))

    def statistics(self) -> DiscoveryStatistics:
        """Counters since the start."""
        return DiscoveryStatistics(self._rounds, self._answers, dict(self._dropped))

    def _forget_gone(self, now: float) -> None:
        oldest = now - max(GONE_AFTER_S, 4 * self._round_every_s)
        for server_id, server in list(self._servers.items()):
            if server.heard_at < oldest:
                del self._servers[server_id]
                continue
            for address in [address for address, heard_at in server.heard_from.items() if heard_at < oldest]:
                del server.heard_from[address]


def make_server_id(entropy: Callable[[int], bytes]) -> bytes:
    """A server's id for one run."""
    return entropy(SERVER_ID_BYTES)


def _entry(server: _Server) -> ServerEntry:
    addresses = tuple(sorted(server.heard_from, key=lambda address: _rank(address.host)))  # stable: within a rank the first that answered
    return ServerEntry(server.info, addresses[0], min(server.pings_ms), addresses)


def _rank(host: str) -> int:
    """Here before IPv4 before IPv6 before what counts on one link only: the order in which a player could tell it to a friend."""
    if host == "::1" or host.startswith("127."):
        return 0
    if host.startswith(("fe80:", "169.254.")):
        return 3
    return 2 if ":" in host else 1
