"""Every datagram of a run: when it was sent, and when (if ever) it arrived. From this follows what no client could do better."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from engine.ids import Address
from engine.testing.network import SimulatedNetwork

LOST: Final = float("inf")


class LinkRecorder:
    """Notes all datagrams of a simulated network, per direction (from host, to host)."""

    def __init__(self, network: SimulatedNetwork) -> None:
        self.sent: Final[dict[tuple[str, str], list[tuple[float, float]]]] = {}
        """(sent at, arrives at), in order of sending."""
        send, push = network._send_datagram, network._push
        dues: list[float] = []

        def noted_push(due: float, number: int, stream: Any, *rest: Any) -> None:
            if stream is None:
                dues.append(due)
            push(due, number, stream, *rest)

        def noted_send(source: Address, target: Address, data: bytes, now: float) -> None:
            dues.clear()
            send(source, target, data, now)
            self.sent.setdefault((source.host, target.host), []).append((now, min(dues, default=LOST)))

        network._push = noted_push  # type: ignore[method-assign, assignment]
        network._send_datagram = noted_send  # type: ignore[method-assign]

    def between(self, source: str, target: str, start: float, end: float) -> np.ndarray[Any, np.dtype[np.float64]]:
        """[n, 2]: sent at, arrives at."""
        rows = [row for row in self.sent.get((source, target), []) if start <= row[0] < end]
        return np.array(rows, dtype=np.float64).reshape(-1, 2)


def needed_leads_s(datagrams: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """For a command given with each datagram: how long before its step it had to be given to be in time.

    It is in that datagram and in all later ones, so it is there when the first of those arrives. No client can make it come sooner.
    """
    first = np.minimum.accumulate(datagrams[::-1, 1])[::-1]
    return first - datagrams[:, 0]


def snapshot_ages_s(datagrams: np.ndarray[Any, np.dtype[np.float64]], frames: Any) -> Any:
    """For each frame (times): how old the newest snapshot was that had arrived."""
    order = np.argsort(datagrams[:, 1], kind="stable")
    arrived, sent = datagrams[order, 1], np.maximum.accumulate(datagrams[order, 0])
    index = np.searchsorted(arrived, frames, side="right") - 1
    return np.where(index >= 0, frames - sent[np.maximum(index, 0)], LOST)


def transit_s(datagrams: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """How long a datagram that arrived was on its way, on average."""
    arrived = datagrams[np.isfinite(datagrams[:, 1])]
    return float(np.mean(arrived[:, 1] - arrived[:, 0])) if len(arrived) else 0.0


def first_arrival_s(datagrams: np.ndarray[Any, np.dtype[np.float64]], since: float) -> float:
    """How long after ``since`` the first datagram arrived that was sent then or later."""
    later = datagrams[datagrams[:, 0] >= since, 1]
    return float(later.min()) - since if len(later) else LOST
