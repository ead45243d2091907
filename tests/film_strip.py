"""Draws what :mod:`tests.film` has filmed, with the game's own code: successive frames, a lap in one picture, the steps as lines."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pygame

from game.client import sprites, theme
from game.client.arena_view import ArenaView
from game.client.feed import Roster
from game.client.screen import LOGICAL_SIZE
from game.client.sounds import SoundPlayer
from game.client.theme import texts
from game.simulation.rules import UNITS_PER_PIXEL
from tests.film import AFTERWARDS_S, TICK_RATE_HZ, Film, Places, evenness, track

FRAMES: Final = 11
LAP_FRAMES: Final = 500
GHOST_EVERY: Final = 7
WARM_UP_FRAMES: Final = 100
_ROW: Final = (372, 54)
_LAP: Final = pygame.Rect(436, 64, 820, 410)
_PLOT: Final = pygame.Rect(436, 516, 820, 160)


def draw_strip(film: Film, net: str, path: Path) -> None:
    """Draw the picture into a file."""
    pygame.display.init()
    pygame.font.init()
    sheet = pygame.Surface((1280, 720))
    sheet.fill(theme.VOID)
    even = evenness(film.watcher, film.truth)
    texts.draw(sheet, "Another player, as he is drawn", (24, 30), 22, theme.TEXT)
    texts.draw(sheet, net.replace(",", "  "), (1256, 30), 15, theme.WARNING, align="right", weight="mono")
    steps = _steps(film, undelayed=False)
    first = _on_the_straight(film)
    view = ArenaView(film.game.map, film.watching_seat, SoundPlayer(None))
    _draw_frames(sheet, film, view, first, steps)
    _draw_lap(sheet, film, view, first, steps)
    _draw_plot(sheet, film, first, steps)
    off = f"{even.pct_p50:.1f} % (median), {even.pct_p95:.1f} % (p95), {even.pct_max:.0f} % (worst of {even.frames} frames)"
    label = f"step {even.step_units / UNITS_PER_PIXEL:.2f} px; off by {off}"
    texts.draw(sheet, label, (1256, 698), 14, theme.TEXT, align="right")
    pygame.image.save(sheet, str(path))


def _steps(film: Film, *, undelayed: bool) -> Places:
    """Each frame's step as a share of what it should be."""
    shots = film.watcher
    places = np.array([shot.newest if undelayed else shot.place for shot in shots], dtype=np.float64)
    ticks = round((shots[-1].now - shots[0].now + AFTERWARDS_S) * TICK_RATE_HZ)
    on = track(places, film.truth, len(film.truth) - ticks)
    due: Places = on.speed_per_s[1:] * np.diff([shot.now for shot in shots])
    shares: Places = np.diff(on.along) / due
    return shares


def _on_the_straight(film: Film) -> int:
    """A frame in which he crosses the middle of the upper straight."""
    middle_x = film.game.map.width * 512 / 2
    middle_y = film.game.map.height * 512 / 2
    shots = film.watcher[WARM_UP_FRAMES : -LAP_FRAMES - FRAMES]
    found = min(range(len(shots)), key=lambda index: abs(shots[index].place[0] - middle_x) + 1e6 * (shots[index].place[1] > middle_y))
    return found + WARM_UP_FRAMES - FRAMES // 2


def _draw_frames(sheet: pygame.Surface, film: Film, view: ArenaView, first: int, steps: Places) -> None:
    """Successive frames one below the other: even steps stand on a straight line."""
    picture, roster = pygame.Surface(LOGICAL_SIZE), Roster()
    centres = []
    for index in range(first - WARM_UP_FRAMES, first + FRAMES):
        shot = film.watcher[index]
        assert shot.world is not None
        view.update(shot.world, roster, shot.now, 1 / 60)
        if index < first:
            continue
        view.draw(picture, shot.world, roster, shot.now)
        row = index - first
        x, y = view.camera.to_screen(shot.place[0] / UNITS_PER_PIXEL, shot.place[1] / UNITS_PER_PIXEL)
        left = (LOGICAL_SIZE[0] - _ROW[0]) // 2
        place = (24, 64 + row * (_ROW[1] + 2))
        sheet.blit(picture, place, (left, round(y) - 30, *_ROW))
        centres.append((place[0] + x - left, place[1] + 30))
        at = f"{1000 * (shot.now - film.watcher[first].now):3.0f} ms"
        texts.draw(sheet, at, (place[0] + 8, place[1] + 12), 11, theme.DIM, weight="mono")
        if row:
            step = f"{100 * steps[index - 1]:.0f} %"
            texts.draw(sheet, step, (place[0] + _ROW[0] - 8, place[1] + 12), 12, _tone(steps[index - 1]), weight="mono", align="right")
    pygame.draw.aalines(sheet, theme.GOLD, False, centres)
    texts.draw(sheet, "successive frames at 60 Hz; the step in per cent of the true one", (24, 698), 13, theme.DIM, weight="regular")


