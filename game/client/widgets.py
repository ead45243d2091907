# ruff: noqa: D102, ARG002 - the members are documented where Widget has them, and not every widget needs every argument
"""The parts that menus are made of: button, slider, check box, chooser, colour swatches. The text field is in ``text_field``.

Own ones and not a library's: they share the arena's look and its cached texts, cost nothing while nothing changes, and every one works with
keyboard, mouse and (through :class:`~game.client.form.Form`) a gamepad. A widget takes the events that concern it and says whether it
did; who has the focus is the form's to know. What a widget does is a function given to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

import pygame

from game.client import theme
from game.client.icons import icon
from game.client.theme import Colour, mix, texts

FACE: Final[Colour] = (20, 25, 41)
FACE_LIT: Final[Colour] = (33, 42, 69)
FIELD: Final[Colour] = (9, 12, 21)
LABEL_PX: Final = 13
TEXT_PX: Final = 16

Look = Literal["normal", "primary", "danger", "quiet"]
Action = Callable[[], None]


class Widget:
    """Something in a form. Subclasses override what they need."""

    takes_focus = True

    def __init__(self, rect: tuple[int, int, int, int] | pygame.Rect) -> None:
        self.rect: Final = pygame.Rect(rect)
        self.is_enabled = True
        self.is_visible = True

    def key(self, event: pygame.event.Event) -> bool:
        """Take a KEYDOWN while focused. True if it was for us."""
        return False

    def typed(self, text: str) -> None:
        """Take letters while focused."""

    def pressed(self, position: tuple[int, int]) -> None:
        """The mouse went down on us."""

    def dragged(self, position: tuple[int, int]) -> None:
        """The mouse moved while it is down since :meth:`pressed`."""

    def released(self, position: tuple[int, int]) -> None:
        """The mouse came up again after :meth:`pressed`."""

    def wheel(self, steps: int) -> bool:
        """The wheel turned over us, away from the hand is positive. True if it was for us."""
        return False

    def draw(self, surface: pygame.Surface, *, is_focused: bool, is_hovered: bool, now: float) -> None:
        """Draw it."""


def draw_label(surface: pygame.Surface, text: str, rect: pygame.Rect) -> None:
    """A field's name, above its box."""
    texts.draw(surface, text, (rect.x + 2, rect.y - 12), LABEL_PX, theme.DIM)


def draw_box(surface: pygame.Surface, rect: pygame.Rect, face: Colour, edge: Colour, *, width: int = 1, radius: int = 8) -> None:
    """A rounded box with an edge."""
    pygame.draw.rect(surface, face, rect, border_radius=radius)
    pygame.draw.rect(surface, edge, rect, width=width, border_radius=radius)


class Button(Widget):
    """Does something when it is clicked, or with Enter or Space while focused."""

    def __init__(
        self, rect: tuple[int, int, int, int] | pygame.Rect, label: str, action: Action, *, look: Look = "normal", size_px: int = 17
    ) -> None:
        super().__init__(rect)
        self.label = label
        self.look: Look = look
        self._action: Final = action
        self._size_px: Final = size_px
        self._is_down = False

    def key(self, event: pygame.event.Event) -> bool:
        if event.key in (pygame.K_RETURN, pygame.K_KP_ENTER, pygame.K_SPACE):
            self._action()
            return True
        return False

    def pressed(self, position: tuple[int, int]) -> None:
        self._is_down = True

    def dragged(self, position: tuple[int, int]) -> None:
        self._is_down = self.rect.collidepoint(position)

    def released(self, position: tuple[int, int]) -> None:
        if self._is_down and self.rect.collidepoint(position):
            self._action()
        self._is_down = False

    def draw(self, surface: pygame.Surface, *, is_focused: bool, is_hovered: bool, now: float) -> None:
        lit = (is_hovered or is_focused) and self.is_enabled
        face, edge, tone = self._tones(lit)
        rect = self.rect.move(0, 1) if self._is_down else self.rect
        draw_box(surface, rect, face, edge, width=2 if is_focused else 1)
        texts.draw(surface, self.label, rect.center, self._size_px, tone, align="centre")

    def _tones(self, lit: bool) -> tuple[Colour, Colour, Colour]:
        if not self.is_enabled:
            return theme.PANEL, theme.PANEL_EDGE, theme.FAINT
        if self.look == "primary":
            face = mix(theme.ACCENT, theme.WHITE, 0.25) if lit else theme.ACCENT
            return face, theme.WHITE if lit else face, (8, 20, 32)
        if self.look == "danger":
            return (
                mix(theme.PANEL, theme.BAD, 0.34 if lit else 0.14),
                theme.BAD if lit else mix(theme.PANEL_EDGE, theme.BAD, 0.5),
                theme.TEXT,
            )
        if self.look == "quiet":
            return (FACE if lit else theme.PANEL), theme.ACCENT if lit else theme.PANEL_EDGE, theme.TEXT if lit else theme.DIM
        return (FACE_LIT if lit else FACE), theme.ACCENT if lit else theme.PANEL_EDGE, theme.WHITE if lit else theme.TEXT


