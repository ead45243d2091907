"""The layers of docs/architecture.md, kept by reading the source: who may import whom, who may touch sockets and clocks, no cycles."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TREES = ("engine", "game", "server")
LEAVES = {"engine.ids", "engine.errors", "engine.networks", "engine.conditions", "engine.conditioners", "engine.lazy", "engine.verbs"}
SANS_IO = {
    "engine.wire",
    "engine.world",
    "engine.contract",
    "engine.replication",
    "engine.timeline",
    "engine.datagram",
    "engine.control",
    "engine.discovery",
    "engine.session",
}

# package -> packages of ours that it may import, besides itself; the leaves are open to all of engine
MAY_IMPORT: dict[str, set[str]] = {
    "engine.ids": set(),
    "engine.errors": set(),
    "engine.networks": set(),
    "engine.conditions": set(),
    "engine.conditioners": set(),
    "engine.lazy": set(),
    "engine.verbs": set(),
    "engine.wire": set(),
    "engine.world": set(),
    "engine.contract": {"engine.world"},
    "engine.replication": {"engine.wire", "engine.world", "engine.contract"},
    "engine.timeline": {"engine.world", "engine.contract"},
    "engine.datagram": {"engine.wire"},
    "engine.control": {"engine.wire"},
    "engine.discovery": {"engine.wire"},
    "engine.session": SANS_IO,
    "engine.testing": SANS_IO,
    "engine.testing.proxy": {"engine.drivers", "engine.discovery", "engine.testing"},  # the one part of it that stands between real sockets
    "engine.drivers": set(),
    "game.simulation": {"engine.world"},
    "game.bots": {"game.simulation", "engine.world"},
    "game": SANS_IO | {"engine.drivers", "game.simulation", "game.bots", "game.client"},
    "game.client": SANS_IO | {"engine.drivers", "game", "game.simulation", "game.bots"},
    "server": SANS_IO | {"engine.drivers", "game", "game.simulation", "game.bots"},
}
GAME_MODULES_OF_SERVER = ("game.arena", "game.maps", "game.assets", "game.simulation", "game.bots")

IMPURE = {"socket", "ssl", "asyncio", "selectors", "select", "threading", "time", "secrets", "queue", "multiprocessing", "subprocess"}
MAY_BE_IMPURE = ("engine.drivers", "server.service", "game.client", "game.__main__", "server.__main__", "engine.testing.proxy")
MEMORY_TLS = "engine.control.tls"  # ssl over memory buffers: no socket
FORBIDDEN_CALLS = {"eval", "exec", "compile"}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "jsonpickle"}


def modules() -> dict[str, Path]:
    found = {}
    for tree in TREES:
        for path in sorted((ROOT / tree).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def package_of(module: str) -> str:
    """The row of the table that a module belongs to: the longest name that fits."""
    return max((name for name in MAY_IMPORT if module == name or module.startswith(name + ".")), key=len, default=module)


def imports_of(module: str, path: Path, *, at_import_only: bool = False) -> set[str]:
    """Everything that a module imports, by full name; ``from a import b`` counts as a.b where that is a module of ours."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = _module_level(tree) if at_import_only else ast.walk(tree)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            assert node.module is not None
            found |= {f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in MODULES else node.module for alias in node.names}
    return found


def _module_level(tree: ast.Module) -> list[ast.stmt]:
    """Statements that run when the module is imported (not functions, not ``if TYPE_CHECKING``)."""
    found: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, ast.If):
            if "TYPE_CHECKING" not in ast.unparse(node.test):
                found += node.body + node.orelse
        else:
            found.append(node)
    return found


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_follow_the_table(module: str) -> None:
    package = package_of(module)
    assert package in MAY_IMPORT or module == "engine", f"{module} belongs to no layer"
    allowed = MAY_IMPORT.get(package, set()) | {package}
    for name in imports_of(module, MODULES[module]):
        if name.split(".")[0] not in TREES:
            continue
        target = package_of(name)
        if target in LEAVES and module.startswith("engine."):
            continue
        if target in LEAVES and package in {"game", "game.client", "server"}:
            continue
        assert target in allowed, f"{module} imports {name}: {package} may not import {target}"


@pytest.mark.parametrize("module", sorted(name for name in MODULES if name.split(".")[0] == "server"))
def test_the_server_knows_only_the_rules_of_the_game(module: str) -> None:
    for name in imports_of(module, MODULES[module]):
        if name.split(".")[0] == "game":
            assert name.startswith(GAME_MODULES_OF_SERVER), f"{module} imports {name}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_sockets_clocks_and_chance_stay_at_the_edge(module: str) -> None:
    if module.startswith(MAY_BE_IMPURE):
        return
    path = MODULES[module]
    for name in imports_of(module, path):
        root = name.split(".")[0]
        assert root not in IMPURE or (root == "ssl" and module == MEMORY_TLS), f"{module} imports {name}"
        assert root != "pygame", f"{module} imports pygame"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            called = f"{node.value.id}.{node.attr}"
            assert called != "os.urandom", f"{module} uses os.urandom"
            if node.value.id == "random":
                assert node.attr == "Random", f"{module} uses module-level randomness: {called}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_nothing_evaluates_or_unpickles(module: str) -> None:
    path = MODULES[module]
    assert not {name.split(".")[0] for name in imports_of(module, path)} & FORBIDDEN_MODULES
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"{module}:{node.lineno} calls {node.func.id}"


def test_no_import_cycles() -> None:
    graph = {
        module: {
            name
            for name in imports_of(module, path, at_import_only=True)
            if name in MODULES and name != module and not _is_parent(name, module)
        }
        for module, path in MODULES.items()
    }
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, naming the cycle


def _is_parent(package: str, module: str) -> bool:
    return module.startswith(package + ".")


def test_names_of_the_game_stay_out_of_the_engine() -> None:
    words = {"blaster", "rail", "health", "ammo", "pickup", "frag", "arena"}
    for module, path in MODULES.items():
        if not module.startswith("engine."):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "name", None)
            if isinstance(name, str):
                assert not words & set(name.lower().split("_")), f"{module}:{getattr(node, 'lineno', 0)} names the game's {name!r}"
