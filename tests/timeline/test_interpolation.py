from __future__ import annotations

import pytest

from engine.errors import LocalProtocolError
from engine.timeline import Interpolation
from engine.world import World
from tests.timeline.link import Link
from tests.timeline.toy import SCHEMA

RATE = 60
SPEED = 40


def world_at(tick: int) -> World:
    """A walker going right at 40 units a tick, so that what is drawn tells the time it is drawn for."""
    world = World(SCHEMA, tick)
    world.walker.spawn(0, 1, x=SPEED * tick % 40_000, vx=SPEED, aim=tick * 20 % 1024)
    return world


class Show:
    """Snapshots over a link into an :class:`Interpolation`, frames at a rate of their own; virtual time of 1/960 s."""

    def __init__(
        self, *, delay_s: float = 0.05, jitter_s: float = 0.0, loss: float = 0.0, every: int = 1, seed: int = 5, frame_hz: int = 60
    ) -> None:
        self.link = Link(seed, delay_s, jitter_s, loss)
        self.interpolation = Interpolation(SCHEMA, RATE)
        self.every = every
        self.quantum = 0
        self.now = 500.0
        self.tick = 0
        self.next_frame = 500.013
        self.frame_s = 1 / frame_hz
        self.places: list[float] = []
        self.server_ticks = True
        self.errors: list[float] = []
        self.trace: list[tuple[float, float]] = []

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 960)):
            self.quantum += 1
            self.now = 500.0 + self.quantum / 960
            if self.quantum % 16 == 0 and self.server_ticks:
                self.tick += 1
                if self.tick % self.every == 0:
                    self.link.push(world_at(self.tick), self.now)
            if self.now >= self.next_frame:
                self.next_frame += self.frame_s
                self.frame()

    def frame(self) -> None:
        for at, world in self.link.due(self.now):
            self.interpolation.snapshot(world, at)
        if not self.interpolation.ready:
            return
        shown = self.interpolation.advance(self.now)
        tick, fraction = self.interpolation.view
        self.places.append(tick + fraction / 256)
        self.trace.append((self.now, self.places[-1]))
        expected = SPEED * self.places[-1] % 40_000
        self.errors.append(abs(int(shown.walker.x[1]) - expected))

    def starved_pct(self, since: tuple[int, int] = (0, 0)) -> float:
        statistics = self.interpolation.statistics()
        return 100 * (statistics.frames_starved - since[1]) / (statistics.frames - since[0])

    def mark(self) -> tuple[int, int]:
        self.places.clear()
        self.errors.clear()
        self.trace.clear()
        statistics = self.interpolation.statistics()
        return statistics.frames, statistics.frames_starved


@pytest.mark.parametrize(("every", "frame_hz"), [(1, 60), (1, 144), (2, 60), (3, 75)])
def test_with_jitter_and_loss_the_picture_hardly_starves(every: int, frame_hz: int) -> None:
    show = Show(jitter_s=0.020, loss=0.05, every=every, frame_hz=frame_hz)
    show.run(5)
    mark = show.mark()
    show.run(40)
    assert show.starved_pct(mark) < 0.5
    statistics = show.interpolation.statistics()
    assert 1.5 * every <= statistics.delay_ticks <= 5 * every
    assert statistics.interval_ticks == every
    assert all(later >= earlier for earlier, later in zip(show.places, show.places[1:], strict=False))
    for (then, earlier), (now, later) in zip(show.trace, show.trace[1:], strict=False):
        assert 0.895 * (now - then) * RATE - 2 / 256 <= later - earlier <= 1.105 * (now - then) * RATE + 2 / 256


def test_on_a_calm_network_the_delay_is_the_least() -> None:
    show = Show()
    show.run(10)
    assert show.interpolation.delay_ticks == 1.5
    assert show.starved_pct() == 0.0
    show.mark()
    show.run(5)
    assert max(show.errors) <= 1.0  # the walker stands where the view says: rounding only


def test_the_delay_grows_at_once_and_shrinks_in_a_few_seconds() -> None:
    show = Show()
    show.run(10)
    show.link.jitter_s = 0.025
    show.run(2)
    grown = show.interpolation.delay_ticks
    assert grown > 2.0
    show.link.jitter_s = 0.0
    show.run(5)
    assert show.interpolation.delay_ticks < 1.7


def test_an_outage_is_shown_by_motion_then_still_and_over_as_soon_as_snapshots_come() -> None:
    show = Show()
    show.run(10)
    delay = show.interpolation.delay_ticks
    start = show.now
    show.link.blackouts.append((start, start + 0.5))
    show.run(0.15 + 0.05)
    assert max(show.errors[-5:]) <= SPEED  # moving on by the walker's own speed
    show.run(0.3)
    still = show.interpolation.statistics().frames_still
    assert still > 3
    standing = show.places[-1]
    assert standing - show.places[-5] == 0
    show.run(0.05 + 0.03)
    mark = show.mark()
    show.run(2)
    assert show.starved_pct(mark) == 0.0
    assert show.places[0] > standing + 10
    assert show.interpolation.delay_ticks == delay  # an outage is no jitter


def test_a_paused_server_never_turns_time_back() -> None:
    show = Show()
    show.run(5)
    show.server_ticks = False
    show.run(3)
    show.server_ticks = True
    mark = show.mark()
    show.run(4)
    assert all(later >= earlier for earlier, later in zip(show.places, show.places[1:], strict=False))
    mark = show.mark()
    show.run(3)
    assert show.starved_pct(mark) == 0.0
    assert show.tick - show.places[-1] < 3 + 3 + 1


def test_order_of_arrival_does_not_matter_and_doubles_are_not_used() -> None:
    straight, mixed = Interpolation(SCHEMA, RATE), Interpolation(SCHEMA, RATE)
    for tick in (1, 2, 3, 4):
        straight.snapshot(world_at(tick), 1.0)
    for tick in (1, 4, 2, 2, 3):
        mixed.snapshot(world_at(tick), 1.0)
    assert mixed.statistics().snapshots_unused == 1
    seen = []
    for interpolation in (straight, mixed):
        interpolation._time = 2.5  # both at the same place, whatever they think of the network
        interpolation._now = 1.0
        seen.append(interpolation.advance(1.0).cells.tobytes())
    assert seen[0] == seen[1]


def test_a_snapshot_is_copied() -> None:
    interpolation = Interpolation(SCHEMA, RATE)
    world = world_at(7)
    interpolation.snapshot(world, 1.0)
    world.walker.x[1] = 0
    assert interpolation.advance(1.0).walker.x[1] == 7 * SPEED


def test_memory_is_bounded_when_nobody_draws() -> None:
    interpolation = Interpolation(SCHEMA, RATE)
    for tick in range(1, 1000):
        interpolation.snapshot(world_at(tick), tick / 60)
    assert len(interpolation._held) == len(interpolation._ticks) == 64
    interpolation.advance(1000 / 60)
    assert interpolation.view[0] >= 1000 - 64


def test_drawing_before_anything_has_come_is_our_mistake() -> None:
    with pytest.raises(LocalProtocolError):
        Interpolation(SCHEMA, RATE).advance(0.0)
