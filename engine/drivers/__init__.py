"""The only sockets, clocks and threads of the engine. A driver has no decisions: it drives any object that has the verbs of :mod:`.verbs`.

Left to others: what the bytes mean (the sans-IO parts), when to give up on a server and what to tell the player (the caller).
"""

from engine.drivers.client_driver import ClientDriver, ClientDriverStatistics
from engine.drivers.clock import Pacer, now
from engine.drivers.failures import ConnectFailure, ConnectFailureKind
from engine.drivers.interfaces import Interface, lan_addresses, list_interfaces
from engine.drivers.lan import LanBrowser, join_discovery_groups
from engine.drivers.ports import NoFreePortError, ServerSockets, open_server_sockets
from engine.drivers.tcp_client import TcpClient
from engine.drivers.tcp_server import TcpServer, TcpServerLimits, TcpServerStatistics
from engine.drivers.tick_thread import TickThread, TickThreadStatistics
from engine.drivers.udp import UdpPort, UdpStatistics, open_udp
from engine.drivers.verbs import DatagramHost, DrivenClient, Responder, StreamServer, StreamWrapper

__all__ = [
    "ClientDriver",
    "ClientDriverStatistics",
    "ConnectFailure",
    "ConnectFailureKind",
    "DatagramHost",
    "DrivenClient",
    "Interface",
    "LanBrowser",
    "NoFreePortError",
    "Pacer",
    "Responder",
    "ServerSockets",
    "StreamServer",
    "StreamWrapper",
    "TcpClient",
    "TcpServer",
    "TcpServerLimits",
    "TcpServerStatistics",
    "TickThread",
    "TickThreadStatistics",
    "UdpPort",
    "UdpStatistics",
    "join_discovery_groups",
    "lan_addresses",
    "list_interfaces",
    "now",
    "open_server_sockets",
    "open_udp",
]
