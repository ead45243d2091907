"""LAN discovery's sockets: every interface is asked in every way that may work there, and what fails somewhere is ignored.

    client:  per IPv4 address a socket bound to it: directed broadcast and multicast; one for loopback
             per IPv6 interface: link-local multicast; one for loopback
    server:  its ordinary UDP port, which joins the two groups on each interface

A multicast may get through where access points drop broadcasts, and the other way round; a broadcast needs no membership. The same server
answering several times is one line in the list: the core tells servers apart by their id, not by their address.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from engine.drivers import clock as clocks
from engine.drivers.interfaces import Interface, list_interfaces
from engine.drivers.udp import UdpPort, open_udp, open_udp_socket
from engine.ids import DEFAULT_PORT, PORTS_TRIED, Address
from engine.verbs import Asker

GROUP_IPV4: Final = "239.255.83.75"
"""Administratively scoped (RFC 2365), so no router carries it off the site; 83.75 is "SK"."""

GROUP_IPV6: Final = "ff12::534b"
"""Transient, link-local scope (RFC 4291)."""

DISCOVERY_PORTS: Final = tuple(range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED))

INTERFACES_AGE_S: Final = 5.0
"""Interfaces are looked at again after this: somebody plugs the cable in while the list is open."""

ANSWERS_PER_POLL_MAX: Final = 512


@dataclass(slots=True)
class _Voice:
    """One way to ask: a socket, and where a question for everybody goes."""

    port: UdpPort
    hosts: tuple[str, ...]


class LanBrowser:
    """Drives an :class:`Asker` (the engine's DiscoveryClient): poll it once per frame, nothing blocks."""

    def __init__(
        self,
        asker: Asker,
        *,
        ports: Sequence[int] = DISCOVERY_PORTS,
        interfaces: Callable[[], list[Interface]] = list_interfaces,
        clock: clocks.Clock = clocks.now,
    ) -> None:
        self.asker: Final = asker
        self._ports: Final = tuple(ports)
        self._list_interfaces: Final = interfaces
        self._clock: Final = clock
        self._voices: dict[Interface, _Voice] = {}
        self._direct: UdpPort | None = None
        self._looked_at: float | None = None

    def poll(self) -> float:
        """Send the questions that are due, take the answers in. Returns the time that the asker was told."""
        now = self._clock()
        for target, data in self.asker.queries_to_send(now):
            if target is not None:
                with suppress(OSError):  # no socket to be had just now: the next question tries again
                    self._direct = self._direct or open_udp()
                    self._direct.send([(target, data)])
                continue
            if self._looked_at is None or now - self._looked_at >= INTERFACES_AGE_S:
                # An interface that is being set up has an address that nobody may use yet, for a second with IPv6: looked at next round.
                self._looked_at = now if self._look_at_interfaces() else None
            for voice in self._voices.values():
                voice.port.send((Address(host, port), data) for host in voice.hosts for port in self._ports)
        for udp in self._all_ports():
            for data, address in udp.receive(ANSWERS_PER_POLL_MAX):
                self.asker.receive(data, address, now)
        return now

    def close(self) -> None:
        """Close the sockets."""
        for udp in self._all_ports():
            udp.close()
        self._voices.clear()
        self._direct = None

    def _all_ports(self) -> list[UdpPort]:
        ports = [voice.port for voice in self._voices.values()]
        return [*ports, self._direct] if self._direct is not None else ports

    def _look_at_interfaces(self) -> bool:
        """Have a voice on every interface. Whether each of them let us."""
        interfaces = self._list_interfaces()
        for gone in [interface for interface in self._voices if interface not in interfaces]:
            self._voices.pop(gone).port.close()
        for interface in interfaces:
            if interface not in self._voices:
                with suppress(OSError):  # an interface that is down, or an address that is not ours yet
                    self._voices[interface] = _voice_of(interface)
        return len(self._voices) == len(set(interfaces))


def _voice_of(interface: Interface) -> _Voice:
    """A socket that speaks through this interface. Raises OSError where the interface does not let it."""
    if interface.is_loopback:
        family = socket.AF_INET6 if interface.is_ipv6 else socket.AF_INET
        return _Voice(UdpPort([open_udp_socket(family, interface.host, 0)]), (interface.host,))
    if interface.is_ipv6:
        sock = open_udp_socket(socket.AF_INET6, interface.host, 0)
        with suppress(OSError):  # the scope in the target says it as well
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, interface.index)
        return _Voice(UdpPort([sock]), (f"{GROUP_IPV6}%{interface.index}",))
    sock = open_udp_socket(socket.AF_INET, interface.host, 0)
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    with suppress(OSError):  # without it the multicast takes the default route, where there is one
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface.host))
    broadcast = (interface.broadcast,) if interface.broadcast is not None else ()
    return _Voice(UdpPort([sock]), (*broadcast, GROUP_IPV4))


def join_discovery_groups(udp: UdpPort, interfaces: Sequence[Interface] | None = None) -> int:
    """Let a server's port hear both groups on every interface. Returns how many memberships it got; 0 still hears broadcasts."""
    joined = 0
    for interface in list_interfaces() if interfaces is None else interfaces:
        for sock in udp.sockets:
            if interface.is_ipv6 != (sock.family == socket.AF_INET6):
                continue
            # Refused where it is a member already (two addresses on one interface) or the interface has no multicast.
            with suppress(OSError):
                if interface.is_ipv6:
                    membership = socket.inet_pton(socket.AF_INET6, GROUP_IPV6) + struct.pack("@I", interface.index)
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, membership)
                else:
                    membership = socket.inet_aton(GROUP_IPV4) + socket.inet_aton(interface.host)
                    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
                joined += 1
    return joined
