"""The certificates of servers that a player has joined before: trust on first use, as ssh's known_hosts.

Pure data: the caller reads and writes the file (``known_servers.json``)::

    {"version": 1, "servers": {"192.168.1.5:7777": "9f86d081884c7d65..."}}

A player decides about a changed certificate by taking the server's line out (``forget``); nothing else replaces a pin.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

import msgspec

SERVERS_MAX: Final = 1024
"""The server that was remembered first goes when there are more."""
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}\Z")
_VERSION: Final = 1


class PinCheck(Enum):
    """What a server's certificate is to us."""

    NEW = "new"
    """Never joined: remember it."""
    SAME = "same"
    CHANGED = "changed"
    """Not the one of last time: refuse until the player says otherwise."""


class _File(msgspec.Struct):
    version: int
    servers: dict[str, str]


class KnownServers:
    """Server name (as the player wrote or chose it, with its port) to certificate fingerprint."""

    def __init__(self, servers: dict[str, str] | None = None) -> None:
        self.problem = ""
        """A line for people if the text that this was read from was unusable, in part or in whole."""
        self._servers: dict[str, str] = {}
        for server, fingerprint in (servers or {}).items():
            self.remember(server, fingerprint)

    @classmethod
    def from_json(cls, text: str) -> KnownServers:
        """Read the file's text. An unusable one gives no pins and a ``problem``; it never raises."""
        known = cls()
        if not text.strip():
            return known
        try:
            file = msgspec.json.decode(text.encode("utf-8", "replace"), type=_File)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            known.problem = "The list of known servers cannot be read; every server counts as new."
            return known
        usable = {server: fingerprint for server, fingerprint in file.servers.items() if _FINGERPRINT.match(fingerprint)}
        for server, fingerprint in usable.items():
            known.remember(server, fingerprint)
        if file.version != _VERSION or len(usable) < len(file.servers):
            known.problem = "The list of known servers is damaged or of another version; what could not be read counts as new."
        return known

    def to_json(self) -> str:
        """The file's text, one server a line, so that a person can take one out."""
        compact = msgspec.json.encode(_File(_VERSION, self._servers))
        return msgspec.json.format(compact, indent=2).decode() + "\n"

    def pinned(self, server: str) -> str | None:
        """The fingerprint that a stream to this server must show, for :meth:`engine.control.tls.TlsStream.client`."""
        return self._servers.get(server)

    def check(self, server: str, fingerprint: str) -> PinCheck:
        """Compare with what was seen before. Remembers nothing."""
        known = self._servers.get(server)
        if known is None:
            return PinCheck.NEW
        return PinCheck.SAME if known == fingerprint else PinCheck.CHANGED

    def remember(self, server: str, fingerprint: str) -> None:
        """Pin a certificate on first use. Raises ValueError for what is no fingerprint, and where another is pinned (forget it first)."""
        if not _FINGERPRINT.match(fingerprint):
            raise ValueError(f"not a certificate fingerprint: {fingerprint[:80]!r}")
        if self.check(server, fingerprint) is PinCheck.CHANGED:
            raise ValueError(f"{server} has another certificate pinned")
        self._servers[server] = fingerprint
        while len(self._servers) > SERVERS_MAX:
            del self._servers[next(iter(self._servers))]

    def forget(self, server: str) -> bool:
        """The player accepts whatever certificate comes next. False if none was pinned."""
        return self._servers.pop(server, None) is not None

    def __len__(self) -> int:
        return len(self._servers)


def changed_sentence(server: str, pinned: str, seen: str, remedy: str) -> str:
    """What to tell the player when a certificate has changed: what it means, and ``remedy``: how to accept it ("join again with ...")."""
    return (
        f"The certificate of {server} is not the one of last time (was {short_fingerprint(pinned)}, is {short_fingerprint(seen)}). "
        f"Either another machine has this address now or the server was set up anew, or somebody stands between you and it. "
        f"If you expected this, {remedy}."
    )


def short_fingerprint(fingerprint: str) -> str:
    """Enough of a fingerprint for two people to compare aloud: 16 hex digits in groups of four."""
    return " ".join(fingerprint[index : index + 4] for index in range(0, 16, 4))
