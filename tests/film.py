"""``python -m tests.film``: how evenly a player is drawn, measured frame by frame in virtual time, and made visible as a strip of film.

One client runs laps: straight, a bend, straight, a bend. Another stands in the middle and watches. Both draw at the rate under test. For
every frame the place where the runner is drawn is put on the path that he really ran (the server's own), so a frame's step is a length
along that path. Its deviation is the difference to what he really ran in the time of a frame: in units (16 are a pixel), and in per cent of
that step. A place is a whole unit, so at 240 Hz, where a step is some 15 units, rounding alone is 3 to 6 %.

Measured are ``others`` (the runner as the watcher sees him), ``own`` (as he sees himself), and for comparison ``undelayed`` (the newest
snapshot drawn as it comes, which is what a game without this engine's buffer would show).
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.conditions import NetConditions
from engine.contract import Command, Commands, Past, Pilot, Settings
from engine.ids import Seat
from engine.session import MatchClient
from engine.testing import GameUnderTest, SimulatedClient, SimulatedMatch, Simulation
from engine.world import World
from game.arena import ARENA_COMMAND, Arena
from game.simulation.arena_map import ArenaMap
from game.simulation.rules import ARENA_SCHEMA, MOVE_MAX, TICK_RATE_HZ, TILE_UNITS
from tests.command_line import JSON_HELP, NET_HELP, SEED, SEED_HELP, conditions, tool

RATES_HZ: Final = (30.0, 60.0, 75.0, 144.0, 240.0)
UNEVEN: Final = "uneven"
UNEVEN_WAKE_HZ: Final = 1000.0
UNEVEN_S: Final = (0.004, 0.034)
"""Frames of so many seconds, each its own: a computer that is busy with something else."""

SETTLE_S: Final = 5.0
WATCHED_S: Final = 10.0
STRIP_S: Final = 20.0
"""For the picture: two laps and a bit."""
AFTERWARDS_S: Final = 1.0
"""The runner sees himself ahead of the server: the path must go on for longer than the film."""
NET: Final = "latency=100,jitter=20,loss=5"

WIDTH_TILES, HEIGHT_TILES = 36, 20
_MIDDLE: Final = (WIDTH_TILES * TILE_UNITS / 2, HEIGHT_TILES * TILE_UNITS / 2)
_HALF_STRAIGHT: Final = 9.0 * TILE_UNITS
_BEND_RADIUS: Final = 5.0 * TILE_UNITS
_LOOK_AHEAD: Final = 1.2 * TILE_UNITS
_SEARCH_TICKS: Final = 40

Places = NDArray[np.float64]


class OpenArena(Arena):
    """The arena's own rules on open ground. The authority's places are written down tick by tick."""

    def __init__(self, settings: Settings, seats: int) -> None:
        super().__init__(settings, seats)
        solid = np.ones((HEIGHT_TILES, WIDTH_TILES), dtype=bool)
        solid[1:-1, 1:-1] = False
        x, y = (int(value) // TILE_UNITS * TILE_UNITS + TILE_UNITS // 2 for value in _MIDDLE)
        spawns = tuple((x + dx * TILE_UNITS, y + dy * TILE_UNITS) for dx, dy in ((0, 0), (-8, 4), (8, 4), (8, -4)))
        self.map = ArenaMap("film", solid, np.zeros_like(solid), spawns, (), "Film")
        self.truth: list[tuple[int, NDArray[Any], NDArray[Any]]] = []

    def step(self, world: World, commands: Commands, past: Past) -> None:
        super().step(world, commands, past)
        if past.predicting is None:
            self.truth.append((world.tick, world.player.x.copy(), world.player.y.copy()))


class Runs:
    """A pilot who runs laps round the middle."""

    def command(self, world: World, seat: Seat) -> Command:
        x, y = float(world.player.x[seat]) - _MIDDLE[0], float(world.player.y[seat]) - _MIDDLE[1]
        if abs(x) <= _HALF_STRAIGHT:
            side = -1.0 if y < 0 else 1.0
            target = x - side * _LOOK_AHEAD, side * _BEND_RADIUS  # along the upper straight to the right, along the lower to the left
        else:
            centre = math.copysign(_HALF_STRAIGHT, x)
            angle = math.atan2(y, x - centre) + _LOOK_AHEAD / _BEND_RADIUS
            target = centre + _BEND_RADIUS * math.cos(angle), _BEND_RADIUS * math.sin(angle)
        heading = math.atan2(target[1] - y, target[0] - x)
        aim = round(heading * 512 / math.pi) % 1024
        return ARENA_COMMAND.make(move_x=round(MOVE_MAX * math.cos(heading)), move_y=round(MOVE_MAX * math.sin(heading)), aim=aim)


class Stands:
    """A pilot who looks on."""

    def command(self, world: World, seat: Seat) -> Command:
        return ARENA_COMMAND.make()


@dataclass
class Shot:
    """One frame of one client."""

    now: float
    place: tuple[int, int]
    newest: tuple[int, int]
    """Of the newest snapshot."""
    world: World | None = None


@dataclass
class Camera:
    """Looks at the runner once per frame, through one client's eyes."""

    keeps_worlds: bool = False
    random: Random | None = None
    """For frames of uneven length."""
    seat: int = -1
    node: SimulatedClient | None = None
    shots: list[Shot] = field(default_factory=list)

    def take(self, client: MatchClient, now: float) -> None:
        if self.random is not None and self.node is not None:
            self.node.pause(self.random.uniform(*UNEVEN_S))
        scene = client.scene(now)
        match = client.match
        if scene is None or match is None or self.seat < 0 or match.decoder.newest_tick is None:
            return
        newest = match.decoder.world_at(match.decoder.newest_tick)
        assert newest is not None
        kept = None
        if self.keeps_worlds:
            kept = World(scene.schema)
            kept.copy_from(scene)
        self.shots.append(Shot(now, _place(scene, self.seat), _place(newest, self.seat), kept))


