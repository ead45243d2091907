"""The small net graph: at a glance how the line is. A word, what is wrong, three figures, and two strips of the last twelve seconds.

It stands at the edge, under the list of kills, and takes a fifth of the width and a quarter of the height. All letters have a dark rim:
they stay legible while somebody is behind the plate, and over an explosion.
"""

from __future__ import annotations

from typing import Final

import pygame

from game.client import net_health, theme
from game.client.net_chart import WORDS, Strip, slack_text, tone
from game.client.net_health import Level, Recent
from game.client.plates import Plates
from game.client.screen import LOGICAL_SIZE
from game.client.theme import Colour, mix, texts

WIDTH: Final = 272
HEIGHT: Final = 194
LEFT: Final = LOGICAL_SIZE[0] - 22 - WIDTH
TOP: Final = 174
_PAD: Final = 12
_INNER: Final = WIDTH - 2 * _PAD
_CELLS: Final = (0, 100, 184)
"""Where the three figures begin."""
_LABEL: Final[Colour] = mix(theme.DIM, theme.TEXT, 0.45)


def draw_panel(
    surface: pygame.Surface,
    plates: Plates,
    level: Level,
    sentence: str,
    recent: Recent,
    slack_ticks: float | None,
    snapshots: Strip,
    slack: Strip,
) -> None:
    """Draw it. ``sentence`` is the worst that is wrong, or that nothing is."""
    plates.draw(surface, "network", (LEFT, TOP, WIDTH, HEIGHT), 222, radius=10, cleared_by=0.3)  # it is read, not glanced at
    left, right = LEFT + _PAD, LEFT + WIDTH - _PAD
    word, colour = WORDS[level]
    pygame.draw.circle(surface, colour, (left + 6, TOP + 20), 6)
    width = texts.draw(surface, word, (left + 20, TOP + 19), 19, colour, shadow=True)
    texts.draw(surface, "connection", (left + 28 + width, TOP + 21), 13, _LABEL, weight="regular", shadow=True)
    texts.draw(surface, "TCP" if recent.is_carried else "UDP", (right, TOP + 21), 12, _LABEL, align="right", shadow=True)
    texts.draw(surface, sentence, (left, TOP + 42), 13, theme.TEXT, weight="regular", shadow=True)
    _draw_cells(surface, recent)
    x = left + _label(surface, "snapshots", f"{recent.snapshots_per_s:.0f} /s", theme.TEXT, TOP + 104) + 12
    for name, tint in (("late", theme.WARNING), ("lost", theme.BAD)):
        x += texts.draw(surface, name, (x, TOP + 104), 11, tint, shadow=True) + 8
    snapshots.draw(surface, (left, TOP + 114), _INNER)
    _label(surface, "your commands are early by", *slack_text(slack_ticks), TOP + 149)
    slack.draw(surface, (left, TOP + 159), _INNER)


def _draw_cells(surface: pygame.Surface, recent: Recent) -> None:
    """The three figures that every player asks for."""
    figures = (
        ("ROUND TRIP", f"{recent.rtt_ms:.0f} ms", tone(recent.rtt_ms, net_health.RTT_MS)),
        ("LOSS", f"{recent.loss_pct:.1f} %", tone(recent.loss_pct, net_health.LOSS_PCT)),
        ("JITTER", f"{recent.jitter_ms:.0f} ms", tone(recent.jitter_ms, net_health.JITTER_MS)),
    )
    for from_left, (name, value, colour) in zip(_CELLS, figures, strict=True):
        x = LEFT + _PAD + from_left
        texts.draw(surface, name, (x, TOP + 63), 10, _LABEL, shadow=True)
        texts.draw(surface, value, (x, TOP + 80), 17, colour, shadow=True)


def _label(surface: pygame.Surface, name: str, value: str, colour: Colour, y: int) -> int:
    """A strip's name, and its newest value at the right. Returns the name's width in pixels."""
    texts.draw(surface, value, (LEFT + WIDTH - _PAD, y), 12, colour, align="right", shadow=True)
    return texts.draw(surface, name, (LEFT + _PAD, y), 11, _LABEL, shadow=True)
