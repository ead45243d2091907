"""The first picture: the game's name where the menu will have it, on the screen before anything slow is loaded.

Numpy, the engine, the sounds and the arena behind the menu take most of a second on a busy computer, and a window must not be black for so
long. So this module imports only the window, the size of its picture and what draws letters; of ours these import nothing more, and no
numpy.
"""

from __future__ import annotations

from typing import Final

import pygame

from game.client import theme
from game.client.theme import texts
from game.client.window import Window

NAME: Final = "SKIRMISH"
NAME_PIXELS: Final = 92
NAME_AT: Final = (92, 92)
"""Top left corner of the letters."""


def open_window(*, is_fullscreen: bool) -> Window:
    """The program's window, with the first picture on it."""
    window = Window(fullscreen=is_fullscreen)
    for _ in range(2):  # some desktops show nothing of what was drawn before their first question was answered
        _draw(window.surface)
        window.present()
        pygame.event.pump()
    return window


def _draw(surface: pygame.Surface) -> None:
    surface.fill(theme.VOID)
    middle = NAME_AT[1] + theme.font(NAME_PIXELS).size(NAME)[1] / 2
    texts.draw(surface, NAME, (NAME_AT[0], middle), NAME_PIXELS, theme.mix(theme.WHITE, theme.ACCENT, 0.3))
    texts.draw(surface, "Starting ...", (NAME_AT[0] + 4, 250), 19, theme.DIM, weight="regular")
