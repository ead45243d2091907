"""The numbers of the arena and its world's tables: everything that balance turns on stands here, with its unit.

Lengths are units of 1/16 pixel, speeds units per tick, times ticks of 1/60 s, angles 1024ths of a turn (0 = +x, clockwise on screen,
because y grows downwards). A field with ``motion`` is forecast by the engine; the step below keeps that forecast exact wherever nothing
unexpected happens (position changes by the *new* velocity; countdowns sink by one to zero).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.world import SEATS_MAX, Field, Kind, Range, Schema

TICK_RATE_HZ: Final = 60
UNITS_PER_PIXEL: Final = 16
TILE_PIXELS: Final = 32
TILE_UNITS: Final = TILE_PIXELS * UNITS_PER_PIXEL
TILE_SHIFT: Final = 9
MAP_TILES_MAX: Final = 64
WORLD_UNITS: Final = MAP_TILES_MAX * TILE_UNITS
COORDINATE_MAX: Final = WORLD_UNITS - 1
ANGLES: Final = 1024
SEATS: Final = 16
"""Of the default schema; a match may have others (``schema.for_seats``)."""

# --- players ----------------------------------------------------------------------------------------------------------------------------
PLAYER_RADIUS: Final = 208
"""13 pixels; below half a tile, so that a player fits through a gap of one tile and touches at most one corner at a time."""
WALK_SPEED: Final = 69
"""259 pixels/s."""
DASH_SPEED: Final = 240
"""900 pixels/s for 8 ticks: 120 pixels, enough to leave a fight or to cross a lane, too little to outrun a bolt."""
DASH_TICKS: Final = 8
DASH_COOLDOWN_TICKS: Final = 90
PUSH_MAX: Final = 96
"""Overlapping players move apart by half the overlap, at most this: two walkers block each other, a dash passes through."""
CONTACT_TICKS: Final = 6
"""A prediction feels contact with others so far beyond what it knows of them. Measured over bots' fights: without a limit its own place is
no nearer the truth, and corrections are half as large again (more at 200 ms)."""
SPEED_MAX: Final = 400
HEADINGS: Final = 32
HEALTH_MAX: Final = 100
RESPAWN_TICKS: Final = 120
SHIELD_TICKS: Final = 90
"""Spawn protection; firing ends it."""
CREDIT_TICKS: Final = 240
"""Who dies of a hazard within 4 s of being hit was killed by whoever hit him."""
HAZARD_DAMAGE: Final = 8
HAZARD_EVERY_TICKS: Final = 15
"""32 health a second: crossing costs something, standing there kills."""

# --- weapons ----------------------------------------------------------------------------------------------------------------------------
BLASTER, RAIL = 0, 1
BLASTER_DAMAGE: Final = 18
"""Six hits; at a shot every 8 ticks 0.7 s of perfect aim."""
BLASTER_COOLDOWN_TICKS: Final = 8
BLASTER_AMMO: Final = 60
BLASTER_AMMO_MAX: Final = 99
BLASTER_SPEED: Final = 220
"""825 pixels/s; below a tile per tick, so that a bolt crosses at most one tile border per axis and tick."""
BLASTER_TICKS: Final = 62
"""Range of 850 pixels; below 8 shots' cooldown, so that a seat's 8 slots always suffice."""
BLASTER_RADIUS: Final = 64
BLASTER_RECHARGE_BELOW: Final = 12
BLASTER_RECHARGE_TICKS: Final = 30
"""An empty blaster gains a shot every half second up to 12: nobody is ever helpless."""
RAIL_DAMAGE: Final = 55
RAIL_COOLDOWN_TICKS: Final = 72
RAIL_AMMO: Final = 3
RAIL_AMMO_MAX: Final = 20
RAIL_RADIUS: Final = 16
SWITCH_AFTER_RAIL_TICKS: Final = 24
SWITCH_AFTER_BLASTER_TICKS: Final = 15
"""After a shot the *other* weapon waits too: switching is a choice, not a trick to fire both."""

# --- pick-ups ---------------------------------------------------------------------------------------------------------------------------
PICKUP_HEALTH, PICKUP_BLASTER, PICKUP_RAIL = 0, 1, 2
PICKUP_GAIN: Final = (30, 30, 4)
PICKUP_WAIT_TICKS: Final = (720, 480, 900)
PICKUP_REACH: Final = PLAYER_RADIUS + 144
PICKUP_PAUSE_TICKS: Final = 20
"""Between two pick-ups of one player. A prediction that has taken one already sees it lying there again until the server's news has
come; this pause keeps it from taking it twice."""
PICKUPS_MAX: Final = 32

# --- events -----------------------------------------------------------------------------------------------------------------------------
BEAM_TICKS: Final = 12
"""How long a beam is a row: longer than a burst of loss on most links, for the snapshots that follow repeat it."""
HIT_TICKS: Final = 40
"""And a hit. Its owner's screen shows his rows as of the tick that he predicts, by which one that came with a snapshot must still be there:
this reaches for 0.5 s of round trip."""

# --- the match --------------------------------------------------------------------------------------------------------------------------
WARMUP, PLAYING, RESULTS = 0, 1, 2
RESULTS_TICKS: Final = 8 * TICK_RATE_HZ
TIME_LIMIT_S_MAX: Final = 3600
FRAG_LIMIT_MAX: Final = 999
WAITING, ALIVE, DEAD = 0, 1, 2
SCORE_MIN, SCORE_MAX = -99, 999
DEATHS_MAX: Final = 999
STREAK_MAX: Final = 99

_COORDINATE: Final = Range(0, COORDINATE_MAX)

PLAYER: Final = Kind(
    "player",
    per_seat=1,
    fields=(
        Field("x", _COORDINATE, motion="vx", blend="linear"),
        Field("y", _COORDINATE, motion="vy", blend="linear"),
        Field("vx", Range(-SPEED_MAX, SPEED_MAX)),
        Field("vy", Range(-SPEED_MAX, SPEED_MAX)),
        Field("dash", Range(0, DASH_TICKS), motion=-1),
        Field("shield", Range(0, SHIELD_TICKS), motion=-1),
        Field("aim", Range(0, ANGLES - 1), blend="angle"),
        Field("heading", Range(0, HEADINGS)),
        Field("health", Range(0, HEALTH_MAX)),
        Field("life", Range(0, 2)),
        Field("weapon", Range(0, 1)),
        Field("score", Range(SCORE_MIN, SCORE_MAX)),
        Field("deaths", Range(0, DEATHS_MAX)),
        Field("streak", Range(0, STREAK_MAX)),
        Field("ammo_blaster", Range(0, BLASTER_AMMO_MAX), visible_to="owner"),
        Field("ammo_rail", Range(0, RAIL_AMMO_MAX), visible_to="owner"),
        Field("cooldown_blaster", Range(0, 127), motion=-1, visible_to="owner"),
        Field("cooldown_rail", Range(0, 127), motion=-1, visible_to="owner"),
        Field("cooldown_dash", Range(0, 127), motion=-1, visible_to="owner"),
        Field("cooldown_pickup", Range(0, 127), motion=-1, visible_to="owner"),
        Field("respawn", Range(0, RESPAWN_TICKS), motion=-1, visible_to="owner"),
        Field("attacker", Range(0, 1024), visible_to="server"),
        Field("credit", Range(0, CREDIT_TICKS), motion=-1, visible_to="server"),
    ),
)
"""``heading``: where the last command wanted to go: 0 nowhere, else 1 + the direction in 32nds of a turn. With it a client guesses better
where somebody will be when the two meet. ``life``: 0 waiting for the first spawn, 1 alive, 2 dead. ``attacker`` is the seat + 1 that hit
last, good for ``credit`` more ticks."""

PROJECTILE: Final = Kind(
    "projectile",
    per_seat=8,
    fields=(
        Field("x", _COORDINATE, motion="vx", blend="linear"),
        Field("y", _COORDINATE, motion="vy", blend="linear"),
        Field("vx", Range(-BLASTER_SPEED, BLASTER_SPEED)),
        Field("vy", Range(-BLASTER_SPEED, BLASTER_SPEED)),
    ),
)
"""It flies for ``BLASTER_TICKS`` from its birth, which its generation tells."""

PICKUP: Final = Kind(
    "pickup",
    capacity=PICKUPS_MAX,
    fields=(
        Field("type", Range(0, 2)),
        Field("x", _COORDINATE),
        Field("y", _COORDINATE),
        Field("wait", Range(0, max(PICKUP_WAIT_TICKS)), motion=-1),
    ),
)
"""``wait``: ticks until it lies there again; 0 = it can be taken."""

BEAM: Final = Kind(
    "beam",
    per_seat=1,
    fields=(
        Field("x", _COORDINATE),
        Field("y", _COORDINATE),
        Field("aim", Range(0, ANGLES - 1)),
    ),
)
"""A rail's shot, from x, y as far as the next wall. It stays for ``BEAM_TICKS``, less than the rail needs for another."""

