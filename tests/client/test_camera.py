import pytest

from game.client.camera import Camera
from game.client.map_picture import MARGIN
from game.client.screen import LOGICAL_SIZE

MIDDLE = (LOGICAL_SIZE[0] / 2, LOGICAL_SIZE[1] / 2)


def settled(camera: Camera, focus, mouse=MIDDLE) -> Camera:
    for frame in range(200):
        camera.update(focus, mouse, frame / 60, 1 / 60)
    return camera


def test_the_player_is_in_the_middle_of_a_large_map():
    camera = settled(Camera(2048, 2048), (1000.0, 1000.0))
    assert camera.to_screen(1000, 1000) == pytest.approx(MIDDLE, abs=1)


def test_the_view_leads_towards_the_mouse_but_not_far():
    camera = settled(Camera(2048, 2048), (1000.0, 1000.0), (LOGICAL_SIZE[0], MIDDLE[1]))
    x, y = camera.to_screen(1000, 1000)
    assert MIDDLE[0] - 121 <= x < MIDDLE[0] - 60
    assert y == pytest.approx(MIDDLE[1], abs=1)


def test_the_view_stays_at_the_map():
    for focus in ((0.0, 0.0), (2048.0, 2048.0)):
        camera = settled(Camera(2048, 2048), focus)
        assert -MARGIN <= camera.left <= 2048 + MARGIN - LOGICAL_SIZE[0]
        assert -MARGIN <= camera.top <= 2048 + MARGIN - LOGICAL_SIZE[1]


def test_a_small_map_is_centred():
    camera = settled(Camera(640, 320), (10.0, 10.0))
    assert (camera.left, camera.top) == (-320, -200)


def test_a_respawn_glides_and_arrives():
    camera = settled(Camera(2048, 2048), (700.0, 1000.0))
    before = camera.left
    camera.update((1300.0, 1000.0), MIDDLE, 4.0, 1 / 60)
    assert abs(camera.left - before) < 200
    assert settled(camera, (1300.0, 1000.0)).left == before + 600


def test_shaking_is_small_and_ends():
    camera = settled(Camera(2048, 2048), (1000.0, 1000.0))
    still = camera.left, camera.top
    for _ in range(50):
        camera.shake(1.0)
    moved = []
    for frame in range(120):
        camera.update((1000.0, 1000.0), MIDDLE, 5 + frame / 60, 1 / 60)
        moved.append(max(abs(camera.left - still[0]), abs(camera.top - still[1])))
    assert 2 <= max(moved) <= 10
    assert moved[-1] == 0
