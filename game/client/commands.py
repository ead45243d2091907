"""What each command of ``skirmish`` does, once its arguments are known to be right."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable
from typing import Any, Final

from engine.conditions import PERFECT, NetConditions
from game.client.autopilot import Autopilot
from game.client.connection import Connection
from game.client.headless import Headless
from game.client.local_server import LocalServer, LocalServerError
from game.client.preferences import PlayerFiles
from game.client.preflight import display_problem, pygame_problem

WITHOUT_DISPLAY_S: Final = 30.0
"""How long ``play`` plays by itself where no window can be opened."""


class UsageProblem(Exception):  # noqa: N818 - not an error of the program
    """Something that the caller can put right; the text is one line that says what."""


def run(options: argparse.Namespace) -> int:
    """Run the chosen command; returns the exit code."""
    commands: dict[str | None, Callable[[argparse.Namespace], int]] = {
        None: menu,
        "play": play,
        "host": host,
        "join": join,
        "servers": servers,
        "bots": bots,
    }
    return commands[options.what](options)


def menu(options: argparse.Namespace) -> int:  # noqa: ARG001 - every command takes them
    """The menu."""
    _check_window()
    from game.client.app import App

    App(PlayerFiles()).run()
    return 0


def play(options: argparse.Namespace) -> int:
    """Practice on a local server."""
    if not options.headless and (problem := display_problem()) is not None:
        print(f"{problem} Playing headless for {WITHOUT_DISPLAY_S:.0f} s.", file=sys.stderr)
        options.headless = True
        options.seconds = options.seconds or WITHOUT_DISPLAY_S
    arguments = ["--local", "--bots", str(options.bots), "--bot-level", str(options.bot_level)]
    if options.map is not None:
        arguments += ["--map", options.map]
    if options.mode != "deathmatch":
        raise UsageProblem(f"there is no mode {options.mode!r}; there is: deathmatch")
    return _on_own_server(options, arguments, "", is_practice=True)


def host(options: argparse.Namespace) -> int:
    """A server for the LAN, and a seat on it."""
    arguments = ["--bots", str(options.bots), "--password", options.password]
    for option, value in (("--name", options.name), ("--port", options.port), ("--map", options.map)):
        if value is not None:
            arguments += [option, str(value)]
    options.name = None  # it was the server's
    return _on_own_server(options, arguments, options.password, is_practice=False)


def join(options: argparse.Namespace) -> int:
    """Somebody's server."""
    address, port = options.address
    return _play_on(options, address, port, options.password, is_own_server=False)


def bots(options: argparse.Namespace) -> int:
    """Network players that are bots."""
    files = PlayerFiles()
    address, port = options.address
    seed = _seed(options)
    players = []
    for number in range(options.count):
        connection = Connection(
            address,
            port,
            files=files,
            name=f"Bot {number + 1}",
            colour=number,
            password=options.password,
            conditions=options.net or PERFECT,
            seed=seed + number,
        )
        players.append((connection, Autopilot(connection.client, level=options.bot_level, seed=seed + number, password=options.password)))
    headless = Headless(players, says=not options.json)
    reports = headless.run(options.seconds)
    if headless.problem:
        raise UsageProblem(headless.problem)
    if options.json:
        print(json.dumps({"players": reports}))
    return 0


def servers(options: argparse.Namespace) -> int:
    """What is on the LAN."""
    from game.client.lan import find_servers, print_servers

    print_servers(find_servers(options.timeout), as_json=options.json)
    return 0


def _on_own_server(options: argparse.Namespace, arguments: list[str], password: str, *, is_practice: bool) -> int:
    if not options.headless:
        _check_window()
    try:
        with LocalServer(arguments) as server:
            port = server.wait()
            for line in server.lines:
                print(line, file=sys.stderr)
            return _play_on(options, "127.0.0.1", port, password, is_own_server=True, is_practice=is_practice)
    except LocalServerError as error:
        raise UsageProblem(str(error)) from None


def _play_on(options: argparse.Namespace, address: str, port: int, password: str, *, is_own_server: bool, is_practice: bool = False) -> int:
    if not options.headless:
        _check_window()
    files = PlayerFiles()
    seed = _seed(options)
    connection = Connection(
        address,
        port,
        files=files,
        name=options.name or files.preferences.name or _user_name(),
        colour=files.preferences.colour,
        password=password,
        conditions=_conditions(options),
        seed=seed,
        is_own_server=is_own_server,
    )
    if not options.headless:
        from game.client.app import App

        return App(files).play(connection, seconds=options.seconds, password=password, as_json=options.json, is_practice=is_practice)
    autopilot = Autopilot(connection.client, level=options.bot_level, seed=seed, password=password)
    headless = Headless([(connection, autopilot)])
    (report,) = headless.run(options.seconds)
    if headless.problem:
        raise UsageProblem(headless.problem)
    _show(report, autopilot, as_json=options.json)
    return 0


def _show(report: dict[str, Any], autopilot: Autopilot, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(report))
        return
    from game.client.report import print_report

    print_report(report, autopilot.scoreboard())


def _check_window() -> None:
    problem = display_problem() or pygame_problem()
    if problem is not None:
        raise UsageProblem(problem if "Cure" in problem else f"{problem} Use --headless, or start it where there is a screen.")


def _conditions(options: argparse.Namespace) -> NetConditions:
    conditions: NetConditions = options.net or PERFECT
    return conditions


def _seed(options: argparse.Namespace) -> int:
    return int.from_bytes(os.urandom(4), "big") >> 1 if options.seed is None else int(options.seed)


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user in this container
        return "Player"
