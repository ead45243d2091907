"""The net graph (F3): how the connection and the frames do, from the client's own statistics.

Sampled ten times a second, figures redrawn as often; the lines are the last twelve seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import pygame

from game.client import theme
from game.client.theme import Colour, texts
from game.simulation.rules import UNITS_PER_PIXEL

SAMPLES_MAX: Final = 120
SAMPLE_EVERY_S: Final = 0.1
_WIDTH: Final = 262
_LEFT: Final = 22
_TOP: Final = 84
_GRAPH_HEIGHT: Final = 44


class NetGraph:
    """Collects always (so that it has a past when it is opened), draws when asked."""

    def __init__(self) -> None:
        self._rtt: Final[deque[float]] = deque(maxlen=SAMPLES_MAX)
        self._frames: Final[deque[float]] = deque(maxlen=SAMPLES_MAX)
        self._latest: Any = None
        self._worst_frame_s = 0.0
        self._due_s = 0.0
        self._mispredictions: Final[deque[int]] = deque(maxlen=SAMPLES_MAX)
        self._lines: list[tuple[str, str, Colour]] = []

    def update(self, statistics: Any, dt: float) -> None:
        """Take a look at the client's ``ClientStatistics``; ``statistics`` is a function that returns them."""
        self._worst_frame_s = max(self._worst_frame_s, dt)
        self._due_s -= dt
        if self._due_s > 0:
            return
        self._due_s = SAMPLE_EVERY_S
        latest = statistics()
        self._latest = latest
        self._rtt.append(float(latest.rtt_ms))
        self._frames.append(1000.0 * self._worst_frame_s)
        self._mispredictions.append(int(latest.mispredictions))
        self._lines = _figures(latest, self._worst_frame_s)
        self._worst_frame_s = 0.0

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the panel."""
        if self._latest is None:
            return
        rows = (len(self._lines) + 1) // 2
        surface.blit(theme.panel(_WIDTH, 150 + rows * 18, 220), (_LEFT, _TOP))
        texts.draw(surface, "NETWORK", (_LEFT + 14, _TOP + 16), 12, theme.DIM)
        texts.draw(surface, f"over {self._latest.carrier}", (_LEFT + _WIDTH - 14, _TOP + 16), 12, theme.FAINT, align="right")
        wrong = [after > before for before, after in zip(self._mispredictions, list(self._mispredictions)[1:], strict=False)]
        _draw_line(surface, _TOP + 30, "round trip ms", self._rtt, theme.ACCENT, [False, *wrong])
        _draw_line(surface, _TOP + 84, "slowest frame ms", self._frames, theme.GOOD, [])
        for index, (label, value, colour) in enumerate(self._lines):
            left = _LEFT + 14 + (index % 2) * 122
            y = _TOP + 150 + (index // 2) * 18
            texts.draw(surface, label, (left, y), 11, theme.FAINT)
            texts.draw(surface, value, (left + 112, y), 12, colour, weight="mono", align="right")


def _draw_line(surface: pygame.Surface, top: int, label: str, values: Sequence[float], colour: Colour, marks: Sequence[bool]) -> None:
    """A line graph whose scale follows its largest value; ``marks`` are moments when a prediction was wrong."""
    box = (_LEFT + 14, top, _WIDTH - 28, _GRAPH_HEIGHT)
    pygame.draw.rect(surface, (16, 20, 32), box, border_radius=4)
    highest = max(20.0, max(values, default=0.0) * 1.7)
    pygame.draw.line(surface, (30, 37, 58), (box[0], top + _GRAPH_HEIGHT // 2), (box[0] + box[2] - 1, top + _GRAPH_HEIGHT // 2))
    step = box[2] / (SAMPLES_MAX - 1)
    first = box[0] + box[2] - 1 - step * (len(values) - 1)
    bottom = top + _GRAPH_HEIGHT - 3
    for index, is_marked in enumerate(marks):
        if is_marked:
            x = round(first + index * step)
            pygame.draw.line(surface, theme.BAD, (x, bottom), (x, bottom - 8))
    if len(values) > 1:
        points = [(first + index * step, bottom - value / highest * (_GRAPH_HEIGHT - 8)) for index, value in enumerate(values)]
        pygame.draw.aalines(surface, colour, False, points)
    texts.draw(surface, label, (box[0] + 6, top + 9), 10, theme.FAINT)
    texts.draw(surface, f"{values[-1]:.0f}" if values else "-", (box[0] + box[2] - 6, top + 9), 11, colour, weight="mono", align="right")


def _figures(latest: Any, worst_frame_s: float) -> list[tuple[str, str, Colour]]:
    def judged(value: float, fine: float, bad: float) -> Colour:
        return theme.GOOD if value <= fine else theme.WARNING if value <= bad else theme.BAD

    return [
        ("ping", f"{latest.rtt_ms:.0f} ms", judged(latest.rtt_ms, 60, 140)),
        ("jitter", f"{latest.jitter_ms:.1f} ms", judged(latest.jitter_ms, 8, 25)),
        ("loss", f"{latest.loss_pct:.1f} %", judged(latest.loss_pct, 1, 5)),
        ("snapshots", f"{latest.snapshots_per_s:.0f} /s", theme.TEXT),
        ("late cmds", f"{latest.late_commands_pct:.1f} %", judged(latest.late_commands_pct, 0.5, 2)),
        ("starved", f"{latest.starved_frames_pct:.1f} %", judged(latest.starved_frames_pct, 0.5, 2)),
        ("interp", f"{latest.interpolation_delay_ms:.0f} ms", theme.TEXT),
        ("frame", f"{1000 * worst_frame_s:.1f} ms", judged(1000 * worst_frame_s, 18, 34)),
        ("mispred", f"{latest.mispredictions}", theme.TEXT),
        ("corr p95", f"{latest.correction_p95_units / UNITS_PER_PIXEL:.1f} px", theme.TEXT),
        ("in", f"{latest.bytes_in_per_s / 1024:.1f} K/s", theme.TEXT),
        ("out", f"{latest.bytes_out_per_s / 1024:.1f} K/s", theme.TEXT),
    ]
