"""The net graph (F3): in a word how the connection does, in a sentence what is wrong, and the lines and figures to work with.

Sampled ten times a second, also while it is closed, so that it has a past when it is opened; the lines are the last twelve seconds, newest
at the right. What the words mean is in :mod:`.net_health`; ``docs/commands.md`` explains every line to players.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import pygame

from engine.session import ClientStatistics
from game.client import net_health, theme
from game.client.chat import wrapped
from game.client.net_health import Bounds, Level, Recent, RecentPast
from game.client.plates import Plates
from game.client.screen import LOGICAL_SIZE
from game.client.theme import Colour, texts
from game.simulation.rules import UNITS_PER_PIXEL

SAMPLES_MAX: Final = 120
SAMPLE_EVERY_S: Final = 0.1
SENTENCES_MAX: Final = 2
"""Lines of what is wrong; the figures say the rest."""

_WIDTH: Final = 304
_HEIGHT: Final = 440
_PAD: Final = 14
_LEFT: Final = LOGICAL_SIZE[0] - 22 - _WIDTH
_TOP: Final = 184
_INNER: Final = _WIDTH - 2 * _PAD
_TEXT_SIZE: Final = 12

_WORDS: Final = {Level.GOOD: ("GOOD", theme.GOOD), Level.FAIR: ("FAIR", theme.WARNING), Level.BAD: ("BAD", theme.BAD)}
_BOX: Final[Colour] = (16, 20, 33)
_GRID: Final[Colour] = (40, 49, 76)
_LOST: Final[Colour] = (132, 50, 64)

CAUSES: Final[dict[str, tuple[str, Colour]]] = {
    "late_command": ("late", theme.WARNING),
    "missing_command": ("missing", (255, 132, 52)),
    "other_player": ("others", theme.ACCENT),
    "server_event": ("server", (176, 134, 255)),
    "nondeterminism": ("rules differ", theme.BAD),
}
"""Of corrections, as the engine counts them: how the legend calls them, and their colour."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """One sample."""

    rtt_ms: float
    loss_pct: float
    slack_ticks: float | None
    has_missed: bool
    """The server computed a tick without our command, since the sample before."""
    frame_ms: float
    corrected: Colour | None
    """Colour of the cause, where something was corrected since the sample before."""


class NetGraph:
    """Collects always, draws when asked."""

    def __init__(self) -> None:
        self._moments: Final[deque[_Moment]] = deque(maxlen=SAMPLES_MAX)
        self._past: Final = RecentPast()
        self._latest: ClientStatistics | None = None
        self._recent = Recent()
        self._level = Level.GOOD
        self._sentences: tuple[str, ...] = ()
        self._worst_frame_s = 0.0
        self._due_s = 0.0
        self._now = 0.0

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
        corrected = _cause(before, latest)
        recent = self._recent
        has_missed = before is not None and _missed(latest) > _missed(before)
        self._moments.append(_Moment(recent.rtt_ms, recent.loss_pct, latest.slack_ticks, has_missed, frame_ms, corrected))
        self._latest = latest

    def draw(self, surface: pygame.Surface, plates: Plates) -> None:
        """Draw the panel."""
        if self._latest is None:
            return
        plates.draw(surface, "network", (_LEFT, _TOP, _WIDTH, _HEIGHT), 226, radius=10, cleared_by=0.3)  # it is read, not glanced at
        self._draw_verdict(surface)
        self._draw_round_trip(surface, _TOP + 84)
        self._draw_slack(surface, _TOP + 154)
        self._draw_corrections(surface, _TOP + 224, self._latest)
        self._draw_frames(surface, _TOP + 280)
        for index, (label, value, colour) in enumerate(_figures(self._latest, self._recent)):
            left = _LEFT + _PAD + (index % 2) * (_INNER // 2 + 8)
            y = _TOP + 342 + (index // 2) * 18
            texts.draw(surface, label, (left, y), _TEXT_SIZE, theme.DIM, weight="regular")
            texts.draw(surface, value, (left + _INNER // 2 - 8, y), _TEXT_SIZE, colour, weight="mono", align="right")

    def _draw_verdict(self, surface: pygame.Surface) -> None:
        word, colour = _WORDS[self._level]
        left, right = _LEFT + _PAD, _LEFT + _WIDTH - _PAD
        pygame.draw.circle(surface, colour, (left + 7, _TOP + 22), 7)
        width = texts.draw(surface, word, (left + 22, _TOP + 21), 22, colour)
        texts.draw(surface, "connection", (left + 30 + width, _TOP + 24), 14, theme.DIM, weight="regular")
        is_carried = self._recent.is_carried
        carrier = "through TCP" if is_carried else "over UDP"
        texts.draw(surface, carrier, (right, _TOP + 24), 13, theme.WARNING if is_carried else theme.DIM, align="right")
        lines = [line for sentence in self._sentences for line in wrapped(sentence, _INNER + 30, _INNER + 30)]
        for index, line in enumerate(lines[:SENTENCES_MAX]):
            texts.draw(surface, line, (left, _TOP + 48 + 18 * index), 13, theme.TEXT, weight="regular")

    def _draw_round_trip(self, surface: pygame.Surface, top: int) -> None:
        """A line; under it, as bars, the share of packets that were lost."""
        recent, moments = self._recent, self._moments
        text = f"{recent.rtt_ms:.0f} ms"
        box = _frame(surface, top, 44, "there and back", text, _tone(recent.rtt_ms, net_health.RTT_MS))
        highest = max(40.0, max((moment.rtt_ms for moment in moments), default=0.0) * 1.25)
        surface.fill(_LOST, (box.left + 112, top + 3, 8, 8))
        texts.draw(surface, "lost", (box.left + 125, top + 7), _TEXT_SIZE, theme.DIM)
        _grid(surface, box, [share / highest for share in _rounds(highest)])
        for index, moment in enumerate(moments):
            if moment.loss_pct > 0:
                height = max(2, round(min(1.0, moment.loss_pct / 25.0) * box.height))
                surface.fill(_LOST, (_x(box, index, len(moments)) - 1, box.bottom - height, 3, height))
        _line(surface, box, [moment.rtt_ms / highest for moment in moments], theme.ACCENT)

    def _draw_slack(self, surface: pygame.Surface, top: int) -> None:
        """How long before they are needed our commands are there. Below the line is too late."""
        slack = self._moments[-1].slack_ticks if self._moments else None
        text = "-" if slack is None else f"{slack:+.1f} ticks"
        tone = theme.DIM if slack is None else theme.BAD if slack < 0 else theme.GOOD
        box = _frame(surface, top, 44, "commands early by", text, tone)
        zero = box.bottom - 14
        pygame.draw.line(surface, _GRID, (box.left, zero), (box.right - 1, zero))
        unit = (zero - box.top) / 4.0
        for index, moment in enumerate(self._moments):
            x = _x(box, index, len(self._moments))
            if moment.slack_ticks is not None:
                height = min(zero - box.top, max(-14, round(moment.slack_ticks * unit)))
                colour = (50, 112, 78) if height >= 0 else theme.BAD
                surface.fill(colour, (x - 1, zero - max(0, height), 2, max(1, abs(height))))
            if moment.has_missed:
                surface.fill(theme.BAD, (x - 1, box.bottom - 4, 2, 4))

    def _draw_corrections(self, surface: pygame.Surface, top: int, latest: ClientStatistics) -> None:
        """A mark for every moment at which the server set us right, in the colour of the cause; and how often each was."""
        box = _frame(surface, top, 14, "corrections", str(latest.mispredictions), theme.TEXT)
        for index, moment in enumerate(self._moments):
            if moment.corrected is not None:
                surface.fill(moment.corrected, (_x(box, index, len(self._moments)) - 1, box.top + 2, 3, box.height - 4))
        x, y = box.left, box.bottom + 10
        for cause, count in latest.mispredictions_by_cause.items():
            name, colour = CAUSES.get(cause, (cause, theme.TEXT))
            if count:
                surface.fill(colour, (x, y - 4, 8, 8))
                x += 12 + texts.draw(surface, f"{name} {count}", (x + 12, y), 11, theme.DIM) + 9

    def _draw_frames(self, surface: pygame.Surface, top: int) -> None:
        """The slowest picture of each tenth of a second: what is wrong there is this computer and not the network."""
        recent, moments = self._recent, self._moments
        box = _frame(surface, top, 28, "slowest frame", f"{recent.frame_ms:.0f} ms", _tone(recent.frame_ms, net_health.FRAME_MS))
        highest = max(40.0, max((moment.frame_ms for moment in moments), default=0.0) * 1.1)
        _grid(surface, box, [1000 / 60 / highest])
        _line(surface, box, [moment.frame_ms / highest for moment in moments], theme.GOOD)


def _missed(figures: ClientStatistics) -> int:
    return net_health.counted(figures.missing_commands_pct, figures.ticks)


def _cause(before: ClientStatistics | None, latest: ClientStatistics) -> Colour | None:
    if before is None or latest.mispredictions <= before.mispredictions:
        return None
    for cause, count in latest.mispredictions_by_cause.items():
        if count > before.mispredictions_by_cause.get(cause, 0):
            return CAUSES.get(cause, ("", theme.TEXT))[1]
    return theme.TEXT


def _tone(value: float, bounds: Bounds) -> Colour:
    return _WORDS[bounds.level(value)][1]


def _frame(surface: pygame.Surface, top: int, height: int, label: str, value: str, colour: Colour) -> pygame.Rect:
    """A graph's name and newest value with the box under them. Returns the box."""
    texts.draw(surface, label, (_LEFT + _PAD, top + 7), _TEXT_SIZE, theme.DIM)
    texts.draw(surface, value, (_LEFT + _WIDTH - _PAD, top + 7), 13, colour, weight="mono", align="right")
    box = pygame.Rect(_LEFT + _PAD, top + 17, _INNER, height)
    pygame.draw.rect(surface, _BOX, box, border_radius=4)
    return box


