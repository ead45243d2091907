"""Coverage-guided fuzzing with atheris: each module of this package is a target, ``python -m tests.fuzz.NAME -max_total_time=60``.

A target is a function of some bytes that must not raise and must keep its own bounds; it says so with ``assert``. The bytes come through
:class:`Source`, which cuts them into numbers and pieces, so that one input can be a whole sequence of packets to one connection.

Seeds (genuine packets) are written to a folder of their own and given to libFuzzer as a corpus to start from. Further arguments are
libFuzzer's: ``-runs=N``, ``-max_total_time=S``, a corpus folder to keep what was found, a file to repeat one input.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.drivers.command_line import USAGE_ERROR
from engine.drivers.console import say

INPUT_BYTES_MAX = 4096
TIMEOUT_S = 5
"""Of one input: more is a loop that a packet can cause."""


class Source:
    """Numbers and pieces out of an input; zeros and nothing when it is used up."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def byte(self) -> int:
        """0 to 255."""
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def below(self, bound: int) -> int:
        """0 to ``bound`` - 1."""
        return (self.byte() << 8 | self.byte()) % bound if bound > 256 else self.byte() % bound

    def piece(self, bytes_max: int = 1200) -> bytes:
        """Some bytes, with their length in front."""
        length = min(self.byte() << 3 | self.byte() & 7, bytes_max)
        piece = self._data[self._at : self._at + length]
        self._at += length
        return piece

    def rest(self) -> bytes:
        """All that is left."""
        rest, self._at = self._data[self._at :], len(self._data)
        return rest


def piece(data: bytes) -> bytes:
    """How a piece stands in an input, for seeds."""
    return bytes([len(data) >> 3, len(data) & 7]) + data


def run(target: Callable[[bytes], None], seeds: Iterable[bytes] = ()) -> None:
    """Hand over to libFuzzer; never returns. Without atheris: one line that says what to install, exit code 2."""
    name = target.__globals__["__spec__"].name
    try:
        import atheris
    except ImportError:
        say(f"python -m {name}: atheris is not installed: pip install '.[fuzz]'")
        sys.exit(USAGE_ERROR)
    for module in [module for module in sys.modules if module.split(".")[0] in ("engine", "tests")]:
        del sys.modules[module]  # imported again, so that the engine, and only that, tells which of its branches an input takes
    with atheris.instrument_imports(include=["engine"]):
        instrumented = importlib.import_module(name).target
    with tempfile.TemporaryDirectory(prefix="seeds-") as folder:
        for number, seed in enumerate(seeds):
            (Path(folder) / f"{number}").write_bytes(seed)
        limits = [
            f"-max_len={INPUT_BYTES_MAX}",
            f"-timeout={TIMEOUT_S}",
            "-rss_limit_mb=1024",
            f"-artifact_prefix={tempfile.gettempdir()}/",
        ]
        given = sys.argv[1:]
        is_replay = any(Path(argument).is_file() for argument in given)
        atheris.Setup([sys.argv[0], *limits, *given, *([] if is_replay else [folder])], instrumented)
        atheris.Fuzz()
