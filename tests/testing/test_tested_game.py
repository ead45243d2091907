"""What is told of a game that lacks a part of the contract: all of it at once, before a match begins."""

from __future__ import annotations

from typing import Any

import pytest

from engine.testing import GameUnderTest, MisuseError, SimulatedMatch
from tests.testing.toy import SCHEMA, Runners


def sentence(factory: Any, seats: int = 4) -> str:
    with pytest.raises(MisuseError) as caught:
        SimulatedMatch(GameUnderTest(factory, seats))
    return str(caught.value)


class Seated(Runners):
    def __init__(self, settings: object, seats: int) -> None:
        super().__init__(seats)


def test_what_is_missing_is_named_in_the_contracts_order() -> None:
    class Half:
        tick_rate_hz = 60
        schema = SCHEMA

        def __init__(self, settings: object, seats: int) -> None:
            """It has nothing else."""

        def step(self, world: object, commands: object) -> None:
            """It forgets the past."""

    assert sentence(Half) == (
        "Half is no game yet: it has no command, new_world, join, leave; step cannot be called as step(world, commands, past) "
        "(the contract is engine/contract.py)"
    )


def test_parts_of_another_kind_are_told() -> None:
    class Wrong(Seated):
        tick_rate_hz = 1000
        command = ("dx",)  # type: ignore[assignment]

    said = sentence(Wrong)
    assert "its command is not an engine.contract.CommandSchema but tuple" in said
    assert "its tick_rate_hz is 1000, not 1 to 240" in said


def test_a_schema_for_fewer_seats_is_told_with_its_cure() -> None:
    class Small(Seated):
        def __init__(self, settings: object, seats: int) -> None:
            super().__init__(settings, 2)

    assert "its schema has 2 seats for a match of 3: SCHEMA.for_seats(seats) makes one that fits" in sentence(Small, 3)


def test_what_cannot_make_a_game_is_told() -> None:
    assert sentence(Runners) == "Runners cannot be called as Runners(settings, seats)"
    assert sentence(Runners(4)).endswith("its class or a function of (settings, seats), not Runners")


def test_a_whole_game_is_taken_as_a_class_and_as_a_function() -> None:
    for factory in (Seated, lambda settings, seats: Runners(seats)):
        match = SimulatedMatch(GameUnderTest(factory), clients=1)
        match.start()
        assert match.seat(match.clients[0]) == 0
