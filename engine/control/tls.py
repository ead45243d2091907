"""TLS 1.3 around the control stream, through memory buffers: bytes in, bytes out, no socket.

::

    driver <-- ciphertext --> TlsStream <-- plaintext --> ControlClient or ControlServer

A server has a certificate that it signed itself at its first start. Nobody vouches for it: the client compares its fingerprint with
the one it saw before (:mod:`engine.control.pins`), as ssh does. So the client does not look at names, dates or issuers, and a laptop with a
wrong clock can host. The comparison comes before the first byte of plaintext goes out: a password is never told to a stranger.

Bytes from the network never raise out of :meth:`TlsStream.receive`; ``failure`` says what went wrong. The deadline of the handshake is
that of the Hello behind it.
"""

from __future__ import annotations

import datetime
import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import DisconnectReason, LocalProtocolError

CERTIFICATE_DAYS: Final = 3653
"""Ten years. Nobody checks it; some tools complain about more."""
VALID_FROM: Final = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
READ_BYTES: Final = 65536
UNSENT_PLAINTEXT_BYTES_MAX: Final = 1024 * 1024
"""Plaintext that waits for the handshake. More than the control connection ever queues."""


def make_certificate(valid_from: datetime.datetime = VALID_FROM) -> bytes:
    """A new EC P-256 key and its self-signed certificate, as one PEM file. Keep it private to its owner (mode 0600), and keep it: pins."""
    from cryptography import x509  # here: a start in a hundred makes a certificate, and the module takes 20 ms
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Skirmish server")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid_from)
        .not_valid_after(valid_from + datetime.timedelta(days=CERTIFICATE_DAYS))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def certificate_fingerprint(pem: bytes) -> str:
    """The fingerprint that clients see of the certificate in this PEM. Raises ValueError where there is none."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    return _fingerprint(x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER))


def _fingerprint(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()


def server_context(pem_path: Path) -> ssl.SSLContext:
    """The context for a server's streams, from the file of :func:`make_certificate`. Raises OSError or ssl.SSLError for a bad file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _demand_tls_1_3(context)
    context.num_tickets = 0  # no TLS resumption: our own resume is another thing
    context.load_cert_chain(pem_path)
    return context


def client_context() -> ssl.SSLContext:
    """The context for a client's streams: any certificate, judged by its pin."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _demand_tls_1_3(context)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _demand_tls_1_3(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.maximum_version = ssl.TLSVersion.TLSv1_3


@dataclass(frozen=True, slots=True)
class TlsStatistics:
    """One stream's wrapping."""

    is_ready: bool
    version: str | None
    cipher: str | None
    plain_bytes_in: int
    plain_bytes_out: int


class TlsStream:
    """One side of one stream. Make it with :meth:`client` or :meth:`server`; a client's handshake starts by itself."""

    def __init__(self, context: ssl.SSLContext, *, is_server: bool, pinned: str | None = None) -> None:
        self.failure: DisconnectReason | None = None
        """Set once: ``protocol_error`` or ``certificate_changed``. Send what :meth:`bytes_to_send` still has, then close."""
        self.detail = ""
        """More about the failure, for the log."""
        self.peer_fingerprint: str | None = None
        """Client: SHA-256 of the server's certificate, in hex, once the handshake is done. Pin it if it is the first."""
        self.is_ready = False
        """Whether the handshake is done (and the certificate the pinned one)."""
        self.has_ended = False
        """Whether the other side closed its direction in order."""
        self._pinned: Final = pinned
        self._is_server: Final = is_server
        self._incoming: Final = ssl.MemoryBIO()
        self._outgoing: Final = ssl.MemoryBIO()
        self._tls: Final = context.wrap_bio(self._incoming, self._outgoing, server_side=is_server)
        self._unsent = bytearray()
        self._plain_bytes_in = self._plain_bytes_out = 0
        self._shake_hands()

    @classmethod
    def client(cls, context: ssl.SSLContext, pinned: str | None = None) -> TlsStream:
        """A client's side. With ``pinned`` any other certificate ends it as ``certificate_changed``, before anything is told."""
        return cls(context, is_server=False, pinned=pinned)

    @classmethod
    def server(cls, context: ssl.SSLContext) -> TlsStream:
        """A server's side."""
        return cls(context, is_server=True)

    def receive(self, data: bytes) -> bytes:
        """Take ciphertext, give the plaintext that is complete. Any bytes: a failure is noted, never raised."""
        if self.failure is not None or self.has_ended or not data:
            return b""
        self._incoming.write(data)
        if not self.is_ready:
            self._shake_hands()
        plain = bytearray()
        while self._may_have_more():
            try:
                chunk = self._tls.read(READ_BYTES)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                self.has_ended = True
            except ssl.SSLError as error:
                self._fail(DisconnectReason.PROTOCOL_ERROR, str(error))
            else:
                plain += chunk
                self.has_ended = not chunk
        self._plain_bytes_in += len(plain)
        return bytes(plain)

    def _may_have_more(self) -> bool:
        """Asked before each read: one that finds nothing costs as much as one that does."""
        is_open = self.is_ready and self.failure is None and not self.has_ended
        return is_open and bool(self._incoming.pending or self._tls.pending())

    def send(self, plain: bytes) -> None:
        """Queue plaintext; what comes before the end of the handshake waits for it. After a failure or the end it goes nowhere."""
        if self.failure is not None or not plain:
            return
        if len(self._unsent) + len(plain) > UNSENT_PLAINTEXT_BYTES_MAX:
            raise LocalProtocolError(f"more than {UNSENT_PLAINTEXT_BYTES_MAX} bytes wait for the TLS handshake")
        self._unsent += plain
        self._flush()

    def close(self) -> None:
        """End our direction in order: the other side can tell it from a cut connection."""
        if not self.is_ready or self.failure is not None:
            return
        try:
            self._tls.unwrap()
        except ssl.SSLWantReadError:
            return  # the usual case: our end is queued, theirs need not be awaited
        except ssl.SSLError as error:
            self.detail = str(error)

    def bytes_to_send(self) -> bytes:
        """Drain the ciphertext, handshake and alerts included."""
        return self._outgoing.read()

    def statistics(self) -> TlsStatistics:
        """What was agreed, and how much went through."""
        cipher = self._tls.cipher() if self.is_ready else None
        return TlsStatistics(
            is_ready=self.is_ready,
            version=self._tls.version() if self.is_ready else None,
            cipher=None if cipher is None else cipher[0],
            plain_bytes_in=self._plain_bytes_in,
            plain_bytes_out=self._plain_bytes_out,
        )

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            self._fail(DisconnectReason.PROTOCOL_ERROR, str(error))
            return
        if not self._is_server:
            self.peer_fingerprint = _fingerprint(self._tls.getpeercert(binary_form=True) or b"")
            if self._pinned is not None and self.peer_fingerprint != self._pinned:
                self._fail(DisconnectReason.CERTIFICATE_CHANGED, f"pinned {self._pinned}, seen {self.peer_fingerprint}")
                return
        self.is_ready = True
        self._flush()

    def _flush(self) -> None:
        if not self.is_ready or not self._unsent:
            return
        try:
            self._tls.write(bytes(self._unsent))  # a memory buffer takes everything at once
        except ssl.SSLError as error:
            self._fail(DisconnectReason.PROTOCOL_ERROR, str(error))
            return
        self._plain_bytes_out += len(self._unsent)
        self._unsent.clear()

    def _fail(self, reason: DisconnectReason, detail: str) -> None:
        self.failure = reason
        self.detail = detail
        self.is_ready = False
        self._unsent.clear()
