"""What a proxy did to the traffic, in numbers and in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True)
class DatagramTotals:
    """One direction's datagrams, of all clients."""

    sent: int = 0
    """Came in."""
    delivered: int = 0
    """Went out; a duplicate counts twice."""
    bytes: int = 0
    """Went out."""
    lost: int = 0
    """For whatever reason."""
    duplicated: int = 0
    reordered: int = 0
    corrupted: int = 0
    truncated: int = 0
    overflowed: int = 0
    oversized: int = 0


@dataclass(frozen=True, slots=True)
class StreamTotals:
    """One direction's streams, of all clients."""

    writes: int = 0
    """Reads from one side that were written to the other."""
    bytes: int = 0
    retransmitted: int = 0
    """Segments that had to come again; each delayed what was behind it."""
    split: int = 0
    reset: int = 0
    """Streams that the conditions broke."""


@dataclass(frozen=True, slots=True)
class ProxyStatistics:
    """Everything since the start."""

    seconds: float
    net: str
    clients: int
    """Addresses that sent datagrams; one that comes back from another port counts again."""
    datagrams_up: DatagramTotals
    """To the server."""
    datagrams_down: DatagramTotals
    streams: int
    streams_refused: int
    """The server could not be reached, or too many were open."""
    streams_up: StreamTotals
    streams_down: StreamTotals
    discovery_questions: int
    discovery_answers: int

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


T = TypeVar("T", DatagramTotals, StreamTotals)


def added(first: T, *others: T) -> T:
    """The sum, field by field."""
    names = [field.name for field in fields(first)]
    return type(first)(**{name: getattr(first, name) + sum(getattr(other, name) for other in others) for name in names})


def in_a_line(statistics: ProxyStatistics) -> str:
    """For a terminal, once a second."""
    up, down = statistics.datagrams_up, statistics.datagrams_down
    return (
        f"{statistics.seconds:6.1f} s  {statistics.clients} clients  up {up.delivered}/{up.sent} lost {_share(up)}  "
        f"down {down.delivered}/{down.sent} lost {_share(down)}  streams {statistics.streams}"
    )


def in_words(statistics: ProxyStatistics) -> str:
    """The whole report, for people."""
    lines = [f"{statistics.seconds:.1f} s with {statistics.net}, {statistics.clients} clients"]
    for name, datagrams in (("to the server", statistics.datagrams_up), ("to the clients", statistics.datagrams_down)):
        lines.append(
            f"datagrams {name}: {datagrams.sent} came, {datagrams.delivered} passed on ({datagrams.bytes} bytes); lost {datagrams.lost} "
            f"({_share(datagrams)}; {datagrams.overflowed} to a full queue, {datagrams.oversized} too large), "
            f"duplicated {datagrams.duplicated}, reordered {datagrams.reordered}, "
            f"corrupted {datagrams.corrupted}, truncated {datagrams.truncated}"
        )
    lines.append(f"streams: {statistics.streams}, and {statistics.streams_refused} refused")
    for name, streams in (("to the server", statistics.streams_up), ("to the clients", statistics.streams_down)):
        lines.append(
            f"streams {name}: {streams.bytes} bytes in {streams.writes} writes, {streams.retransmitted} segments sent again, "
            f"{streams.split} writes cut in pieces, {streams.reset} streams reset"
        )
    lines.append(f"discovery: {statistics.discovery_questions} questions, {statistics.discovery_answers} answers")
    return "\n".join(lines)


def _share(totals: DatagramTotals) -> str:
    return f"{100 * totals.lost / totals.sent:.1f} %" if totals.sent else "none"
