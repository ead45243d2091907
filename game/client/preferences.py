"""What a player has set, kept between runs, and the certificates of servers that he has joined.

Files in the user's settings folder (``SKIRMISH_STATE`` names another)::

    preferences.json       name, colour, volume, fullscreen, net graph, input delay, favourites, recent addresses
    known_servers.json     certificate fingerprints (:mod:`engine.control.pins`)

A file that cannot be read is not an error for somebody who wants to play: the defaults hold, and ``problem`` says so.
"""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Annotated, Final

import msgspec
import platformdirs

from engine.control.pins import KnownServers
from engine.session.config import INPUT_DELAY_TICKS_MAX

STATE_VARIABLE: Final = "SKIRMISH_STATE"
ADDRESSES_MAX: Final = 20
COLOURS: Final = 13
"""0 is any (the seat chooses), 1 and up are the theme's palette in order."""

Volume = Annotated[int, msgspec.Meta(ge=0, le=100)]
Addresses = Annotated[list[Annotated[str, msgspec.Meta(max_length=270)]], msgspec.Meta(max_length=ADDRESSES_MAX)]


class Preferences(msgspec.Struct):
    """Everything on the settings screen, and the addresses that were typed."""

    name: Annotated[str, msgspec.Meta(max_length=64)] = ""
    colour: Annotated[int, msgspec.Meta(ge=0, lt=COLOURS)] = 0
    sound_volume_pct: Volume = 70
    is_fullscreen: bool = False
    has_net_graph: bool = False
    input_delay_ticks: Annotated[int, msgspec.Meta(ge=0, le=INPUT_DELAY_TICKS_MAX)] = 0
    """For matches from the next connection on, where the command line does not say otherwise."""
    favourites: Addresses = msgspec.field(default_factory=list)
    recent: Addresses = msgspec.field(default_factory=list)

    def remember_address(self, address: str) -> None:
        """Put an address that worked in front of the recent ones."""
        self.recent = [address, *(other for other in self.recent if other != address)][:ADDRESSES_MAX]


class PlayerFiles:
    """Reads and writes both files. Writing goes through a temporary file, so a crash leaves the old one or the new one."""

    def __init__(self, folder: Path | None = None) -> None:
        chosen = os.environ.get(STATE_VARIABLE)
        self.folder: Final = folder or (Path(chosen) if chosen else Path(platformdirs.user_config_dir("skirmish", appauthor=False)))
        self.problem = ""
        """One line for the player if something could not be read or written."""
        self.preferences: Final = self._read_preferences()
        self.known_servers: Final = self._read_known_servers()

    def save(self) -> None:
        """Write both; a failure becomes :attr:`problem`."""
        self._write("preferences.json", msgspec.json.format(msgspec.json.encode(self.preferences), indent=2))
        self._write("known_servers.json", self.known_servers.to_json().encode())

    def _read_preferences(self) -> Preferences:
        text = self._read("preferences.json")
        if text is None:
            return Preferences()
        try:
            return msgspec.json.decode(text, type=Preferences)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.problem = f"{self.folder / 'preferences.json'} cannot be read; the defaults are used."
            return Preferences()

    def _read_known_servers(self) -> KnownServers:
        known = KnownServers.from_json((self._read("known_servers.json") or b"").decode("utf-8", "replace"))
        self.problem = known.problem or self.problem
        return known

    def _read(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self.problem = f"{self.folder / name}: {error.strerror}."
            return None

    def _write(self, name: str, data: bytes) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary = self.folder / f"{name}.{os.getpid()}.new"
            temporary.write_bytes(data)
            temporary.replace(self.folder / name)
        except OSError as error:
            self.problem = f"{self.folder / name} cannot be written: {error.strerror}."


def default_name() -> str:
    """What somebody is called who has not said."""
    try:
        return getpass.getuser()[:16] or "Player"
    except (OSError, KeyError, ImportError):  # no such user in this container; Windows without the variables that name one
        return "Player"
