"""Who gets in: judges Hello and Resume. Order of the checks: version, schema, password, room; the cheap and the telling ones first."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from engine.control.limiter import BucketTable, address_key
from engine.control.limits import ControlLimits
from engine.control.messages import Hello, Resume
from engine.control.session import Session
from engine.errors import DisconnectReason
from engine.ids import Address, SessionId


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not."""

    reason: DisconnectReason
    detail: str = ""


class Admission:
    """The door of one server."""

    def __init__(self, *, protocol: int, schema_digest: bytes, password: str, limits: ControlLimits) -> None:
        self.is_draining = False
        self._protocol: Final = protocol
        self._schema_digest: Final = schema_digest
        self._password: Final = password.encode()
        self._limits: Final = limits
        self._wrong_passwords: Final = BucketTable(limits.password_rate, limits.addresses_max)

    def judge_version(self, protocol: int) -> Refusal | None:
        """Also for a Hello of another version, of which nothing else can be read."""
        if self.is_draining:
            return Refusal(DisconnectReason.SERVER_CLOSING)
        if protocol != self._protocol:
            return Refusal(DisconnectReason.VERSION_MISMATCH, f"the server speaks protocol {self._protocol}, you speak {protocol}")
        return None

    def is_same_schema(self, hello: Hello) -> bool:
        """Whether both sides mean the same by every byte of a snapshot."""
        return hmac.compare_digest(hello.schema_digest, self._schema_digest)

    def judge_hello(self, hello: Hello, address: Address, sessions: Iterable[Session], now: float) -> Refusal | None:
        """Password and room, after version and schema."""
        key = address_key(address.host)
        if self._password:
            tries = self._wrong_passwords.bucket(key, now)
            if not tries.has(now):
                return Refusal(DisconnectReason.FLOODING, "too many wrong passwords: wait a minute")
            if not hmac.compare_digest(hello.password.encode(), self._password):
                tries.take(now)
                return Refusal(DisconnectReason.WRONG_PASSWORD)
        per_address = Counter(session.address_key for session in sessions)
        if per_address.total() >= self._limits.sessions_max:
            return Refusal(DisconnectReason.SERVER_FULL)
        if per_address[key] >= self._limits.sessions_per_address_max:
            return Refusal(DisconnectReason.SERVER_FULL, "too many players from your address")
        return None

    def judge_resume(self, resume: Resume, sessions: dict[SessionId, Session]) -> Session | Refusal:
        """The session that may go on. One refusal for unknown and forged alike."""
        session = sessions.get(SessionId(resume.session_id))
        if session is None or not hmac.compare_digest(resume.token, session.token):
            return Refusal(DisconnectReason.RESUME_REFUSED)
        if not session.channel.could_restart(resume.received):
            return Refusal(DisconnectReason.RESUME_REFUSED, "the message numbers do not fit")
        return session


class Pending:
    """Peers that have not joined, by address, bounded. Over the bound the oldest of the busiest address makes room."""

    def __init__(self, pending_max: int) -> None:
        self._pending_max: Final = pending_max
        self._peers_of: dict[str, dict[int, None]] = {}
        self._key_of: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._key_of)

    def add(self, peer: int, address: Address) -> int | None:
        """Add a peer; gives the one that must go for it, if any."""
        displaced = None
        if len(self._key_of) >= self._pending_max:
            busiest = max(self._peers_of.values(), key=len)
            displaced = next(iter(busiest))
            self.remove(displaced)
        key = address_key(address.host)
        self._peers_of.setdefault(key, {})[peer] = None
        self._key_of[peer] = key
        return displaced

    def remove(self, peer: int) -> None:
        """The peer has joined or gone; an unknown one is none of ours."""
        key = self._key_of.pop(peer, None)
        if key is not None:
            peers = self._peers_of[key]
            del peers[peer]
            if not peers:
                del self._peers_of[key]