class Slider(Widget):
    """A value from 0 to 1 in steps."""

    def __init__(
        self,
        rect: tuple[int, int, int, int] | pygame.Rect,
        label: str,
        value: float,
        changed: Callable[[float], None],
        *,
        step: float = 0.05,
    ) -> None:
        super().__init__(rect)
        self._label: Final = label
        self._changed: Final = changed
        self._step: Final = step
        self.value = value

    def key(self, event: pygame.event.Event) -> bool:
        if event.key not in (pygame.K_LEFT, pygame.K_RIGHT):
            return False
        self._set(self.value + (self._step if event.key == pygame.K_RIGHT else -self._step))
        return True

    def pressed(self, position: tuple[int, int]) -> None:
        self.dragged(position)

    def dragged(self, position: tuple[int, int]) -> None:
        track = self._track()
        self._set((position[0] - track.x) / track.width)

    def wheel(self, steps: int) -> bool:
        self._set(self.value + steps * self._step)
        return True

    def _set(self, value: float) -> None:
        value = min(1.0, max(0.0, round(value / self._step) * self._step))
        if abs(value - self.value) > 1e-6:
            self.value = value
            self._changed(value)

    def _track(self) -> pygame.Rect:
        return pygame.Rect(self.rect.x + 4, self.rect.centery - 4, self.rect.width - 66, 8)

    def draw(self, surface: pygame.Surface, *, is_focused: bool, is_hovered: bool, now: float) -> None:
        draw_label(surface, self._label, self.rect)
        track = self._track()
        tone = mix(theme.ACCENT, theme.WHITE, 0.3) if is_focused or is_hovered else theme.ACCENT
        theme.bar(surface, (track.x, track.y, track.width, track.height), self.value, tone)
        knob = (track.x + round(track.width * self.value), track.centery)
        pygame.draw.circle(surface, theme.VOID, knob, 11)
        pygame.draw.circle(surface, theme.WHITE if is_focused else tone, knob, 9)
        texts.draw(surface, f"{self.value:.0%}", (self.rect.right - 2, track.centery), 15, theme.TEXT, align="right")


class CheckBox(Widget):
    """Yes or no."""

    def __init__(
        self, rect: tuple[int, int, int, int] | pygame.Rect, label: str, is_on: bool, changed: Callable[[bool], None] | None = None
    ) -> None:
        super().__init__(rect)
        self._label: Final = label
        self._changed: Final = changed
        self.is_on = is_on

    def key(self, event: pygame.event.Event) -> bool:
        if event.key not in (pygame.K_RETURN, pygame.K_KP_ENTER, pygame.K_SPACE):
            return False
        self._toggle()
        return True

    def pressed(self, position: tuple[int, int]) -> None:
        self._toggle()

    def _toggle(self) -> None:
        self.is_on = not self.is_on
        if self._changed is not None:
            self._changed(self.is_on)

    def draw(self, surface: pygame.Surface, *, is_focused: bool, is_hovered: bool, now: float) -> None:
        box = pygame.Rect(self.rect.x, self.rect.centery - 12, 24, 24)
        edge = theme.ACCENT if is_focused or is_hovered else theme.PANEL_EDGE
        draw_box(surface, box, theme.ACCENT if self.is_on else FIELD, edge, width=2 if is_focused else 1, radius=6)
        if self.is_on:
            surface.blit(icon("tick", (8, 20, 32), 18), (box.x + 3, box.y + 3))
        texts.draw(surface, self._label, (box.right + 12, box.centery), TEXT_PX, theme.TEXT if is_hovered or is_focused else theme.DIM)


