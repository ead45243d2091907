"""One frozen report of a client's match: the net graph, ``--json``, logs and tests read the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import DisconnectReason
from engine.session.client_match import ClientMatch


@dataclass(frozen=True, slots=True)
class ClientStatistics:
    """Figures since the match began; rates are means over it; rtt, jitter and loss are the present connection's."""

    connected: bool = False
    carrier: str = "udp"
    """``udp``, or ``control`` where datagrams travel inside control frames."""
    ticks: int = 0
    """Commands given, one per tick."""
    snapshots: int = 0
    snapshots_per_s: float = 0.0
    rtt_ms: float = 0.0
    jitter_ms: float = 0.0
    """Both smoothed: a change shows little by little."""
    loss_pct: float = 0.0
    """Of our last 256 datagrams: the last 4 seconds at 60 per second."""
    match_loss_out_pct: float = 0.0
    """Of all our datagrams since the match began, those that were never acknowledged."""
    match_loss_in_pct: float = 0.0
    """Of all the server's, those that never came."""
    datagrams_lost_out: int = 0
    datagrams_lost_in: int = 0
    """Both as far as is known: one that was counted as lost and comes late is taken off."""
    late_commands_pct: float = 0.0
    """Commands that came after their tick had been computed, of all that were given."""
    missing_commands_pct: float = 0.0
    """Ticks that the server computed without our command."""
    mispredictions: int = 0
    mispredictions_by_cause: Mapping[str, int] = field(default_factory=dict)
    correction_p95_units: float = 0.0
    starved_frames_pct: float = 0.0
    interpolation_delay_ms: float = 0.0
    frames: int = 0
    """Frames for which the others were drawn."""
    ahead_ticks: float = 0.0
    slack_ticks: float | None = None
    """How long before their ticks all but one in a hundred of the commands arrive; None before the first reports."""
    bytes_in: int = 0
    bytes_out: int = 0
    bytes_in_per_s: float = 0.0
    bytes_out_per_s: float = 0.0
    checksum_mismatches: int = 0
    disconnect_reason: str | None = None


def make_statistics(match: ClientMatch | None, *, is_connected: bool, reason: DisconnectReason | None) -> ClientStatistics:
    """The report of ``match`` (None: nothing has been played)."""
    said = None if reason is None else reason.value
    if match is None:
        return ClientStatistics(connected=is_connected, disconnect_reason=said)
    link = match.connection.statistics()
    bytes_in, bytes_out = match.bytes_in_before + link.bytes_in, match.bytes_out_before + link.bytes_out
    losses = match.losses_before.plus(link.losses)
    prediction = match.prediction.statistics()
    display = match.interpolation.statistics()
    first, last = match.first_snapshot_at, match.last_snapshot_at
    seconds = 0.0 if first is None or last is None else last - first
    per_s = 1 / seconds if seconds > 0 else 0.0
    per_command_pct = 100 / match.commands_sent if match.commands_sent else 0.0
    return ClientStatistics(
        connected=is_connected,
        carrier=match.carrier.kind.value,
        ticks=match.commands_sent,
        snapshots=match.snapshots,
        snapshots_per_s=max(0, match.snapshots - 1) * per_s,
        rtt_ms=link.rtt_ms,
        jitter_ms=link.jitter_ms,
        loss_pct=link.loss_pct,
        match_loss_out_pct=losses.out_pct,
        match_loss_in_pct=losses.in_pct,
        datagrams_lost_out=losses.lost_out,
        datagrams_lost_in=losses.lost_in,
        late_commands_pct=match.late_commands * per_command_pct,
        missing_commands_pct=match.missing_commands * per_command_pct,
        mispredictions=prediction.corrections,
        mispredictions_by_cause=prediction.corrections_by_cause,
        correction_p95_units=prediction.correction_p95_units,
        starved_frames_pct=display.starved_pct,
        interpolation_delay_ms=display.delay_ms,
        frames=display.frames,
        ahead_ticks=match.clock.ahead_ticks,
        slack_ticks=match.clock.statistics().slack_p99_ticks,
        bytes_in=bytes_in,
        bytes_out=bytes_out,
        bytes_in_per_s=bytes_in * per_s,
        bytes_out_per_s=bytes_out * per_s,
        checksum_mismatches=match.decoder.statistics().refused.get("checksum", 0),
        disconnect_reason=said,
    )
