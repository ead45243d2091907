"""A new connection speaks for a seat that is taken: nothing of what the old one held or wanted counts for it."""

from __future__ import annotations

from engine.ids import ConnectionId, MatchId, Seat, SessionId
from engine.replication import CommandEntry, CommandsMessage, Decoded, SnapshotDecoder, write_commands
from engine.session.config import HostConfig
from engine.session.match import Match, SeatState
from tests.session.support import make_toy
from tests.timeline.toy import COMMAND

RIGHT = COMMAND.make(dx=1)


class Seated:
    """One seat of a match, played for a while by a client that walks to the right and commands some ticks ahead."""

    def __init__(self) -> None:
        self.match = Match(MatchId(1), make_toy({}, 4), 1, HostConfig())
        self.state: SeatState = self.match.take_seat(Seat(0))
        self.match.reconnect(self.state, SessionId(1), ConnectionId(1))
        decoder = self.decoder()
        for _ in range(20):
            tick = self.match.tick
            entries = tuple(CommandEntry(later, RIGHT, tick) for later in range(tick + 1, tick + 5))
            message = CommandsMessage(decoder.newest_tick, decoder.wants_complete, entries)
            assert self.match.receive_commands(self.state, write_commands(COMMAND, message), tick + 0.5)
            self.match.step()
            assert isinstance(decoder.receive(self.match.snapshot_for(self.state)), Decoded)

    def decoder(self) -> SnapshotDecoder:
        return SnapshotDecoder(self.match.world.schema, 0)


def test_its_first_snapshot_builds_on_nothing() -> None:
    seated = Seated()
    seated.match.reconnect(seated.state, SessionId(2), ConnectionId(2))
    seated.match.step()
    first = seated.decoder().receive(seated.match.snapshot_for(seated.state))
    assert isinstance(first, Decoded)
    assert first.baseline_tick is None


def test_it_is_not_played_by_the_commands_that_still_waited() -> None:
    seated = Seated()
    walker = seated.match.world.walker
    assert walker.x[0] > 1500, "it walked"
    seated.match.reconnect(seated.state, SessionId(2), ConnectionId(2))
    begun = int(walker.x[0])
    for _ in range(3):
        seated.match.step()
    assert walker.x[0] == begun
    told = seated.decoder().receive(seated.match.snapshot_for(seated.state))
    assert isinstance(told, Decoded)
    assert told.feedback.newest_command_tick is None, "nor told of commands that it never gave"
