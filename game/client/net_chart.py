"""What both net graphs draw with: the moments that are shown, and boxes of lines and bars in which the newest stands at the right.

A strip of bars is painted once, two columns per moment, and moved to the left by the next: five hundred bars would cost a tenth of a frame.
Charts whose scale follows what is in them are painted anew, but only when there is something new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import pygame

from game.client import theme
from game.client.net_health import Bounds, Level
from game.client.theme import Colour
from game.simulation.rules import TICK_RATE_HZ

SAMPLE_EVERY_S: Final = 0.1
SAMPLES_MAX: Final = 138
SAMPLE_PIXELS: Final = 2
STRIP_SIZE: Final = (SAMPLES_MAX * SAMPLE_PIXELS, 24)
_LATE_PIXELS: Final = 8
"""Of a strip's height, for commands that come too late."""
_SLACK_TICKS_MAX: Final = 4.0

WORDS: Final = {Level.GOOD: ("GOOD", theme.GOOD), Level.FAIR: ("FAIR", theme.WARNING), Level.BAD: ("BAD", theme.BAD)}
BOX: Final[Colour] = (16, 20, 33)
GRID: Final[Colour] = (40, 49, 76)
EARLY: Final[Colour] = (58, 140, 94)
LOST: Final[Colour] = (132, 50, 64)


@dataclass(frozen=True, slots=True)
class Moment:
    """One sample: a tenth of a second."""

    rtt_ms: float
    loss_pct: float
    slack_ticks: float | None
    has_missed: bool
    """The server computed a tick without our command, since the sample before."""
    snapshots_per_s: float
    lost_per_s: float
    """Of the server's datagrams, those that turned out to be missing."""
    has_starved: bool
    """A frame was drawn for which nothing new enough had come."""
    frame_ms: float
    corrected: Colour | None
    """Colour of the cause, where something was corrected since the sample before."""


def tone(value: float, bounds: Bounds) -> Colour:
    """The colour of a value by what it means."""
    return WORDS[bounds.level(value)][1]


def slack_text(slack_ticks: float | None) -> tuple[str, Colour]:
    """How early our commands are, and its colour."""
    if slack_ticks is None:
        return "-", theme.DIM
    return f"{slack_ticks:+.1f} ticks", theme.BAD if slack_ticks < 0 else theme.GOOD


def fill_box(surface: pygame.Surface, box: pygame.Rect) -> None:
    """The ground of a chart."""
    pygame.draw.rect(surface, BOX, box, border_radius=4)


def grid(surface: pygame.Surface, box: pygame.Rect, shares: Sequence[float]) -> None:
    """Horizontal lines at shares of the height."""
    for share in shares:
        y = round(box.bottom - 2 - share * (box.height - 4))
        pygame.draw.line(surface, GRID, (box.left, y), (box.right - 1, y))


def x_of(box: pygame.Rect, index: int, count: int) -> int:
    """Where the sample ``index`` of ``count`` stands: the newest at the right edge."""
    return box.right - SAMPLE_PIXELS * (count - index)


def line(surface: pygame.Surface, box: pygame.Rect, shares: Sequence[float], colour: Colour) -> None:
    """A line of shares of the height; a dot is the newest."""
    if len(shares) > 1:
        height, left, low = box.height - 4, x_of(box, 0, len(shares)), box.bottom - 2
        points = [(left + SAMPLE_PIXELS * index, low - min(1.0, share) * height) for index, share in enumerate(shares)]
        pygame.draw.aalines(surface, colour, False, points)
        pygame.draw.circle(surface, colour, points[-1], 2)


class Strip:
    """A chart of bars in two columns each."""

    def __init__(self, paint: Callable[[pygame.Surface, int, Moment], None]) -> None:
        self._paint: Final = paint
        self._surface: Final = pygame.Surface(STRIP_SIZE, 0, 32)
        self._surface.fill(BOX)

    def add(self, moment: Moment) -> None:
        """The newest, at the right; everything else moves on."""
        width, height = STRIP_SIZE
        self._surface.scroll(-SAMPLE_PIXELS, 0)
        self._surface.fill(BOX, (width - SAMPLE_PIXELS, 0, SAMPLE_PIXELS, height))
        self._paint(self._surface, width - SAMPLE_PIXELS, moment)

    def draw(self, surface: pygame.Surface, place: tuple[int, int], width: int) -> None:
        """The newest ``width`` pixels of it."""
        surface.blit(self._surface, place, (STRIP_SIZE[0] - width, 0, width, STRIP_SIZE[1]))


class Chart:
    """What is painted anew from all moments, and then shown in many frames."""

    def __init__(self, size: tuple[int, int], paint: Callable[[pygame.Surface, Sequence[Moment]], None]) -> None:
        self._paint: Final = paint
        self._surface: Final = pygame.Surface(size, pygame.SRCALPHA)

    def paint(self, moments: Sequence[Moment]) -> None:
        """Something is new."""
        self._surface.fill((0, 0, 0, 0))
        fill_box(self._surface, self._surface.get_rect())
        self._paint(self._surface, moments)

    def draw(self, surface: pygame.Surface, place: tuple[int, int]) -> None:
        """Draw what was painted last."""
        surface.blit(self._surface, place)


def paint_slack(strip: pygame.Surface, x: int, moment: Moment) -> None:
    """How long before they are needed our commands are there; below the line they come too late. A red mark at the foot is a tick that the
    server computed without us.
    """
    zero = STRIP_SIZE[1] - _LATE_PIXELS
    strip.fill(GRID, (x, zero, SAMPLE_PIXELS, 1))
    if moment.slack_ticks is not None:
        height = min(zero, max(-_LATE_PIXELS, round(moment.slack_ticks * zero / _SLACK_TICKS_MAX)))
        strip.fill(EARLY if height >= 0 else theme.BAD, (x, zero - max(0, height), SAMPLE_PIXELS, max(1, abs(height))))
    if moment.has_missed:
        strip.fill(theme.BAD, (x, STRIP_SIZE[1] - 4, SAMPLE_PIXELS, 4))


def paint_snapshots(strip: pygame.Surface, x: int, moment: Moment) -> None:
    """What came: green in time, yellow too late for some frame, and on top in red what never did. The line is at one per tick."""
    height = STRIP_SIZE[1]
    unit = height / (1.5 * TICK_RATE_HZ)
    strip.fill(GRID, (x, round(height - TICK_RATE_HZ * unit), SAMPLE_PIXELS, 1))
    came = min(height, round(moment.snapshots_per_s * unit))
    lost = min(height - came, round(moment.lost_per_s * unit))
    strip.fill(theme.WARNING if moment.has_starved else EARLY, (x, height - came, SAMPLE_PIXELS, came))
    strip.fill(theme.BAD, (x, height - came - lost, SAMPLE_PIXELS, lost))
