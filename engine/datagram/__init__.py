"""One UDP peer: sealed, numbered, acknowledged datagrams; fragments; round-trip statistics; a path that may change.

Bytes and time go in, bytes and events come out; there is no socket and no clock here. Left to the layers above: making lost messages good
(snapshots and commands repeat themselves), ordering, meaning, and the handing over of tickets (the control connection does that).
"""

from engine.datagram.connection import Connection
from engine.datagram.endpoint import Endpoint
from engine.datagram.events import Connected, ConnectionEvent, Disconnected, PathChanged, Received
from engine.datagram.limits import DatagramLimits
from engine.datagram.messages import DATAGRAM_BYTES_MAX, MESSAGE_BYTES_MAX, SINGLE_MESSAGE_BYTES_MAX
from engine.datagram.states import State
from engine.datagram.statistics import DatagramStatistics, DropReason, EndpointStatistics, Losses, PathReport

__all__ = [
    "DATAGRAM_BYTES_MAX",
    "MESSAGE_BYTES_MAX",
    "SINGLE_MESSAGE_BYTES_MAX",
    "Connected",
    "Connection",
    "ConnectionEvent",
    "DatagramLimits",
    "DatagramStatistics",
    "Disconnected",
    "DropReason",
    "Endpoint",
    "EndpointStatistics",
    "Losses",
    "PathChanged",
    "PathReport",
    "Received",
    "State",
]
