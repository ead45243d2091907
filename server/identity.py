"""Who this server is: the certificate that players pin, made at the first start and kept in the user's settings folder.

A server that lost its certificate looks like a stranger to everybody who has played on it, so it is written whole or not at all, and a
file that cannot be used is never replaced silently.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.control.tls import TlsStream, make_certificate, server_context

STATE_VARIABLE: Final = "SKIRMISH_STATE"
CERTIFICATE_FILE: Final = "server.pem"


class IdentityError(Exception):
    """The certificate cannot be read or made; the text is one line for whoever runs the server."""


def state_folder(given: str | None) -> Path:
    """Where a server keeps what outlives it: ``--state``, else the environment's SKIRMISH_STATE, else the user's settings folder."""
    chosen = given or os.environ.get(STATE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_config_path

    return user_config_path("skirmish", appauthor=False)


def secure_streams(folder: Path) -> Callable[[], TlsStream]:
    """What wraps each stream of the server in TLS, with the certificate of that folder, made now if there is none."""
    path = folder / CERTIFICATE_FILE
    try:
        if not path.exists():
            _make(path)
        context = server_context(path)
    except OSError as error:  # ssl.SSLError is one
        detail = error.strerror or str(error)
        if not path.exists():
            raise IdentityError(f"no certificate can be kept in {folder} ({detail}); choose another --state") from None
        raise IdentityError(
            f"the certificate {path} cannot be used ({detail}); remove it to get a new one, or choose another --state"
        ) from None
    return lambda: TlsStream.server(context)


def _make(path: Path) -> None:
    """Written beside and moved into place: a start that is cut short leaves no half a key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".server-", suffix=".pem")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(make_certificate())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
