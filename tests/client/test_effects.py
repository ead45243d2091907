from engine.world import World
from game.arena import ARENA_SCHEMA
from game.client.camera import Camera
from game.client.effects import Effects, EffectTracker
from game.client.feed import Roster
from game.client.sounds import SoundPlayer
from game.simulation import rules


class Listener(SoundPlayer):
    def __init__(self):
        super().__init__(None)
        self.heard = []

    def play(self, name, volume=1.0, pan=0.0):
        self.heard.append(name)


def world_with(kind: int, seat: int = 0, tick: int = 5, **values: int) -> World:
    world = World(ARENA_SCHEMA, tick)
    world.effect.spawn(tick, seat, type=kind, x=16000, y=16000, ttl=12, **values)
    return world


def player():
    sounds = Listener()
    return Effects(sounds), sounds, Camera(2048, 2048)


def play(effects, world, camera, now=0.0, own_seat=0):
    effects.play(world, own_seat, Roster(), camera, (1000.0, 1000.0), now)


def test_a_row_is_played_once_however_often_it_is_shown():
    tracker, world = EffectTracker(), world_with(rules.EFFECT_DASH)
    assert tracker.fresh(world.effect, 0.0).tolist() == [0]
    for frame in range(20):
        assert tracker.fresh(world.effect, frame / 60).size == 0


def test_a_row_that_a_correction_takes_away_and_brings_back_is_not_played_again():
    tracker, world = EffectTracker(), world_with(rules.EFFECT_DASH)
    tracker.fresh(world.effect, 0.0)
    assert tracker.fresh(World(ARENA_SCHEMA).effect, 0.1).size == 0
    assert tracker.fresh(world.effect, 0.2).size == 0


def test_the_next_row_in_the_same_slot_is_played():
    tracker = EffectTracker()
    tracker.fresh(world_with(rules.EFFECT_DASH, tick=5).effect, 0.0)
    assert tracker.fresh(world_with(rules.EFFECT_DASH, tick=6).effect, 0.02).tolist() == [0]


def test_a_generation_that_comes_round_again_is_played():
    tracker = EffectTracker()
    tracker.fresh(world_with(rules.EFFECT_DASH, tick=5).effect, 0.0)
    assert tracker.fresh(world_with(rules.EFFECT_DASH, tick=5 + 1024).effect, 17.0).tolist() == [0]


def test_matches_of_other_sizes_start_afresh():
    tracker = EffectTracker()
    tracker.fresh(world_with(rules.EFFECT_DASH).effect, 0.0)
    small = World(ARENA_SCHEMA.for_seats(2))
    small.effect.spawn(5, 0, type=rules.EFFECT_DASH)
    assert tracker.fresh(small.effect, 0.1).tolist() == [0]


def test_every_type_can_be_seen_and_drawn(surface):
    for kind in range(9):
        effects, sounds, camera = player()
        camera.update((1000.0, 1000.0), (640, 360), 0.0, 1.0)
        play(effects, world_with(kind, amount=18, x2=9000, y2=12000), camera)
        surface.fill((0, 0, 0))
        effects.draw(surface, camera)
        lit = surface.get_bounding_rect().width > 0 and surface.get_at((640, 360))[:3] != (0, 0, 0)
        assert lit == (kind != 0), kind
        assert bool(sounds.heard) == (kind != 0), kind


def test_only_our_own_hits_mark_the_crosshair():
    effects, sounds, camera = player()
    play(effects, world_with(rules.EFFECT_HIT, seat=3, amount=18), camera, now=2.0)
    assert effects.hit_at < 0
    assert sounds.heard == []
    play(effects, world_with(rules.EFFECT_HIT, seat=0, amount=18), camera, now=3.0)
    assert effects.hit_at == 3.0
    assert sounds.heard == ["hit"]


def test_a_storm_of_effects_stays_bounded_and_ends(surface):
    effects, _, camera = player()
    for tick in range(60):
        world = World(ARENA_SCHEMA, tick)
        for seat in range(16):
            for kind in (rules.EFFECT_DEATH, rules.EFFECT_BEAM, rules.EFFECT_HIT, rules.EFFECT_SPAWN):
                world.effect.spawn(tick, seat, type=kind, x=16000, y=16000, amount=55)
        play(effects, world, camera, now=tick / 60)
        effects.update(1 / 60)
        assert len(effects.particles) <= effects.particles.capacity
    effects.draw(surface, camera)
    for _ in range(120):
        effects.update(1 / 60)
    assert len(effects.particles) == 0
    surface.fill((0, 0, 0))
    effects.draw(surface, camera)
    assert tuple(surface.get_at((640, 360)))[:3] == (0, 0, 0)
