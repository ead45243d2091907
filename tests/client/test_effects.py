import pytest

from engine.world import World
from game.arena import ARENA_SCHEMA
from game.client.camera import Camera
from game.client.effects import Effects
from game.client.feed import Roster
from game.client.sightings import NOBODY, Sight, Sighting
from game.client.sounds import SoundPlayer
from game.simulation import rules
from tests.game.support import drawn_map

HERE = (200.0, 120.0)


class Listener(SoundPlayer):
    def __init__(self):
        super().__init__(None)
        self.heard = []

    def play(self, name, volume=1.0, pan=0.0):
        self.heard.append(name)


def player():
    sounds = Listener()
    camera = Camera(2048, 2048)
    camera.update(HERE, (640, 360), 0.0, 1.0)
    return Effects(sounds, drawn_map()), sounds, camera


def start(effects, camera, what, seat=0, now=0.0, **values):
    effects.start(Sighting(what, seat, HERE, **values), 0, Roster(), camera, HERE, now)


@pytest.mark.parametrize("what", list(Sight))
@pytest.mark.parametrize("seat", [0, 3, NOBODY])
def test_everything_can_be_seen_and_drawn(surface, what, seat):
    effects, sounds, camera = player()
    start(effects, camera, what, seat, amount=1, end=(300.0, 200.0))
    surface.fill((0, 0, 0))
    effects.draw(surface, camera)
    x, y = (round(value) for value in camera.to_screen(*HERE))
    assert surface.subsurface((x - 60, y - 60, 120, 120)).get_bounding_rect().width > 0
    assert any(surface.get_at((x + dx, y + dy))[:3] != (0, 0, 0) for dx in range(-60, 60, 2) for dy in range(-60, 60, 2))
    assert len(sounds.heard) == (what is not Sight.HIT or seat == 0)


def test_what_happens_in_the_world_is_played_once():
    effects, sounds, camera = player()
    world = World(ARENA_SCHEMA, 5)
    effects.play(world, 0, Roster(), camera, HERE, 0.0)
    world.player.spawn(5, 3, x=3200, y=1900, life=rules.ALIVE)
    world.projectile.spawn(5, 3, x=3400, y=1900, vx=220)
    world.beam.spawn(5, 0, x=3200, y=1900, aim=10)
    for frame in range(5):
        effects.play(world, 0, Roster(), camera, HERE, frame / 60)
    assert sounds.heard == ["blaster", "rail"]


def test_an_impact_that_is_not_sure_is_shown_only_where_the_screen_would_show_its_bolt():
    for focus, heard in ((HERE, ["impact"]), ((1900.0, 1900.0), [])):
        effects, sounds, camera = player()
        camera.update(focus, (640, 360), 1.0, 10.0)
        sounds.play_at = lambda name, *_, to=sounds.heard: to.append(name)
        world = World(ARENA_SCHEMA, 5)
        world.player.spawn(5, 3, life=rules.ALIVE)
        world.projectile.spawn(5, 3, x=3400, y=1900, vy=-20)
        effects.play(world, 0, Roster(), camera, HERE, 0.0)
        sounds.heard.clear()
        world.projectile.free(slice(None))
        effects.play(world, 0, Roster(), camera, HERE, 0.02)
        assert sounds.heard == heard


def test_only_our_own_hits_mark_the_crosshair():
    effects, sounds, camera = player()
    start(effects, camera, Sight.HIT, seat=3, amount=18, now=2.0)
    assert effects.hit_at < 0
    assert sounds.heard == []
    start(effects, camera, Sight.HIT, seat=0, amount=18, now=3.0)
    assert effects.hit_at == 3.0
    assert sounds.heard == ["hit"]


def test_a_storm_of_effects_stays_bounded_and_ends(surface):
    effects, _, camera = player()
    for tick in range(60):
        for seat in range(16):
            for what in (Sight.DEATH, Sight.BEAM, Sight.HIT, Sight.SPAWN):
                start(effects, camera, what, seat, amount=55, now=tick / 60)
        effects.update(1 / 60)
        assert len(effects.particles) <= effects.particles.capacity
    effects.draw(surface, camera)
    for _ in range(120):
        effects.update(1 / 60)
    assert len(effects.particles) == 0
    surface.fill((0, 0, 0))
    effects.draw(surface, camera)
    assert surface.get_at(tuple(round(value) for value in camera.to_screen(*HERE)))[:3] == (0, 0, 0)