class Filmed(MatchClient):
    """Is looked at once per frame, after everything else, as a window is drawn."""

    camera: Camera

    def advance(self, now: float) -> None:
        super().advance(now)
        self.camera.take(self, now)


class FilmedMatch(SimulatedMatch):
    """Its clients are filmed."""

    def make_client(self, name: str) -> Filmed:
        factory = self.game.factory
        client = Filmed(schema=ARENA_SCHEMA.for_seats(self.game.seats), command=ARENA_COMMAND, game_factory=factory, name=name)
        client.camera = Camera()
        return client

    def add_filmed(self, camera: Camera, pilot: Pilot, frame_hz: float) -> Filmed:
        client = self.add_client(pilot=pilot, frame=lambda client, now: None, frame_hz=frame_hz)
        assert isinstance(client, Filmed)
        client.camera, camera.node = camera, self.node(client)
        return client


def _place(world: World, seat: int) -> tuple[int, int]:
    return int(world.player.x[seat]), int(world.player.y[seat])


@dataclass
class Film:
    """What was filmed at one frame rate."""

    watcher: list[Shot]
    runner: list[Shot]
    truth: Places
    """[ticks, 2]: where the runner really was."""
    game: OpenArena
    watching_seat: int


def shoot(rate: float | str, net: str = NET, seed: int = 3, *, watched_s: float = WATCHED_S, keeps_worlds: bool = False) -> Film:
    """Film for ``watched_s`` seconds at a frame rate in Hz, or :data:`UNEVEN`."""
    is_uneven = rate == UNEVEN
    frame_hz = UNEVEN_WAKE_HZ if is_uneven else float(rate)
    authority: list[OpenArena] = []

    def factory(settings: Settings, seats: int) -> OpenArena:
        authority.append(OpenArena(settings, seats))
        return authority[-1]

    game = GameUnderTest(factory, seats=2, settings={"time_limit_s": 600, "warmup_s": 0, "frag_limit": 0})
    match = FilmedMatch(game, clients=0, simulation=Simulation(seed, NetConditions.parse(net)), checks_rollbacks=False)
    cameras = [Camera(keeps_worlds, Random(f"{seed}/{who}") if is_uneven else None) for who in ("runner", "watcher")]
    runner = match.add_filmed(cameras[0], Runs(), frame_hz)
    watcher = match.add_filmed(cameras[1], Stands(), frame_hz)
    match.start()
    match.run_for(SETTLE_S)
    seat = match.seat(runner)
    for camera in cameras:
        camera.seat = seat
    match.run_for(watched_s)
    for camera in cameras:
        camera.seat = -1
    match.run_for(AFTERWARDS_S)
    host_game = max(authority, key=lambda made: len(made.truth))
    truth = np.array([(x[seat], y[seat]) for _, x, y in host_game.truth], dtype=np.float64)
    return Film(cameras[1].shots, cameras[0].shots, truth, host_game, match.seat(watcher))


# --- measuring


@dataclass(frozen=True)
class Track:
    """Places put on the path: a length along it, the distance from it, and the true speed there, for each frame."""

    along: Places
    beside: Places
    speed_per_s: Places


