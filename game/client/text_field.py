# ruff: noqa: D102 - the members are documented where Widget has them, and not every widget needs every argument
"""The menus' text field: one line with a caret, that scrolls sideways, with the usual keys and the clipboard."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

import pygame

from game.client import theme
from game.client.theme import mix, texts
from game.client.widgets import FIELD, TEXT_PX, Widget, draw_box, draw_label


class TextField(Widget):
    """One line of text with a caret. Enter is the form's."""

    def __init__(
        self,
        rect: tuple[int, int, int, int] | pygame.Rect,
        label: str = "",
        text: str = "",
        *,
        characters_max: int = 32,
        placeholder: str = "",
        is_secret: bool = False,
        allowed: str = "",
        changed: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(rect)
        self._label: Final = label
        self._characters_max: Final = characters_max
        self._placeholder: Final = placeholder
        self._is_secret: Final = is_secret
        self._allowed: Final = allowed
        self._changed: Final = changed
        self._text = text[:characters_max]
        self._caret = len(self._text)
        self._scroll_px = 0

    @property
    def text(self) -> str:
        """What stands in it."""
        return self._text

    @text.setter
    def text(self, text: str) -> None:
        self._text = text[: self._characters_max]
        self._caret = len(self._text)

    @property
    def caret(self) -> int:
        """Before which character the next letter goes."""
        return self._caret

    def typed(self, text: str) -> None:
        kept = "".join(c for c in text if c.isprintable() and (not self._allowed or c in self._allowed))
        kept = kept[: self._characters_max - len(self._text)]
        if kept:
            self._put(self._text[: self._caret] + kept + self._text[self._caret :], self._caret + len(kept))

    def key(self, event: pygame.event.Event) -> bool:
        text, caret = self._text, self._caret
        with_control = bool(event.mod & (pygame.KMOD_CTRL | pygame.KMOD_META))
        if event.key == pygame.K_BACKSPACE:
            start = _word_start(text, caret) if with_control else max(0, caret - 1)
            self._put(text[:start] + text[caret:], start)
        elif event.key == pygame.K_DELETE:
            self._put(text[:caret] + text[caret + 1 :], caret)
        elif event.key == pygame.K_LEFT:
            self._caret = _word_start(text, caret) if with_control else max(0, caret - 1)
        elif event.key == pygame.K_RIGHT:
            self._caret = min(len(text), caret + 1)
        elif event.key == pygame.K_HOME:
            self._caret = 0
        elif event.key == pygame.K_END:
            self._caret = len(text)
        elif with_control and event.key == pygame.K_v:
            self.typed(_clipboard())
        elif with_control and event.key == pygame.K_u:
            self._put("", 0)
        else:
            return False
        return True

    def pressed(self, position: tuple[int, int]) -> None:
        measure = theme.font(TEXT_PX, "regular").size
        along = position[0] - self.rect.x - 12 + self._scroll_px
        shown = self._shown()
        self._caret = min(range(len(shown) + 1), key=lambda count: abs(measure(shown[:count])[0] - along))

    def _put(self, text: str, caret: int) -> None:
        is_new = text != self._text
        self._text, self._caret = text, caret
        if is_new and self._changed is not None:
            self._changed(text)

    def _shown(self) -> str:
        return "\u2022" * len(self._text) if self._is_secret else self._text

    def draw(self, surface: pygame.Surface, *, is_focused: bool, is_hovered: bool, now: float) -> None:
        if self._label:
            draw_label(surface, self._label, self.rect)
        edge = theme.ACCENT if is_focused else mix(theme.PANEL_EDGE, theme.ACCENT, 0.4) if is_hovered else theme.PANEL_EDGE
        draw_box(surface, self.rect, FIELD, edge, width=2 if is_focused else 1)
        inner = self.rect.inflate(-24, -4)
        shown = self._shown()
        if shown:
            letters = theme.letters_of(shown, TEXT_PX, theme.TEXT, "regular")
            caret_px = theme.font(TEXT_PX, "regular").size(shown[: self._caret])[0]
            self._scroll_px = min(max(self._scroll_px, caret_px - inner.width + 2), caret_px, max(0, letters.get_width() - inner.width + 2))
            area = (self._scroll_px, 0, inner.width, letters.get_height())
            surface.blit(letters, (inner.x, inner.centery - letters.get_height() // 2), area)
        else:
            caret_px = self._scroll_px = 0
            if self._placeholder:
                place = (inner.x + (6 if is_focused else 0), inner.centery)
                texts.draw(surface, self._placeholder, place, TEXT_PX - 1, theme.FAINT, weight="regular")
        if is_focused and now % 1.0 < 0.55:
            x = inner.x + caret_px - self._scroll_px
            pygame.draw.line(surface, theme.ACCENT, (x, inner.centery - 10), (x, inner.centery + 10), 2)


def _word_start(text: str, caret: int) -> int:
    return text.rstrip().rfind(" ", 0, max(0, caret - 1)) + 1


def _clipboard() -> str:
    with contextlib.suppress(pygame.error, AttributeError, UnicodeError):  # no clipboard here, or no text in it
        return " ".join(pygame.scrap.get_text().split())
    return ""
