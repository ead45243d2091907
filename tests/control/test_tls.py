"""TLS through memory buffers: handshake, data cut anywhere, fingerprint, refusals, hostile bytes."""

from __future__ import annotations

import random
import ssl
from pathlib import Path

import pytest

from engine.control import client_events, server_events
from engine.control.tls import TlsStream, certificate_fingerprint, client_context, make_certificate, server_context
from engine.errors import DisconnectReason, LocalProtocolError
from tests.control.pair import HOME, make_client, make_server


@pytest.fixture(scope="module")
def pem_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("server") / "certificate.pem"
    path.write_bytes(make_certificate())
    return path


@pytest.fixture
def server(pem_path: Path) -> TlsStream:
    return TlsStream.server(server_context(pem_path))


def exchange(client: TlsStream, server: TlsStream, piece: int = 10_000) -> tuple[bytes, bytes]:
    """Move everything both ways in pieces; gives the plaintext that each side got."""
    to_client, to_server = bytearray(), bytearray()
    while True:
        up, down = client.bytes_to_send(), server.bytes_to_send()
        if not up and not down:
            return bytes(to_client), bytes(to_server)
        for at in range(0, len(up), piece):
            to_server += server.receive(up[at : at + piece])
        for at in range(0, len(down), piece):
            to_client += client.receive(down[at : at + piece])


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_handshake_and_data_cut_anywhere(server: TlsStream, pem_path: Path, piece: int) -> None:
    client = TlsStream.client(client_context())
    client.send(b"first words, before the handshake")
    server.send(b"welcome")
    assert exchange(client, server, piece) == (b"welcome", b"first words, before the handshake")
    assert client.is_ready
    assert server.is_ready
    assert client.peer_fingerprint == certificate_fingerprint(pem_path.read_bytes())
    assert client.statistics().version == server.statistics().version == "TLSv1.3"
    large = random.Random(1).randbytes(200_000)
    client.send(large)
    assert exchange(client, server, max(piece, 1000))[1] == large
    assert server.statistics().plain_bytes_in == 200_000 + 33


def test_what_travels_is_not_what_was_said(server: TlsStream) -> None:
    client = TlsStream.client(client_context())
    exchange(client, server)
    client.send(b"password " * 100)
    assert b"password" not in client.bytes_to_send()


def test_pinned_certificate(server: TlsStream, pem_path: Path) -> None:
    client = TlsStream.client(client_context(), pinned=certificate_fingerprint(pem_path.read_bytes()))
    client.send(b"password")
    assert exchange(client, server)[1] == b"password"


def test_changed_certificate_is_refused_before_anything_is_told(server: TlsStream) -> None:
    client = TlsStream.client(client_context(), pinned="0" * 64)
    client.send(b"password")
    assert exchange(client, server)[1] == b""
    assert client.failure is DisconnectReason.CERTIFICATE_CHANGED
    assert client.peer_fingerprint is not None, "so that the player can be shown both"
    client.send(b"password")
    server.send(b"come on")
    assert exchange(client, server) == (b"", b"")


def test_tls_1_2_is_refused_by_both_sides(server: TlsStream, pem_path: Path) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    client = TlsStream.client(old)
    client.send(b"hello")
    exchange(client, server)
    assert server.failure is DisconnectReason.PROTOCOL_ERROR
    assert not client.is_ready
    old_server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old_server.load_cert_chain(pem_path)
    old_server.maximum_version = ssl.TLSVersion.TLSv1_2
    client = TlsStream.client(client_context())
    exchange(client, TlsStream.server(old_server))
    assert client.failure is DisconnectReason.PROTOCOL_ERROR


def test_two_certificates_differ(pem_path: Path) -> None:
    assert certificate_fingerprint(make_certificate()) != certificate_fingerprint(pem_path.read_bytes())


def test_orderly_end(server: TlsStream) -> None:
    client = TlsStream.client(client_context())
    exchange(client, server)
    client.send(b"last")
    client.close()
    assert exchange(client, server)[1] == b"last"
    assert server.has_ended
    assert server.failure is None
    assert server.receive(b"more") == b""


def test_plain_text_into_a_tls_server_and_back() -> None:
    client = TlsStream.client(client_context())
    assert client.receive(b"HTTP/1.1 400 Bad Request\r\n\r\n") == b""
    assert client.failure is DisconnectReason.PROTOCOL_ERROR
    assert client.detail


def test_hostile_bytes_never_raise(pem_path: Path) -> None:
    contexts = client_context(), server_context(pem_path)
    rng = random.Random(5)
    for trial in range(150):
        client, server = TlsStream.client(contexts[0]), TlsStream.server(contexts[1])
        for turn in range(rng.randrange(1, 7)):
            for sender, receiver in ((client, server), (server, client)):
                data = bytearray(sender.bytes_to_send() if trial % 3 else rng.randbytes(rng.randrange(200)))
                if data and turn >= trial % 4:
                    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                receiver.receive(bytes(data))
                receiver.send(b"x")


@pytest.mark.parametrize("head", [b"", b"\x16\x03\x03\x40\x00\x01\xff\xff\xff", b"\x17\x03\x03\x40\x00", b"\x14\x03\x03\x00\x01\x01"])
def test_a_flood_of_bytes_is_not_held(pem_path: Path, head: bytes) -> None:
    """A megabyte of junk, of a handshake message announced as 16 MiB, of a record that is no end: the wrapper keeps next to nothing."""
    for stream in (TlsStream.client(client_context()), TlsStream.server(server_context(pem_path))):
        answered = 0
        for _ in range(64):
            stream.receive(head + bytes(16_384 - len(head)))
            answered += len(stream.bytes_to_send())
        assert stream._incoming.pending < 70_000
        assert answered < 4_000
        assert not stream.is_ready


def test_waiting_plaintext_is_bounded() -> None:
    client = TlsStream.client(client_context())
    with pytest.raises(LocalProtocolError):
        client.send(bytes(2 << 20))


def test_a_session_inside_tls(server: TlsStream) -> None:
    client, tls = make_client(), TlsStream.client(client_context())
    control = make_server()
    control.opened(1, HOME, 0.0)
    client.opened(0.0)
    for turn in range(6):
        now = turn / 60
        tls.send(client.bytes_to_send(now))
        control.receive(1, server.receive(tls.bytes_to_send()), now)
        for _, data in control.bytes_to_send(now):
            server.send(data)
        client.receive(tls.receive(server.bytes_to_send()), now)
    assert isinstance(client.events()[0], client_events.Welcomed)
    assert isinstance(control.events()[0], server_events.Joined)


def test_a_stream_that_only_shakes_hands_meets_the_deadline_for_hello(server: TlsStream) -> None:
    control = make_server()
    control.opened(1, HOME, 0.0)
    client = TlsStream.client(client_context())
    exchange(client, server)
    control.advance(5.1)
    assert control.peers_to_close() == [1]