class Chooser(Widget):
    """One of several values, changed with arrows, wheel or a click on either end."""

    def __init__(
        self,
        rect: tuple[int, int, int, int] | pygame.Rect,
        label: str,
        choices: Sequence[tuple[Any, str]],
        value: Any,
        changed: Callable[[Any], None] | None = None,
        named: Callable[[Any], str] = str,
    ) -> None:
        """``named``: the words for a value that is not among the choices."""
        super().__init__(rect)
        self._label: Final = label
        self._choices: Final = list(choices)
        self._named: Final = named
        self._changed: Final = changed
        self._index = 0
        self.choose(value)

    @property
    def value(self) -> Any:
        """What is chosen."""
        return self._choices[self._index][0]

    @property
    def words(self) -> str:
        """What is read there."""
        return self._choices[self._index][1]

    def choose(self, value: Any) -> None:
        """Show a value, without telling anybody. One that was not among the choices becomes the last of them."""
        known = [choice for choice, _ in self._choices]
        if value not in known:
            self._choices.append((value, self._named(value)))
            known.append(value)
        self._index = known.index(value)

    def key(self, event: pygame.event.Event) -> bool:
        if event.key in (pygame.K_LEFT, pygame.K_RIGHT):
            self._step(1 if event.key == pygame.K_RIGHT else -1)
            return True
        return False

    def pressed(self, position: tuple[int, int]) -> None:
        self._step(1 if position[0] > self.rect.centerx else -1)

    def wheel(self, steps: int) -> bool:
        self._step(-steps)
        return True

    def _step(self, steps: int) -> None:
        self._index = (self._index + steps) % len(self._choices)
        if self._changed is not None:
            self._changed(self.value)

    def draw(self, surface: pygame.Surface, *, is_focused: bool, is_hovered: bool, now: float) -> None:
        draw_label(surface, self._label, self.rect)
        lit = (is_focused or is_hovered) and self.is_enabled
        edge = theme.ACCENT if is_focused else mix(theme.PANEL_EDGE, theme.ACCENT, 0.4) if lit else theme.PANEL_EDGE
        draw_box(surface, self.rect, FACE if self.is_enabled else theme.PANEL, edge, width=2 if is_focused else 1)
        tone = theme.TEXT if self.is_enabled else theme.DIM
        texts.draw(surface, self.words, self.rect.center, TEXT_PX, tone, align="centre")
        if self.is_enabled:
            arrow = theme.ACCENT if lit else theme.DIM
            surface.blit(icon("left", arrow), (self.rect.x + 10, self.rect.centery - 8))
            surface.blit(icon("right", arrow), (self.rect.right - 26, self.rect.centery - 8))


class Swatches(Widget):
    """The players' colours in a row; the first lets the seat decide."""

    STEP: Final = 42

    def __init__(self, position: tuple[int, int], label: str, value: int, changed: Callable[[int], None]) -> None:
        self._count: Final = len(theme.PLAYER_COLOURS) + 1
        super().__init__((*position, self._count * self.STEP, 40))
        self._label: Final = label
        self._changed: Final = changed
        self.value = value

    def key(self, event: pygame.event.Event) -> bool:
        if event.key not in (pygame.K_LEFT, pygame.K_RIGHT):
            return False
        self._set((self.value + (1 if event.key == pygame.K_RIGHT else -1)) % self._count)
        return True

    def pressed(self, position: tuple[int, int]) -> None:
        self._set(min(self._count - 1, (position[0] - self.rect.x) // self.STEP))

    def _set(self, value: int) -> None:
        self.value = value
        self._changed(value)

    def draw(self, surface: pygame.Surface, *, is_focused: bool, is_hovered: bool, now: float) -> None:
        draw_label(surface, self._label, self.rect)
        for index in range(self._count):
            centre = (self.rect.x + index * self.STEP + 18, self.rect.centery)
            if index == 0:
                for part, colour in enumerate(theme.PLAYER_COLOURS[:4]):
                    box = (centre[0] - 13 + 13 * (part % 2), centre[1] - 13 + 13 * (part // 2), 13, 13)
                    corner = {f"border_{('top', 'bottom')[part // 2]}_{('left', 'right')[part % 2]}_radius": 12}
                    pygame.draw.rect(surface, colour, box, **corner)
            else:
                pygame.draw.circle(surface, theme.PLAYER_COLOURS[index - 1], centre, 13)
            if index == self.value:
                pygame.draw.circle(surface, theme.WHITE if is_focused else theme.DIM, centre, 18, 3 if is_focused else 2)
