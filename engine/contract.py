"""What a game gives the engine: a schema, a command, a step. One file, because it is the whole interface.

``step`` is run by the server, by each client's prediction, by replays and by tests, and must give the same cells from the same cells
and commands on every machine: integers only, no clock, no module-level randomness, no set or dict order that depends on hashing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engine.errors import LocalProtocolError
from engine.ids import Seat
from engine.world import Range, Schema, World, digest_of

Settings: TypeAlias = Mapping[str, int | str]
"""How a match is set up (map, mode, limits): told to every client before the match, the same for all."""

Command: TypeAlias = tuple[int, ...]
"""One player's intent for one tick: a value per field of the :class:`CommandSchema`, in its order."""

Mask: TypeAlias = Mapping[str, NDArray[np.bool_]]
"""Kind name to the rows that a seat may see, bool [capacity]; a kind that is not named is visible whole."""

Relevance: TypeAlias = Mapping[str, NDArray[np.int_]]
"""Kind name to how much its rows matter to a seat, 0 to 255, integers [capacity]; the rows of a kind that is not named never wait."""


@dataclass(frozen=True, slots=True)
class CommandField:
    """One integer of a command. ``latch``: a press that ends before a tick samples it still counts for that tick (buttons)."""

    name: str
    range: Range
    neutral: int = 0
    latch: bool = False

    def __post_init__(self) -> None:
        if self.neutral not in self.range:
            raise ValueError(f"command field {self.name!r}: neutral {self.neutral} is out of its range")


class CommandSchema:
    """The fields of a command, their ranges, and the command of somebody who does nothing."""

    def __init__(self, *fields: CommandField) -> None:
        if not fields or len({field.name for field in fields}) != len(fields):
            raise ValueError("a command needs at least one field, and no two of one name")
        self.fields: Final = fields
        self.neutral: Final[Command] = tuple(field.neutral for field in fields)
        self.index: Final = {field.name: index for index, field in enumerate(fields)}
        self.spans: Final = tuple((field.range.low, field.range.high, field.range.bits) for field in fields)
        """Lowest value, highest value and bits of each field: what a codec asks for with every command."""

    def make(self, **values: int) -> Command:
        """A command with these values, neutral elsewhere. :class:`LocalProtocolError` for an unknown name or a value out of range."""
        command = list(self.neutral)
        for name, value in values.items():
            index = self.index.get(name)
            if index is None:
                raise LocalProtocolError(f"command: there is no field {name!r}; there are {', '.join(self.index)}")
            span = self.fields[index].range
            if value not in span:
                raise LocalProtocolError(f"command: {name}={value} is not in {span.low} to {span.high}")
            command[index] = int(value)
        return tuple(command)

    def describe(self) -> list[dict[str, int | str | bool]]:
        """As plain data; part of what two peers compare before a match."""
        return [{"name": f.name, "low": f.range.low, "high": f.range.high, "neutral": f.neutral, "latch": f.latch} for f in self.fields]


COMMAND_KIND: Final = "command"
"""How a game's command stands among the kinds of its description; no kind may be called so."""


def game_description(schema: Schema, command: CommandSchema) -> dict[str, Any]:
    """A game's world and command as plain data: what two peers compare before anything else, and name the difference of."""
    if any(kind.name == COMMAND_KIND for kind in schema.kinds):
        raise ValueError(f"no kind may be called {COMMAND_KIND!r}")
    row = {"name": COMMAND_KIND, "capacity": None, "per_seat": None, "fields": command.describe()}
    return {"kinds": [*schema.describe()["kinds"], row]}


def game_digest(schema: Schema, command: CommandSchema) -> bytes:
    """8 bytes that name :func:`game_description`."""
    return digest_of(game_description(schema, command))


class Commands:
    """The commands of one tick, as columns: ``commands.fire`` is int32 [seats], ``commands.present`` bool [seats].

    On the server every seated player is present (a missing command has been filled in by then). In a client's prediction only the
    predicted seat is: a step leaves the others to their motion.
    """

    def __init__(self, schema: CommandSchema, seats: int) -> None:
        self.schema: Final = schema
        self.cells: Final[NDArray[np.int32]] = np.zeros((len(schema.fields), seats), dtype=np.int32)
        self.present: Final[NDArray[np.bool_]] = np.zeros(seats, dtype=np.bool_)
        self._columns: Final = {field.name: self.cells[index] for index, field in enumerate(schema.fields)}
        self.clear()

    def __getattr__(self, name: str) -> NDArray[np.int32]:
        try:
            column: NDArray[np.int32] = self.__dict__["_columns"][name]
        except KeyError:
            raise AttributeError(name) from None
        return column

    def clear(self) -> None:
        """Nobody is present; every command is neutral."""
        self.cells[:] = np.array(self.schema.neutral, dtype=np.int32)[:, None]
        self.present[:] = False

    def set(self, seat: Seat | int, command: Command) -> None:
        """Make ``seat`` present with this command (checked already: see :meth:`CommandSchema.make` and the command codec)."""
        self.cells[:, seat] = command
        self.present[seat] = True


