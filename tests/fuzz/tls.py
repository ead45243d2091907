"""Bytes into both sides of TLS, genuine ones damaged on the way: a failure with a name, never an exception."""

from __future__ import annotations

import tempfile
from pathlib import Path

from engine.control.tls import TlsStream, client_context, make_certificate, server_context
from tests.fuzz.harness import Source, piece, run


def _contexts() -> tuple[object, object]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "server.pem"
        path.write_bytes(make_certificate())
        return client_context(), server_context(path)


CLIENT, SERVER = _contexts()


def target(data: bytes) -> None:
    """A handshake in which the input changes, drops and adds bytes."""
    source = Source(data)
    client, server = TlsStream.client(CLIENT), TlsStream.server(SERVER)  # type: ignore[arg-type]
    for _ in range(6):
        for sender, receiver in ((client, server), (server, client)):
            sender.send(b"x")
            carried = bytearray(sender.bytes_to_send())
            if source:
                what = source.below(4)
                if what == 1:
                    carried = bytearray(source.piece())
                elif what == 2 and carried:
                    carried[source.below(len(carried))] ^= source.byte()
                elif what == 3:
                    carried += source.piece(64)
            receiver.receive(bytes(carried))
    client.close()
    server.close()


if __name__ == "__main__":
    run(target, [b"", b"\2\0\5\1", b"\0\2\0\7\1", b"\1" + piece(b"HTTP/1.1 400\r\n\r\n"), b"\0\0\3" + piece(bytes(5))])
