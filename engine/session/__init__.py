"""The facades: a client's whole side, a simple server's whole side, and the host of matches that a larger server is built around.

Leaves to others: sockets and clocks (drivers), rooms (the server), pictures and keys (the game).
"""

from typing import TYPE_CHECKING

from engine.lazy import lazy_names

if TYPE_CHECKING:
    from engine.session.client import ClientState, MatchClient
    from engine.session.client_match import ClientMatch
    from engine.session.client_statistics import ClientStatistics
    from engine.session.config import ClientConfig, HostConfig
    from engine.session.host import HostStatistics, MatchHost
    from engine.session.match import Match
    from engine.session.server import MatchServer
else:
    __getattr__ = lazy_names(
        __name__,
        client="ClientState MatchClient",
        client_match="ClientMatch",
        client_statistics="ClientStatistics",
        config="ClientConfig HostConfig",
        host="HostStatistics MatchHost",
        match="Match",
        server="MatchServer",
    )

__all__ = [
    "ClientConfig",
    "ClientMatch",
    "ClientState",
    "ClientStatistics",
    "HostConfig",
    "HostStatistics",
    "Match",
    "MatchClient",
    "MatchHost",
    "MatchServer",
]
