import socket

import pytest

from engine.drivers import ConnectFailureKind, TcpClient
from engine.drivers.tcp_client import SECURE_TIMEOUT_S, UNSENT_BYTES_MAX, StreamState
from engine.ids import Address
from tests.drivers.waiting import XorWrapper, flipped, listen, until, unused_port


def connect(listener: socket.socket, **options: object) -> tuple[TcpClient, socket.socket]:
    client = TcpClient("127.0.0.1", listener.getsockname()[1], 0.0, **options)  # type: ignore[arg-type]
    until(lambda: client.state is not StreamState.CONNECTING, lambda: client.poll(0.0))
    served, _ = listener.accept()
    served.settimeout(5.0)
    return client, served


def test_bytes_go_both_ways_and_the_end_is_noticed_after_the_last_of_them() -> None:
    with listen() as listener:
        client, served = connect(listener)
        assert client.state is StreamState.OPEN
        assert client.server == Address("127.0.0.1", listener.getsockname()[1])
        client.send(b"hello")
        assert served.recv(100) == b"hello"
        served.sendall(b"welcome")
        served.close()
        until(lambda: client.state is StreamState.LOST, lambda: client.poll(0.0))
        assert client.receive() == b"welcome"
        assert client.failure is None
        client.send(b"nobody hears this")
        client.poll(0.0)
        client.close()


def test_refused_is_a_typed_failure() -> None:
    client = TcpClient("127.0.0.1", unused_port(), 0.0)
    until(lambda: client.state is StreamState.FAILED, lambda: client.poll(0.0))
    assert client.failure is not None
    assert client.failure.kind is ConnectFailureKind.REFUSED


def test_a_large_message_passes_in_parts() -> None:
    data = bytes(range(256)) * 3000
    with listen() as listener:
        client, served = connect(listener)
        client.send(data)
        served.setblocking(False)
        got = bytearray()

        def step() -> None:
            client.poll(0.0)
            try:
                got.extend(served.recv(65536))
            except BlockingIOError:
                return

        until(lambda: len(got) == len(data), step)
        assert got == data
        served.close()
        client.close()


def test_a_server_that_reads_nothing_is_given_up() -> None:
    with listen() as listener:
        client, served = connect(listener)
        for _ in range(64):
            client.send(bytes(UNSENT_BYTES_MAX // 4))
        assert client.state is StreamState.LOST
        served.close()
        client.close()


def test_a_wrapped_stream_is_open_after_the_handshake_and_carries_no_plaintext() -> None:
    with listen() as listener:
        client, served = connect(listener, stream_wrapper=XorWrapper)
        assert client.state is StreamState.SECURING
        assert served.recv(1) == b"h"
        served.sendall(b"h" + flipped(b"early"))
        until(lambda: client.state is StreamState.OPEN, lambda: client.poll(0.0))
        assert client.receive() == b"early"
        client.send(b"secret")
        assert served.recv(100) == flipped(b"secret")
        client.close()
        assert served.recv(100) == b"?"
        served.close()


@pytest.mark.parametrize(
    ("answer", "kind", "detail"),
    [
        (b"x", ConnectFailureKind.NOT_SECURE, "that is not the greeting"),
        (b"c", ConnectFailureKind.CERTIFICATE_CHANGED, "that is not the greeting"),
        (b"", ConnectFailureKind.NOT_SECURE, "the server closed the connection"),
    ],
)
def test_a_failed_handshake_says_why(answer: bytes, kind: ConnectFailureKind, detail: str) -> None:
    with listen() as listener:
        client, served = connect(listener, stream_wrapper=XorWrapper)
        served.sendall(answer)
        served.shutdown(socket.SHUT_WR)
        until(lambda: client.state is StreamState.FAILED, lambda: client.poll(0.0))
        assert client.failure is not None
        assert (client.failure.kind, client.failure.detail) == (kind, detail)
        with served, served.makefile("rb") as everything:
            assert everything.read() == (b"h!" if answer else b"h")  # the alert goes out too


def test_a_handshake_that_never_ends_has_a_deadline() -> None:
    with listen() as listener:
        client, served = connect(listener, stream_wrapper=XorWrapper)
        client.poll(SECURE_TIMEOUT_S - 0.1)
        assert client.state is StreamState.SECURING
        client.poll(SECURE_TIMEOUT_S)
        assert client.failure is not None
        assert "handshake" in client.failure.sentence
        served.close()


def test_closing_sends_what_is_queued() -> None:
    with listen() as listener:
        client, served = connect(listener)
        client.send(b"bye")
        client.close()
        assert served.recv(100) == b"bye"
        assert served.recv(100) == b""
        served.close()
