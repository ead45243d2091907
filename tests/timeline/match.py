"""A server and one client in virtual time, with everything of engine.timeline and nothing of the wire: messages are Python values.

The server does what the design says of it: takes one command per tick, drops late ones, repeats a missing one three times, measures slack,
and reports the worst since its last snapshot. The client's frames and the server's ticks run on their own beats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from engine.contract import Command, Commands, Game, fill
from engine.ids import Seat
from engine.timeline import CommandClock, Correction, History, Interpolation, Prediction, ServerPast, TickAccumulator
from engine.world import World
from tests.timeline.link import Link
from tests.timeline.toy import COMMAND, Toy, client_view

QUANTUM_S = 1 / 960
RESENT_MAX = 32


@dataclass
class Snapshot:
    world: World
    slack_16ths: int | None
    late: int
    missing: int
    last_used_tick: int
    acknowledged_command: int


@dataclass
class Server:
    game: Game
    snapshot_every: int = 1
    clock: TickAccumulator = field(default_factory=lambda: TickAccumulator(60))
    commands: dict[int, Command] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    slack: float | None = None
    late: int = 0
    missing: int = 0
    late_total: int = 0
    missing_total: int = 0
    used_total: int = 0
    last_used: int = -1
    last_command: Command = COMMAND.neutral
    newest_command: int = -1

    def __post_init__(self) -> None:
        self.world = self.game.new_world(1)
        self.game.join(self.world, Seat(0))
        self.game.join(self.world, Seat(1))
        self.history = History(self.game.schema)
        self.past = ServerPast(self.history, 60)
        self.buffer = Commands(COMMAND, self.game.schema.seats)
        self.truth: dict[int, World] = {}
        self.bot = Random(99)
        self.bot_command = COMMAND.neutral

    def receive(self, commands: list[tuple[int, Command]], at: float) -> None:
        now_in_ticks = self.clock.now_in_ticks(at)
        for tick, command in commands:
            if tick in self.seen:
                continue
            if tick > self.world.tick + 64:
                continue
            self.seen.add(tick)
            slack = tick - now_in_ticks
            self.slack = slack if self.slack is None else min(self.slack, slack)
            self.newest_command = max(self.newest_command, tick)
            if tick <= self.world.tick:
                self.late += 1
                self.late_total += 1
            else:
                self.commands[tick] = command

    def step(self) -> None:
        tick = self.world.tick + 1
        command = self.commands.pop(tick, None)
        if command is not None:
            self.last_used, self.last_command = tick, command
            self.used_total += 1
        elif self.last_used >= 0:
            self.missing += 1
            self.missing_total += 1
            command = self.last_command if tick - self.last_used <= 3 else COMMAND.neutral
        if self.bot.random() < 0.05:
            self.bot_command = COMMAND.make(dx=self.bot.choice((-1, 0, 1)), dy=self.bot.choice((-1, 0, 1)))
        fill(self.buffer, [(Seat(0), command or COMMAND.neutral), (Seat(1), self.bot_command)])
        self.world.tick = tick
        self.past.begin(tick)
        self.game.step(self.world, self.buffer, self.past)
        self.history.record(self.world)
        self.truth[tick] = self.world.copy()

    def snapshot(self) -> Snapshot:
        slack = None if self.slack is None else max(-128, min(127, int(self.slack * 16)))
        snapshot = Snapshot(
            client_view(self.world, 0), slack, min(15, self.late), min(15, self.missing), self.last_used, self.newest_command
        )
        self.slack, self.late, self.missing = None, 0, 0
        return snapshot


class Match:
    """Runs both; the client's player walks about and shoots at random, changing his mind every third of a second."""

    def __init__(
        self, *, rtt_s: float, jitter_s: float = 0.0, loss: float = 0.0, seed: int = 1, snapshot_every: int = 1, game: Toy | None = None
    ) -> None:
        self.server = Server(game or Toy(), snapshot_every)
        self.game = Toy()
        self.up, self.down = Link(seed, rtt_s / 2, jitter_s, loss), Link(seed + 1, rtt_s / 2, jitter_s, loss)
        self.rtt_s, self.jitter_s = rtt_s, jitter_s
        self.clock = CommandClock(60)
        self.prediction = Prediction(self.game, Seat(0))
        self.interpolation = Interpolation(self.game.schema, 60)
        self.player = Random(seed + 2)
        self.command = COMMAND.neutral
        self.unacknowledged: list[tuple[int, Command]] = []
        self.newest_snapshot = -1
        self.corrections: list[tuple[float, Correction]] = []
        self.now = 1000.0
        self.quantum = 0
        self.frame_beat = 7  # quanta past the server's beat
        self.starved_at: list[float] = []
        self.paused = False
        self.server_paused = False
        self.player_acts = True

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / QUANTUM_S)):
            self.quantum += 1
            self.now = 1000.0 + self.quantum * QUANTUM_S
            for at, message in self.up.due(self.now):
                self.server.receive(message, at)
            if not self.server_paused:
                for _ in range(self.server.clock.advance(self.now)):
                    self.server.step()
                    if self.server.world.tick % self.server.snapshot_every == 0:
                        self.down.push(self.server.snapshot(), self.now)
            if self.quantum % 16 == self.frame_beat and not self.paused:
                self.frame()

    def frame(self) -> None:
        now = self.now
        for at, snapshot in self.down.due(now):
            self.interpolation.snapshot(snapshot.world, at)
            if snapshot.world.tick <= self.newest_snapshot:
                continue
            self.newest_snapshot = snapshot.world.tick
            self.unacknowledged = [entry for entry in self.unacknowledged if entry[0] > snapshot.acknowledged_command]
            correction = self.prediction.snapshot(
                snapshot.world, now, late=snapshot.late, missing=snapshot.missing, last_used_tick=snapshot.last_used_tick
            )
            if correction is not None:
                self.corrections.append((now, correction))
            if not self.clock.started:
                self.clock.start(snapshot.world.tick, self.rtt_s, now, self.jitter_s)
            self.clock.feedback(
                snapshot.slack_16ths, now, snapshot_tick=snapshot.world.tick, rtt_s=self.rtt_s, late=snapshot.late, missing=snapshot.missing
            )
        if not self.clock.started:
            return
        for tick in self.clock.advance(now):
            if self.player_acts and self.player.random() < 0.05:
                self.command = COMMAND.make(
                    dx=self.player.choice((-1, 0, 1)),
                    dy=self.player.choice((-1, 0, 1)),
                    aim=self.player.randrange(1024),
                    fire=self.player.randrange(2),
                )
            self.prediction.step(tick, self.command)
            self.unacknowledged = [*self.unacknowledged, (tick, self.command)][-RESENT_MAX:]
            self.up.push(list(self.unacknowledged), now)
        starved = self.interpolation.statistics().frames_starved
        self.interpolation.advance(now)
        if self.interpolation.statistics().frames_starved > starved:
            self.starved_at.append(now)

    def late_pct(self) -> float:
        return 100 * self.server.missing_total / (self.server.used_total + self.server.missing_total)

    def reset_counts(self) -> None:
        self.server.late_total = self.server.missing_total = self.server.used_total = 0
        self.corrections.clear()
        self.starved_at.clear()
