"""The window: any size on the outside, 1280x720 on the inside.

Screens draw to :attr:`Window.surface`, always the same logical size. ``present`` scales it into the window with its proportions kept and
black bars where they do not fit, and mouse positions come back the same way. We scale ourselves: pygame's ``SCALED`` flag goes through a
GPU texture, which without a GPU costs 8 ms a frame against 2 ms here. In a window of exactly the logical size nothing is copied at all.
Letters are not scaled but drawn afterwards at their real size (:class:`game.client.theme.Text`): scaled ones are soft.
"""

from __future__ import annotations

import warnings
from typing import Any, Final

import pygame

from game.client.screen import LOGICAL_SIZE
from game.client.theme import texts

_MOUSE_EVENTS: Final = (pygame.MOUSEMOTION, pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP)
_SMALLEST: Final = (640, 360)


def letterbox(window_size: tuple[int, int]) -> pygame.Rect:
    """Where the logical picture stands in a window of this size: as large as fits, centred, in its proportions."""
    width, height = max(1, window_size[0]), max(1, window_size[1])
    scale = min(width / LOGICAL_SIZE[0], height / LOGICAL_SIZE[1])
    inner = (max(1, round(LOGICAL_SIZE[0] * scale)), max(1, round(LOGICAL_SIZE[1] * scale)))
    return pygame.Rect((width - inner[0]) // 2, (height - inner[1]) // 2, *inner)


class Window:
    """The one window of the client. Raises ``pygame.error`` where none can be opened (see ``preflight`` first)."""

    def __init__(self, title: str = "Skirmish", size: tuple[int, int] = LOGICAL_SIZE, fullscreen: bool = False) -> None:
        pygame.display.init()
        pygame.font.init()
        pygame.display.set_caption(title)
        self._windowed_size = size
        self._fullscreen = fullscreen
        self._logical: Final = pygame.Surface(LOGICAL_SIZE, 0, 32)
        self._open()

    @property
    def surface(self) -> pygame.Surface:
        """What screens draw to, 1280x720."""
        return self._display if self._inner.size == LOGICAL_SIZE == self._display.get_size() else self._logical

    @property
    def is_fullscreen(self) -> bool:
        """Whether the window covers the screen."""
        return self._fullscreen

    def set_fullscreen(self, fullscreen: bool) -> None:
        """Cover the screen, or go back to the window as it was."""
        if fullscreen == self._fullscreen:
            return
        if not self._fullscreen:
            self._windowed_size = self._display.get_size()
        self._fullscreen = fullscreen
        self._open()

    def events(self) -> list[pygame.event.Event]:
        """What happened since the last call, mouse positions made logical. F11 and Alt+Enter are the window's own."""
        events = []
        for event in pygame.event.get():
            if event.type == pygame.VIDEORESIZE:
                self._resized((event.w, event.h))
            elif event.type == pygame.KEYDOWN and _asks_for_fullscreen(event):
                self.set_fullscreen(not self._fullscreen)
            else:
                events.append(self.to_logical(event) if event.type in _MOUSE_EVENTS else event)
        return events

    def to_logical(self, event: pygame.event.Event) -> pygame.event.Event:
        """The same mouse event with its position (and motion) in logical pixels, clamped to the picture."""
        if self._inner.size == LOGICAL_SIZE and self._inner.topleft == (0, 0):
            return event
        fields: dict[str, Any] = dict(event.dict)
        scale = LOGICAL_SIZE[0] / self._inner.width
        x = (event.pos[0] - self._inner.x) * scale
        y = (event.pos[1] - self._inner.y) * scale
        fields["pos"] = (min(max(round(x), 0), LOGICAL_SIZE[0] - 1), min(max(round(y), 0), LOGICAL_SIZE[1] - 1))
        if "rel" in fields:
            fields["rel"] = (round(event.rel[0] * scale), round(event.rel[1] * scale))
        return pygame.event.Event(event.type, fields)

    def present(self) -> None:
        """Show what was drawn."""
        if self.surface is self._logical:
            if self._inner.size == LOGICAL_SIZE:
                self._display.blit(self._logical, self._inner)
            else:
                target = self._display.subsurface(self._inner)
                whole = self._inner.width % LOGICAL_SIZE[0] == 0
                (pygame.transform.scale if whole else pygame.transform.smoothscale)(self._logical, self._inner.size, target)
                texts.release(self._display, self._inner, self._inner.height / LOGICAL_SIZE[1])
        pygame.display.flip()

    def _open(self) -> None:
        if self._fullscreen:
            self._display = _set_mode((0, 0), pygame.FULLSCREEN)
        else:
            self._display = _set_mode(self._windowed_size, pygame.RESIZABLE)
        self._lay_out()

    def _resized(self, size: tuple[int, int]) -> None:
        if not self._fullscreen and (size[0] < _SMALLEST[0] or size[1] < _SMALLEST[1]):
            self._display = _set_mode((max(size[0], _SMALLEST[0]), max(size[1], _SMALLEST[1])), pygame.RESIZABLE)
        else:
            display = pygame.display.get_surface()
            assert display is not None  # set_mode made it
            self._display = display
        self._lay_out()

    def _lay_out(self) -> None:
        self._inner = letterbox(self._display.get_size())
        texts.hold_for(None if self._inner.size == LOGICAL_SIZE else self._logical)
        self._display.fill((0, 0, 0))


def _set_mode(size: tuple[int, int], flags: int) -> pygame.Surface:
    """Open the window. The desktop may give it another size than we asked for: pygame warns, and we draw to whatever size it has."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Requested window was forcibly resized", RuntimeWarning)
        return pygame.display.set_mode(size, flags)


def _asks_for_fullscreen(event: pygame.event.Event) -> bool:
    return bool(event.key == pygame.K_F11 or (event.key == pygame.K_RETURN and event.mod & pygame.KMOD_ALT))
