"""What all pages of the menu have in common: the backdrop, a heading, a form, a notice, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pygame

from game.client import sprites, theme
from game.client.backdrop import Backdrop
from game.client.chat import wrapped
from game.client.form import Form, as_key
from game.client.preferences import PlayerFiles
from game.client.screen import LOGICAL_SIZE, Destination, Order, ScreenChange
from game.client.sounds import SoundPlayer
from game.client.splash import NAME, NAME_PIXELS
from game.client.theme import texts

WIDTH, HEIGHT = LOGICAL_SIZE
NOTICE_STAYS_S: Final = 12.0
_NOTICE_LINES_MAX: Final = 3
_NOTICE_WIDTH: Final = 660


@dataclass(slots=True)
class Stage:
    """What every page works with."""

    files: PlayerFiles
    sounds: SoundPlayer
    backdrop: Backdrop


class Page:
    """A :class:`~game.client.screen.Screen` of the menu. Subclasses make a form and draw what is under it."""

    title = ""
    shade = "all"
    back_to = Destination.MENU
    help = "TAB  next      ENTER  choose      ESC  back"

    def __init__(self, stage: Stage, notice: str = "") -> None:
        self.stage: Final = stage
        self.form = Form((), stage.sounds)
        self.now = 0.0
        self._change: ScreenChange | None = None
        self._notice = notice
        self._notice_colour = theme.WARNING
        self._notice_until: float | None = None

    @property
    def notice(self) -> str:
        """The sentence that is shown, or ""."""
        return self._notice

    def go(self, to: Destination, notice: str = "", order: Order | None = None) -> None:
        """Leave with the next update."""
        self._change = ScreenChange(to, notice, order)

    def say(self, sentence: str, colour: theme.Colour = theme.WARNING) -> None:
        """Show a sentence for a while."""
        self._notice, self._notice_colour, self._notice_until = sentence, colour, None

    def back(self) -> None:
        """Escape, or the button that says so."""
        self.stage.sounds.play("choose", 0.5)
        self.go(self.back_to)

    def handle_event(self, event: pygame.event.Event) -> None:
        """The form first, then Escape."""
        event = as_key(event)
        if event.type == pygame.QUIT:
            self.go(Destination.QUIT)
        elif not self.form.handle_event(event) and event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE:
            self.back()

    def update(self, now: float, dt: float) -> ScreenChange | None:
        """Advance the backdrop and the page."""
        self.now = now
        self.stage.backdrop.update(dt)
        if self._notice:
            self._notice_until = self._notice_until or now + NOTICE_STAYS_S
            if now > self._notice_until:
                self._notice = ""
        self.advance(now, dt)
        change, self._change = self._change, None
        return change

    def advance(self, now: float, dt: float) -> None:
        """The page's own part of a frame."""

    def draw(self, surface: pygame.Surface) -> None:
        """Backdrop, page, form, notice."""
        self.stage.backdrop.draw(surface, self.shade)
        if self.title:
            heading(surface, self.title)
        self.draw_page(surface)
        self.form.draw(surface, self.now)
        self.draw_over(surface)
        if self.help:
            texts.draw(surface, self.help, (WIDTH - 40, HEIGHT - 20), 12, theme.FAINT, align="right")
        if self._notice:
            draw_notice(surface, self._notice, self._notice_colour, is_low=not self.title)

    def draw_page(self, surface: pygame.Surface) -> None:
        """What is under the form."""

    def draw_over(self, surface: pygame.Surface) -> None:
        """What is over the form."""


def heading(surface: pygame.Surface, title: str, detail: str = "") -> None:
    """A page's name at the top left."""
    pygame.draw.rect(surface, theme.ACCENT, (40, 34, 5, 34), border_radius=2)
    width = texts.draw(surface, title, (58, 51), 32, theme.TEXT)
    if detail:
        texts.draw(surface, detail, (58 + width + 18, 56), 15, theme.DIM, weight="regular")


def card(surface: pygame.Surface, rect: tuple[int, int, int, int] | pygame.Rect, title: str = "") -> None:
    """A plate to put things on."""
    box = pygame.Rect(rect)
    surface.blit(theme.panel(box.width, box.height, 226, 12), box)
    if title:
        texts.draw(surface, title.upper(), (box.x + 20, box.y + 22), 13, theme.ACCENT)


def chip(surface: pygame.Surface, text: str, right: int, middle: int, colour: theme.Colour) -> int:
    """A small rounded label that ends at ``right``. Returns its width."""
    box = pygame.Rect(0, 0, texts.render(text, 12, colour).get_width() + 20, 22)
    box.midright = (right, middle)
    pygame.draw.rect(surface, theme.mix(theme.PANEL, colour, 0.22), box, border_radius=11)
    pygame.draw.rect(surface, theme.mix(theme.PANEL, colour, 0.6), box, width=1, border_radius=11)
    texts.draw(surface, text, box.center, 12, colour, align="centre")
    return box.width


def draw_notice(surface: pygame.Surface, sentence: str, colour: theme.Colour = theme.WARNING, *, is_low: bool = False) -> None:
    """A sentence on a plate, in as many lines as it takes: beside the heading, or (where there is none) at the bottom."""
    lines = wrapped(sentence, _NOTICE_WIDTH, _NOTICE_WIDTH)[:_NOTICE_LINES_MAX]
    width = max(theme.font(15, "regular").size(line)[0] for line in lines) + 52
    height = 21 * len(lines) + 18
    box = pygame.Rect(0, 0, width, height)
    if is_low:
        box.midbottom = (WIDTH // 2, HEIGHT - 30)
    else:
        box.midright = (WIDTH - 40, max(50, height // 2 + 6))
    theme.draw_panel(surface, box, 250, 10, colour)
    pygame.draw.rect(surface, colour, (box.x + 12, box.y + 12, 4, height - 24), border_radius=2)
    for index, line in enumerate(lines):
        texts.draw(surface, line, (box.x + 28, box.y + 19 + 21 * index), 15, theme.TEXT, weight="regular")


@lru_cache(maxsize=4)
def logo(size_px: int = NAME_PIXELS) -> pygame.Surface:
    """The game's name in light, for an additive blit. It has a margin of half its size."""
    letters = theme.font(size_px, "bold").render(NAME, True, theme.WHITE)
    margin = size_px // 2
    whole = pygame.Surface((letters.get_width() + 2 * margin, letters.get_height() + 2 * margin), 0, 32)
    glow = theme.font(size_px, "bold").render(NAME, True, theme.ACCENT)
    whole.blit(glow, (margin, margin))
    soft = pygame.transform.gaussian_blur(whole, size_px // 4)
    near = pygame.transform.gaussian_blur(whole, max(2, size_px // 14))
    whole.fill((0, 0, 0))
    whole.blit(soft, (0, 0), special_flags=pygame.BLEND_RGB_ADD)
    whole.blit(near, (0, 0), special_flags=pygame.BLEND_RGB_ADD)
    face = pygame.Surface(letters.get_size(), 0, 32)
    for row in range(face.get_height()):  # lit from above
        share = row / face.get_height()
        pygame.draw.line(face, theme.mix(theme.WHITE, theme.ACCENT, share**1.5), (0, row), (face.get_width(), row))
    mask = letters.copy()
    mask.blit(face, (0, 0), special_flags=pygame.BLEND_RGB_MULT)
    whole.blit(mask, (margin, margin))
    return whole


@lru_cache(maxsize=2)
def beam(width: int) -> pygame.Surface:
    """A line of light, for an additive blit."""
    return pygame.transform.smoothscale(sprites.glow(64, theme.ACCENT, 0.9, 1.6), (width, 10))