HIT: Final = Kind(
    "hit",
    per_seat=8,
    fields=(
        Field("victim", Range(0, SEATS_MAX - 1)),
        Field("weapon", Range(0, 1)),
    ),
)
"""The owner of the slots has hit the seat ``victim``. It stays for ``HIT_TICKS``.

All else that is to be seen and heard for a moment (flashes, impacts, dashes, deaths, ...) no row says: it follows from what changes in the
others, and a client finds it out (:mod:`game.client.sightings`)."""

MATCH: Final = Kind(
    "match",
    capacity=1,
    fields=(
        Field("phase", Range(0, 2)),
        Field("time_left", Range(0, TIME_LIMIT_S_MAX * TICK_RATE_HZ), motion=-1),
        Field("frag_limit", Range(0, FRAG_LIMIT_MAX)),
        Field("leader", Range(0, 1024)),
        Field("round", Range(0, 255)),
        Field("seed", Range(0, 2**30 - 1), visible_to="server"),
    ),
)
"""``phase``: 0 warm-up, 1 playing, 2 results. ``leader``: seat + 1, 0 where nobody leads alone. ``frag_limit`` 0: none."""

ARENA_SCHEMA: Final = Schema(PLAYER, PROJECTILE, PICKUP, BEAM, HIT, MATCH, seats=SEATS)


def public_rows(names: Sequence[str], *kinds: Kind) -> slice:
    """Where these fields stand in ``table.public`` (row 0 is the generation) of each of ``kinds``, to take them at once.

    Raises ValueError where they do not stand one behind the other there, in this order: others would be taken for them.
    """
    found = {tuple(1 + [field.name for field in kind.fields_visible_to("everyone")].index(name) for name in names) for kind in kinds}
    rows = found.pop()
    if found or rows != tuple(range(rows[0], rows[0] + len(names))):
        raise ValueError(f"{', '.join(names)} do not stand together in {', '.join(kind.name for kind in kinds)}")
    return slice(rows[0], rows[-1] + 1)


POSITION: Final = public_rows(("x", "y"), PLAYER, PROJECTILE)
VELOCITY: Final = public_rows(("vx", "vy"), PLAYER, PROJECTILE)
MOVE_MAX: Final = 127
