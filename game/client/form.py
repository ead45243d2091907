"""Widgets together: who has the focus, and which events go to whom.

Tab and the arrow keys walk, Enter presses the focused button or, from anywhere else, does the form's main thing; the mouse does all of it
too. A gamepad's cross is the arrow keys, its first button Enter, its second Escape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pygame

from game.client.sounds import SoundPlayer
from game.client.text_field import TextField
from game.client.widgets import Action, Widget

_HATS: Final = {(0, 1): pygame.K_UP, (0, -1): pygame.K_DOWN, (-1, 0): pygame.K_LEFT, (1, 0): pygame.K_RIGHT}
_PAD_BUTTONS: Final = {0: pygame.K_RETURN, 1: pygame.K_ESCAPE}
_REPEATED: Final = 0.6


def as_key(event: pygame.event.Event) -> pygame.event.Event:
    """A gamepad's cross or button as the key that it stands for; every other event as it is."""
    if event.type == pygame.JOYHATMOTION and tuple(event.value) in _HATS:
        return pygame.event.Event(pygame.KEYDOWN, key=_HATS[tuple(event.value)], mod=0, unicode="")
    if event.type == pygame.JOYBUTTONDOWN and event.button in _PAD_BUTTONS:
        return pygame.event.Event(pygame.KEYDOWN, key=_PAD_BUTTONS[event.button], mod=0, unicode="")
    return event


class Form:
    """A page's widgets in the order of the Tab key."""

    def __init__(self, widgets: Sequence[Widget], sounds: SoundPlayer, *, main: Action | None = None, focus: Widget | None = None) -> None:
        self.widgets: Final = list(widgets)
        self._sounds: Final = sounds
        self._main: Final = main
        self._focus = focus
        self._hovered: Widget | None = None
        self._held: Widget | None = None
        self._is_by_mouse = False

    @property
    def focus(self) -> Widget | None:
        """Who takes the keys."""
        return self._focus if self._focus is not None and self._can_focus(self._focus) else None

    @focus.setter
    def focus(self, widget: Widget | None) -> None:
        self._focus = widget

    def handle_event(self, event: pygame.event.Event) -> bool:
        """Take an event. True if it was for a widget."""
        event = as_key(event)
        if event.type == pygame.KEYDOWN:
            return self._key(event)
        if event.type == pygame.TEXTINPUT:
            if self.focus is not None:
                self.focus.typed(event.text)
            return self.focus is not None
        if event.type == pygame.MOUSEMOTION:
            self._motion(event.pos)
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            return self._mouse_down(event.pos)
        elif event.type == pygame.MOUSEBUTTONUP and event.button == 1 and self._held is not None:
            held, self._held = self._held, None
            held.released(event.pos)
            return True
        elif event.type == pygame.MOUSEWHEEL:
            return self._hovered is not None and self._hovered.is_enabled and self._hovered.wheel(event.y)
        return False

    def draw(self, surface: pygame.Surface, now: float) -> None:
        """Draw all that are to be seen."""
        focus = self.focus
        for widget in self.widgets:
            if widget.is_visible:
                # After a click only a text field shows that it has the keys: elsewhere the mark would be noise.
                is_marked = widget is focus and (not self._is_by_mouse or isinstance(widget, TextField))
                is_hovered = widget is self._hovered and widget.is_enabled
                widget.draw(surface, is_focused=is_marked, is_hovered=is_hovered, now=now)

    def walk(self, steps: int) -> None:
        """Give the focus to the next (or previous) widget that can have it."""
        able = [widget for widget in self.widgets if self._can_focus(widget)]
        if not able:
            return
        self._is_by_mouse = False
        focus = self.focus
        index = able.index(focus) + steps if focus in able else (0 if steps > 0 else -1)
        self._focus = able[index % len(able)]
        self._sounds.play("move", 0.5)

    def _key(self, event: pygame.event.Event) -> bool:
        focus = self.focus
        self._is_by_mouse = self._is_by_mouse and isinstance(focus, TextField)
        if focus is not None and focus.key(event):
            if not isinstance(focus, TextField):
                self._sounds.play("choose" if event.key in (pygame.K_RETURN, pygame.K_SPACE) else "move", _REPEATED)
            return True
        if event.key == pygame.K_TAB:
            self.walk(-1 if event.mod & pygame.KMOD_SHIFT else 1)
        elif event.key in (pygame.K_DOWN, pygame.K_UP):
            self.walk(1 if event.key == pygame.K_DOWN else -1)
        elif event.key in (pygame.K_RETURN, pygame.K_KP_ENTER) and self._main is not None:
            self._sounds.play("choose", _REPEATED)
            self._main()
        else:
            return False
        return True

    def _motion(self, position: tuple[int, int]) -> None:
        if self._held is not None:
            self._held.dragged(position)
        hovered = self._at(position)
        if hovered is not self._hovered and hovered is not None and hovered.is_enabled and hovered.takes_focus:
            self._sounds.play("move", 0.35)
        self._hovered = hovered

    def _mouse_down(self, position: tuple[int, int]) -> bool:
        widget = self._at(position)
        if widget is None or not widget.is_enabled:
            return widget is not None
        self._is_by_mouse = True
        if widget.takes_focus:
            self._focus = widget
        self._held = widget
        if not isinstance(widget, TextField):
            self._sounds.play("choose", 0.5)
        widget.pressed(position)
        return True

    def _at(self, position: tuple[int, int]) -> Widget | None:
        return next((widget for widget in reversed(self.widgets) if widget.is_visible and widget.rect.collidepoint(position)), None)

    @staticmethod
    def _can_focus(widget: Widget) -> bool:
        return widget.takes_focus and widget.is_enabled and widget.is_visible
