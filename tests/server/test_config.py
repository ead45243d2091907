"""server.toml: whatever is wrong is named with its line, and the example says what the code does."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.config import ConfigError, ServerConfig, check_config, read_config, render_config, tables

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "server.toml"


def test_an_empty_file_gives_the_defaults() -> None:
    assert read_config("") == ServerConfig()


def test_every_setting_can_be_set() -> None:
    config = read_config(
        '[server]\nname = "LAN"\nport = 7780\n[rooms]\ncountdown_s = 1\n[arena]\nmaps = ["a", "b"]\n[match]\nfrag_limit = 5\n'
    )
    assert config.server.name == "LAN"
    assert config.server.port == 7780
    assert config.rooms.countdown_s == 1.0
    assert isinstance(config.rooms.countdown_s, float)
    assert config.arena.maps == ("a", "b")
    assert config.match.frag_limit == 5
    assert config.match.time_limit_s == ServerConfig().match.time_limit_s


def test_the_rendered_example_reads_back_as_itself_and_explains_everything() -> None:
    text = render_config()
    assert read_config(text) == ServerConfig()
    changed = dataclasses.replace(ServerConfig(), arena=dataclasses.replace(ServerConfig().arena, name='say "hi" \\ bye', maps=("x",)))
    assert read_config(render_config(changed)) == changed
    document = tomllib.loads(text)
    lines = text.splitlines()
    for name, table in tables(ServerConfig()):
        assert set(document[name]) == {entry.name for entry in dataclasses.fields(table)}
        for entry in dataclasses.fields(table):
            at = next(index for index, line in enumerate(lines) if line.startswith(f"{entry.name} ="))
            assert lines[at - 1].startswith("#"), f"{entry.name} is not explained"


def test_the_example_in_the_documentation_is_the_rendered_one() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == render_config(), "run: skirmish-server --write-config docs/server.toml"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[server]\nname = 'x'\nprot = 1\n", ("line 3", "[server] prot", "unknown setting", "port")),
        ("\n[servers]\nname = 'x'\n", ("line 2", "unknown table [servers]", "[arena]")),
        ("port = 1\n", ("line 1", "unknown setting 'port'")),
        ("server = 3\n", ("line 1", "'server' is a table")),
        ("[server]\n\n# a note\nport = 70000\n", ("line 4", "[server] port", "0 to 65535", "70000")),
        ("[server]\nport = '7777'\n", ("line 2", "[server] port", "whole number", "'7777'")),
        ("[server]\nport = true\n", ("line 2", "[server] port", "whole number")),
        ("[server]\nname = 'x'\nhost = 'den.local'\n", ("line 3", "[server] host", "numeric address")),
        ("[server]\nlan = 1\n", ("line 2", "[server] lan", "true or false")),
        ("[server]\nname = ''\n", ("line 2", "[server] name", "1 to 32 characters")),
        ('[server]\nname = "a\\u001bb"\n', ("line 2", "[server] name", "control characters")),
        ("[arena]\nmaps = [1]\n", ("line 2", "[arena] maps", "list of texts")),
        ("[rooms]\ncountdown_s = nan\n", ("line 2", "[rooms] countdown_s", "nan")),
        ("[rooms]\nseats_max = 4\n[arena]\nseats = 8\n", ("line 4", "[arena] seats", "seats_max = 4")),
        ("[rooms]\nseats_max = 4\n", ("[arena] seats", "seats_max = 4")),
        ("[arena]\nseats = 4\nbots = 5\n", ("line 3", "[arena] bots", "seats = 4")),
        ("arena.bots = 300\n", ("line 1", "[arena] bots", "0 to 256")),
        ("[server\nname = 'x'\n", ("not readable as TOML", "line 1")),
        ("[server]\nname = 'x'\nname = 'y'\n", ("not readable as TOML", "line 3")),
    ],
)
def test_what_is_wrong_is_named_in_one_line(text: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(text, "my.toml")
    message = str(caught.value)
    assert message.startswith("my.toml")
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_values_from_the_command_line_meet_the_same_limits() -> None:
    config = ServerConfig()
    check_config(config)
    with pytest.raises(ConfigError, match=r"\[arena\] bots: 17 is more than"):
        check_config(dataclasses.replace(config, arena=dataclasses.replace(config.arena, bots=17)))
    with pytest.raises(ConfigError, match=r"\[server\] port: must be 0 to 65535"):
        check_config(dataclasses.replace(config, server=dataclasses.replace(config.server, port=-1)))


@given(st.text(max_size=200))
def test_any_text_gives_settings_or_one_clear_line(text: str) -> None:
    message = ""
    try:
        read_config(text)
    except ConfigError as error:
        message = str(error)
    assert "\n" not in message
