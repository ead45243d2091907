"""Command lines of the tools in this tree: each is started as ``python -m tests.NAME`` and tells a mistake in one line, exit code 2."""

from __future__ import annotations

import argparse
import re
from typing import Any, Final

from engine.drivers.command_line import CommandLineParser, conditions, number

SECONDS: Final = number(0.1, 86400, float)
SEED: Final = number(0, 2**31 - 1)
JOBS: Final = number(1, 64)
SEED_HELP: Final = "of all dice"
NET_HELP: Final = "as for skirmish: latency=80,jitter=20,loss=5 or a preset such as bad_wifi"
JSON_HELP: Final = "one JSON object on the last line of standard output"

__all__ = ["JOBS", "JSON_HELP", "NET_HELP", "SECONDS", "SEED", "SEED_HELP", "conditions", "number", "tool"]


def tool(module: str, about: str | None, **options: Any) -> CommandLineParser:
    """A parser for ``python -m module``; ``about`` is the module's head, shown without its markup."""
    return CommandLineParser(prog=f"python -m {module}", description=plain(about or ""), formatter_class=_Paragraphs, **options)


def plain(text: str) -> str:
    """Prose without the marks of reStructuredText, and without the command that it begins with: the line of usage says that better."""
    text = re.sub(r"\A``python -m [^`]*``: (\w)", lambda found: found[1].upper(), text.strip())
    text = re.sub(r": ``python -m [^`]*``\.", ".", text, count=1)
    text = re.sub(r":\w+:`~?([^`]*)`", r"\1", text)
    return text.replace("``", "")


class _Paragraphs(argparse.HelpFormatter):
    """Fills each paragraph for itself, and tells the defaults."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(super(_Paragraphs, self)._fill_text(part, width, indent) for part in text.split("\n\n"))

    def _get_help_string(self, action: argparse.Action) -> str:
        text = action.help or ""
        is_told = action.default not in (None, False, argparse.SUPPRESS)
        return f"{text}{' ' if text else ''}(default: %(default)s)" if is_told else text
