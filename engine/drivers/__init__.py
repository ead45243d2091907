"""The only sockets, clocks and threads of the engine. A driver has no decisions: it drives any object with the verbs of ``engine.verbs``.

Left to others: what the bytes mean (the sans-IO parts), when to give up on a server and what to tell the player (the caller).
"""

from typing import TYPE_CHECKING

from engine.lazy import lazy_names

if TYPE_CHECKING:
    from engine.drivers.client_driver import ClientDriver, ClientDriverStatistics
    from engine.drivers.clock import Pacer, now
    from engine.drivers.failures import ConnectFailure, ConnectFailureKind
    from engine.drivers.interfaces import Interface, lan_addresses, list_interfaces
    from engine.drivers.lan import LanBrowser, join_discovery_groups
    from engine.drivers.ports import NoFreePortError, ServerSockets, open_server_sockets
    from engine.drivers.server_driver import ServerDriver
    from engine.drivers.tcp_client import TcpClient
    from engine.drivers.tcp_server import TcpServer, TcpServerLimits, TcpServerStatistics
    from engine.drivers.tick_thread import TickThread, TickThreadStatistics
    from engine.drivers.udp import UdpPort, UdpStatistics, open_udp
else:
    __getattr__ = lazy_names(
        __name__,
        client_driver="ClientDriver ClientDriverStatistics",
        clock="Pacer now",
        failures="ConnectFailure ConnectFailureKind",
        interfaces="Interface lan_addresses list_interfaces",
        lan="LanBrowser join_discovery_groups",
        ports="NoFreePortError ServerSockets open_server_sockets",
        server_driver="ServerDriver",
        tcp_client="TcpClient",
        tcp_server="TcpServer TcpServerLimits TcpServerStatistics",
        tick_thread="TickThread TickThreadStatistics",
        udp="UdpPort UdpStatistics open_udp",
    )

__all__ = [
    "ClientDriver",
    "ClientDriverStatistics",
    "ConnectFailure",
    "ConnectFailureKind",
    "Interface",
    "LanBrowser",
    "NoFreePortError",
    "Pacer",
    "ServerDriver",
    "ServerSockets",
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
