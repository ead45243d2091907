"""Lag compensation: the server judges a shot by the world that the shooter was shown.

Each command carries the place between two ticks at which the others stood on that player's screen. The server keeps the last ticks and
blends the same two worlds by the same integers as the client did. A claim is only a claim, so it is held to what is possible: not
further back than the limit, not newer than the newest snapshot that this seat was sent, not older than its acknowledged snapshot allows.
A claim outside is moved to the nearest possible place and counted, not refused: an honest client at the edge still plays.

How far back is the limit? From the picture that a player shoots at to the step that carries out his shot there pass his round trip, the
delay of his display and the margin of his clock. The round trip is nobody's choice, and the server measures it itself; the other two are
the client's, and it could make them as long as it likes. So the limit is 250 ms *beyond the round trip*, of which again at most 250 ms
count. With one limit of 250 ms for all of it, whoever plays over 200 ms of round trip would be judged by pictures that he never saw, and
half of his hits would not be. Who delays his acknowledgements to look further away wins at most what somebody really that far away has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.errors import LocalProtocolError
from engine.ids import Seat
from engine.timeline.rewinds import RewindBook
from engine.world import FRACTIONS, Blender, Schema, World

REWIND_MS_MAX: Final = 250
"""Beyond the round trip. As most arena shooters cap it (200 to 300 ms): further back, being shot behind a corner is worse than having to
lead."""

REWIND_ROUND_TRIP_MS_MAX: Final = 250
"""Of the round trip. Both limits together are half of what Source allows (1 s)."""

DISPLAY_LAG_TICKS_MAX: Final = 18
"""How much older than its newest acknowledged snapshot a screen may be: 5 intervals of 20 Hz snapshots, and 3 ticks for a lost datagram."""

REPEAT_TICKS_MAX: Final = 3
"""A repeated command (its own was missing) keeps its shooter's age of view this long, as the command itself is repeated."""


@dataclass(frozen=True, slots=True)
class LagCompensationStatistics:
    """Counters since the start of the match."""

    claims: int
    claims_too_old: int
    claims_too_new: int
    views: int
    """Views that steps judged by."""
    blends: int
    """Views that had to be computed (the others were a recorded tick, or shared)."""
    rewind_ticks_mean: float


class History:
    """The last ticks of the authoritative world, and views between them."""

    def __init__(self, schema: Schema, ticks_max: int = 64) -> None:
        if ticks_max < 2:
            raise LocalProtocolError("a history needs at least 2 ticks")
        self._schema: Final = schema
        self._blender: Final = Blender(schema)
        self._ring: Final = [World(schema, tick=-1) for _ in range(ticks_max)]
        self._newest = -1
        self._views: dict[tuple[int, int], World] = {}
        self._spare: list[World] = []
        self.blends = 0

    @property
    def newest(self) -> int:
        """The newest tick recorded; -1 before the first."""
        return self._newest

    def record(self, world: World) -> None:
        """Keep a copy of the world after a step. Views handed out before are not valid any more."""
        if world.tick <= self._newest:
            raise LocalProtocolError(f"tick {world.tick} was recorded already")
        self._ring[world.tick % len(self._ring)].copy_from(world)
        self._newest = world.tick
        self._spare.extend(self._views.values())
        self._views.clear()

    def view(self, tick: int, fraction: int) -> World | None:
        """The world ``fraction`` / 256 of the way from ``tick`` to the next; read-only, valid until :meth:`record`. None if not kept."""
        if not 0 <= fraction < FRACTIONS:
            raise LocalProtocolError(f"fraction {fraction} is not in 0 to {FRACTIONS - 1}")
        earlier = self._recorded(tick)
        later = self._recorded(tick + 1) if fraction else None
        if earlier is None or later is None:
            return earlier
        view = self._views.get((tick, fraction))
        if view is None:
            view = self._spare.pop() if self._spare else World(self._schema)
            self._blender.blend_into(view, earlier, later, fraction)
            self._views[tick, fraction] = view
            self.blends += 1
        return view

    def _recorded(self, tick: int) -> World | None:
        if tick < 0:
            return None
        world = self._ring[tick % len(self._ring)]
        return world if world.tick == tick else None


