"""Reading a program's arguments: one clear line for a wrong one, and no abbreviations.

Light on purpose: a wrong argument is answered before anything else is loaded.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from engine.conditions import NetConditions
from engine.drivers.console import one_line, say, show

USAGE_ERROR: Final = 2
"""Exit code for something that the caller can put right."""

_SHOWN_CHARACTERS_MAX: Final = 40


class CommandLineParser(argparse.ArgumentParser):
    """No abbreviations, so that an option added later breaks nobody's script."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As argparse's own; but who misspells an option of a command is told by the command, which knows what it is called."""
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            parser = self._of_command(options)
            meant = get_close_matches(unknown[0].partition("=")[0], parser._option_string_actions, 1)
            hint = f"; did you mean {meant[0]}?" if meant and unknown[0].startswith("-") else ""
            parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        return options

    def _of_command(self, options: Any) -> CommandLineParser:
        """The parser of the command that was chosen; without commands, this one."""
        for action in self._actions:
            if isinstance(action.choices, dict):
                chosen = action.choices.get(getattr(options, action.dest, None))
                if isinstance(chosen, CommandLineParser):
                    return chosen
        return self

    def error(self, message: str) -> NoReturn:
        """Say it in one line, and end. A subcommand's line begins with the program's own name, a module's with the module's."""
        say(f"{self.prog.removeprefix('python -m ').split()[0]}: {one_line(message)} (see: {self.prog} --help)")
        sys.exit(USAGE_ERROR)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Help, for which nobody may be there any more."""
        (say if file is sys.stderr else show)(message.rstrip("\n"))


def number(low: float, high: float, kind: Callable[[str], float] = int) -> Callable[[str], float]:
    """A ``type`` for arguments that are whole numbers (or, with ``float``, numbers) of ``low`` to ``high``."""

    def read(text: str) -> float:
        shown = text[:_SHOWN_CHARACTERS_MAX]
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{shown!r} is not a {'whole number' if kind is int else 'number'}") from None
        if not low <= value <= high:  # not a number is in no range
            raise argparse.ArgumentTypeError(f"{shown} is not in {low} to {high}")
        return value

    return read


def conditions(text: str) -> NetConditions:
    """A ``type`` for ``--net``."""
    try:
        return NetConditions.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
