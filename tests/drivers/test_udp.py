import errno
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.drivers import NoFreePortError, UdpPort, open_server_sockets, open_udp
from engine.drivers import udp as udp_module
from engine.drivers.addresses import address_of, numeric_address, sockaddr_of
from engine.drivers.udp import ADDRESSES_CACHED_MAX
from engine.ids import CARRIED, Address
from tests.drivers.waiting import until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def pair():
    left, right = open_udp(), open_udp()
    yield left, right
    left.close()
    right.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_datagram_goes_there_and_an_answer_comes_back(pair: tuple[UdpPort, UdpPort], host: str) -> None:
    left, right = pair
    left.send([(Address(host, right.port), b"ping"), (Address(host, right.port), b"")])
    received: list[tuple[bytes, Address]] = []
    until(lambda: len(received) == 2, lambda: received.extend(right.receive()))
    assert received == [(b"ping", Address(host, left.port)), (b"", Address(host, left.port))]
    right.send([(received[0][1], b"pong")])
    until(lambda: left.receive() == [(b"pong", Address(host, right.port))])
    assert right.statistics().datagrams_in == 2
    assert right.statistics().bytes_in == 4
    assert right.statistics().datagrams_out == 1


def test_both_families_share_the_port_number_and_nothing_is_received_when_nothing_came(pair: tuple[UdpPort, UdpPort]) -> None:
    assert {sock.getsockname()[1] for sock in pair[0].sockets} == {pair[0].port}
    assert {sock.family for sock in pair[0].sockets} == {socket.AF_INET, socket.AF_INET6}
    assert pair[0].receive() == []


def test_a_pump_takes_no_more_than_its_limits_and_loses_nothing(pair: tuple[UdpPort, UdpPort]) -> None:
    left, right = pair
    left.send([(Address("127.0.0.1", right.port), bytes([index]) * 100) for index in range(10)])
    until(lambda: right.sockets[0].recv(1, socket.MSG_PEEK))
    first = right.receive(datagrams_max=3)
    second = right.receive(bytes_max=150)
    assert [data[0] for data, _ in first + second] == [0, 1, 2, 3, 4]
    rest: list[tuple[bytes, Address]] = []
    until(lambda: len(rest) == 5, lambda: rest.extend(right.receive()))


@pytest.mark.parametrize(
    "target",
    [
        CARRIED,
        Address("127.0.0.1", 70000),
        Address("not a number", 1),
        Address("fe80::1%nowhere", 1),
        Address("::1%x", -1),
        Address("fe80::1%99999999999", 7777),
        Address("fe80::1%" + "9" * 5000, 7777),
        Address("fe80::1%a\0b", 7777),
        Address("127.0.0.1\0", 7777),
        Address("127.0.0.1\ud800", 7777),
        Address("255.255.255.255", 9),
    ],
)
def test_what_cannot_be_sent_is_counted_and_the_rest_goes(pair: tuple[UdpPort, UdpPort], target: Address) -> None:
    left, right = pair
    left.send([(target, b"x"), (Address("127.0.0.1", right.port), b"y")])
    until(lambda: right.receive() == [(b"y", Address("127.0.0.1", left.port))])
    assert left.statistics().send_errors == 1


def test_a_port_without_ipv6_counts_what_it_cannot_send() -> None:
    port = open_udp(families=(socket.AF_INET,))
    port.send([(Address("::1", 9), b"x")])
    port.close()
    assert port.statistics().send_errors == 1


WITHOUT_CTYPES = """
import sys
sys.modules["_ctypes"] = None
from engine.drivers import open_udp
from engine.ids import Address
left, right = open_udp(), open_udp()
left.send([(Address("127.0.0.1", right.port), bytes([index])) for index in range(20)])
received = []
while len(received) < 20:
    received += right.receive()
print([data[0] for data, _ in received] == list(range(20)), "engine.drivers.batches" in sys.modules)
left.close()
right.close()
"""


