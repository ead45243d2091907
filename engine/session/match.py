"""One match on the server: commands in, a step, snapshots out. No connection and no clock: the host has those.

A tick is one visible line (:meth:`Match.step`): every seat's command for this tick, the game's step over all of them, then the new world
goes into the ring of baselines and into the history for lag compensation.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.contract import Commands, Game, HasAnnouncements, HasEnd, HasInterest, HasRelevance, Mask, Pilot
from engine.ids import ConnectionId, MatchId, Seat, SessionId, Tick
from engine.replication import (
    BASELINE_TICKS_MAX,
    BaselineRing,
    ClientBaseline,
    CommandBuffer,
    SeatViews,
    SnapshotEncoder,
    ViewLayout,
    public_view,
)
from engine.replication.baselines import SHARED_BASELINES, SHARING_CLIENTS_MIN, shared_baselines
from engine.replication.command_reader import CommandReader
from engine.session.announcements import Announcement, AnnouncementLog
from engine.session.config import HostConfig
from engine.session.fairness import FairnessBook, PlayerFairness, account_of
from engine.session.repetition import Repetition
from engine.session.values import AnnouncementMade
from engine.timeline import History, ServerPast
from engine.world import World

PARTS_CELLS_MAX: Final = 32_768
PARTS_SEATS_MIN: Final = 4
"""A snapshot in which rows wait is one seat's own work: 0.3 ms with 16 players, 0.8 with 256. So the public cells of all that are shown
such have this bound; a match of 16 has it for everybody, one of 256 for four. Where this computer was held up for a moment, every line
looks too narrow to its budget: without a bound, 256 of them at once took a fifth of a second in each tick, and held it up for good."""

ANNOUNCED_AT_ONCE_SEATS_MAX: Final = 32
"""Among so many players each announcement goes to all control connections at once. Among more of them that is what costs most: with 256, 30
announcements a second are 7,700 messages, each a TLS record and a system call."""
ANNOUNCED_LATER_TICKS: Final = 60
"""So there it waits a second, and goes only to who has not acknowledged it by then: on a good network to nobody."""
ANNOUNCED_TOGETHER_TICKS: Final = 15
"""And it takes along those that have waited nearly as long, this much less: a host that is late gets its acknowledgements late, from
everybody, and telling all of them each by itself would make it later still."""
ANNOUNCEMENTS_PER_TICK_MAX: Final = 64
ANNOUNCEMENT_BYTES_MAX: Final = 512


@dataclass(slots=True)
class SeatState:
    """One taken seat."""

    seat: Seat
    buffer: CommandBuffer
    reader: CommandReader
    session_id: SessionId | None = None
    connection_id: ConnectionId | None = None
    pilot: Pilot | None = None
    baseline: ClientBaseline = field(default_factory=ClientBaseline)
    """What the client holds: the next snapshot is coded against it."""
    round_trip_s: float = 0.0
    """Its connection's, as the server itself measures it."""
    repetition: Repetition = field(default_factory=Repetition)
    """What has been announced to its client."""
    views: SeatViews | None = None
    """What it is shown instead of the world, from when its line is found too narrow until it holds a true world again."""


