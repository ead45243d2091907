"""One TCP peer: frames, typed messages, TLS through memory buffers, certificate pins, reliable messages that survive a lost stream.

Leaves to the layers above: what a request means and whether it is allowed (the server's lobby), sockets (drivers), and the sealed
datagrams themselves, which it hands out tickets for and, if it must, carries unread.
"""

from typing import TYPE_CHECKING

from engine.lazy import lazy_names

if TYPE_CHECKING:
    from engine.control.client import ControlClient, ControlClientStatistics
    from engine.control.limits import ControlLimits, Rate
    from engine.control.server import ControlServer, ControlServerStatistics
    from engine.control.text import clean_line, clean_name, unique_name
else:
    __getattr__ = lazy_names(
        __name__,
        client="ControlClient ControlClientStatistics",
        limits="ControlLimits Rate",
        server="ControlServer ControlServerStatistics",
        text="clean_line clean_name unique_name",
    )

__all__ = [
    "ControlClient",
    "ControlClientStatistics",
    "ControlLimits",
    "ControlServer",
    "ControlServerStatistics",
    "Rate",
    "clean_line",
    "clean_name",
    "unique_name",
]
