"""Of a message of commands that follows on the last one a match reads the newest command alone, and none is lost for that."""

from __future__ import annotations

from engine.ids import ConnectionId, MatchId, Seat, SessionId
from engine.replication import CommandEntry, CommandsMessage, write_commands
from engine.session.config import HostConfig
from engine.session.match import Match, SeatState
from tests.session.support import make_toy
from tests.timeline.toy import COMMAND

TOO_EARLY_TICKS = 65


def playing() -> tuple[Match, SeatState]:
    match = Match(MatchId(1), make_toy({}, 4), 1, HostConfig())
    state = match.take_seat(Seat(0))
    match.reconnect(state, SessionId(1), ConnectionId(1))
    return match, state


def send(match: Match, state: SeatState, *ticks: int) -> None:
    entries = tuple(CommandEntry(tick, COMMAND.make(dx=1), 0, 0) for tick in ticks)
    assert match.receive_commands(state, write_commands(COMMAND, CommandsMessage(0, False, entries)), match.tick + 0.5, True)


def held(state: SeatState) -> int:
    return state.buffer.statistics().waiting


def test_a_command_that_came_too_early_is_taken_when_it_comes_again() -> None:
    match, state = playing()
    early = match.tick + TOO_EARLY_TICKS + 1
    send(match, state, early)
    assert held(state) == 0
    match.step()
    send(match, state, early, early + 1)
    assert held(state) == 1
    match.step()
    send(match, state, early, early + 1, early + 2)
    assert held(state) == 2


def test_a_new_connection_begins_with_all_commands_of_its_first_message() -> None:
    match, state = playing()
    send(match, state, 10)
    send(match, state, 10, 11)
    match.reconnect(state, SessionId(1), ConnectionId(2))
    assert held(state) == 0
    send(match, state, 10, 11, 12)
    assert held(state) == 3