class Past(Protocol):
    """What a step may know beyond the world of this tick."""

    @property
    def predicting(self) -> Seat | None:
        """None on the authority. On a client, the seat whose prediction this is: decide there only what that player does himself."""

    @property
    def guessed_ticks(self) -> int:
        """In a prediction, for how many ticks now the others are guessed and not known; 0 on the authority."""

    def seen_by(self, seat: Seat | int) -> World | None:
        """The others as they stood on this shooter's screen when he gave this tick's command (read-only), or None: judge by the present.

        In a prediction it is that very screen for the predicted seat, so what a player sees himself do to others can be predicted too.
        """

    def shown_to(self, seat: Seat | int) -> World | None:
        """The tick behind what :meth:`seen_by` gives, before anything in it is moved on towards the next one: who lived, with what. Only
        to look at, and cheap: nothing of the world is decided by it, and the fairness report counts no rewind.
        """

    def judged(self, seat: Seat | int, refused_by: str = "") -> None:
        """Note for the fairness report that this step decided for the seat by what :meth:`seen_by` gave, or that a rule refused to.

        ``refused_by`` names the rule in a word ("target_gone", "wall_closed"); empty: decided for the seat. Changes nothing else.
        """


class PresentOnly:
    """The :class:`Past` of replays, of games without lag compensation, and (with a seat) of prediction."""

    def __init__(self, predicting: Seat | None = None) -> None:
        self.predicting: Final = predicting
        self.guessed_ticks: Final = 0

    def seen_by(self, seat: Seat | int) -> World | None:  # noqa: ARG002 - the protocol names it
        """Always None."""
        return None

    def shown_to(self, seat: Seat | int) -> World | None:
        """As :meth:`seen_by`."""
        return self.seen_by(seat)

    def judged(self, seat: Seat | int, refused_by: str = "") -> None:
        """Nobody keeps a record here."""


@runtime_checkable
class Game(Protocol):
    """A game, set up for one match: its settings are arguments of whatever made it (see :data:`GameFactory`)."""

    @property
    def tick_rate_hz(self) -> int:
        """Steps per second, 1 to 240."""

    @property
    def schema(self) -> Schema:
        """The world's tables, for the match's number of seats."""

    @property
    def command(self) -> CommandSchema:
        """What a player sends per tick."""

    def new_world(self, seed: int) -> World:
        """The world at tick 0, nobody seated."""

    def join(self, world: World, seat: Seat) -> None:
        """Seat a player (server only, between steps)."""

    def leave(self, world: World, seat: Seat) -> None:
        """Take a player's rows away (server only, between steps)."""

    def step(self, world: World, commands: Commands, past: Past) -> None:
        """Compute one tick in place; the engine has already set ``world.tick`` to the tick being computed."""


@runtime_checkable
class HasInterest(Protocol):
    """Optional: a game that hides rows from players."""

    def visible(self, world: World, seat: Seat) -> Mask:
        """What this seat may see. A hidden row is not sent: to the client it does not exist."""


@runtime_checkable
class HasRelevance(Protocol):
    """Optional: a game in which rows matter more to one player than to another, by their distance perhaps."""

    def relevance(self, world: World, seat: Seat) -> Relevance:
        """How much each row matters to this seat. Asked only while its line is too narrow for everything: what matters more then goes first
        and more often, and what matters less waits for a quarter of a second at most. Server only, between steps.
        """


@runtime_checkable
class HasAnnouncements(Protocol):
    """Optional: a game that tells what happened by reliable events."""

    def announcements(self, world: World) -> Sequence[bytes]:
        """What this tick's step brought about that nobody may miss; at most 64 a tick, 512 bytes each. Server only, after each step."""


@runtime_checkable
class HasContact(Protocol):
    """Optional: a game whose players move each other, by pushing or blocking."""

    @property
    def contact_units(self) -> int:
        """Two players nearer than this to each other do. Measured between the first two ``linear`` fields of the first owned kind that
        has them. A client computes its prediction anew with each snapshot while somebody is (or comes) so near.
        """

    @property
    def contact_ticks(self) -> int:
        """Beyond so many guessed ticks (:attr:`Past.guessed_ticks`) the step leaves contact with others out: where they will be by then is
        anybody's guess, and a push that never came is worse than one that is felt a little later.
        """


@runtime_checkable
class HasEnd(Protocol):
    """Optional: a game that ends by itself (otherwise the host ends it)."""

    def is_over(self, world: World) -> bool:
        """Whether the match is finished and the players go back to their room."""


class GameFactory(Protocol):
    """Makes the game of a match from its settings, on the server and on each client alike."""

    def __call__(self, settings: Settings, seats: int) -> Game:
        """Raises ValueError, with a sentence for people, for settings that do not work."""


class Pilot(Protocol):
    """Plays a seat: world in, command out. Bots are pilots, on the server and in headless clients."""

    def command(self, world: World, seat: Seat) -> Command:
        """What ``seat`` does next, judged by ``world`` (never written to)."""


def fill(commands: Commands, given: Iterable[tuple[Seat, Command]]) -> Commands:
    """Clear ``commands`` and set these."""
    commands.clear()
    for seat, command in given:
        commands.set(seat, command)
    return commands