class ServerPast:
    """The :class:`engine.contract.Past` of the authority. Per step: :meth:`begin`, a :meth:`claim` per seat with a command, the step."""

    def __init__(
        self,
        history: History,
        tick_rate_hz: int,
        rewind_ms_max: int = REWIND_MS_MAX,
        rewind_round_trip_ms_max: int = REWIND_ROUND_TRIP_MS_MAX,
    ) -> None:
        self._history: Final = history
        self._rate: Final = tick_rate_hz
        self._rewind_max: Final = rewind_ms_max * tick_rate_hz * FRACTIONS // 1000
        self._round_trip_s_max: Final = rewind_round_trip_ms_max / 1000
        self._tick = self._step = self._oldest = 0
        """The coming step, its time in 256ths of a tick, and what is too old then even for who sits beside the server."""
        self._ages: dict[int, tuple[int, int, bool]] = {}
        self.book: Final = RewindBook(tick_rate_hz)
        """What each seat was granted, for the fairness report; whoever ends a seat's record closes it."""
        self._claims = self._too_old = self._too_new = self._views = self._rewound = 0

    @property
    def predicting(self) -> Seat | None:
        """None: this is the authority."""
        return None

    @property
    def guessed_ticks(self) -> int:
        """0: the authority knows."""
        return 0

    def begin(self, tick: int) -> None:
        """The step of ``tick`` is next."""
        self._tick = tick
        self._step = tick * FRACTIONS
        self._oldest = self._step - self._rewind_max

    def claim(
        self,
        seat: Seat | int,
        view_tick: int,
        view_fraction: int,
        *,
        newest_sent_tick: int,
        acknowledged_tick: int | None,
        display_lag_ticks_max: int = DISPLAY_LAG_TICKS_MAX,
        round_trip_s: float = 0.0,
    ) -> None:
        """The seat's command for the coming step was given while its screen showed the others at ``view_tick`` + ``view_fraction`` / 256.

        All of it may come from the network (any integers will do) but ``round_trip_s``, which the server has measured.
        """
        self._claims += 1
        tick, step, oldest = self._tick, self._step, self._oldest
        view = view_tick * FRACTIONS + view_fraction
        sent_tick = newest_sent_tick if newest_sent_tick < tick else tick - 1
        if acknowledged_tick is not None and oldest <= view <= sent_tick * FRACTIONS:
            shown_tick = acknowledged_tick if acknowledged_tick < sent_tick else sent_tick
            if view >= (shown_tick - display_lag_ticks_max) * FRACTIONS:  # nothing below would say otherwise: nearly every claim
                self._ages[seat] = (tick, step - view, False)
                return
        if round_trip_s > 0.0:
            oldest -= int(min(round_trip_s, self._round_trip_s_max) * self._rate * FRACTIONS)
        if acknowledged_tick is not None:
            shown = (min(acknowledged_tick, sent_tick) - display_lag_ticks_max) * FRACTIONS
            if shown > oldest:
                oldest = shown
        newest = max(oldest, sent_tick * FRACTIONS)
        if oldest <= view <= newest:
            self._ages[seat] = (self._tick, step - view, False)
            return
        too_new, too_old = view > newest, view < oldest
        self._too_new += too_new
        self._too_old += too_old
        self.book.claimed(seat, too_old=too_old, too_new=too_new)
        self._ages[seat] = (self._tick, step - (newest if too_new else oldest), True)

    def forget(self, seat: Seat | int) -> None:
        """The seat is taken by somebody else, or by nobody."""
        self._ages.pop(seat, None)

    def seen_by(self, seat: Seat | int) -> World | None:
        """What this shooter was shown; None for a seat that claims nothing (a bot on the server sees the present)."""
        claim = self._claim_of(seat)
        if claim is None:
            return None
        _, age, is_clamped = claim
        self._views += 1
        self._rewound += age
        self.book.granted(seat, self._tick, age, is_clamped)
        return self._history.view(*divmod(self._tick * FRACTIONS - age, FRACTIONS))

    def shown_to(self, seat: Seat | int) -> World | None:
        """The whole tick of :meth:`seen_by`, without a trace in any record."""
        claim = self._claim_of(seat)
        return None if claim is None else self._history.view((self._tick * FRACTIONS - claim[1]) // FRACTIONS, 0)

    def judged(self, seat: Seat | int, refused_by: str = "") -> None:
        """For the record of a seat that claims to have seen something; a bot on the server has none."""
        if self._claim_of(seat) is not None:
            self.book.judged(seat, self._tick, refused_by)

    def _claim_of(self, seat: Seat | int) -> tuple[int, int, bool] | None:
        """Its tick, the age of the view, and whether that had to be moved; None: nothing that holds for this step."""
        claim = self._ages.get(seat)
        return claim if claim is not None and self._tick - claim[0] <= REPEAT_TICKS_MAX else None

    def statistics(self) -> LagCompensationStatistics:
        """Counters since the start."""
        return LagCompensationStatistics(
            claims=self._claims,
            claims_too_old=self._too_old,
            claims_too_new=self._too_new,
            views=self._views,
            blends=self._history.blends,
            rewind_ticks_mean=self._rewound / (self._views * FRACTIONS) if self._views else 0.0,
        )