class Match:
    """The authority over one world."""

    def __init__(self, match_id: MatchId, game: Game, seed: int, config: HostConfig) -> None:
        self.match_id: Final = match_id
        self.game: Final = game
        self.world: Final[World] = game.new_world(seed)
        self.seats: Final[dict[Seat, SeatState]] = {}
        self.complete_snapshots = 0
        self.checksum_mismatches = 0
        """Times that a client told of a snapshot whose checksum did not match; once until it has recovered."""
        self.malformed_commands = 0
        self.rows_held_back = 0
        self.is_over_reported = False
        self.wants_fewest_codings = False
        """Who has little time codes the world against as few baselines as can be, and clients get more bytes."""
        self.announcements: Final = AnnouncementLog()
        self._to_announce: Final[deque[Announcement]] = deque()
        """What the control connections have not been told: of a second, 64 a tick at most."""
        schema = self.world.schema
        self._commands: Final = Commands(game.command, schema.seats)
        self._encoder: Final = SnapshotEncoder(schema)
        self._ring: Final = BaselineRing(schema)
        rewind_ticks = (config.rewind_ms_max + config.rewind_round_trip_ms_max) * game.tick_rate_hz // 1000
        self._history: Final = History(schema, ticks_max=rewind_ticks + 2)
        self._past: Final = ServerPast(self._history, game.tick_rate_hz, config.rewind_ms_max, config.rewind_round_trip_ms_max)
        self._interest: Final = game if isinstance(game, HasInterest) else None
        self._relevance: Final = game if isinstance(game, HasRelevance) else None
        self._viewing: Final[set[Seat]] = set()
        """The seats that have views."""
        self._viewing_max: Final = max(PARTS_SEATS_MIN, PARTS_CELLS_MAX // max(1, schema.public_cells))
        self._view_layout: ViewLayout | None = None
        """Made when the first seat is slowed."""
        self._announcer: Final = game if isinstance(game, HasAnnouncements) else None
        self._ender: Final = game if isinstance(game, HasEnd) else None
        self._fairness: Final = FairnessBook()
        self._shared: tuple[int, ...] = ()
        """Ticks that several clients' next snapshots are coded against; empty: each against its own newest."""
        self._newest = self._ring.record(self.world)
        self._history.record(self.world)

    @property
    def tick(self) -> Tick:
        """The last computed tick."""
        return Tick(self.world.tick)

    # --- seats

    def take_seat(self, seat: Seat) -> SeatState:
        """Seat somebody, or return who sits there."""
        state = self.seats.get(seat)
        if state is None:
            state = SeatState(seat, CommandBuffer(self.game.command), CommandReader(self.game.command))
            self.seats[seat] = state
            self.game.join(self.world, seat)
        return state

    def reconnect(self, state: SeatState, session_id: SessionId, connection_id: ConnectionId) -> None:
        """A (new) connection speaks for the seat: it holds no baseline yet, and its commands start afresh."""
        has_mismatch = state.baseline.has_mismatch and state.session_id == session_id
        if state.session_id == session_id:
            state.repetition.reconnected()
        else:
            state.repetition = Repetition(self.announcements.newest)  # as its ticket will say
        self._close_account(state)
        state.session_id = session_id
        state.connection_id = connection_id
        state.round_trip_s = 0.0
        state.buffer = CommandBuffer(self.game.command)
        state.reader = CommandReader(self.game.command)
        state.baseline = ClientBaseline()
        state.baseline.has_mismatch = has_mismatch  # counted already; the client repeats it until it has recovered
        self._end_views(state)
        self._past.forget(state.seat)

    def leave_seat(self, seat: Seat) -> SeatState | None:
        """Free a seat; its rows leave the world."""
        state = self.seats.pop(seat, None)
        if state is not None:
            self._close_account(state)
            self._end_views(state)
            self._past.forget(seat)
            self.game.leave(self.world, seat)
        return state

    def fairness(self) -> tuple[PlayerFairness, ...]:
        """Every player's account so far, those who have left too."""
        running = [
            account_of(state.seat, state.session_id, state.buffer.statistics(), self._past.book.report(state.seat))
            for state in self.seats.values()
            if state.session_id is not None
        ]
        return self._fairness.report(running)

    def _close_account(self, state: SeatState) -> None:
        rewinds = self._past.book.close(state.seat)
        if state.session_id is not None:
            self._fairness.close(account_of(state.seat, state.session_id, state.buffer.statistics(), rewinds))

    # --- a tick

    def receive_commands(self, state: SeatState, data: bytes, now_in_ticks: float, is_newest: bool = False, start: int = 0) -> bool:
        """Take a client's message, which begins at ``start``. ``now_in_ticks`` is the tick clock at its arrival: tick T is computed when
        the clock reads T. ``is_newest``: no later message of this client has come before it.

        Returns False, and changes nothing, if it does not decode.
        """
        baseline, buffer, next_tick = state.baseline, state.buffer, self.world.tick + 1
        news = state.reader.news(data, start)
        if news is not None:
            acknowledged, newest, others = news
            baseline.acknowledge(acknowledged)
            if others:
                buffer.receive((*others, newest), next_tick, now_in_ticks, is_newest)
            else:
                buffer.receive_newest(newest, next_tick, now_in_ticks, is_newest)
        else:
            message = state.reader.read(data[start:])
            if message is None:
                self.malformed_commands += 1
                return False
            had_mismatch = baseline.has_mismatch
            baseline.acknowledge(message.acknowledged_tick, message.wants_complete, message.has_mismatch)
            self.checksum_mismatches += baseline.has_mismatch and not had_mismatch
            buffer.receive(message.entries, next_tick, now_in_ticks, is_newest)
        if buffer.wants_all:
            state.reader.forget()
        return True

    def step(self) -> None:
        """Compute the next tick."""
        world, commands = self.world, self._commands
        tick = world.tick + 1
        commands.clear()
        self._past.begin(tick)
        claim = self._past.claim
        given: list[tuple[int, ...]] = []
        for seat, state in self.seats.items():
            if state.pilot is not None:
                given.append(state.pilot.command(world, seat))
                continue
            command, entry = state.buffer.take(tick)
            given.append(command)
            if entry is not None:
                _, _, view_tick, view_fraction = entry
                baseline = state.baseline
                claim(
                    seat,
                    view_tick,
                    view_fraction,
                    newest_sent_tick=baseline.newest_sent_tick or 0,
                    acknowledged_tick=baseline.acknowledged_tick,
                    round_trip_s=state.round_trip_s,
                )
        if given:  # all at once: column by column
            seats = list(self.seats)
            commands.cells[:, seats] = np.array(given, dtype=np.int32).T
            commands.present[seats] = True
        world.tick = tick
        self.game.step(world, commands, self._past)
        self._newest = self._ring.record(world)
        self._history.record(world)
        self._shared = self._shared_baselines()
        if self._announcer is None:
            return
        bodies = list(self._announcer.announcements(world))
        assert len(bodies) <= ANNOUNCEMENTS_PER_TICK_MAX, f"{len(bodies)} announcements in one tick"
        assert all(len(body) <= ANNOUNCEMENT_BYTES_MAX for body in bodies), "an announcement is too long"
        self._to_announce.extend([self.announcements.add(tick, body) for body in bodies])

    def to_announce(self, *, everything: bool = False) -> list[AnnouncementMade]:
        """Drain what the control connections are to tell now; ``everything``: nothing may wait, because an end comes behind it."""
        waiting = self._to_announce
        if not waiting:
            return []
        until = self.world.tick
        is_large = sum(state.session_id is not None for state in self.seats.values()) > ANNOUNCED_AT_ONCE_SEATS_MAX
        if is_large and not everything:
            if waiting[0].tick > until - ANNOUNCED_LATER_TICKS:
                return []
            until += ANNOUNCED_TOGETHER_TICKS - ANNOUNCED_LATER_TICKS
        players = [(state.session_id, state.repetition) for state in self.seats.values() if state.session_id is not None]
        made = []
        while waiting and waiting[0].tick <= until:
            number, tick, body = waiting.popleft()
            lacking = frozenset(session_id for session_id, repetition in players if repetition.confirmed < number) if is_large else None
            if lacking is None or lacking:
                made.append(AnnouncementMade(self.match_id, Tick(tick), body, number, lacking))
        return made

    def is_over(self) -> bool:
        """Whether the game says that the match is finished."""
        return self._ender is not None and self._ender.is_over(self.world)

    def past_world(self, tick: int) -> World | None:
        """The world of one of the last 64 ticks (read-only), or None."""
        return self._ring.at(tick)

    # --- snapshots

    def _shared_baselines(self) -> tuple[int, ...]:
        if self._interest is not None or len(self.seats) < SHARING_CLIENTS_MIN:
            return ()  # where each sees something else, nothing is coded for several
        if len({state.baseline.acknowledged_tick for state in self.seats.values()}) <= (
            1 if self.wants_fewest_codings else SHARED_BASELINES
        ):
            return ()  # a network on which everybody is near: nothing to choose
        oldest = self._newest.tick - BASELINE_TICKS_MAX
        connected = [state.baseline.acknowledged_tick for state in self.seats.values() if state.connection_id is not None]
        taking = [tick for tick in connected if tick is not None and tick >= oldest]  # others get no deltas
        return shared_baselines(taking, fewest=self.wants_fewest_codings)

    def rows_can_wait(self, state: SeatState) -> bool:
        """Whether the game says what matters less to a seat, and not too many others are shown less already."""
        if self._relevance is None or state.views is not None:
            return self._relevance is not None
        return sum(self.seats[seat].connection_id is not None for seat in self._viewing) < self._viewing_max

    def _end_views(self, state: SeatState) -> None:
        state.views = None
        self._viewing.discard(state.seat)

    def snapshot_for(self, state: SeatState) -> bytes:
        """The newest world as this seat may see it, against the newest baseline that it holds."""
        if state.views is not None:
            return self._after_parts(state, state.views)
        world = self._newest
        baseline, baseline_mask = state.baseline.choose(self._ring, world.tick, self._shared)
        mask = None if self._interest is None else self._interest.visible(world, state.seat)
        self.complete_snapshots += baseline is None
        state.baseline.sent(world.tick, mask)
        return self._encoder.encode(world, baseline, state.seat, state.buffer.take_feedback(), mask, baseline_mask)

    def part_for(self, state: SeatState, room_bytes: int) -> tuple[bytes, int, int]:
        """The same in about ``room_bytes``: rows that matter less wait (see :mod:`engine.replication.views`). Only where
        :meth:`rows_can_wait`. Returns also about how many bytes it would have had with all rows, and how many rows wait.
        """
        assert self._relevance is not None
        if self._view_layout is None:
            self._view_layout = ViewLayout(self.world.schema)
        views = state.views
        if views is None:
            views = state.views = SeatViews(self._view_layout, state.seat)
            self._viewing.add(state.seat)
        world = self._newest
        baseline, mask, held = self._begin_with_views(state, views)
        if baseline is None or held is None:
            message = self._encoder.encode(world, None, state.seat, state.buffer.take_feedback(), mask)
            return message, len(message), 0
        truth = public_view(world, mask, state.seat)
        relevance = self._relevance.relevance(world, state.seat)
        shown = views.compose(truth, world.tick, held, baseline.tick, relevance, room_bytes)
        message = self._encoder.encode(world, baseline, state.seat, state.buffer.take_feedback(), views=(shown, held))
        self.rows_held_back += views.rows_held_back
        return message, views.sent(len(message)), views.rows_held_back

    def _after_parts(self, state: SeatState, views: SeatViews) -> bytes:
        """The whole truth to a client that may still hold something else; once it does not, all is as before."""
        world = self._newest
        baseline, mask, held = self._begin_with_views(state, views)
        if not len(views):
            self._end_views(state)
            state.baseline.forget_older()
        feedback = state.buffer.take_feedback()
        if baseline is None or held is None:
            return self._encoder.encode(world, None, state.seat, feedback, mask)
        return self._encoder.encode(world, baseline, state.seat, feedback, views=(public_view(world, mask, state.seat), held))

    def _begin_with_views(self, state: SeatState, views: SeatViews) -> tuple[World | None, Mask | None, NDArray[np.int32] | None]:
        """(the baseline's world, what the seat may see now, the public cells that it was shown at the baseline's tick)."""
        tick = self._newest.tick
        if state.baseline.acknowledged_tick is not None:
            views.forget_before(state.baseline.acknowledged_tick)
        baseline, baseline_mask = state.baseline.choose(self._ring, tick)
        mask = None if self._interest is None else self._interest.visible(self._newest, state.seat)
        self.complete_snapshots += baseline is None
        state.baseline.sent(tick, mask)
        if baseline is None:
            return None, mask, None
        view = views.at(baseline.tick)
        return baseline, mask, public_view(baseline, baseline_mask, state.seat) if view is None else view.cells
