"""What a server holds per stream (:class:`Peer`) and per player (:class:`Session`, which outlives a lost stream)."""

from __future__ import annotations

from typing import Final

from engine.control.limiter import TokenBucket, address_key
from engine.control.limits import ControlLimits
from engine.control.reliable import ReliableChannel
from engine.control.states import PeerState
from engine.control.stream import ControlStream
from engine.ids import Address, SessionId
from engine.verbs import ALWAYS, NEVER


class Session:
    """Identity, reliable messages, and the rates that a player's requests may have (here, so that a resume does not refill them)."""

    def __init__(
        self, session_id: SessionId, token: bytes, name: str, colour: int, address: Address, limits: ControlLimits, now: float
    ) -> None:
        self.session_id: Final = session_id
        self.token: Final = token
        self.name: Final = name
        self.colour: Final = colour
        self.move_to(address)
        self.channel: Final = ReliableChannel(limits.unacknowledged_messages_max, limits.unacknowledged_bytes_max)
        self.peer: int | None = None
        """The stream that carries it now."""
        self.lost_s = now
        """When the last stream was lost; means something while ``peer`` is None."""
        self.ping_ms: int | None = None
        self._limits: Final = limits
        self._carried: Final = TokenBucket(limits.carried_rate, now)
        self._verbs: Final[dict[str, TokenBucket]] = {}

    def move_to(self, address: Address) -> None:
        """The player's stream now comes from there."""
        self.address = address
        self.address_key = address_key(address.host)

    def may_request(self, verb: str, now: float) -> bool:
        """Whether a request of this type is within its rate. ``verb`` comes from our own types, so the table is bounded."""
        bucket = self._verbs.get(verb)
        if bucket is None:
            bucket = self._verbs[verb] = TokenBucket(self._limits.verb_rates.get(verb, self._limits.verb_rate), now)
        return bucket.take(now)

    def may_carry(self, now: float) -> bool:
        """Whether a carried datagram is within its rate."""
        return self._carried.take(now)


class Peer:
    """One stream and where it stands."""

    __slots__ = ("address", "deadline_s", "due_at", "frames", "has_work", "number", "session", "state", "stream")

    def __init__(self, number: int, address: Address, stream: ControlStream, limits: ControlLimits, now: float) -> None:
        self.number = number
        self.address = address
        self.stream = stream
        self.frames = TokenBucket(limits.frame_rate, now)
        self.deadline_s = now + limits.hello_deadline_s
        """Until then it must have joined."""
        self.state = PeerState.WAITING
        self.session: Session | None = None
        self.due_at = ALWAYS
        """Nothing becomes due before."""
        self.has_work = True
        """Something may be to send."""

    def next_due_s(self) -> float:
        """When time next does something to it, as it stands."""
        if self.is_closing:
            return NEVER
        return self.stream.due_at if self.state is PeerState.JOINED else min(self.stream.due_at, self.deadline_s)

    @property
    def is_closing(self) -> bool:
        """Whether nothing of it is read any more."""
        return self.state is PeerState.CLOSING
