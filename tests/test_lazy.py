"""Packages that import their names when they are asked for: all of them are there, and nobody loads the other side's code."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from engine.lazy import lazy_names

ROOT = Path(__file__).resolve().parent.parent
LAZY = ["engine.control", "engine.drivers", "engine.replication", "engine.session", "engine.timeline"]


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize("package", LAZY)
def test_every_name_is_there_and_is_its_modules_own(package: str) -> None:
    module = importlib.import_module(package)
    for name in module.__all__:
        value = getattr(module, name)
        assert getattr(module, name) is value


@pytest.mark.parametrize("package", LAZY)
def test_a_name_that_is_not_there_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = importlib.import_module(package).no_such_name


def test_a_name_is_imported_once() -> None:
    get = lazy_names("engine.session", config="ClientConfig HostConfig")
    assert get("ClientConfig") is importlib.import_module("engine.session.config").ClientConfig
    with pytest.raises(AttributeError, match="MatchHost"):
        get("MatchHost")


def test_a_server_loads_nothing_of_a_client() -> None:
    loaded = loaded_by("import server.service, server.arena_rules, server.identity")
    assert "engine.session.host" in loaded
    unwanted = {"pygame", "pytmx", "rich", "cryptography.x509", "game.client", "engine.session.client", "engine.session.client_match"}
    unwanted |= {"engine.timeline.prediction", "engine.timeline.interpolation", "engine.replication.decoder"}
    unwanted.add("engine.drivers.client_driver")
    assert not loaded & unwanted


def test_a_headless_client_loads_neither_windows_nor_a_server() -> None:
    loaded = loaded_by("import game.client.commands, game.client.connection, game.client.headless")
    assert not loaded & {"pygame", "pygame_gui", "rich", "asyncio", "server", "engine.session.host", "engine.drivers.tcp_server"}


def test_the_command_line_is_read_before_anything_heavy_is_loaded() -> None:
    assert not loaded_by("import game.__main__") & {"numpy", "pygame", "msgspec", "cryptography", "game.client.connection"}
    assert not loaded_by("import engine.session") & {"numpy", "engine.session.client", "engine.session.host"}
