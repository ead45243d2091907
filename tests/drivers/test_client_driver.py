import socket
from collections.abc import Iterator

import pytest

from engine.conditions import NetConditions
from engine.drivers import ClientDriver, ConnectFailureKind, UdpPort, open_udp
from engine.ids import Address
from tests.drivers.waiting import XorWrapper, listen, until, unused_port


class EchoClient:
    """Notes everything; sends what it is told to."""

    def __init__(self) -> None:
        self.wants_stream = True
        self.wants_close = False
        self.failed = ""
        self.log: list[str] = []
        self.stream = b""
        self.datagrams: list[tuple[bytes, Address]] = []
        self.to_send = b""
        self.to_send_datagrams: list[tuple[Address, bytes]] = []

    def stream_opened(self, server: Address, now: float) -> None:
        self.wants_stream = False
        self.log.append("opened")

    def stream_failed(self, detail: str, now: float) -> None:
        self.wants_stream = False
        self.failed = detail

    def receive_stream(self, data: bytes, now: float) -> None:
        self.stream += data

    def stream_lost(self, now: float) -> None:
        self.wants_stream = True
        self.log.append("lost")

    def stream_to_send(self, now: float) -> bytes:
        data, self.to_send = self.to_send, b""
        return data

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        self.datagrams.append((data, address))

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        datagrams, self.to_send_datagrams = self.to_send_datagrams, []
        return datagrams

    def advance(self, now: float) -> None:
        pass


class Setup:
    def __init__(self, family: socket.AddressFamily, **options: object) -> None:
        self.time = 100.0
        self.listener = listen(family)
        self.udp: UdpPort = open_udp()
        self.client = EchoClient()
        self.host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        self.driver = ClientDriver(self.client, self.host, self.listener.getsockname()[1], clock=lambda: self.time, **options)  # type: ignore[arg-type]
        self.served: list[socket.socket] = []

    def accept(self) -> socket.socket:
        served, _ = self.listener.accept()
        served.settimeout(5.0)
        self.served.append(served)
        return served

    def connect(self) -> socket.socket:
        opened = self.client.log.count("opened")
        until(lambda: self.client.log.count("opened") > opened, self.driver.poll)
        return self.accept()

    def close(self) -> None:
        self.driver.close()
        for sock in (self.listener, *self.served):
            sock.close()
        self.udp.close()


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6])
def setup(request: pytest.FixtureRequest) -> Iterator[Setup]:
    made = Setup(request.param)
    yield made
    made.close()


def test_stream_and_datagrams_reach_the_client_and_the_server(setup: Setup) -> None:
    served = setup.connect()
    served.sendall(b"welcome")
    setup.client.to_send = b"hello"
    setup.client.to_send_datagrams = [(Address(setup.host, setup.udp.port), b"ping")]
    setup.driver.poll()
    assert served.recv(100) == b"hello"
    received: list[tuple[bytes, Address]] = []
    until(lambda: received, lambda: received.extend(setup.udp.receive()))
    setup.udp.send([(received[0][1], b"pong")])
    until(lambda: setup.client.datagrams and setup.client.stream, setup.driver.poll)
    assert setup.client.datagrams == [(b"pong", Address(setup.host, setup.udp.port))]
    assert setup.client.stream == b"welcome"
    assert setup.driver.is_connected
    assert setup.driver.statistics().udp.datagrams_in == 1


def test_a_lost_stream_is_reported_and_opened_again(setup: Setup) -> None:
    setup.connect().close()
    until(lambda: "lost" in setup.client.log, setup.driver.poll)
    setup.connect()
    assert setup.client.log == ["opened", "lost", "opened"]
    assert setup.driver.statistics().streams_opened == 2


@pytest.mark.parametrize("last_words", [b"", b"full"])
def test_a_server_that_closes_at_once_is_heard_out(setup: Setup, last_words: bytes) -> None:
    setup.driver.poll()
    served = setup.accept()
    served.sendall(last_words)
    served.close()
    until(lambda: "lost" in setup.client.log, setup.driver.poll)
    assert setup.client.log == ["opened", "lost"]
    assert setup.client.stream == last_words


