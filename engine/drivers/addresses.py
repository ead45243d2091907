"""Between :class:`Address` and what the socket module calls an address.

IPv6 carries its scope in the host (``fe80::1%2``): a link-local address means nothing without the interface that it is on.
"""

from __future__ import annotations

import socket
from struct import Struct
from typing import Any, Final, TypeAlias

from engine.ids import Address

SockAddr: TypeAlias = tuple[Any, ...]
"""(host, port) or (host, port, flow, scope)."""

SCOPE_MAX: Final = 2**32 - 1

NAME_BYTES_IPV4: Final = 16
NAME_BYTES_IPV6: Final = 28
_NAME_IPV4: Final = Struct("=H2s4s8x")
_NAME_IPV6: Final = Struct("=H2sI16sI")
"""As the system writes addresses: family, port and (IPv6) flow, host, and (IPv6) scope; port and host in network order."""


def address_of(sockaddr: SockAddr) -> Address:
    """What ``recvfrom``, ``getpeername`` and ``getaddrinfo`` give."""
    host, port = sockaddr[0], sockaddr[1]
    if len(sockaddr) == 4 and sockaddr[3] and "%" not in host:
        host = f"{host}%{sockaddr[3]}"
    return Address(host, port)


def sockaddr_of(address: Address) -> SockAddr:
    """What ``sendto`` and ``connect`` take. Raises OSError for a scope that can be no interface, or names none of this machine."""
    if ":" not in address.host:
        return (address.host, address.port)
    host, _, scope = address.host.partition("%")
    if not scope:
        return (host, address.port, 0, 0)
    return (host, address.port, 0, _scope_number(scope))


def _scope_number(scope: str) -> int:
    try:
        number = int(scope) if scope.isdecimal() else socket.if_nametoindex(scope)
    except ValueError as error:  # more digits than Python reads, a zero byte, half a character
        raise OSError("no name of an interface") from error
    if number > SCOPE_MAX:
        raise OSError(f"no interface has the number {number}")
    return number


def pack_name(sockaddr: SockAddr) -> bytes:
    """What :func:`sockaddr_of` made, as the system writes it. Raises OSError for a host that is not a number, ValueError for one with
    letters that no system takes, OverflowError for a port out of range.
    """
    port = sockaddr[1].to_bytes(2)
    if len(sockaddr) == 4:
        return _NAME_IPV6.pack(socket.AF_INET6, port, sockaddr[2], socket.inet_pton(socket.AF_INET6, sockaddr[0]), sockaddr[3])
    return _NAME_IPV4.pack(socket.AF_INET, port, socket.inet_pton(socket.AF_INET, sockaddr[0]))


def unpack_name(name: bytes) -> Address:
    """What :func:`pack_name` made, or the system."""
    if len(name) == NAME_BYTES_IPV6:
        _, port, flow, host, scope = _NAME_IPV6.unpack(name)
        return address_of((socket.inet_ntop(socket.AF_INET6, host), int.from_bytes(port), flow, scope))
    _, port, host = _NAME_IPV4.unpack(name)
    return address_of((socket.inet_ntop(socket.AF_INET, host), int.from_bytes(port)))


def numeric_address(host: str, port: int) -> Address | None:
    """Where ``host`` is a number, in whatever form (``127.1``, ``fe80::1%eth0``): the address as the system writes it. None for a name, and
    no name server is asked: it never blocks.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError, OverflowError):  # ValueError: letters that no system takes; OverflowError: a port out of range
        return None
    return address_of(found[0][4])


def family_of(address: Address) -> socket.AddressFamily:
    """By the look of the host: a numeric IPv6 address has a colon."""
    return socket.AF_INET6 if ":" in address.host else socket.AF_INET
