"""Calls with many datagrams do what calls with one each do: the same contents, order, sources, limits and counters."""

import ctypes
import errno
import socket
from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest

from engine.drivers import UdpPort, open_udp
from engine.drivers import udp as udp_module
from engine.drivers.addresses import pack_name, sockaddr_of, unpack_name
from engine.drivers.batches import BATCH_DATAGRAMS, CALLS, Batches
from engine.drivers.udp import ADDRESSES_CACHED_MAX, DATAGRAM_BYTES_MAX, MANY_DATAGRAMS, open_udp_socket
from engine.ids import Address
from tests.drivers.waiting import until

pytestmark = pytest.mark.skipif(CALLS is None, reason="this system has no recvmmsg and sendmmsg")

MANY = 3 * BATCH_DATAGRAMS + 5


@pytest.fixture(params=["single", "many"])
def is_batched(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Each test here holds for ports that know the calls and for ports that do not."""
    if request.param == "single":
        monkeypatch.setattr(udp_module, "CALLS", None)
    return bool(request.param == "many")


@pytest.fixture
def pair(is_batched: bool) -> Iterator[tuple[UdpPort, UdpPort]]:
    left, right = open_udp(), open_udp()
    yield left, right
    left.close()
    right.close()


def received_by(port: UdpPort, count: int) -> list[tuple[bytes, Address]]:
    received: list[tuple[bytes, Address]] = []
    until(lambda: len(received) >= count, lambda: received.extend(port.receive()))
    return received


def uses_batches(port: UdpPort) -> bool:
    return any(way._batches is not None for way in port._ways)


def test_many_datagrams_of_both_families_arrive_whole_and_in_order(pair: tuple[UdpPort, UdpPort], is_batched: bool) -> None:
    left, right = pair
    sent = [(Address(("127.0.0.1", "::1")[index % 2], right.port), bytes([index % 251]) * (index * 7 % 1500)) for index in range(MANY)]
    left.send(sent)
    received = received_by(right, MANY)
    for host in ("127.0.0.1", "::1"):
        came = [data for data, address in received if address == Address(host, left.port)]
        assert came == [data for address, data in sent if address.host == host]
    size = sum(len(data) for _, data in sent)
    assert (left.statistics().datagrams_out, left.statistics().bytes_out, left.statistics().send_errors) == (MANY, size, 0)
    assert (right.statistics().datagrams_in, right.statistics().bytes_in, right.statistics().receive_errors) == (MANY, size, 0)
    assert uses_batches(left) == uses_batches(right) == is_batched


def test_one_that_the_system_refuses_does_not_take_the_rest_with_it(pair: tuple[UdpPort, UdpPort]) -> None:
    left, right = pair
    good = Address("127.0.0.1", right.port)
    broadcast = Address("255.255.255.255", 9)  # EACCES: the socket may not
    nowhere = Address("127.0.0.1", 0)  # EINVAL
    too_long = bytes(70_000)  # EMSGSIZE
    heap = [(good, bytes([index])) for index in range(20)]
    heap[3:3] = [(broadcast, b"lost"), (nowhere, b"lost as well")]
    heap += [(good, too_long), (good, b"last"), (broadcast, b"lost")]
    left.send(heap)
    assert [data for data, _ in received_by(right, 21)] == [*(bytes([index]) for index in range(20)), b"last"]
    assert left.statistics().send_errors == 4
    assert (left.statistics().datagrams_out, left.statistics().bytes_out) == (21, 24)


def test_limits_are_kept_and_what_is_above_them_waits(pair: tuple[UdpPort, UdpPort]) -> None:
    left, right = pair
    target = Address("127.0.0.1", right.port)
    left.send((target, bytes([index]) * 1000) for index in range(100))
    until(lambda: right.sockets[0].recv(1, socket.MSG_PEEK))
    counts = [len(right.receive(*limits)) for limits in ((20,), (30,), (100, 10_000), (100, 10_001), (1, 1), (100, 1))]
    assert counts == [20, 30, 10, 11, 1, 1]
    rest = received_by(right, 27)
    assert [data[0] for data, _ in rest] == list(range(73, 100))


def test_what_is_too_long_is_cut_off_as_ever(pair: tuple[UdpPort, UdpPort]) -> None:
    left, right = pair
    left.send((Address("127.0.0.1", right.port), bytes([index]) * 3000) for index in range(20))
    assert [data for data, _ in received_by(right, 20)] == [bytes([index]) * DATAGRAM_BYTES_MAX for index in range(20)]


def test_a_port_of_few_datagrams_makes_no_calls_for_many(pair: tuple[UdpPort, UdpPort]) -> None:
    left, right = pair
    for _ in range(10):
        left.send((Address("127.0.0.1", right.port), b"x") for _ in range(MANY_DATAGRAMS - 1))
        until(lambda: right.sockets[0].recv(1, socket.MSG_PEEK))
        received_by(right, MANY_DATAGRAMS - 1)
    assert not uses_batches(left)
    assert not uses_batches(right)


def test_sources_of_heaps_do_not_fill_the_cache(is_batched: bool) -> None:
    port = open_udp(families=(socket.AF_INET,))
    strangers = [open_udp_socket(socket.AF_INET, "127.0.0.1", 0) for _ in range(20)]
    try:
        port._sources.update({("10.0.0.1", number): Address("10.0.0.1", number) for number in range(ADDRESSES_CACHED_MAX - 5)})
        for stranger in strangers:
            stranger.sendto(b"x", ("127.0.0.1", port.port))
        received = received_by(port, 20)
        assert [address.port for _, address in received] == [stranger.getsockname()[1] for stranger in strangers]
        assert len(port._sources) <= ADDRESSES_CACHED_MAX
        assert uses_batches(port) == is_batched
    finally:
        for stranger in (*strangers, *port.sockets):
            stranger.close()


def test_a_closed_port_sends_nothing_through_whoever_got_its_descriptors(is_batched: bool) -> None:
    target, closed = open_udp(), open_udp()
    heap = [(Address("127.0.0.1", target.port), bytes([index])) for index in range(20)]
    closed.send(heap)
    assert len(received_by(target, 20)) == 20
    numbers = [sock.fileno() for sock in closed.sockets]
    closed.close()
    stranger = open_udp()
    try:
        assert [sock.fileno() for sock in stranger.sockets] == numbers  # a system gives the lowest that is free
        closed.send(heap)
        stranger.send([(Address("127.0.0.1", target.port), b"last")])
        assert received_by(target, 1) == [(b"last", Address("127.0.0.1", stranger.port))]
        assert (closed.statistics().send_errors, closed.statistics().datagrams_out) == (20, 20)
        assert closed.receive(10) == []
        assert uses_batches(closed) == is_batched
    finally:
        stranger.close()
        target.close()


class _Calls:
    """The system's two calls, which answer with an error number (negative) or take as many as told."""

    def __init__(self, answers: Sequence[int]) -> None:
        self.answers = list(answers)
        self.asked: list[int] = []

    def __call__(self, fileno: int, vector: int, count: int, flags: int, timeout: None = None) -> int:
        self.asked.append(count)
        answer = self.answers.pop(0)
        if answer < 0:
            ctypes.set_errno(-answer)
            return -1
        return min(answer, count)


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        yield made


@pytest.mark.parametrize("error", [errno.EPERM, errno.ECONNREFUSED, errno.EMSGSIZE, errno.EAGAIN, errno.ENOBUFS])
def test_a_refusal_in_the_middle_costs_one_datagram(sock: socket.socket, error: int) -> None:
    calls = _Calls([2, -error, -error, 64])
    batches = Batches(sock, DATAGRAM_BYTES_MAX, (None, calls))
    assert batches.send([bytes(16)] * 10, [bytes([1]) * (index + 1) for index in range(10)]) == 55 - 3 - 4
    assert calls.asked == [10, 8, 7, 6]
    assert batches.errors == 2


def test_an_interrupted_call_is_made_again(sock: socket.socket) -> None:
    calls = _Calls([-errno.EINTR, 3])
    batches = Batches(sock, DATAGRAM_BYTES_MAX, (None, calls))
    assert batches.send([bytes(16)] * 3, [b"x"] * 3) == 3
    assert batches.errors == 0


@pytest.mark.parametrize("error", [errno.ECONNREFUSED, errno.EHOSTUNREACH])
def test_an_icmp_echo_among_what_is_received_is_noise(sock: socket.socket, error: int) -> None:
    calls = _Calls([3, -error, -error, 2, -errno.EAGAIN])
    batches = Batches(sock, DATAGRAM_BYTES_MAX, (calls, None))
    assert len(batches.receive(defaultdict(lambda: Address("10.0.0.1", 1)), 4096, 1 << 21)) == 5
    assert batches.errors == 2


def test_a_socket_that_only_fails_ends_the_pump(sock: socket.socket) -> None:
    calls = _Calls([-errno.EHOSTUNREACH] * 10)
    batches = Batches(sock, DATAGRAM_BYTES_MAX, (calls, None))
    assert batches.receive({}, 10, 1 << 21) == []
    assert batches.errors == 10


@pytest.mark.parametrize("address", [Address("1.2.3.4", 5), Address("::1", 65535), Address("fe80::1%3", 7), Address("2001:db8::1", 0)])
def test_addresses_are_packed_and_unpacked(address: Address) -> None:
    assert unpack_name(pack_name(sockaddr_of(address))) == address
