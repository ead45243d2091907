"""The first picture is there before anything slow is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pygame
import pytest

from game.client import commands, theme
from game.client.splash import open_window
from tests.test_lazy import ROOT


def test_the_window_has_a_picture_as_soon_as_it_is_open() -> None:
    open_window(is_fullscreen=False)
    shown = pygame.display.get_surface()
    assert shown is not None
    letters = shown.subsurface((92, 92, 460, 180))
    assert len({tuple(letters.get_at((x, y))) for x in range(0, 460, 4) for y in range(0, 180, 4)}) > 2


def test_nothing_slow_is_loaded_before_it() -> None:
    code = "import game.client.commands, game.client.preferences, game.client.splash, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert not set(done.stdout.split()) & {"numpy", "rich", "cryptography", "game.simulation", "game.client.sprites", "game.client.app"}


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
