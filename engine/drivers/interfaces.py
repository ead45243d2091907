"""The machine's network interfaces, as far as LAN play needs them.

Asked one by one because the limited broadcast (255.255.255.255) and plain multicast follow the default route: at a LAN party on an isolated
switch there is none, and both fail. The directed broadcast of each interface works there.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import ifaddr

INTERFACES_MAX = 32
"""A machine with more (containers bring one each) asks the first ones."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One address of one interface."""

    name: str
    host: str
    """Numeric; IPv6 link-local with its scope, as ``fe80::1%2``."""
    index: int
    broadcast: str | None
    """The directed broadcast address of an IPv4 network that has one."""

    @property
    def is_ipv6(self) -> bool:
        """Whether the address is one of IPv6."""
        return ":" in self.host

    @property
    def is_loopback(self) -> bool:
        """Whether it leads nowhere but here."""
        return ipaddress.ip_address(self.host.partition("%")[0]).is_loopback

    @property
    def is_link_local(self) -> bool:
        """Whether the address counts on this link only."""
        return ipaddress.ip_address(self.host.partition("%")[0]).is_link_local


def list_interfaces() -> list[Interface]:
    """Every address of every interface; asks the system, about 0.1 ms. Where the system refuses, none."""
    try:
        adapters = list(ifaddr.get_adapters())
    except OSError:
        return []
    found: list[Interface] = []
    for adapter in adapters:
        index = adapter.index if adapter.index is not None else 0
        for ip in adapter.ips:
            if isinstance(ip.ip, tuple):
                host, _, scope = ip.ip
                found.append(Interface(str(adapter.nice_name), f"{host}%{scope}" if scope else host, index, None))
            else:
                found.append(Interface(str(adapter.nice_name), ip.ip, index, _directed_broadcast(ip.ip, ip.network_prefix)))
    return found[:INTERFACES_MAX]


def lan_addresses() -> list[str]:
    """Addresses that a host can tell his friends: IPv4 first, no loopback; link-local ones only where there is nothing better."""
    outward = [interface for interface in list_interfaces() if not interface.is_loopback]
    routable = [interface for interface in outward if not interface.is_link_local]
    return [interface.host for interface in sorted(routable or outward, key=lambda interface: interface.is_ipv6)]


def _directed_broadcast(host: str, prefix: int) -> str | None:
    network = ipaddress.IPv4Network(f"{host}/{prefix}", strict=False)
    if network.is_loopback or prefix >= 31:
        return None
    return str(network.broadcast_address)
