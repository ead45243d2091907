"""``skirmish-server``: the command line of the dedicated server.

Exit codes: 0 after an orderly end, 1 if the server broke down, 2 for something that the caller can put right (one line on standard error).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from engine.drivers.command_line import USAGE_ERROR, CommandLineParser, number
from engine.drivers.console import one_line, say, show
from engine.ids import VERSION
from game.assets import map_names
from server.config import CONFIG_BYTES_MAX, ConfigError, ServerConfig, check_config, read_config, render_config

PROGRAM: Final = "skirmish-server"
PRACTICE_WARMUP_S: Final = 2
"""Long enough to see where one stands."""


def _parser() -> argparse.ArgumentParser:
    parser = CommandLineParser(prog=PROGRAM, description="A dedicated server for Skirmish. Options win over the settings file.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    parser.add_argument("--config", type=Path, metavar="server.toml", help="settings file")
    parser.add_argument("--write-config", type=Path, metavar="PATH", help="write a settings file with every setting explained, and end")
    parser.add_argument("--host", metavar="ADDRESS", help="listen on this address only")
    parser.add_argument("--port", type=number(1, 65535), metavar="7777", help="TCP and UDP port; without: the first free of 7777 to 7784")
    parser.add_argument("--name", help="what players see in their list of servers")
    parser.add_argument("--password", help="whoever joins must give it")
    parser.add_argument("--bots", type=number(0, 256), metavar="N", help="bots in the permanent room")
    parser.add_argument("--bot-level", type=number(0, 2), metavar="L", help="how well they play: 0, 1 or 2")
    parser.add_argument("--map", metavar="M", help=f"play only this map in the permanent room: {', '.join(map_names())}")
    parser.add_argument("--seed", type=number(0, 2**31 - 1), metavar="N", help="the same chance in matches and bots every time")
    parser.add_argument("--seconds", type=number(0.1, 1e9, float), metavar="S", help="end after so many seconds")
    parser.add_argument("--json", action="store_true", help="statistics as one JSON object on the last line")
    parser.add_argument("--local", action="store_true", help="practice: only this computer can join")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input closes (for whatever started it)")
    parser.add_argument("--state", metavar="DIR", help="where the certificate is kept (also: SKIRMISH_STATE)")
    return parser


def load_config(options: argparse.Namespace) -> ServerConfig:
    """The settings file, if one is given, with the command line's options over it. Raises :class:`ConfigError`."""
    config = ServerConfig()
    if options.config is not None:
        try:
            with options.config.open("rb") as file:
                raw = file.read(CONFIG_BYTES_MAX + 1)
            text = raw.decode("utf-8")
        except OSError as error:
            raise ConfigError(f"{options.config}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{options.config}: is not a text file in UTF-8") from None
        if len(raw) > CONFIG_BYTES_MAX:
            raise ConfigError(f"{options.config}: is larger than {CONFIG_BYTES_MAX} bytes: not a settings file")
        config = read_config(text, str(options.config))
    config = _replaced(config, "server", host=options.host, port=options.port, name=options.name, password=options.password)
    config = _replaced(config, "arena", bots=options.bots, maps=None if options.map is None else (options.map,))
    config = _replaced(config, "match", bot_level=options.bot_level)
    if options.local:  # nobody else is coming
        config = _replaced(config, "rooms", countdown_s=0.0)
        config = _replaced(config, "match", warmup_s=min(config.match.warmup_s, PRACTICE_WARMUP_S))
    check_config(config)
    return config


def _replaced(config: ServerConfig, table: str, **values: Any) -> ServerConfig:
    given = {key: value for key, value in values.items() if value is not None}
    return dataclasses.replace(config, **{table: dataclasses.replace(getattr(config, table), **given)})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.write_config is not None:
            return _write_config(options.write_config)
        return _serve(load_config(options), options)
    except ConfigError as error:
        return _refuse(str(error))
    except KeyboardInterrupt:  # before the server listens for it
        return 130


def _serve(config: ServerConfig, options: argparse.Namespace) -> int:
    import asyncio

    from engine.drivers import NoFreePortError
    from server.arena_rules import ArenaRules
    from server.identity import IdentityError, secure_streams, state_folder
    from server.service import Service, ServiceOptions

    try:
        rules = ArenaRules.of(config)
        wrapper = secure_streams(state_folder(options.state))
        how = ServiceOptions(options.seconds, options.local, options.exit_with_stdin, options.seed)
        service = Service(config, rules, how, stream_wrapper=wrapper, say=show, log=say)
    except NoFreePortError as error:
        return _refuse(f"{error} --port takes another one.")
    except (IdentityError, ValueError) as error:
        return _refuse(str(error))
    except OSError as error:  # an address that is none of this machine's
        return _refuse(f"cannot listen: {error.strerror or error}")
    code = asyncio.run(service.run())
    if options.json:
        show(json.dumps(service.statistics()))
    return code


def _write_config(path: Path) -> int:
    """Never over a file that is there: somebody may have written it by hand."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(render_config())
    except FileExistsError:
        return _refuse(f"{path} is there already; remove it first, or choose another name")
    except OSError as error:
        return _refuse(f"{path}: cannot be written: {error.strerror}")
    show(f"wrote {path}")
    return 0


def _refuse(sentence: str) -> int:
    say(f"{PROGRAM}: {one_line(sentence)}")
    return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
