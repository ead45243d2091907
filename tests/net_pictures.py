"""``python -m tests.net_pictures``: pictures for the documentation, the net graph over a good and a bad network, and a fight.

Real matches in virtual time: made again, they are the same, until the game or the engine is another.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame

from engine.conditions import NetConditions
from engine.session import MatchClient
from engine.session.client_events import ClientEvent
from engine.testing import Simulation
from game.arena import ARENA_COMMAND, ARENA_SCHEMA, make_arena
from game.client.autopilot import Autopilot
from game.client.match_screen import HELP_S, MatchScreen
from game.client.net_graph import NetView
from game.client.screen import LOGICAL_SIZE
from game.client.sounds import SoundPlayer
from server.arena_rules import ArenaRules
from server.config import ServerConfig
from server.match import RoomServer
from tests.command_line import tool

PICTURES: Final = {
    "net-good.png": ("latency=4,jitter=1", 8, "courtyard", NetView.SMALL),
    "net-bad.png": ("latency=200,jitter=30,loss=10,burst=4", 6, "courtyard", NetView.SMALL),
    "net-large.png": ("latency=200,jitter=30,loss=10,burst=4", 6, "courtyard", NetView.LARGE),
    "match.png": ("latency=4,jitter=1", 13, "reactor", NetView.NONE),
}
"""The network, a seed with which something is to be seen, the map, and how much of the net graph is shown."""

PLAYED_S: Final = HELP_S + 17.0
FRAME_S: Final = 1 / 60


class Player:
    """A bot at the keyboard of a match screen."""

    def __init__(self, simulation: Simulation, seed: int) -> None:
        self.client = MatchClient(schema=ARENA_SCHEMA, command=ARENA_COMMAND, game_factory=make_arena, name="Ada", colour=1)
        self.autopilot = Autopilot(self.client, level=2, seed=seed)
        self.screen: MatchScreen | None = None
        self._fresh: list[ClientEvent] = []
        simulation.add_client(self.client, script=self._frame)

    def __getattr__(self, name: str) -> Any:
        """To the screen we are the client, but for its events."""
        return getattr(self.client, name)

    def events(self) -> list[ClientEvent]:
        fresh, self._fresh = self._fresh, []
        return fresh

    def set_command(self, **fields: int) -> None:
        """The bot plays, not the keyboard."""

    def _frame(self, client: MatchClient, now: float) -> None:
        self._fresh += self.autopilot.update()
        if self.screen is None and client.match is not None:
            self.screen = MatchScreen(self, SoundPlayer(None))
        if self.screen is not None:
            self.screen.update(now, FRAME_S)


def picture(net: str, seed: int, map_name: str, view: NetView) -> pygame.Surface:
    """What the player sees after half a minute on this network."""
    simulation = Simulation(seed, NetConditions.parse(net))
    config = ServerConfig()
    config = replace(config, arena=replace(config.arena, bots=6, maps=(map_name,)), match=replace(config.match, warmup_s=1))
    simulation.add_server(RoomServer(config, ArenaRules.of(config), entropy=Random(seed).randbytes))
    player = Player(simulation, seed)
    simulation.run_until(lambda: player.screen is not None, 30, "the match")
    simulation.run_for(PLAYED_S)
    surface = pygame.Surface(LOGICAL_SIZE, 0, 32)
    assert player.screen is not None
    for _ in range(list(NetView).index(view)):
        player.screen.handle_event(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_F3, mod=0, unicode=""))
    player.screen.handle_event(pygame.event.Event(pygame.MOUSEMOTION, pos=(560, 300), rel=(0, 0), buttons=(0, 0, 0)))
    player.screen.draw(surface)
    return surface


def main(arguments: Sequence[str] | None = None) -> int:
    """Write them."""
    parser = tool("tests.net_pictures", __doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs/images"), metavar="FOLDER", help="where to, over what is there")
    folder = parser.parse_args(arguments).folder
    if not folder.is_dir():
        parser.error(f"there is no folder {str(folder)!r}")
    pygame.display.init()
    pygame.font.init()
    for name, how in PICTURES.items():
        pygame.image.save(picture(*how), str(folder / name))
        print(folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
