"""Is this machine able to open the client's window? Answered before anything of pygame is imported by the screens.

``pygame`` and ``pygame-ce`` install the same 490 files: with both present, the one installed last has overwritten the other's, pip
reports nothing wrong, and the client would die of an ImportError deep in ``pygame_gui``. So: look at what is installed, and say the cure.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any, Final

UNSEEN_DRIVERS: Final = ("offscreen", "dummy")
"""SDL falls back on these where nothing else works, and says nothing: a game would run that nobody can see."""

CURE: Final = "pip uninstall -y pygame pygame-ce && pip install pygame-ce"


def pygame_problem(installed: Callable[[str], bool] | None = None, load: Callable[[], object] | None = None) -> str | None:
    """One line that says what is wrong with pygame here and how to cure it, or None. The arguments replace the real look-ups in tests."""
    is_installed = installed or _is_installed
    if is_installed("pygame") and is_installed("pygame-ce"):
        return f"Both pygame and pygame-ce are installed and overwrite each other's files. Cure: {CURE}"
    if not is_installed("pygame-ce") and is_installed("pygame"):
        return f"Skirmish needs pygame-ce, but pygame is installed. Cure: {CURE}"
    try:
        module = (load or _load_pygame)()
    except ImportError as error:
        return f"pygame-ce cannot be imported ({error}). Cure: {CURE}"
    if not getattr(module, "IS_CE", False) or not hasattr(module, "init"):
        return f"The pygame that is imported here is not a whole pygame-ce. Cure: {CURE}"
    return None


def display_problem(environment: Mapping[str, str] | None = None, platform: str = sys.platform) -> str | None:
    """One line that says why no window can be opened here, or None. A dummy video driver, asked for by name, counts as a display."""
    values = os.environ if environment is None else environment
    if platform.startswith(("win", "darwin", "cygwin")):
        return None
    if values.get("SDL_VIDEODRIVER"):
        return None
    if values.get("DISPLAY") or values.get("WAYLAND_DISPLAY"):
        return None
    return "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set)."


def video_problem() -> str | None:
    """One line that says why no window opens although there seems to be a display (nobody answers at DISPLAY, no right to it), or None.

    Leaves pygame's video running where it can, for whoever opens the window next.
    """
    pygame: Any = _load_pygame()
    try:
        pygame.display.init()
    except pygame.error as error:
        return f"No window can be opened here ({error})."
    driver = pygame.display.get_driver()
    if driver in UNSEEN_DRIVERS and driver not in os.environ.get("SDL_VIDEODRIVER", ""):
        pygame.display.quit()
        return "No window can be opened here (nothing answers at DISPLAY or WAYLAND_DISPLAY)."
    return None


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _load_pygame() -> object:
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", "skirmish")  # else pygame calls us after our file, and so do taskbars
    return importlib.import_module("pygame")
