"""A network in memory: datagram ports and streams between hosts, each direction of each link with its own weather.

    port.send / stream.send --> LinkModel: when does it arrive? --> one heap of arrivals --> advance(now) --> port.take / stream.read

Everything is decided by the seed, and per direction of a link: another client in the same run changes nobody else's luck. Each arrival goes
into a running SHA-256: two runs that agree in their ``trace`` agree in every byte and every microsecond.

A stream is an ideal TCP: in order, delayed by losses, cut into pieces where the conditions say so, and broken when somebody stops reading.
What is not modelled: congestion control, MTU discovery, queues that several links share (what one host sends to another shares one).
"""

from __future__ import annotations

import hashlib
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Final, TypeAlias

from engine.conditions import PERFECT, Bottleneck, ConditionStatistics, LinkModel, NetConditions
from engine.errors import LocalProtocolError
from engine.ids import Address
from engine.testing.sockets import PORT_QUEUE_DATAGRAMS_MAX, Payload, Signal, SimulatedPort, SimulatedStream

_LOST, _BLOCKED, _NOBODY, _FULL = -1, -2, -3, -4
_FATES: Final = {_LOST: "lost", _BLOCKED: "blocked", _NOBODY: "nobody there", _FULL: "port full"}
"""In the place of the link's number, for what is remembered and did not arrive."""

Describe: TypeAlias = Callable[[bytes, bool], str]
"""Bytes, and whether they are a piece of a stream; gives the words for them."""

HEAP_MAX: Final = 1_000_000
"""More on its way at once than any test needs: a sender that never stops."""

Direction: TypeAlias = tuple[str, str]
"""From host, to host."""

_ARRIVAL: Final = struct.Struct(">dII")


_Arrival: TypeAlias = "tuple[float, int, int, SimulatedStream | None, Payload, Address, Address]"
"""Due, serial number (ties: nothing behind it is ever compared), number of the link, stream or None for a datagram, what, from, to."""


@dataclass(frozen=True, slots=True)
class NetworkStatistics:
    """What crossed the network so far."""

    datagrams_sent: int
    datagrams_delivered: int
    datagrams_lost: int
    """By the weather, a block, or a closed or full port."""
    datagram_bytes: int
    """Delivered."""
    stream_bytes: int
    """Delivered."""
    streams_overflowed: int = 0
    """Broken because more than STREAM_BYTES_MAX waited to be read."""


