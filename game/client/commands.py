"""What each command of ``skirmish`` does, once its arguments are known to be right."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from shutil import get_terminal_size
from time import sleep
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from engine.conditions import PERFECT
from engine.drivers.console import one_line, say, show
from game.client.local_server import LocalServer, LocalServerError
from game.client.preflight import display_problem, pygame_problem, video_problem
from game.client.stopping import StopSignals

if TYPE_CHECKING:  # what plays is loaded while a server of our own starts
    from game.client.autopilot import Autopilot
    from game.client.connection import Connection
    from game.client.preferences import PlayerFiles

WITHOUT_DISPLAY_S: Final = 30.0
"""How long ``play`` plays by itself where no window can be opened."""
MODES: Final = ("deathmatch",)
PROGRAM: Final = "skirmish"


class UsageProblem(Exception):  # noqa: N818 - not an error of the program
    """Something that the caller can put right; the text is one line that says what."""


def run(options: argparse.Namespace) -> int:
    """Run the chosen command; returns the exit code: 0 well, 1 the match ended badly. Raises :class:`UsageProblem`."""
    commands: dict[str | None, Callable[[argparse.Namespace], int]] = {
        None: menu,
        "play": play,
        "host": host,
        "join": join,
        "servers": servers,
        "bots": bots,
    }
    with _rollback_log(options):
        return commands[options.what](options)


def menu(options: argparse.Namespace) -> int:  # noqa: ARG001 - every command takes them
    """The menu."""
    _check_window("Without a screen there are: skirmish play --headless, skirmish join ADDRESS --headless, skirmish servers.")
    from game.client.splash import open_window

    with _signals_close_window():
        files = _files()
        window = open_window(is_fullscreen=files.preferences.is_fullscreen)
        from game.client.app import App  # while the first picture is on the screen

        App(files, window).run()
    return 0


def play(options: argparse.Namespace) -> int:
    """Practice on a local server."""
    if options.mode not in MODES:
        raise UsageProblem(f"there is no mode {options.mode!r}; there is: {', '.join(MODES)}")
    if not options.headless and (problem := _window_problem()) is not None:
        if "Cure" in problem:
            raise UsageProblem(problem)
        options.headless = True
        options.seconds = options.seconds or WITHOUT_DISPLAY_S
        say(f"{problem} Playing headless for {options.seconds:g} s.")
    arguments = ["--local", f"--bots={options.bots}"]
    return _on_own_server(options, arguments, name=options.name, password="", is_practice=True)


def host(options: argparse.Namespace) -> int:
    """A server for the LAN, and a seat on it."""
    if not options.headless:
        _check_window("A server without a player here is skirmish-server; --headless lets a bot play the seat.")
    arguments = [f"--bots={options.bots}"]
    given = (("--name", options.name), ("--port", options.port), ("--password", options.password or None))
    arguments += [f"{option}={value}" for option, value in given if value is not None]
    return _on_own_server(options, arguments, name=None, password=options.password, is_practice=False)


def join(options: argparse.Namespace) -> int:
    """Somebody's server."""
    if not options.headless:
        _check_window()
    with _signals(options) as stop:
        return _play_on(options, stop, *options.address, name=options.name, password=options.password)


def bots(options: argparse.Namespace) -> int:
    """Network players that are bots."""
    from game.client.headless import Headless
    from game.client.report import show_reports

    files = _files()
    seed = _seed(options)
    with StopSignals() as stop:
        players = []
        for number in range(1, options.count + 1):
            own_seed = crc32(f"{seed}/{number}".encode()) >> 1
            connection = _connection(
                options, files, *options.address, name=f"Bot {number}", colour=number, password=options.password, seed=own_seed
            )
            players.append((connection, _autopilot(options, connection, own_seed)))
        headless = Headless(players, stop=stop)
        reports = headless.run(options.seconds)
        _say_problems(headless.problems(), files)
        show_reports(reports, _longest([autopilot.scoreboard() for _, autopilot in players]), as_json=options.json)
    return headless.exit_code


def servers(options: argparse.Namespace) -> int:
    """What is on the LAN."""
    from game.client.lan import find_servers, print_servers

    found = find_servers(options.timeout)
    columns = get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else None
    with _printed_safely():
        print_servers(found, as_json=options.json, columns=columns)
    return 0


# --- playing ------------------------------------------------------------------------------------------------------------------------


def _on_own_server(options: argparse.Namespace, arguments: list[str], *, name: str | None, password: str, is_practice: bool) -> int:
    arguments = [*arguments, f"--bot-level={options.bot_level}"]
    for option, value in (("--map", options.map), ("--seed", options.seed)):
        if value is not None:
            arguments.append(f"{option}={value}")
    try:
        with _signals(options) as stop, LocalServer(arguments) as server:
            from game.client import connection  # noqa: F401 - loaded while the server starts

            port = _wait_for(server, stop)
            return _play_on(options, stop, "127.0.0.1", port, name=name, password=password, server=server, is_practice=is_practice)
    except LocalServerError as error:
        raise UsageProblem(one_line(str(error))) from None


