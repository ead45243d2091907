"""What a client's frame costs: ``python -m tests.bench.client_frame --json``.

A frame with 16 players, 100 projectiles and 400 particles on the screen, HUD and kill feed included, in a window of ``--size`` under
SDL's dummy driver, or with ``--window`` in a real one on this desktop (``xvfb-run -a python -m tests.bench.client_frame --window``).
``--frames N`` frames are measured after a short warm-up. Parts: ``update`` and ``draw`` of the screen, of the latter ``arena`` (ground,
players, effects) apart; ``scale``, what is done to fit the picture into a window of another size; ``flip``, by the clock, which is the
desktop's; and ``network``, from a match of its own in virtual time: what a real client with 15 bots around it spends per frame on
datagrams, snapshots, prediction and the scene, over a link of 60 ms. ``--net-graph small`` or ``large`` shows it, and ``graph`` is what
it costs.

Prints milliseconds; asserts nothing. ``frame`` is by the clock and without the flip, and everything else on the machine disturbs it;
``cpu`` and the parts are this thread's own time, ``cpu`` all of them without ``flip`` and ``network``. ``--profile`` prints instead which
functions take how much of it.
"""

from __future__ import annotations

import argparse
import cProfile
import dataclasses
import json
import math
import os
import pstats
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ["SDL_AUDIODRIVER"] = "dummy"
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import numpy as np
import pygame

from engine.conditions import NetConditions
from engine.session import MatchClient
from engine.world import GENERATIONS
from game.arena import ARENA_COMMAND, ARENA_SCHEMA, make_arena
from game.client.autopilot import Autopilot
from game.client.match_screen import MatchScreen
from game.client.net_graph import NetView
from game.client.screen import LOGICAL_SIZE
from game.client.sounds import SoundPlayer
from game.client.window import Window
from game.simulation import rules
from tests.client.fake import FakeClient
from tests.command_line import JSON_HELP, number, tool
from tests.simulation.arena_match import ArenaMatch, config

PLAYERS, PROJECTILES, PARTICLES = 16, 100, 400
WARM_UP_FRAMES = 240
PROFILED = 24
"""Functions in a profile."""


