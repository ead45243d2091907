"""The net graph (F3): in a word how the connection does, in a sentence what is wrong, and the lines and figures to work with.

Sampled ten times a second, also while it is closed, so that it has a past when it is opened. F3 goes from nothing to the small one
(:mod:`.net_panel`: what a player wants to know) to the large one (:mod:`.net_details`: everything) and back. What the words mean is in
:mod:`.net_health`; ``docs/commands.md`` explains every line to players.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final

import pygame

from engine.session import ClientStatistics
from game.client import net_health, theme
from game.client.net_chart import SAMPLE_EVERY_S, SAMPLES_MAX, Moment, Strip, paint_slack, paint_snapshots
from game.client.net_details import CAUSES, Details
from game.client.net_health import Level, Recent, RecentPast
from game.client.net_panel import draw_panel
from game.client.plates import Plates
from game.client.theme import Colour


class NetView(Enum):
    """How much is shown. F3 takes the next."""

    NONE = "none"
    SMALL = "small"
    LARGE = "large"

    @property
    def next(self) -> NetView:
        """After the last comes the first."""
        views = list(NetView)
        return views[(views.index(self) + 1) % len(views)]


class NetGraph:
    """Collects always, draws when asked."""

    def __init__(self, view: NetView = NetView.NONE) -> None:
        self.view = view
        self._moments: Final[deque[Moment]] = deque(maxlen=SAMPLES_MAX)
        self._snapshots: Final = Strip(paint_snapshots)
        self._slack: Final = Strip(paint_slack)
        self._details: Final = Details()
        self._past: Final = RecentPast()
        self._latest: ClientStatistics | None = None
        self._recent = Recent()
        self._level = Level.GOOD
        self._sentences: tuple[str, ...] = ("",)
        self._worst_frame_s = 0.0
        self._due_s = 0.0
        self._now = 0.0
        self._sampled_at = 0.0

    @property
    def level(self) -> Level:
        """How the connection does."""
        return self._level

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is wrong, the worst first; or one sentence that nothing is."""
        return self._sentences

    def update(self, statistics: Callable[[], ClientStatistics], dt: float) -> None:
        """One more frame, ``dt`` seconds after the last."""
        self._now += dt
        self._worst_frame_s = max(self._worst_frame_s, dt)
        self._due_s -= dt
        if self._due_s > 0:
            return
        self._due_s = SAMPLE_EVERY_S
        latest, before = statistics(), self._latest
        frame_ms = 1000.0 * self._worst_frame_s
        self._worst_frame_s = 0.0
        self._recent = self._past.take(latest, self._now, frame_ms)
        self._level, self._sentences = net_health.judge(self._recent)
        seconds, self._sampled_at = self._now - self._sampled_at, self._now
        moment = moment_between(before or latest, latest, self._recent, seconds, frame_ms)
        self._moments.append(moment)
        self._snapshots.add(moment)
        self._slack.add(moment)
        self._details.add()
        self._latest = latest

    def draw(self, surface: pygame.Surface, plates: Plates) -> None:
        """Draw as much of it as is wanted."""
        latest, verdict, strips = self._latest, (self._level, self._sentences[0]), (self._snapshots, self._slack)
        if latest is None:
            return
        if self.view is NetView.SMALL:
            draw_panel(surface, plates, *verdict, self._recent, latest.slack_ticks, *strips)
        elif self.view is NetView.LARGE:
            self._details.draw(surface, plates, *verdict, self._recent, latest, self._moments, *strips)


def moment_between(before: ClientStatistics, latest: ClientStatistics, recent: Recent, seconds: float, frame_ms: float) -> Moment:
    """What came between two reports. Totals that shrink (another match, a late datagram that was counted as lost) are nothing new."""
    per_s = 1.0 / seconds if seconds > 0 else 0.0
    return Moment(
        rtt_ms=recent.rtt_ms,
        loss_pct=recent.loss_pct,
        slack_ticks=latest.slack_ticks,
        has_missed=_missed(latest) > _missed(before),
        snapshots_per_s=max(0, latest.snapshots - before.snapshots) * per_s,
        lost_per_s=max(0, latest.datagrams_lost_in - before.datagrams_lost_in) * per_s,
        has_starved=_starved(latest) > _starved(before),
        frame_ms=frame_ms,
        corrected=_cause(before, latest),
    )


def _missed(figures: ClientStatistics) -> int:
    return net_health.counted(figures.missing_commands_pct, figures.ticks)


def _starved(figures: ClientStatistics) -> int:
    return net_health.counted(figures.starved_frames_pct, figures.frames)


def _cause(before: ClientStatistics, latest: ClientStatistics) -> Colour | None:
    if latest.mispredictions <= before.mispredictions:
        return None
    for cause, count in latest.mispredictions_by_cause.items():
        if count > before.mispredictions_by_cause.get(cause, 0):
            return CAUSES.get(cause, ("", theme.TEXT))[1]
    return theme.TEXT