class SimulatedNetwork:
    """Hosts, ports and streams; time is told by the caller."""

    def __init__(self, seed: int = 0, conditions: NetConditions = PERFECT, *, recent_max: int = 64) -> None:
        """``recent_max`` arrivals and losses are kept for the message of a failed test."""
        self.seed: Final = seed
        self._conditions = conditions
        self._own_conditions: Final[dict[Direction, NetConditions]] = {}
        self._links: Final[dict[Direction, tuple[LinkModel, int]]] = {}
        self._links_made = 0
        self._bottlenecks: Final[dict[Direction, Bottleneck]] = {}
        self._ports: Final[dict[Address, SimulatedPort]] = {}
        self._listeners: Final[dict[Address, list[SimulatedStream]]] = {}
        self._dead: Final[set[Address]] = set()
        """Where nobody even refuses."""
        self._streams: list[SimulatedStream] = []
        self._blocked_datagrams: Final[set[Direction]] = set()
        self._blocked_streams: Final[set[Direction]] = set()
        self._heap: Final[list[_Arrival]] = []
        self._serial = 0
        self._hash: Final = hashlib.sha256()
        self._recent: Final[deque[_Arrival]] = deque(maxlen=recent_max)
        self._sent = self._delivered = self._lost = self._datagram_bytes = self._stream_bytes = self._streams_overflowed = 0

    # --- hosts ---

    def open_port(self, address: Address) -> SimulatedPort:
        """A datagram port. Raises LocalProtocolError where the address is taken."""
        port = SimulatedPort(self, address)
        self._bind(address, port)
        return port

    def listen(self, address: Address) -> None:
        """Accept streams at this address: see :meth:`accept`."""
        self._listeners.setdefault(address, [])
        self._dead.discard(address)

    def stop_listening(self, address: Address, *, silently: bool = False) -> None:
        """Refuse streams at this address from now on, or (``silently``) do not even answer: whoever calls waits in vain."""
        for stream in self._listeners.pop(address, ()):  # come up, and never looked at
            if silently:
                stream.abandon()
            else:
                stream.cut()
        if silently:
            self._dead.add(address)

    def accept(self, address: Address) -> list[SimulatedStream]:
        """Streams that have come up at this listener; drains."""
        waiting = self._listeners.get(address)
        if not waiting:
            return []
        accepted = list(waiting)
        waiting.clear()
        return accepted

    def connect(self, source: Address, target: Address, now: float) -> SimulatedStream:
        """Begin to open a stream; a round trip later it ``is_open`` or ``is_refused``."""
        self._streams = [stream for stream in self._streams if not stream._is_over]
        stream = self._make_stream(source, target)
        stream._push(Signal.OPEN, now)
        return stream

    # --- weather ---

    def set_conditions(self, conditions: NetConditions, source: str | None = None, target: str | None = None) -> None:
        """Change the weather: of everything, or of one direction between two hosts. What is on its way keeps its time."""
        if source is None or target is None:
            if source is not None or target is not None:
                raise LocalProtocolError("conditions are for everything or for one direction: both hosts or none")
            self._conditions = conditions
            self._own_conditions.clear()
        else:
            self._own_conditions[source, target] = conditions
        for direction, (link, _) in self._links.items():
            link.set_conditions(self._conditions_of(direction))
        for stream in self._streams:
            stream._link.set_conditions(self._conditions_of((stream.local.host, stream.remote.host)))

    def block(self, source: str, target: str, *, datagrams: bool = True, streams: bool = True) -> None:
        """Let nothing through in this direction: datagrams are lost, streams wait. What is on its way arrives."""
        if datagrams:
            self._blocked_datagrams.add((source, target))
        if streams:
            self._blocked_streams.add((source, target))

    def unblock(self, source: str, target: str, now: float) -> None:
        """Let everything through again."""
        self._blocked_datagrams.discard((source, target))
        self._blocked_streams.discard((source, target))
        for stream in self._streams:
            if (stream.local.host, stream.remote.host) == (source, target):
                stream._release(now)

    def heal(self, now: float) -> None:
        """Unblock everything. The weather stays as it is: see :meth:`set_conditions`."""
        for source, target in sorted(self._blocked_datagrams | self._blocked_streams):
            self.unblock(source, target, now)

    def conditions(self, source: str, target: str) -> NetConditions:
        """The weather of one direction between two hosts."""
        return self._conditions_of((source, target))

    def own_conditions(self) -> dict[Direction, NetConditions]:
        """The directions that have a weather of their own."""
        return dict(sorted(self._own_conditions.items()))

    def blocked(self) -> list[Direction]:
        """The directions in which something is blocked now."""
        return sorted(self._blocked_datagrams | self._blocked_streams)

    # --- time ---

    def advance(self, now: float) -> None:
        """Deliver everything that is due."""
        heap, recent = self._heap, self._recent
        while heap and heap[0][0] <= now:
            arrival = heappop(heap)
            due, _, number, stream, payload, source, target = arrival
            recent.append(arrival)
            if stream is not None:
                self._arrive(stream, payload, due)
                payload = payload.value if isinstance(payload, Signal) else payload
            else:
                port = self._ports.get(target)
                if port is None or len(port._arrived) >= PORT_QUEUE_DATAGRAMS_MAX:
                    self._lost += 1
                    if recent:
                        recent[-1] = (due, 0, _NOBODY if port is None else _FULL, None, payload, source, target)
                    continue
                assert isinstance(payload, bytes)
                port._arrived.append((payload, source))
                self._delivered += 1
                self._datagram_bytes += len(payload)
            self._hash.update(_ARRIVAL.pack(due, number, len(payload)) + payload)

    @property
    def trace(self) -> str:
        """SHA-256 over all arrivals so far: time, link, bytes."""
        return self._hash.hexdigest()

    def recent(self, describe: Describe | None = None, since: float = 0.0) -> list[str]:
        """The latest arrivals and losses, a line each, oldest first: for the message of a failed test.

        ``describe`` gives the words for bytes: see :class:`engine.testing.decoding.Decoder`. Times are seconds after ``since``.
        """
        lines = []
        for due, _, number, stream, payload, source, target in self._recent:
            if isinstance(payload, Signal):
                what = payload.name.lower()
            elif describe is not None:
                what = describe(payload, stream is not None)
            else:
                what = f"{len(payload)} bytes {payload[:24].hex()}"
            fate = f" ({_FATES[number]})" if number < 0 else ""
            lines.append(f"{due - since:.6f} {source} -> {target} {'datagram' if stream is None else 'stream'}{fate}: {what}")
        return lines

    def statistics(self) -> NetworkStatistics:
        """What crossed so far."""
        return NetworkStatistics(
            self._sent, self._delivered, self._lost, self._datagram_bytes, self._stream_bytes, self._streams_overflowed
        )

    def link_statistics(self, source: str, target: str) -> ConditionStatistics:
        """What the weather has done to the datagrams of one direction between two hosts."""
        found = self._links.get((source, target))
        return ConditionStatistics(0, 0, 0, 0, 0) if found is None else found[0].statistics()

    # --- inside ---

    def _bind(self, address: Address, port: SimulatedPort) -> None:
        if address in self._ports:
            raise LocalProtocolError(f"{address} is taken")
        self._ports[address] = port

    def _conditions_of(self, direction: Direction) -> NetConditions:
        return self._own_conditions.get(direction, self._conditions)

    def _make_link(self, direction: Direction, purpose: str) -> tuple[LinkModel, int]:
        self._links_made += 1
        random = Random(f"{self.seed}/{direction[0]}>{direction[1]}/{purpose}")
        bottleneck = self._bottlenecks.setdefault(direction, Bottleneck())
        return LinkModel(self._conditions_of(direction), random, bottleneck), self._links_made

    def _make_stream(self, local: Address, remote: Address) -> SimulatedStream:
        link, number = self._make_link((local.host, remote.host), f"{local.port}>{remote.port}")
        stream = SimulatedStream(self, local, remote, link, number)
        self._streams.append(stream)
        return stream

    def _send_datagram(self, source: Address, target: Address, data: bytes, now: float) -> None:
        self._sent += 1
        direction = (source.host, target.host)
        if direction in self._blocked_datagrams:
            self._lost += 1
            self._recent.append((now, 0, _BLOCKED, None, data, source, target))
            return
        found = self._links.get(direction)
        if found is None:
            found = self._links[direction] = self._make_link(direction, "datagrams")
        link, number = found
        arrivals = link.arrivals(len(data), now)
        if not arrivals:
            self._lost += 1
            self._recent.append((now, 0, _LOST, None, data, source, target))
        for due in arrivals:
            self._push(due, number, None, link.damaged(data), source, target)

    def _push(self, due: float, number: int, stream: SimulatedStream | None, payload: Payload, source: Address, target: Address) -> None:
        if len(self._heap) >= HEAP_MAX:
            raise LocalProtocolError(f"{HEAP_MAX} arrivals are on their way: somebody sends without end")
        self._serial += 1
        heappush(self._heap, (due, self._serial, number, stream, payload, source, target))

    def _arrive(self, sender: SimulatedStream, payload: Payload, due: float) -> None:
        if payload is Signal.OPEN:
            self._open(sender, due)
            return
        receiver = sender.other
        if receiver is None or receiver.is_ended:
            return
        if isinstance(payload, bytes):
            receiver._arrived.append(payload)
            self._stream_bytes += len(payload)
        elif payload is Signal.END:
            receiver.is_ended = True
        elif payload is Signal.ACCEPTED:
            receiver.is_open = True
        else:
            receiver.is_refused = receiver.is_ended = receiver._is_closed = True

    def _open(self, caller: SimulatedStream, due: float) -> None:
        """A wish for a stream has arrived: answer it."""
        if caller.is_ended:
            return
        if caller.remote in self._dead:
            return
        end = self._make_stream(caller.remote, caller.local)
        end.other, caller.other = caller, end
        waiting = self._listeners.get(caller.remote)
        if waiting is None:
            end._push(Signal.REFUSED, due)
            end.is_ended = end._is_closed = True
        else:
            end.is_open = True
            end._push(Signal.ACCEPTED, due)
            waiting.append(end)