def crowd(client: FakeClient, tick: int) -> None:
    """Everybody and everything on the screen, moving; every third tick a bolt ends and another is born, every thirtieth there is a beam."""
    world = client.world
    world.tick = tick
    player, projectile, beam = world.player, world.projectile, world.beam
    centre_x, centre_y = 20 * rules.TILE_UNITS, 16 * rules.TILE_UNITS
    for seat in range(PLAYERS):
        angle = 2 * math.pi * seat / PLAYERS + tick * 0.01
        player.generation[seat] = 1
        player.life[seat], player.health[seat] = rules.ALIVE, 40 + seat * 3
        player.x[seat] = centre_x + round(math.cos(angle) * 4600)
        player.y[seat] = centre_y + round(math.sin(angle) * 3300)
        player.vx[seat], player.vy[seat] = round(-math.sin(angle) * 60), round(math.cos(angle) * 60)
        player.aim[seat] = (tick * 3 + seat * 64) % rules.ANGLES
        player.shield[seat] = 10 if seat % 4 == 0 else 0
    for slot in range(PROJECTILES):
        angle = slot * 2.4 + tick * 0.02
        projectile.generation[slot] = max(1, projectile.generation[slot])
        projectile.x[slot] = centre_x + round(math.cos(angle) * (600 + 40 * slot))
        projectile.y[slot] = centre_y + round(math.sin(angle) * (400 + 28 * slot))
        projectile.vx[slot], projectile.vy[slot] = round(math.cos(angle) * 200), round(math.sin(angle) * 200)
    if tick % 3 == 0:
        projectile.generation[tick // 3 * 7 % PROJECTILES] = 1 + tick % GENERATIONS
    if tick % 30 == 0:
        seat = tick // 30 % PLAYERS
        beam.generation[seat] = 1 + tick % GENERATIONS
        beam.x[seat], beam.y[seat], beam.aim[seat] = player.x[seat], player.y[seat], player.aim[seat]


class Stopwatch:
    """Milliseconds spent inside the methods that it is put around, since it was read last."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._ms = 0.0
        self._depth = 0

    def around(self, thing: Any, name: str) -> None:
        inner = getattr(thing, name)

        def timed(*args: Any, **options: Any) -> Any:
            self._depth += 1
            began = self._clock()
            try:
                return inner(*args, **options)
            finally:
                self._depth -= 1
                if not self._depth:
                    self._ms += 1000 * (self._clock() - began)

        setattr(thing, name, timed)

    def read(self) -> float:
        ms, self._ms = self._ms, 0.0
        return ms


def network_ms(frames: int) -> list[float]:
    """Per frame of one client in a match with 15 bots of the server, once it plays."""
    settings = config()
    arena = dataclasses.replace(settings.arena, bots=PLAYERS)
    match = ArenaMatch(0, conditions=NetConditions.parse("latency=60"), settings=dataclasses.replace(settings, arena=arena))
    client = MatchClient(schema=ARENA_SCHEMA, command=ARENA_COMMAND, game_factory=make_arena, name="stopwatch")
    autopilot, watch, spent = Autopilot(client, level=1, seed=1), Stopwatch(), []
    for verb in ("receive_datagram", "receive_stream", "advance", "datagrams_to_send", "stream_to_send", "scene"):
        watch.around(client, verb)

    def frame(driven: MatchClient, now: float) -> None:
        if driven.scene(now) is not None:
            spent.append(watch.read())
        autopilot.update()

    match.simulation.add_client(client, script=frame)
    match.simulation.run_until(lambda: len(spent) >= frames + WARM_UP_FRAMES, frames / 60 + 30, "so many frames")
    return spent[WARM_UP_FRAMES:]


class Stage:
    """A match screen in a window, and a crowd on it."""

    def __init__(self, size: tuple[int, int], net_graph: NetView) -> None:
        self.window = Window(size=size)
        self._client = FakeClient(players=PLAYERS)
        self.screen = MatchScreen(self._client, SoundPlayer(None))
        self.screen._net_graph.view = net_graph
        self.screen.handle_event(pygame.event.Event(pygame.MOUSEMOTION, pos=(700, 300), rel=(0, 0), buttons=(0, 0, 0)))

    def prepare(self, frame: int) -> None:
        """What the frame is to show."""
        pygame.event.get()
        crowd(self._client, frame)
        particles = self.screen.particles
        missing = 0 if particles is None else PARTICLES - len(particles)
        if particles is not None and missing > 0:
            middle = 20 * rules.TILE_PIXELS, 16 * rules.TILE_PIXELS
            particles.burst(*middle, missing, (255, 160, 64), speed=300, life_s=1.2, radius=6, drag=1.0, scatter=140)

    def run(self, frame: int) -> None:
        """One frame."""
        self.screen.update(frame / 60, 1 / 60)
        self.screen.draw(self.window.surface)
        self.window.present()


def measure(frames: int, net_graph: NetView = NetView.NONE, size: tuple[int, int] = LOGICAL_SIZE) -> dict[str, Any]:
    """Milliseconds of update, draw and present together, and by part."""
    stage = Stage(size, net_graph)
    screen, window = stage.screen, stage.window
    watches = {name: Stopwatch() for name in ("update", "draw", "arena", "graph", "present")}
    flip, flip_by_clock = Stopwatch(), Stopwatch(time.perf_counter)
    watches["update"].around(screen, "update")
    watches["draw"].around(screen, "draw")
    watches["graph"].around(screen._net_graph, "update")
    watches["graph"].around(screen._net_graph, "draw")
    watches["present"].around(window, "present")
    flip.around(pygame.display, "flip")
    flip_by_clock.around(pygame.display, "flip")
    spent, seen = [], []
    parts: dict[str, list[float]] = {name: [] for name in ("cpu", "update", "draw", "arena", "graph", "scale", "flip")}
    for frame in range(frames + WARM_UP_FRAMES):
        stage.prepare(frame)
        start = time.perf_counter()
        stage.run(frame)
        by_clock = 1000 * (time.perf_counter() - start)
        if frame == 0:
            watches["arena"].around(screen._view, "draw")
        took = {name: watch.read() for name, watch in watches.items()}
        took["scale"], took["flip"] = took.pop("present") - flip.read(), flip_by_clock.read()
        took["cpu"] = took["update"] + took["draw"] + took["scale"]
        if frame >= WARM_UP_FRAMES:
            for name, ms in took.items():
                parts[name].append(ms)
            spent.append(by_clock - took["flip"])
            seen.append(len(screen.particles) if screen.particles is not None else 0)
    p50, p95, p99 = np.percentile(spent, (50, 95, 99))
    return {
        "frames": frames,
        "size": f"{size[0]}x{size[1]}",
        "driver": pygame.display.get_driver(),
        "players": PLAYERS,
        "projectiles": PROJECTILES,
        "particles_mean": round(float(np.mean(seen))),
        "frame_ms_p50": round(float(p50), 3),
        "frame_ms_p95": round(float(p95), 3),
        "frame_ms_p99": round(float(p99), 3),
        "frame_ms_max": round(max(spent), 3),
        **_by_part({**parts, "network": network_ms(frames)}),
    }


def profile(frames: int, net_graph: NetView, size: tuple[int, int]) -> None:
    """Print the functions in which a frame's time goes, in microseconds per frame; the profiler itself takes as much again."""
    stage, profiler = Stage(size, net_graph), cProfile.Profile()
    for frame in range(frames + WARM_UP_FRAMES):
        stage.prepare(frame)
        if frame < WARM_UP_FRAMES:
            stage.run(frame)
        else:
            profiler.runcall(stage.run, frame)
    rows = [
        (own, cumulated, calls, name, Path(file).name, line)
        for (file, line, name), (_, calls, own, cumulated, _) in pstats.Stats(profiler).stats.items()  # type: ignore[attr-defined]
    ]
    print(f"{'own us':>8} {'all us':>8} {'calls':>7}  function")
    for own, cumulated, calls, name, file, line in sorted(rows, reverse=True)[:PROFILED]:
        place = "" if file == "~" else f"{file}:{line} "
        print(f"{own * 1e6 / frames:8.1f} {cumulated * 1e6 / frames:8.1f} {calls / frames:7.1f}  {place}{name}")


def _by_part(parts: dict[str, list[float]]) -> dict[str, float]:
    figures = {}
    for name, values in parts.items():
        p50, p99 = np.percentile(values, (50, 99))
        figures[f"{name}_ms_p50"], figures[f"{name}_ms_p99"] = round(float(p50), 3), round(float(p99), 3)
    return figures


def _size(text: str) -> tuple[int, int]:
    width, x, height = text.partition("x")
    if not (x and width.isdigit() and height.isdigit() and 640 <= int(width) <= 7680 and 360 <= int(height) <= 4320):
        raise argparse.ArgumentTypeError(f"{text[:20]!r}: write WIDTHxHEIGHT, for example 1920x1080 (640x360 to 7680x4320)")
    return int(width), int(height)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = tool("tests.bench.client_frame", __doc__)
    parser.add_argument("--frames", type=number(2, 1_000_000), default=1200, metavar="N", help="measured")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    views = [view.value for view in NetView]
    parser.add_argument("--net-graph", choices=views, default="none", metavar="HOW", help=f"{', '.join(views)}: what of it is shown")
    parser.add_argument("--size", type=_size, default=LOGICAL_SIZE, metavar="WxH", help="of the window (default: 1280x720)")
    parser.add_argument("--window", action="store_true", help="a real window on this desktop's display")
    parser.add_argument("--profile", action="store_true", help="print which functions take how much, and nothing else")
    options = parser.parse_args(arguments)
    if not options.window:
        os.environ["SDL_VIDEODRIVER"] = "dummy"
    if options.profile:
        profile(options.frames, NetView(options.net_graph), options.size)
        return
    try:
        figures = measure(options.frames, NetView(options.net_graph), options.size)
    except pygame.error as error:
        parser.error(f"no window can be opened here ({error}); without --window none is needed")
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:18} {value}")


if __name__ == "__main__":
    main()
