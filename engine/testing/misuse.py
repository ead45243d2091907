"""What is wrong with a test itself, told in a sentence and at once, and not as a stall or a traceback out of the engine."""

from __future__ import annotations

from engine.conditions import NetConditions
from engine.errors import LocalProtocolError


class MisuseError(LocalProtocolError):
    """A test asks for something that cannot be. The pytest plugin shows the message alone."""


def read_conditions(conditions: NetConditions | str) -> NetConditions:
    """Conditions as they are, or in words as for ``--net``."""
    __tracebackhide__ = True
    if isinstance(conditions, NetConditions):
        return conditions
    try:
        return NetConditions.parse(conditions)
    except ValueError as error:
        raise MisuseError(str(error)) from None