def track(places: Places, truth: Places, begun: int) -> Track:
    """Put each place on the nearest point of the path, looking on from where the one before was; ``begun``: about the first one's tick."""
    steps = np.diff(truth, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    arc = np.concatenate(([0.0], np.cumsum(lengths)))
    along, beside, speeds = [], [], []
    near = begun
    for place in places:
        low, high = max(0, near - _SEARCH_TICKS), min(len(steps), near + _SEARCH_TICKS)
        start, step, length = truth[low:high], steps[low:high], lengths[low:high]
        share = np.clip(((place - start) * step).sum(axis=1) / np.maximum(length, 1e-9) ** 2, 0.0, 1.0)
        distance = np.hypot(*(start + share[:, None] * step - place).T)
        best = int(np.argmin(distance))
        near = low + best
        along.append(arc[near] + share[best] * length[best])
        beside.append(distance[best])
        speeds.append(length[max(0, best - 2) : best + 3].mean() * TICK_RATE_HZ)
    return Track(np.array(along), np.array(beside), np.array(speeds))


@dataclass(frozen=True)
class Evenness:
    """Deviations of the steps of all frames."""

    frames: int
    step_units: float
    """What a frame's step should be, on average."""
    units_p50: float
    units_p95: float
    units_max: float
    pct_p50: float
    pct_p95: float
    pct_max: float
    still_or_back: int
    """Frames in which he did not move on."""
    beside_p95_units: float
    """Distance from the path that he really ran."""
    beside_max_units: float


def evenness(shots: Sequence[Shot], truth: Places, *, undelayed: bool = False) -> Evenness:
    """How even the steps of these frames are."""
    places = np.array([shot.newest if undelayed else shot.place for shot in shots], dtype=np.float64)
    ticks = round((shots[-1].now - shots[0].now + AFTERWARDS_S) * TICK_RATE_HZ)
    on = track(places, truth, len(truth) - ticks)
    steps = np.diff(on.along)
    due = on.speed_per_s[1:] * np.diff([shot.now for shot in shots])
    units = np.abs(steps - due)
    pct = 100.0 * units / due
    figures = [float(np.percentile(values, share)) for values in (units, pct) for share in (50, 95, 100)]
    beside = [float(np.percentile(on.beside, share)) for share in (95, 100)]
    measured = (*figures, int((steps <= 0).sum()), *beside)
    return Evenness(len(shots), round(float(due.mean()), 2), *(round(value, 2) for value in measured))


def measure(rate: float | str, net: str, seed: int, *, watched_s: float = WATCHED_S) -> dict[str, Evenness]:
    """All three views at one rate."""
    film = shoot(rate, net, seed, watched_s=watched_s)
    return {
        "others": evenness(film.watcher, film.truth),
        "own": evenness(film.runner, film.truth),
        "undelayed": evenness(film.watcher, film.truth, undelayed=True),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and draw the strip if a file is named."""
    parser = tool("tests.film", __doc__)
    parser.add_argument("--net", type=conditions, default=NET, metavar="WORDS", help=NET_HELP)
    parser.add_argument("--seed", type=SEED, default=3, metavar="N", help=SEED_HELP)
    parser.add_argument("--image", type=Path, metavar="PNG", help="draw the strip into this file")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    options = parser.parse_args(arguments)
    net = options.net.describe()
    if options.image is not None and not options.image.parent.is_dir():
        parser.error(f"there is no folder {str(options.image.parent)!r}")
    rates: tuple[float | str, ...] = (*RATES_HZ, UNEVEN)
    measured = {rate if rate == UNEVEN else f"{rate:g} Hz": measure(rate, net, options.seed) for rate in rates}
    if options.image is not None:
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        from tests.film_strip import draw_strip

        draw_strip(shoot(60.0, net, options.seed, watched_s=STRIP_S, keeps_worlds=True), net, options.image)
    if options.json:
        figures = {rate: {view: asdict(even) for view, even in views.items()} for rate, views in measured.items()}
        print(json.dumps({"net": net, "seed": options.seed, "rates": figures}))
        return 0
    print(f"{'':8} {'':10} {'step':>7} | {'p50':>6} {'p95':>6} {'max':>6} units | {'p50':>5} {'p95':>5} {'max':>6} % | not on | beside")
    for rate, views in measured.items():
        for view, e in views.items():
            print(
                f"{rate:8} {view:10} {e.step_units:7.1f} | {e.units_p50:6.2f} {e.units_p95:6.2f} {e.units_max:6.1f}       "
                f"| {e.pct_p50:5.1f} {e.pct_p95:5.1f} {e.pct_max:6.1f}   | {e.still_or_back:6} | {e.beside_max_units:5.1f}"
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