def test_a_python_without_ctypes_sends_one_by_one() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_CTYPES], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("True False\n", "")


class _NoisySocket:
    """A socket that reports the ICMP echo of an earlier datagram (as Windows does) before each real one."""

    family = socket.AF_INET

    def __init__(self, count: int) -> None:
        self.left = count * 2

    def getsockname(self) -> tuple[str, int]:
        return ("0.0.0.0", 1)

    def recvfrom(self, size: int) -> tuple[bytes, tuple[str, int]]:
        if not self.left:
            raise BlockingIOError
        self.left -= 1
        if self.left % 2:
            raise ConnectionResetError(errno.ECONNRESET, "port unreachable")
        return b"x", ("10.0.0.1", self.left)


def test_an_icmp_echo_is_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp_module, "CALLS", None)
    port = UdpPort([_NoisySocket(5)])  # type: ignore[list-item]
    assert len(port.receive()) == 5
    assert port.statistics().receive_errors == 5


def test_forged_sources_do_not_fill_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp_module, "CALLS", None)
    port = UdpPort([_NoisySocket(ADDRESSES_CACHED_MAX + 10)])  # type: ignore[list-item]
    while port.receive():
        assert len(port._sources) <= ADDRESSES_CACHED_MAX
    assert port.statistics().datagrams_in == ADDRESSES_CACHED_MAX + 10


@pytest.mark.parametrize("sockaddr", [("1.2.3.4", 5), ("::1", 5, 0, 0), ("fe80::1", 5, 0, 3)])
def test_addresses_convert_both_ways(sockaddr: tuple[object, ...]) -> None:
    assert sockaddr_of(address_of(sockaddr)) == sockaddr


def test_a_link_local_address_keeps_its_scope() -> None:
    assert address_of(("fe80::1", 5, 0, 3)) == Address("fe80::1%3", 5)
    assert sockaddr_of(Address("fe80::1%lo", 5))[3] == socket.if_nametoindex("lo")


def test_a_scope_of_32_bits_may_be_an_interface_and_a_larger_one_is_none() -> None:
    assert sockaddr_of(Address(f"fe80::1%{2**32 - 1}", 5)) == ("fe80::1", 5, 0, 2**32 - 1)
    for scope in (str(2**32), "9" * 5000, "a\0b", "nowhere"):
        with pytest.raises(OSError):  # noqa: PT011 - the system's words where it is the system that says so
            sockaddr_of(Address(f"fe80::1%{scope}", 5))


@pytest.mark.parametrize(
    ("host", "written"),
    [("10.0.0.1", "10.0.0.1"), ("127.1", "127.0.0.1"), ("0x7f.1", "127.0.0.1"), ("::0001", "::1"), ("fe80::1%1", "fe80::1%1")],
)
def test_a_number_in_any_form_is_an_address(host: str, written: str) -> None:
    assert numeric_address(host, 7777) == Address(written, 7777)


@pytest.mark.parametrize("host", ["localhost", "1.2.3.4.5", "fe80::1%99999999999", "a\0b", "\ud800", "x" * 70, ""])
def test_a_name_or_nonsense_is_no_number(host: str) -> None:
    assert numeric_address(host, 7777) is None


def test_a_server_gets_one_number_for_everything() -> None:
    sockets = open_server_sockets(0)
    try:
        everything = [*sockets.listeners, *sockets.udp.sockets]
        assert {sock.getsockname()[1] for sock in everything} == {sockets.port}
        assert len(everything) == 4
    finally:
        sockets.close()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")])
def test_a_port_taken_in_any_way_is_passed_over(kind: socket.SocketKind, family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family, kind) as taken:
        if family == socket.AF_INET6:
            taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        taken.bind((host, 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(NoFreePortError, match=f"port {port}: .*another server"):
            open_server_sockets(port, ports_tried=1)
        sockets = open_server_sockets(port)
        assert port < sockets.port < port + 8
        sockets.close()
