"""The large net graph, for who develops: every figure of the connection, and of those that tell more by their past the last twelve seconds.

``docs/commands.md`` explains every line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import pygame

from engine.session import ClientStatistics
from game.client import net_health, theme
from game.client.net_chart import LOST, SAMPLE_PIXELS, WORDS, Chart, Moment, Strip, grid, line, slack_text, tone, x_of
from game.client.net_health import Level, Recent
from game.client.plates import Plates
from game.client.screen import LOGICAL_SIZE
from game.client.theme import Colour, texts
from game.simulation.rules import UNITS_PER_PIXEL

_WIDTH: Final = 304
_HEIGHT: Final = 452
_PAD: Final = 14
_LEFT: Final = LOGICAL_SIZE[0] - 22 - _WIDTH
_TOP: Final = 174
_INNER: Final = _WIDTH - 2 * _PAD
_BOX_LEFT: Final = _LEFT + _PAD
_TEXT_SIZE: Final = 12

CAUSES: Final[dict[str, tuple[str, Colour]]] = {
    "late_command": ("late", theme.WARNING),
    "missing_command": ("missing", (255, 132, 52)),
    "other_player": ("others", theme.ACCENT),
    "server_event": ("server", (176, 134, 255)),
    "nondeterminism": ("rules differ", theme.BAD),
}
"""Of corrections, as the engine counts them: how the legend calls them, and their colour."""


class Details:
    """Draws it. Of its charts one is painted in a frame, so that no frame pays for all."""

    def __init__(self) -> None:
        self._round_trip: Final = Chart((_INNER, 34), _paint_round_trip)
        self._corrections: Final = Chart((_INNER, 14), _paint_corrections)
        self._frames: Final = Chart((_INNER, 26), _paint_frames)
        self._due: Final[deque[Chart]] = deque()
        """To be painted, the longest due first."""
        self._was_drawn = False

    def add(self) -> None:
        """There is another moment."""
        self._due.extend(chart for chart in (self._round_trip, self._corrections, self._frames) if chart not in self._due)

    def draw(
        self,
        surface: pygame.Surface,
        plates: Plates,
        level: Level,
        sentence: str,
        recent: Recent,
        latest: ClientStatistics,
        moments: Sequence[Moment],
        snapshots: Strip,
        slack: Strip,
    ) -> None:
        """Draw it."""
        self._paint(moments)
        plates.draw(surface, "network", (_LEFT, _TOP, _WIDTH, _HEIGHT), 226, radius=10, cleared_by=0.3)  # it is read, not glanced at
        _draw_verdict(surface, level, sentence, recent)
        _head(surface, 60, "there and back", f"{recent.rtt_ms:.0f} ms", tone(recent.rtt_ms, net_health.RTT_MS))
        surface.fill(LOST, (_BOX_LEFT + 112, _TOP + 63, 8, 8))
        texts.draw(surface, "lost", (_BOX_LEFT + 125, _TOP + 67), _TEXT_SIZE, theme.DIM)
        self._round_trip.draw(surface, (_BOX_LEFT, _TOP + 77))
        _head(surface, 120, "snapshots", f"{recent.snapshots_per_s:.0f} /s", theme.TEXT)
        snapshots.draw(surface, (_BOX_LEFT, _TOP + 137), _INNER)
        _head(surface, 172, "commands early by", *slack_text(latest.slack_ticks))
        slack.draw(surface, (_BOX_LEFT, _TOP + 189), _INNER)
        _head(surface, 228, "corrections", str(latest.mispredictions), theme.TEXT)
        self._corrections.draw(surface, (_BOX_LEFT, _TOP + 245))
        _draw_causes(surface, latest)
        _head(surface, 284, "slowest frame", f"{recent.frame_ms:.0f} ms", tone(recent.frame_ms, net_health.FRAME_MS))
        self._frames.draw(surface, (_BOX_LEFT, _TOP + 301))
        _draw_figures(surface, latest, recent)

    def _paint(self, moments: Sequence[Moment]) -> None:
        """The chart that is due for longest; the first time all of them."""
        for _ in range(min(1, len(self._due)) if self._was_drawn else len(self._due)):
            self._due.popleft().paint(moments)
        self._was_drawn = True


def _draw_verdict(surface: pygame.Surface, level: Level, sentence: str, recent: Recent) -> None:
    word, colour = WORDS[level]
    left, right = _LEFT + _PAD, _LEFT + _WIDTH - _PAD
    pygame.draw.circle(surface, colour, (left + 6, _TOP + 20), 6)
    width = texts.draw(surface, word, (left + 20, _TOP + 19), 19, colour)
    texts.draw(surface, "connection", (left + 28 + width, _TOP + 21), 13, theme.DIM, weight="regular")
    carrier = "through TCP" if recent.is_carried else "over UDP"
    texts.draw(surface, carrier, (right, _TOP + 21), 12, theme.WARNING if recent.is_carried else theme.DIM, align="right")
    texts.draw(surface, sentence, (left, _TOP + 42), 13, theme.TEXT, weight="regular")


def _paint_round_trip(surface: pygame.Surface, moments: Sequence[Moment]) -> None:
    """A line; under it, as bars, the share of packets that were lost."""
    box = surface.get_rect()
    highest = max(40.0, max((moment.rtt_ms for moment in moments), default=0.0) * 1.25)
    grid(surface, box, [share / highest for share in _rounds(highest)])
    for index, moment in enumerate(moments):
        if moment.loss_pct > 0:
            height = max(2, round(min(1.0, moment.loss_pct / 25.0) * box.height))
            surface.fill(LOST, (x_of(box, index, len(moments)), box.bottom - height, SAMPLE_PIXELS, height))
    line(surface, box, [moment.rtt_ms / highest for moment in moments], theme.ACCENT)


def _paint_corrections(surface: pygame.Surface, moments: Sequence[Moment]) -> None:
    """A mark for every moment at which the server set us right, in the colour of the cause."""
    box = surface.get_rect()
    for index, moment in enumerate(moments):
        if moment.corrected is not None:
            surface.fill(moment.corrected, (x_of(box, index, len(moments)) - 1, box.top + 2, 3, box.height - 4))


def _draw_causes(surface: pygame.Surface, latest: ClientStatistics) -> None:
    """How often each was."""
    x, y = _BOX_LEFT, _TOP + 269
    for cause, count in latest.mispredictions_by_cause.items():
        name, colour = CAUSES.get(cause, (cause, theme.TEXT))
        if count:
            surface.fill(colour, (x, y - 4, 8, 8))
            x += 12 + texts.draw(surface, f"{name} {count}", (x + 12, y), 11, theme.DIM) + 9


def _paint_frames(surface: pygame.Surface, moments: Sequence[Moment]) -> None:
    """The slowest picture of each tenth of a second: what is wrong there is this computer and not the network."""
    box = surface.get_rect()
    highest = max(40.0, max((moment.frame_ms for moment in moments), default=0.0) * 1.1)
    grid(surface, box, [1000 / 60 / highest])
    line(surface, box, [moment.frame_ms / highest for moment in moments], theme.GOOD)


def _head(surface: pygame.Surface, y: int, label: str, value: str, colour: Colour) -> None:
    """A chart's name and newest value, ``y`` pixels below the upper edge. The chart begins 17 pixels lower."""
    texts.draw(surface, label, (_BOX_LEFT, _TOP + y + 7), _TEXT_SIZE, theme.DIM)
    texts.draw(surface, value, (_BOX_LEFT + _INNER, _TOP + y + 7), 13, colour, weight="mono", align="right")