def test_a_stream_that_the_client_gave_up_is_replaced_without_a_loss(setup: Setup) -> None:
    setup.connect()
    setup.client.wants_stream = True
    setup.connect()
    assert setup.client.log == ["opened", "opened"]
    assert setup.served[0].recv(1) == b""


def test_a_failed_attempt_is_told_once_and_tried_again_when_the_client_wants() -> None:
    client = EchoClient()
    port = unused_port()
    driver = ClientDriver(client, "127.0.0.1", port)
    until(lambda: client.failed, driver.poll)
    assert driver.failure is not None
    assert driver.failure.kind is ConnectFailureKind.REFUSED
    assert client.failed == driver.failure.sentence
    for _ in range(20):
        driver.poll()
    assert driver.statistics().connect_failures == 1
    client.wants_stream = True
    until(lambda: driver.statistics().connect_failures == 2, driver.poll)
    assert client.log == []
    driver.close()


def test_a_stream_is_closed_when_the_client_says_so(setup: Setup) -> None:
    served = setup.connect()
    setup.client.to_send = b"bye"
    setup.client.wants_close = True
    setup.driver.poll()
    assert served.recv(100) == b"bye"
    assert served.recv(100) == b""
    assert setup.client.log == ["opened", "lost"]
    assert not setup.driver.is_connected


def test_a_client_that_wants_no_stream_gets_none(setup: Setup) -> None:
    setup.client.wants_stream = False
    for _ in range(20):
        setup.driver.poll()
    assert setup.driver.statistics().streams_opened == 0


def test_closing_sends_the_last_words() -> None:
    made = Setup(socket.AF_INET, conditions=NetConditions(latency_ms=200))
    served = made.connect()
    made.client.to_send = b"first "
    made.client.to_send_datagrams = [(Address("127.0.0.1", made.udp.port), b"held back")]
    made.driver.poll()
    made.client.to_send = b"bye"
    made.driver.close()
    made.driver.close()
    made.driver.poll()
    assert served.recv(100) == b"first bye"
    until(lambda: [data for data, _ in made.udp.receive()] == [b"held back"])
    made.close()


def test_bad_conditions_hold_back_both_ways_by_the_clock() -> None:
    made = Setup(socket.AF_INET, conditions=NetConditions(latency_ms=200))
    served = made.connect()
    made.client.to_send = b"up"
    served.sendall(b"down")
    until(lambda: made.driver._bad.stream_down._waiting, made.driver.poll)  # type: ignore[union-attr]
    made.time += 0.099
    made.driver.poll()
    assert made.client.stream == b""
    served.setblocking(False)
    with pytest.raises(BlockingIOError):
        served.recv(10)
    made.time += 0.002
    made.driver.poll()
    assert made.client.stream == b"down"
    served.settimeout(5.0)
    assert served.recv(10) == b"up"
    made.close()


def test_bad_conditions_lose_datagrams_both_ways() -> None:
    made = Setup(socket.AF_INET, conditions=NetConditions(loss_pct=50), seed=3)
    made.connect()
    home = Address("127.0.0.1", made.udp.port)
    made.client.to_send_datagrams = [(home, b"x")] * 100
    made.driver.poll()
    through = made.driver.statistics().udp.datagrams_out
    received: list[tuple[bytes, Address]] = []
    until(lambda: len(received) == through, lambda: received.extend(made.udp.receive()))
    made.udp.send([(received[0][1], b"y")] * 100)
    until(lambda: made.driver.statistics().udp.datagrams_in == 100, made.driver.poll)
    assert 25 < through < 75
    assert 25 < len(made.client.datagrams) < 75
    assert made.driver.statistics().up.lost == 100 - through  # type: ignore[union-attr]
    made.close()


def test_a_wrapped_stream_opens_only_when_it_is_secure() -> None:
    made = Setup(socket.AF_INET, stream_wrapper=XorWrapper)
    made.driver.poll()
    served = made.accept()
    until(lambda: served.recv(1) == b"h", made.driver.poll)
    assert made.client.log == []
    served.sendall(b"h")
    until(lambda: made.client.log == ["opened"], made.driver.poll)
    made.client.to_send = b"\x00"
    made.driver.poll()
    assert served.recv(1) == b"\xff"
    made.close()