def _rounds(highest: float) -> list[float]:
    """The values at which a scale has its lines: two to five of them."""
    step = next((step for step in (20.0, 50.0, 100.0, 200.0, 500.0) if highest / step <= 5), highest / 4)
    return [step * index for index in range(1, int(highest / step) + 1)]


def _grid(surface: pygame.Surface, box: pygame.Rect, shares: Sequence[float]) -> None:
    for share in shares:
        y = round(box.bottom - 2 - share * (box.height - 4))
        pygame.draw.line(surface, _GRID, (box.left, y), (box.right - 1, y))


def _x(box: pygame.Rect, index: int, count: int) -> int:
    """Where the sample ``index`` of ``count`` stands: the newest at the right edge."""
    return round(box.right - 3 - (count - 1 - index) * (box.width - 5) / (SAMPLES_MAX - 1))


def _line(surface: pygame.Surface, box: pygame.Rect, shares: Sequence[float], colour: Colour) -> None:
    if len(shares) > 1:
        height = box.height - 4
        points = [(_x(box, index, len(shares)), box.bottom - 2 - min(1.0, share) * height) for index, share in enumerate(shares)]
        pygame.draw.aalines(surface, colour, False, points)
        pygame.draw.circle(surface, colour, points[-1], 2)


def _figures(latest: ClientStatistics, recent: Recent) -> list[tuple[str, str, Colour]]:
    """Pairs of one line each, left and right."""
    mismatches = latest.checksum_mismatches
    return [
        ("lost", f"{recent.loss_pct:.1f} %", _tone(recent.loss_pct, net_health.LOSS_PCT)),
        ("jitter", f"{recent.jitter_ms:.1f} ms", _tone(recent.jitter_ms, net_health.JITTER_MS)),
        ("late", f"{recent.late_pct:.1f} %", _tone(recent.late_pct, net_health.LATE_PCT)),
        ("missing", f"{recent.missing_pct:.1f} %", _tone(recent.missing_pct, net_health.LATE_PCT)),
        ("buffer", f"{latest.interpolation_delay_ms:.0f} ms", theme.TEXT),
        ("guessed", f"{recent.starved_pct:.1f} %", _tone(recent.starved_pct, net_health.STARVED_PCT)),
        ("ahead", f"{latest.ahead_ticks:.1f} ticks", theme.TEXT),
        ("moved p95", f"{latest.correction_p95_units / UNITS_PER_PIXEL:.1f} px", theme.TEXT),
        (
            "snapshots" if not mismatches else "mismatches",
            f"{recent.snapshots_per_s:.0f} /s" if not mismatches else str(mismatches),
            theme.TEXT if not mismatches else theme.BAD,
        ),
        ("in / out", f"{recent.bytes_in_per_s / 1000:.1f}/{recent.bytes_out_per_s / 1000:.1f} kB", theme.TEXT),
    ]
