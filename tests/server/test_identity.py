"""The certificate is made once and never replaced silently."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from engine.control.tls import certificate_fingerprint
from server.identity import CERTIFICATE_FILE, IdentityError, secure_streams, state_folder


def test_made_at_the_first_start_private_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"
    secure_streams(folder)()
    path = folder / CERTIFICATE_FILE
    first = certificate_fingerprint(path.read_bytes())
    secure_streams(folder)()
    assert certificate_fingerprint(path.read_bytes()) == first
    assert [entry.name for entry in folder.iterdir()] == [CERTIFICATE_FILE], "nothing half written is left"
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"not a certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_broken_file_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / CERTIFICATE_FILE
    path.write_bytes(content)
    with pytest.raises(IdentityError) as caught:
        secure_streams(tmp_path)
    assert str(path) in str(caught.value)
    assert "remove it" in str(caught.value)
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(IdentityError, match="file"):
        secure_streams(tmp_path / "file")


def test_option_before_environment_before_settings_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SKIRMISH_STATE", str(tmp_path / "a"))
    assert state_folder(str(tmp_path / "b")) == tmp_path / "b"
    assert state_folder(None) == tmp_path / "a"
    monkeypatch.delenv("SKIRMISH_STATE")
    assert "skirmish" in str(state_folder(None))
