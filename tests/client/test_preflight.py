from types import SimpleNamespace

import pytest

from game.client.preflight import CURE, display_problem, pygame_problem


def whole_ce():
    return SimpleNamespace(IS_CE=1, init=lambda: None)


def installed(*names: str):
    return lambda name: name in names


def test_only_pygame_ce_is_fine():
    assert pygame_problem(installed("pygame-ce"), whole_ce) is None


def test_the_real_machine_is_fine():
    assert pygame_problem() is None


def test_both_installed_is_told_with_the_cure_and_without_importing():
    def explode():
        raise AssertionError("must not be imported")

    line = pygame_problem(installed("pygame", "pygame-ce"), explode)
    assert line is not None
    assert line.endswith(CURE)
    assert "\n" not in line
    assert "overwrite" in line


def test_plain_pygame_is_told():
    line = pygame_problem(installed("pygame"), whole_ce)
    assert line is not None
    assert "pygame-ce" in line


@pytest.mark.parametrize("module", [SimpleNamespace(init=1), SimpleNamespace(IS_CE=0, init=1), SimpleNamespace(IS_CE=1)])
def test_half_a_pygame_is_told(module):
    """After ``pip uninstall pygame`` beside pygame-ce the shared files are gone: the import works, init is missing."""
    line = pygame_problem(installed("pygame-ce"), lambda: module)
    assert line is not None
    assert CURE in line


def test_an_import_error_becomes_a_line():
    def fail():
        raise ImportError("no pygame.base")

    line = pygame_problem(installed(), fail)
    assert line is not None
    assert "no pygame.base" in line


@pytest.mark.parametrize("environment", [{"DISPLAY": ":0"}, {"WAYLAND_DISPLAY": "wayland-0"}, {"SDL_VIDEODRIVER": "dummy"}])
def test_a_display_or_a_chosen_driver_is_enough(environment):
    assert display_problem(environment, "linux") is None


def test_no_display_is_told_on_unix_only():
    assert "no display" in (display_problem({}, "linux") or "")
    assert display_problem({}, "win32") is None
    assert display_problem({}, "darwin") is None
