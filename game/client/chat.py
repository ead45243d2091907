"""Chat: the last lines over the arena, and the line that is being typed.

The log outlives a match: a screen is given the same :class:`ChatLog` as the lobby, so nothing said is lost on the way.
Lines are wrapped once, when they arrive, and drawn from cached texts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import pygame

from engine.control.messages import CHAT_CHARACTERS_MAX
from game.client import theme
from game.client.screen import LOGICAL_SIZE
from game.client.theme import Colour, mix, texts

LINES_MAX: Final = 50
SHOWN_CLOSED: Final = 6
SHOWN_OPEN: Final = 7
FADE_AFTER_S: Final = 8.0
_FADE_S: Final = 1.0
_SIZE: Final = 15
_ROW: Final = 22
_LEFT: Final = 22
_BOTTOM: Final = LOGICAL_SIZE[1] - 150
_WIDTH: Final = 420


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One line on the screen; ``name`` is empty on the following lines of a long message and in the server's own."""

    name: str
    text: str
    colour: Colour
    at: float
    is_said: bool = True
    """By somebody; False: by the server."""


class ChatLog:
    """The last :data:`LINES_MAX` lines."""

    def __init__(self) -> None:
        self.lines: Final[deque[ChatLine]] = deque(maxlen=LINES_MAX)

    def add(self, name: str, text: str, colour: Colour, now: float, width: int = _WIDTH) -> None:
        """Somebody said something; an empty ``name`` is the server. Wrapped to ``width`` pixels."""
        indent = theme.font(_SIZE).size(name + "  ")[0] if name else 0
        for index, part in enumerate(wrapped(text, width - indent, width)):
            self.lines.append(ChatLine(name if index == 0 else "", part, colour, now, is_said=bool(name)))


def wrapped(text: str, first_width: int, width: int) -> list[str]:
    """Break a text into lines at spaces, and inside words that are longer than a line."""
    measure = theme.font(_SIZE, "regular").size
    lines, line, room = [], "", max(60, first_width)
    for word in text.split():
        while measure(word)[0] > width:
            cut = next((n for n in range(len(word), 0, -1) if measure(word[:n])[0] <= width), 1)
            if line:
                lines.append(line)
            lines.append(word[:cut])
            line, word, room = "", word[cut:], width
        longer = f"{line} {word}".strip()
        if measure(longer)[0] > room and line:
            lines.append(line)
            line, room = word, width
        else:
            line = longer
    return [*lines, line] if line or not lines else lines


class ChatBox:
    """The overlay: closed it shows what was said lately, open it takes a line."""

    def __init__(self, log: ChatLog) -> None:
        self.log: Final = log
        self._is_open = False
        self._typed = ""

    @property
    def is_open(self) -> bool:
        """Whether keys go to the line that is being typed."""
        return self._is_open

    @property
    def typed(self) -> str:
        """What stands in the line."""
        return self._typed

    def open(self) -> None:
        """Start a line."""
        self._is_open, self._typed = True, ""
        pygame.key.start_text_input()

    def close(self) -> None:
        """Drop the line."""
        self._is_open, self._typed = False, ""

    def handle_event(self, event: pygame.event.Event) -> str | None:
        """Take an event while open. Returns a line to send, once, when Enter ends it."""
        if event.type == pygame.TEXTINPUT:
            self._typed = (self._typed + "".join(c for c in event.text if c.isprintable()))[:CHAT_CHARACTERS_MAX]
        elif event.type == pygame.KEYDOWN:
            if event.key == pygame.K_ESCAPE:
                self.close()
            elif event.key == pygame.K_BACKSPACE:
                self._typed = self._typed[:-1]
            elif event.key in (pygame.K_RETURN, pygame.K_KP_ENTER):
                said = self._typed.strip()
                self.close()
                return said or None
        return None

    def draw(self, surface: pygame.Surface, now: float) -> None:
        """Draw the log, and the line while open."""
        shown = list(self.log.lines)[-(SHOWN_OPEN if self._is_open else SHOWN_CLOSED) :]
        if self._is_open:  # no larger than what is in it: the match goes on behind
            height = len(shown) * _ROW + (54 if shown else 46)
            theme.draw_panel(surface, pygame.Rect(_LEFT, _BOTTOM + 42 - height, _WIDTH + 32, height), 150)
        y = _BOTTOM - _ROW * len(shown) + _ROW / 2
        for line in shown:
            age = now - line.at
            alpha = 255 if self._is_open else round(255 * min(1.0, (FADE_AFTER_S + _FADE_S - age) / _FADE_S))
            if alpha > 0:
                self._draw_line(surface, line, y, alpha)
            y += _ROW
        if self._is_open:
            self._draw_input(surface, now)

    @staticmethod
    def _draw_line(surface: pygame.Surface, line: ChatLine, y: float, alpha: int) -> None:
        x = _LEFT + 14
        if line.name:
            x += texts.draw(surface, line.name, (x, y), _SIZE, mix(line.colour, theme.WHITE, 0.3), shadow=True, alpha=alpha) + 8
        texts.draw(surface, line.text, (x, y), _SIZE, theme.TEXT, weight="regular", shadow=True, alpha=alpha)

    def _draw_input(self, surface: pygame.Surface, now: float) -> None:
        y = _BOTTOM + 20
        pygame.draw.rect(surface, (22, 27, 43), (_LEFT + 10, y - 15, _WIDTH + 12, 30), border_radius=6)
        pygame.draw.rect(surface, theme.ACCENT, (_LEFT + 10, y - 15, _WIDTH + 12, 30), width=1, border_radius=6)
        typed = theme.letters_of(self._typed or " ", _SIZE, weight="regular")
        over = max(0, typed.get_width() - (_WIDTH - 12))
        surface.blit(typed, (_LEFT + 20, y - typed.get_height() // 2), (over, 0, _WIDTH - 12, typed.get_height()))
        if not self._typed:
            texts.draw(surface, "Say something to everybody", (_LEFT + 24, y), _SIZE, theme.FAINT, weight="regular")
        if now % 1.0 < 0.55:
            x = _LEFT + 21 + typed.get_width() - over if self._typed else _LEFT + 20
            pygame.draw.line(surface, theme.ACCENT, (x, y - 9), (x, y + 9), 2)
