"""Lines for people, whoever reads them or no longer does."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from engine.drivers.console import one_line, say, show


def test_show_and_say_go_to_different_places(capsys: pytest.CaptureFixture[str]) -> None:
    show("asked for")
    say("by the way")
    assert capsys.readouterr() == ("asked for\n", "by the way\n")


def test_a_reader_that_has_gone_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        show("nobody hears this")
        show("nor this")
        stream.flush()  # as Python does at the end


def test_a_full_disk_a_closed_stream_and_none_at_all_are_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    if Path("/dev/full").exists():
        with Path("/dev/full").open("w", encoding="utf-8") as stream:
            monkeypatch.setattr(sys, "stderr", stream)
            say("no room")
    closed = io.StringIO()
    closed.close()
    for stream in (closed, None):
        monkeypatch.setattr(sys, "stderr", stream)
        say("nowhere")


def test_letters_that_the_reader_does_not_know_become_question_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    show("Ångström ┃ 3")
    assert raw.getvalue().decode("ascii").split() == ["?ngstr?m", "?", "3"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\nlines", "two lines"),
        ("\x1b[31mred\x07", "[31mred"),
        ("  a \t b\r\n", "a b"),
        ("", ""),
        ("\u202eabc", "abc"),
        ("größe", "größe"),
    ],
)
def test_one_line_is_one_line(text: str, line: str) -> None:
    assert one_line(text) == line
    assert one_line(line) == line
