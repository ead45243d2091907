"""What a planted bug is: a text in one file of the project, what stands there instead, and the tests that are expected to notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bug:
    """One mistake, as data."""

    name: str
    file: str
    """From the project's folder."""
    old: str
    """Occurs exactly once in the file."""
    new: str
    breaks: str
    """One line, for people."""
    tests: str
    """A folder or a file of tests, never a single test: what is shown is that the suite notices, not that a test was written for it."""
