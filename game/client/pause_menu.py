"""The menu on ESC. The match goes on behind it: it is played with others."""

from __future__ import annotations

from enum import Enum
from typing import Final

import pygame

from game.client import theme
from game.client.screen import LOGICAL_SIZE
from game.client.sounds import SoundPlayer
from game.client.theme import texts

WIDTH, HEIGHT = LOGICAL_SIZE
_ITEM: Final = (320, 46)
_GAP: Final = 10
VOLUME_STEP: Final = 0.1


class PauseChoice(Enum):
    """What can be chosen."""

    RESUME = "Back to the fight"
    VOLUME = "Sound"
    LOBBY = "Leave the match"
    MENU = "Leave the server"
    QUIT = "Quit Skirmish"


_ITEMS: Final = tuple(PauseChoice)


class PauseMenu:
    """Keyboard, mouse and pad alike."""

    def __init__(self, sounds: SoundPlayer) -> None:
        self._sounds: Final = sounds
        self.is_open = False
        self._index = 0
        height = 76 + len(_ITEMS) * (_ITEM[1] + _GAP) + 8
        self._box: Final = pygame.Rect((WIDTH - _ITEM[0] - 48) // 2, (HEIGHT - height) // 2, _ITEM[0] + 48, height)

    def open(self) -> None:
        """Show it."""
        self.is_open, self._index = True, 0
        self._sounds.play("choose", 0.7)

    def close(self) -> None:
        """Back to the match."""
        self.is_open = False

    def item_rect(self, choice: PauseChoice) -> pygame.Rect:
        """Where an item stands."""
        top = self._box.y + 70 + _ITEMS.index(choice) * (_ITEM[1] + _GAP)
        return pygame.Rect(self._box.x + 24, top, *_ITEM)

    def handle_event(self, event: pygame.event.Event) -> PauseChoice | None:
        """Take an event while open. Returns what was chosen (never VOLUME: that changes in place)."""
        if event.type == pygame.KEYDOWN:
            return self._key(event.key)
        if event.type == pygame.MOUSEMOTION:
            for index, choice in enumerate(_ITEMS):
                if self.item_rect(choice).collidepoint(event.pos):
                    self._move_to(index)
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            for choice in _ITEMS:
                rect = self.item_rect(choice)
                if rect.collidepoint(event.pos):
                    if choice is PauseChoice.VOLUME:
                        self._change_volume(1 if event.pos[0] > rect.centerx else -1)
                        return None
                    return self._chosen(choice)
        elif event.type == pygame.JOYHATMOTION and event.value[1]:
            self._move_to((self._index - event.value[1]) % len(_ITEMS))
        elif event.type == pygame.JOYBUTTONDOWN and event.button == 0:
            return self._chosen(_ITEMS[self._index])
        return None

    def _key(self, key: int) -> PauseChoice | None:
        if key == pygame.K_ESCAPE:
            return self._chosen(PauseChoice.RESUME)
        if key in (pygame.K_UP, pygame.K_w):
            self._move_to((self._index - 1) % len(_ITEMS))
        elif key in (pygame.K_DOWN, pygame.K_s):
            self._move_to((self._index + 1) % len(_ITEMS))
        elif key in (pygame.K_LEFT, pygame.K_a, pygame.K_RIGHT, pygame.K_d) and _ITEMS[self._index] is PauseChoice.VOLUME:
            self._change_volume(1 if key in (pygame.K_RIGHT, pygame.K_d) else -1)
        elif key in (pygame.K_RETURN, pygame.K_KP_ENTER, pygame.K_SPACE):
            return self._chosen(_ITEMS[self._index])
        return None

    def _move_to(self, index: int) -> None:
        if index != self._index:
            self._index = index
            self._sounds.play("move", 0.6)

    def _chosen(self, choice: PauseChoice) -> PauseChoice | None:
        if choice is PauseChoice.VOLUME:
            return None
        self._sounds.play("choose", 0.7)
        if choice is PauseChoice.RESUME:
            self.close()
        return choice

    def _change_volume(self, direction: int) -> None:
        self._sounds.set_volume(round(self._sounds.volume + direction * VOLUME_STEP, 2))
        self._sounds.play("move", 0.8)

    def draw(self, surface: pygame.Surface) -> None:
        """Draw it over a darkened arena."""
        texts.settle()
        surface.fill((96, 100, 118), special_flags=pygame.BLEND_RGB_MULT)
        surface.blit(theme.panel(*self._box.size, 240, 14), self._box)
        width, height = theme.controls_size()
        middle = min(HEIGHT - 30, self._box.bottom + 34)
        surface.blit(theme.panel(width, height, 225, 10), ((WIDTH - width) // 2, middle - height // 2))
        theme.draw_controls(surface, WIDTH / 2, middle)
        texts.draw(surface, "MENU", (self._box.centerx, self._box.y + 36), 24, theme.TEXT, align="centre")
        for index, choice in enumerate(_ITEMS):
            rect = self.item_rect(choice)
            lit = index == self._index
            pygame.draw.rect(surface, (38, 48, 78) if lit else (20, 25, 40), rect, border_radius=8)
            if lit:
                pygame.draw.rect(surface, theme.ACCENT, rect, width=2, border_radius=8)
            tone = theme.WHITE if lit else theme.DIM
            if choice is PauseChoice.VOLUME:
                texts.draw(surface, choice.value, (rect.x + 20, rect.centery), 17, tone)
                theme.bar(surface, (rect.x + 110, rect.centery - 4, 130, 8), self._sounds.volume, theme.ACCENT)
                texts.draw(surface, f"{self._sounds.volume:.0%}", (rect.right - 18, rect.centery), 14, tone, align="right")
            else:
                texts.draw(surface, choice.value, rect.center, 17, tone, align="centre")
