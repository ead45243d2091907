"""Where the game's files lie: inside the installed package, or beside it in a source tree (a wheel moves ``assets`` to ``game/assets``)."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Final

_MAP_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def assets_folder() -> Path:
    """The folder that holds ``maps`` and what else the game loads."""
    packaged = Path(str(files("game"))) / "assets"
    return packaged if packaged.is_dir() else Path(str(files("game"))).parent / "assets"


def map_names() -> tuple[str, ...]:
    """The maps that can be played, in alphabetical order. Here and not where maps are read, so that ``--help`` need not load numpy."""
    return tuple(sorted(path.stem for path in (assets_folder() / "maps").glob("*.tmx") if _MAP_NAME.fullmatch(path.stem)))
