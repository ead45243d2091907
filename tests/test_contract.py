"""What a game's author is told by engine.contract."""

from __future__ import annotations

import pytest

from engine.contract import CommandField, CommandSchema
from engine.errors import LocalProtocolError
from engine.world import Range

COMMAND = CommandSchema(CommandField("dx", Range(-1, 1)), CommandField("dy", Range(-1, 1)))


def test_a_value_out_of_range_is_told_with_the_range_and_an_unknown_field_with_the_known_ones() -> None:
    assert COMMAND.make(dy=-1) == (0, -1)
    with pytest.raises(LocalProtocolError, match=r"\Acommand: dy=2 is not in -1 to 1\Z"):
        COMMAND.make(dy=2)
    with pytest.raises(LocalProtocolError, match=r"\Acommand: there is no field 'dz'; there are dx, dy\Z"):
        COMMAND.make(dz=0)
