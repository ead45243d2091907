from game.client.camera import Camera
from game.client.particles import Particles


def test_the_pool_is_bounded_and_the_oldest_go():
    particles = Particles(capacity=50)
    particles.burst(0, 0, 1000, (255, 0, 0))
    assert len(particles) == 50
    for _ in range(10):
        particles.burst(0, 0, 30, (0, 255, 0))
    assert len(particles) == 50


def test_they_end():
    particles = Particles()
    particles.burst(10, 10, 40, (255, 0, 0), life_s=0.3)
    assert len(particles) == 40
    for _ in range(30):
        particles.update(1 / 60)
    assert len(particles) == 0


def test_only_light_is_added_and_only_where_they_are(surface):
    camera = Camera(2048, 2048)
    camera.update((1000.0, 1000.0), (640, 360), 0.0, 1.0)
    particles = Particles()
    particles.burst(1000, 1000, 30, (255, 120, 40), speed=5)
    surface.fill((10, 10, 10))
    particles.draw(surface, camera)
    assert surface.get_at((640, 360))[0] > 60
    assert tuple(surface.get_at((100, 100)))[:3] == (10, 10, 10)


def test_off_the_screen_costs_nothing_and_breaks_nothing(surface):
    camera = Camera(2048, 2048)
    particles = Particles()
    particles.burst(1e7, -1e7, 30, (255, 120, 40))
    particles.draw(surface, camera)
    assert surface.get_at((640, 360))[0] == 0