def _tone(share: float) -> theme.Colour:
    off = abs(share - 1.0)
    return theme.GOOD if off < 0.03 else theme.WARNING if off < 0.15 else theme.BAD


def _draw_lap(sheet: pygame.Surface, film: Film, view: ArenaView, first: int, steps: Places) -> None:
    """A lap in one picture: a dot for every frame, a ghost for every seventh."""
    picture = pygame.Surface(LOGICAL_SIZE)
    last = film.watcher[first + FRAMES - 1]
    assert last.world is not None
    view.draw(picture, last.world, Roster(), last.now)
    seat = 1 - film.watching_seat
    shots = film.watcher[first : first + LAP_FRAMES]
    for index, shot in enumerate(shots):
        assert shot.world is not None
        place = view.camera.to_screen(shot.place[0] / UNITS_PER_PIXEL, shot.place[1] / UNITS_PER_PIXEL)
        if index % GHOST_EVERY == 0:
            body = sprites.player(theme.player_colour(0, seat), 0, sprites.turn_of(int(shot.world.player.aim[seat]))).copy()
            body.set_alpha(90)
            picture.blit(body, body.get_rect(center=place))
    for index, shot in enumerate(shots):
        place = view.camera.to_screen(shot.place[0] / UNITS_PER_PIXEL, shot.place[1] / UNITS_PER_PIXEL)
        pygame.draw.circle(picture, _tone(steps[first + index - 1]), place, 2)
    width = LOGICAL_SIZE[0]
    height = width * _LAP.height // _LAP.width
    part = picture.subsurface((0, (LOGICAL_SIZE[1] - height) // 2, width, height))
    sheet.blit(pygame.transform.smoothscale(part, _LAP.size), _LAP)
    pygame.draw.rect(sheet, theme.PANEL_EDGE, _LAP, width=1)
    caption = "a lap: a dot for every frame, green where its step is within 3 % of the true one"
    texts.draw(sheet, caption, (_LAP.x + 12, _LAP.bottom - 14), 13, theme.DIM, weight="regular")


def _draw_plot(sheet: pygame.Surface, film: Film, first: int, steps: Places) -> None:
    """Frame by frame: what came from the network, and what was drawn."""
    pygame.draw.rect(sheet, (16, 20, 33), _PLOT, border_radius=4)
    raw = _steps(film, undelayed=True)
    count = 240
    for share in (0.0, 1.0, 2.0, 3.0):
        y = _PLOT.bottom - 14 - share * (_PLOT.height - 24) / 3.2
        pygame.draw.line(sheet, (40, 49, 76), (_PLOT.x, y), (_PLOT.right - 1, y))
        texts.draw(sheet, f"{100 * share:.0f} %", (_PLOT.x + 6, y - 8), 11, theme.DIM, weight="mono")
    for shares, colour in ((raw, (132, 60, 76)), (steps, theme.ACCENT)):
        points = [
            (_PLOT.x + 48 + index * (_PLOT.width - 52) / count, _PLOT.bottom - 14 - min(3.2, float(share)) * (_PLOT.height - 24) / 3.2)
            for index, share in enumerate(shares[first : first + count])
        ]
        pygame.draw.aalines(sheet, colour, False, points)
    texts.draw(sheet, "steps of four seconds: as drawn", (_PLOT.x, _PLOT.y - 14), 13, theme.ACCENT, weight="regular")
    texts.draw(sheet, "and what the network brought", (_PLOT.x + 208, _PLOT.y - 14), 13, (214, 100, 120), weight="regular")
