"""What a correction was, in words, and how many there were."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.timeline import Cause, Correction, Misprediction
from tests.scorecard.corrections import PENDING, by_sort, in_lines, sort_of
from tests.scorecard.screen import Diary


def correction(cause: Cause, *fields: str, units: float = 0.0, tick: int = 7) -> Correction:
    cells = tuple(Misprediction(tick, *_split(field), 1, 2, cause) for field in fields)
    return Correction(tick, cause, cells, len(cells), 5, 0, units)


def _split(field: str) -> tuple[str, int, str]:
    kind, _, name = field.partition(".")
    return kind, 0, name


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (correction(Cause.OTHER_PLAYER, units=40.0), PENDING),
        (correction(Cause.OTHER_PLAYER, "player.health", "player.x"), "own place"),
        (correction(Cause.OTHER_PLAYER, "player.health", units=40.0), PENDING),
        (correction(Cause.OTHER_PLAYER, "player.ammo_rail"), "own commands or things picked up"),
        (correction(Cause.MISSING_COMMAND, "player.vx", "player.aim"), "own place"),
        (correction(Cause.SERVER_EVENT, "player.health", "player.life", "player.shield", "player.x"), "came back to life"),
        (correction(Cause.SERVER_EVENT, "player.health", "player.life", "player.deaths"), "died"),
        (correction(Cause.SERVER_EVENT, "player.health"), "was hurt"),
        (correction(Cause.SERVER_EVENT, "hit.generation", "hit.victim", "player.score"), "own shot has hit"),
        (correction(Cause.SERVER_EVENT, "projectile.generation", "projectile.x"), "own bolt ended elsewhere"),
        (correction(Cause.SERVER_EVENT, "player.y"), "own place"),
        (correction(Cause.SERVER_EVENT, "player.ammo_rail"), "something else"),
    ],
)
def test_what_was_wrong_says_what_it_was(found: Correction, words: str) -> None:
    assert sort_of(found) == words


def test_each_sort_is_counted_per_minute_with_the_size_of_those_that_moved() -> None:
    hurt, pushed = correction(Cause.SERVER_EVENT, "player.health"), correction(Cause.OTHER_PLAYER, "player.x", units=80.0)
    told = by_sort([hurt, hurt, pushed, replace(pushed, size_units=0.0)], 2.0)
    assert told == {
        "other_player": {"own place": {"per_min": 1.0, "p95_units": 80.0}},
        "server_event": {"was hurt": {"per_min": 1.0, "p95_units": 0}},
    }
    assert [line.split()[0] for line in in_lines(told)] == ["1.00", "1.00"]


def test_a_command_that_was_late_after_all_is_counted_as_late() -> None:
    early, missed = correction(Cause.SERVER_EVENT, "player.health", tick=3), correction(Cause.MISSING_COMMAND, "player.x", tick=7)
    diary = Diary(corrections=[(0.5, early), (1.0, missed)])
    diary.call_late([missed.called_late()])
    assert diary.corrections == [(0.5, early), (1.0, missed.called_late())]
    assert diary.corrections[1][1].cause is Cause.LATE_COMMAND