def _wait_for(server: LocalServer, stop: StopSignals) -> int:
    while (port := server.poll()) is None:
        if stop.is_wanted:
            raise KeyboardInterrupt
        sleep(0.005)
    return port


def _play_on(
    options: argparse.Namespace,
    stop: StopSignals,
    address: str,
    port: int,
    *,
    name: str | None,
    password: str,
    server: LocalServer | None = None,
    is_practice: bool = False,
) -> int:
    from game.client.preferences import default_name

    files = _files()
    seed = _seed(options)
    chosen = files.preferences
    name = name or chosen.name or default_name()
    is_own = server is not None
    connection = _connection(options, files, address, port, name=name, colour=chosen.colour, password=password, seed=seed, is_own=is_own)
    if not options.headless:
        from game.client.app import App

        with _printed_safely():
            return App(files).play(connection, seconds=options.seconds, password=password, as_json=options.json, is_practice=is_practice)
    from game.client.headless import Headless
    from game.client.report import show_report

    autopilot = _autopilot(options, connection, seed)
    headless = Headless([(connection, autopilot)], stop=stop, server=server, passes_lines_on=not is_practice)
    (report,) = headless.run(options.seconds)
    _say_problems(headless.problems(), files)
    show_report(report, autopilot.scoreboard(), as_json=options.json)
    return headless.exit_code


def _connection(
    options: argparse.Namespace,
    files: PlayerFiles,
    address: str,
    port: int,
    *,
    name: str,
    colour: int,
    password: str,
    seed: int,
    is_own: bool = False,
) -> Connection:
    from game.client.connection import Connection, ConnectionOptions
    from game.client.preferences import COLOURS

    has_player = not getattr(options, "headless", True)  # whose settings hold: a bot's figures must not depend on them
    input_delay = 0 if options.input_delay is None and not has_player else options.input_delay
    return Connection(
        address,
        port,
        files=files,
        name=name,
        colour=colour % COLOURS,
        password=password,
        options=ConnectionOptions(options.net or PERFECT, input_delay, options.rollback_log),
        seed=seed,
        is_own_server=is_own,
        accepts_new_certificate=getattr(options, "accept_new_certificate", False),
    )


def _autopilot(options: argparse.Namespace, connection: Connection, seed: int) -> Autopilot:
    from game.client.autopilot import Autopilot

    room, password = getattr(options, "room", None), getattr(options, "password", "")
    return Autopilot(connection.client, level=options.bot_level, seed=seed, room=room or "", password=password)


def _files() -> PlayerFiles:
    from game.client.preferences import PlayerFiles

    return PlayerFiles()


def _say_problems(problems: Sequence[str], files: PlayerFiles) -> None:
    for line in [*problems, *filter(None, [files.problem])]:
        say(f"{PROGRAM}: {line}")


# --- small --------------------------------------------------------------------------------------------------------------------------


def _signals(options: argparse.Namespace) -> StopSignals:
    return StopSignals() if options.headless else _signals_close_window()


def _signals_close_window() -> StopSignals:
    """Ctrl-C in the terminal is the window's close button; where there is no window yet, it is the end."""

    def close() -> None:
        import pygame

        if not pygame.display.get_init():
            raise KeyboardInterrupt
        pygame.event.post(pygame.event.Event(pygame.QUIT))

    return StopSignals(close)


@contextmanager
def _rollback_log(options: argparse.Namespace) -> Iterator[None]:
    """The log that ``options`` name by its path, opened, takes its place; it is complete when the command has ended."""
    path = getattr(options, "rollback_log", None)
    if path is None:
        yield
        return
    from game.client.rollback_log import RollbackLog

    try:
        log = RollbackLog(path)
    except OSError as error:
        raise UsageProblem(f"--rollback-log {path}: cannot be written: {error.strerror or error}") from None
    options.rollback_log = log
    try:
        yield
    finally:
        log.close()


@contextmanager
def _printed_safely() -> Iterator[None]:
    """What is printed within goes out at the end, to a reader that may have gone or know fewer letters than we do."""
    with redirect_stdout(io.StringIO()) as printed:
        yield
    if text := printed.getvalue().rstrip("\n"):
        show(text)


def _window_problem() -> str | None:
    return display_problem() or pygame_problem() or video_problem()


def _check_window(otherwise: str = "Use --headless, or start it where there is a screen.") -> None:
    problem = _window_problem()
    if problem is not None:
        raise UsageProblem(problem if "Cure" in problem else f"{problem} {otherwise}")


def _seed(options: argparse.Namespace) -> int:
    return int.from_bytes(os.urandom(4), "big") >> 1 if options.seed is None else int(options.seed)


def _longest(scoreboards: list[list[Any]]) -> list[Any]:
    """All players see the same match, but for those who are not in it yet."""
    return max(scoreboards, key=len, default=[])
