from __future__ import annotations

from server.resting import PART, PAUSE_S_CARRYING, PAUSE_S_MAX, PLAYERS_FEW, part_of, rest_s


def test_a_few_players_never_wait_for_a_rest() -> None:
    assert all(rest_s(players) == 0.0 for players in range(PLAYERS_FEW + 1))


def test_the_rest_grows_with_the_players_to_its_limit() -> None:
    rests = [rest_s(players) for players in range(PLAYERS_FEW + 1, 5000)]
    assert 0.0 < rests[0] < PAUSE_S_MAX / 4
    assert rests == sorted(rests)
    assert rests[-1] == PAUSE_S_MAX


def test_while_datagrams_are_carried_the_rest_is_shorter_than_a_tick() -> None:
    rests = [rest_s(players, is_carrying=True) for players in range(5000)]
    assert not any(rests[: PLAYERS_FEW + 1])
    assert max(rests) == PAUSE_S_CARRYING < 1 / 60


def test_only_the_rounds_of_many_are_done_in_parts_and_none_while_datagrams_are_carried() -> None:
    assert part_of(PLAYERS_FEW) > 10**6
    assert part_of(PLAYERS_FEW + 1) == PART < PLAYERS_FEW
    assert part_of(256, is_carrying=True) > 10**6
