"""Where the game's files lie: inside the installed package, or beside it in a source tree (a wheel moves ``assets`` to ``game/assets``)."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def assets_folder() -> Path:
    """The folder that holds ``maps`` and what else the game loads."""
    packaged = Path(str(files("game"))) / "assets"
    return packaged if packaged.is_dir() else Path(str(files("game"))).parent / "assets"
