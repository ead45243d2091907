"""What the connection's figures mean: one word, and in a sentence what is wrong.

Nothing is judged by the whole match: a player asks how it is now. Late and missing commands, guessed frames, the slowest frames and the
silence are of the last :data:`RECENT_S`. Round trip and jitter are the connection's smoothed ones, and the loss is that of our last 256
datagrams (4.3 s at 60 per second, 13 s at 20), so they follow a change a little later. The bounds are where a difference is felt in this
game, not where a number stops being beautiful.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from engine.session import ClientStatistics

RECENT_S: Final = 3.0
SILENT_S: Final = 0.5
"""Without a snapshot for so long, nothing else matters."""


class Level(IntEnum):
    """How it is; a larger one is worse."""

    GOOD = 0
    FAIR = 1
    BAD = 2


@dataclass(frozen=True, slots=True)
class Recent:
    """The last :data:`RECENT_S` seconds, and of the connection what it keeps of the recent past itself."""

    rtt_ms: float = 0.0
    jitter_ms: float = 0.0
    """Both smoothed."""
    loss_pct: float = 0.0
    """Of our last 256 datagrams."""
    snapshots_per_s: float = 0.0
    silent_s: float = 0.0
    """Since the newest snapshot."""
    late_pct: float = 0.0
    missing_pct: float = 0.0
    starved_pct: float = 0.0
    bytes_in_per_s: float = 0.0
    bytes_out_per_s: float = 0.0
    frame_ms: float = 0.0
    """The median of the slowest frames of each tenth of a second."""
    is_carried: bool = False
    """Datagrams travel inside the control connection."""


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    figures: ClientStatistics
    frame_ms: float


class RecentPast:
    """Turns totals since the match began into figures of the recent past; what is of the recent past already (round trip, jitter, loss) it
    passes on. Feed it a few times per second.
    """

    def __init__(self) -> None:
        self._samples: Final[deque[_Sample]] = deque(maxlen=64)
        self._news_at = 0.0

    def take(self, figures: ClientStatistics, at: float, frame_ms: float) -> Recent:
        """Look at the newest statistics; ``at`` in seconds. Another match (totals that shrink) begins anew."""
        samples = self._samples
        if samples and any(now < before for now, before in zip(_totals(figures), _totals(samples[-1].figures), strict=True)):
            samples.clear()
        if not samples or figures.snapshots > samples[-1].figures.snapshots:
            self._news_at = at
        samples.append(_Sample(at, figures, frame_ms))
        while samples[0].at < at - RECENT_S:
            samples.popleft()
        before = samples[0].figures
        seconds = at - samples[0].at
        per_s = 1.0 / seconds if seconds > 0 else 0.0
        ticks = max(1, figures.ticks - before.ticks)
        slowest = sorted(sample.frame_ms for sample in samples)
        return Recent(
            rtt_ms=figures.rtt_ms,
            jitter_ms=figures.jitter_ms,
            loss_pct=figures.loss_pct,
            snapshots_per_s=(figures.snapshots - before.snapshots) * per_s,
            silent_s=at - self._news_at,
            late_pct=_share(figures.late_commands_pct, figures.ticks, before.late_commands_pct, before.ticks, ticks),
            missing_pct=_share(figures.missing_commands_pct, figures.ticks, before.missing_commands_pct, before.ticks, ticks),
            starved_pct=_share(
                figures.starved_frames_pct, figures.frames, before.starved_frames_pct, before.frames, max(1, figures.frames - before.frames)
            ),
            bytes_in_per_s=(figures.bytes_in - before.bytes_in) * per_s,
            bytes_out_per_s=(figures.bytes_out - before.bytes_out) * per_s,
            frame_ms=slowest[len(slowest) // 2],
            is_carried=figures.carrier == "control",
        )


def _totals(figures: ClientStatistics) -> tuple[int, ...]:
    """What only grows while it is one match."""
    return figures.frames, figures.ticks, figures.snapshots, figures.bytes_in, figures.bytes_out


def _share(now_pct: float, now_of: int, before_pct: float, before_of: int, of: int) -> float:
    """Per cent of what came between two totals that are per cent themselves."""
    return min(100.0, max(0.0, 100.0 * (counted(now_pct, now_of) - counted(before_pct, before_of)) / of))


def counted(pct: float, of: int) -> int:
    """How many it were, where only their share is told."""
    return round(pct * of / 100.0)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Up to ``good`` nobody notices; beyond ``fair`` it hurts."""

    good: float
    fair: float

    def level(self, value: float) -> Level:
        """Where a value falls."""
        return Level.GOOD if value <= self.good else Level.FAIR if value <= self.fair else Level.BAD


RTT_MS: Final = Bounds(70, 150)
JITTER_MS: Final = Bounds(10, 30)
LOSS_PCT: Final = Bounds(1.5, 6)
LATE_PCT: Final = Bounds(0.5, 2.5)
STARVED_PCT: Final = Bounds(1, 5)
FRAME_MS: Final = Bounds(22, 34)


def judge(recent: Recent) -> tuple[Level, tuple[str, ...]]:
    """The worst of everything, and what is wrong: the worst first, of equals what weighs most first."""
    if recent.silent_s >= SILENT_S:
        return Level.BAD, (f"Nothing comes from the server for {recent.silent_s:.1f} s.",)
    found = [  # a slow computer first: it explains much of the rest
        (
            FRAME_MS.level(recent.frame_ms),
            f"This computer is slow: {recent.frame_ms:.0f} ms a frame.",
        ),
        (LOSS_PCT.level(recent.loss_pct), f"Packets are lost: {recent.loss_pct:.0f} of 100."),
        (RTT_MS.level(recent.rtt_ms), f"Far away: {recent.rtt_ms:.0f} ms there and back."),
        (JITTER_MS.level(recent.jitter_ms), f"Uneven: packets ±{recent.jitter_ms:.0f} ms early or late."),
        (LATE_PCT.level(recent.missing_pct), f"Your commands come late: {recent.missing_pct:.0f} of 100."),
        (STARVED_PCT.level(recent.starved_pct), f"Others are guessed in {recent.starved_pct:.0f} of 100 frames."),
        (Level.FAIR if recent.is_carried else Level.GOOD, "UDP is blocked: going through TCP."),
    ]
    wrong = sorted((entry for entry in found if entry[0]), key=lambda entry: -entry[0])
    if not wrong:
        return Level.GOOD, (f"{recent.rtt_ms:.0f} ms there and back, {'nothing' if recent.loss_pct < 0.05 else 'hardly anything'} lost.",)
    return wrong[0][0], tuple(sentence for _, sentence in wrong)
