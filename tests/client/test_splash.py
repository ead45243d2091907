"""The first picture is there before anything slow is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pygame
import pytest

from game.client import commands, splash, theme
from game.client.screen import LOGICAL_SIZE
from game.client.splash import open_window
from game.client.window import Window
from tests.test_lazy import ROOT, loaded_by


@pytest.mark.parametrize("size", [LOGICAL_SIZE, (1920, 1080)])
def test_the_window_has_a_picture_as_soon_as_it_is_open(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splash, "Window", lambda fullscreen: Window(size=size, fullscreen=fullscreen))
    open_window(is_fullscreen=False)
    shown = pygame.display.get_surface()
    assert shown is not None
    scale = size[0] / LOGICAL_SIZE[0]
    for left, top, width, height in ((92, 92, 460, 120), (92, 240, 100, 20)):  # the name; what is done
        area = shown.subsurface([round(scale * number) for number in (left, top, width, height)])
        assert len({tuple(area.get_at((x, y))) for x in range(0, area.width, 2) for y in range(0, area.height, 2)}) > 2
    Window()


def test_nothing_slow_is_loaded_before_it() -> None:
    code = "import game.client.commands, game.client.preferences, game.client.splash, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert not set(done.stdout.split()) & {"numpy", "rich", "cryptography", "game.simulation", "game.client.sprites", "game.client.app"}


def test_the_first_picture_needs_four_modules_of_ours() -> None:
    ours = {
        name for name in loaded_by("import game.client.splash") if name.startswith(("engine", "server", "game.")) and name != "game.client"
    }
    assert ours == {f"game.client.{name}" for name in ("splash", "window", "screen", "theme")}


def test_the_menu_goes_on_in_the_same_window(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SKIRMISH_STATE", str(tmp_path))
    from game.client.app import App

    windows = []

    def run(self: App) -> None:
        windows.append(self._window)

    monkeypatch.setattr(App, "run", run)
    assert commands.menu(None) == 0  # type: ignore[arg-type]
    (window,) = windows
    assert window is not None
    assert tuple(window.surface.get_at((0, 0)))[:3] == theme.VOID, "the first picture is still on it"
