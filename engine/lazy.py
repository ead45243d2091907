"""Names that a package offers and that are imported when somebody first asks for them (PEP 562).

``engine.session`` offers a server's side and a client's. Whoever imports one part of it must not wait for the other: a dedicated server
would start a third later for code that it never runs. A package's ``__init__`` lists its names twice: once as imports for type
checkers, which run nothing, and once by module for :func:`lazy_names`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable


def lazy_names(package: str, **modules: str) -> Callable[[str], object]:
    """The ``__getattr__`` of ``package``: each keyword is a module of it, the value the names (separated by blanks) that it gives."""
    home = {name: module for module, names in modules.items() for name in names.split()}

    def get(name: str) -> object:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{home[name]}"), name)
        vars(sys.modules[package])[name] = value  # the next look finds it without us
        return value

    return get