def _rounds(highest: float) -> list[float]:
    """The values at which a scale has its lines: two to five of them."""
    step = next((step for step in (20.0, 50.0, 100.0, 200.0, 500.0) if highest / step <= 5), highest / 4)
    return [step * index for index in range(1, int(highest / step) + 1)]


def _draw_figures(surface: pygame.Surface, latest: ClientStatistics, recent: Recent) -> None:
    for index, (label, value, colour) in enumerate(_figures(latest, recent)):
        left = _BOX_LEFT + (index % 2) * (_INNER // 2 + 8)
        y = _TOP + 342 + (index // 2) * 17
        texts.draw(surface, label, (left, y), _TEXT_SIZE, theme.DIM, weight="regular")
        texts.draw(surface, value, (left + _INNER // 2 - 8, y), _TEXT_SIZE, colour, weight="mono", align="right")


def _figures(latest: ClientStatistics, recent: Recent) -> list[tuple[str, str, Colour]]:
    """Pairs of one line each, left and right."""
    mismatches = latest.checksum_mismatches
    return [
        ("lost", f"{recent.loss_pct:.1f} %", tone(recent.loss_pct, net_health.LOSS_PCT)),
        ("jitter", f"{recent.jitter_ms:.1f} ms", tone(recent.jitter_ms, net_health.JITTER_MS)),
        ("all, sent", f"{latest.match_loss_out_pct:.1f} %", tone(latest.match_loss_out_pct, net_health.LOSS_PCT)),
        ("all, received", f"{latest.match_loss_in_pct:.1f} %", tone(latest.match_loss_in_pct, net_health.LOSS_PCT)),
        ("late", f"{recent.late_pct:.1f} %", tone(recent.late_pct, net_health.LATE_PCT)),
        ("missing", f"{recent.missing_pct:.1f} %", tone(recent.missing_pct, net_health.LATE_PCT)),
        ("buffer", f"{latest.interpolation_delay_ms:.0f} ms", theme.TEXT),
        ("guessed", f"{recent.starved_pct:.1f} %", tone(recent.starved_pct, net_health.STARVED_PCT)),
        ("ahead", f"{latest.ahead_ticks:.1f} ticks", theme.TEXT),
        ("moved p95", f"{latest.correction_p95_units / UNITS_PER_PIXEL:.1f} px", theme.TEXT),
        ("mismatches", str(mismatches), theme.BAD if mismatches else theme.TEXT),
        ("in / out", f"{recent.bytes_in_per_s / 1000:.1f}/{recent.bytes_out_per_s / 1000:.1f} kB", theme.TEXT),
    ]
