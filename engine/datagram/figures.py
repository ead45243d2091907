"""What a datagram connection tells of itself: the part of :class:`engine.datagram.connection.Connection` that only reads."""

from __future__ import annotations

from engine.datagram.fragments import Reassembly
from engine.datagram.replay_window import ReplayWindow
from engine.datagram.sender import Sender
from engine.datagram.states import State
from engine.datagram.statistics import DatagramStatistics, DropReason, Losses, PathReport
from engine.ids import Address


class ConnectionFigures:
    """Round trip, loss, counters. Everything is as of the last call that told the connection the time."""

    __slots__ = ()

    state: State
    """Where this connection stands."""
    path: Address | None
    """Where the peer is reached; CARRIED inside the control connection; None on a server that has heard nothing yet."""
    _sender: Sender
    _window: ReplayWindow
    _reassembly: Reassembly
    _now: float
    _heard_at: float
    _datagrams_in: int
    _bytes_in: int
    _messages_in: int
    _path_changes: int
    _dropped: dict[DropReason, int]

    @property
    def rtt_s(self) -> float:
        """Smoothed round trip in seconds; 0.0 before the first sample."""
        return self._sender.round_trip.mean_s

    @property
    def queueing_s(self) -> float:
        """How much longer than the shortest round trip of the last seconds the present one is: what waits in queues on the way."""
        round_trip = self._sender.round_trip
        return max(0.0, round_trip.mean_s - round_trip.minimum_s)

    @property
    def jitter_s(self) -> float:
        """Smoothed mean deviation of the round trip."""
        return self._sender.round_trip.jitter_s

    def loss_runs(self) -> tuple[int, int]:
        """(lost, in how many runs) among our last datagrams: whether losses come one by one or in bursts."""
        return self._sender.sent.loss_runs()

    def path_report(self, now: float) -> PathReport:
        """What happened on the way to the peer since the last report: for whoever decides how much to send. One reader only."""
        return self._sender.path_report(now)

    @property
    def acknowledged_at(self) -> float:
        """When the peer last acknowledged something new; before that, when this connection began."""
        return self._sender.acknowledged_at

    @property
    def losses(self) -> Losses:
        """What was lost since the start. Every valid datagram is a number received: what came late is not missing."""
        lost_in, judged_in = self._window.missing_of_all(self._datagrams_in)
        return Losses(*self._sender.sent.loss_of_all(), lost_in, judged_in)

    @property
    def dropped(self) -> dict[str, int]:
        """How many datagrams and messages were dropped, by the name of the reason."""
        dropped = {reason.value: count for reason, count in self._dropped.items()}
        if self._reassembly.dropped:
            dropped[DropReason.FRAGMENT.value] = self._reassembly.dropped
        return dropped

    def statistics(self) -> DatagramStatistics:
        """The figures as of the last call that told the time."""
        sender = self._sender
        round_trip = sender.round_trip
        missing, looked_at = self._window.missing()
        return DatagramStatistics(
            state=self.state,
            path=self.path,
            path_changes=self._path_changes,
            rtt_ms=round_trip.mean_s * 1000,
            rtt_min_ms=round_trip.minimum_s * 1000,
            jitter_ms=round_trip.jitter_s * 1000,
            rtt_samples=round_trip.samples,
            loss_pct=sender.loss_pct(self._now),
            loss_in_pct=100 * missing / looked_at if looked_at else 0.0,
            losses=self.losses,
            silent_ms=max(0.0, self._now - self._heard_at) * 1000,  # a clock that was set back makes no negative times
            unacknowledged_ms=max(0.0, self._now - sender.acknowledged_at) * 1000,
            datagrams_in=self._datagrams_in,
            datagrams_out=sender.datagrams_out,
            bytes_in=self._bytes_in,
            bytes_out=sender.bytes_out,
            messages_in=self._messages_in,
            messages_out=sender.messages_out,
            dropped=self.dropped,
        )
