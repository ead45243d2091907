import pygame
import pytest

from game.arena import ARENA_COMMAND
from game.client.controls import Controls

CENTRE = (640.0, 360.0)


def press(controls, *keys):
    for key in keys:
        controls.handle_event(pygame.event.Event(pygame.KEYDOWN, key=key, mod=0, unicode=""))


def release(controls, *keys):
    for key in keys:
        controls.handle_event(pygame.event.Event(pygame.KEYUP, key=key, mod=0))


def point(controls, x, y):
    controls.handle_event(pygame.event.Event(pygame.MOUSEMOTION, pos=(x, y), rel=(0, 0), buttons=(0, 0, 0)))


def click(controls, button, down=True):
    kind = pygame.MOUSEBUTTONDOWN if down else pygame.MOUSEBUTTONUP
    controls.handle_event(pygame.event.Event(kind, pos=(0, 0), button=button))


def axis(controls, number, value):
    controls.handle_event(pygame.event.Event(pygame.JOYAXISMOTION, axis=number, value=value, instance_id=0))


def test_whatever_is_held_is_a_command_of_the_arena():
    controls = Controls()
    press(controls, pygame.K_w, pygame.K_d, pygame.K_SPACE, pygame.K_2)
    click(controls, 1)
    point(controls, 1279, 719)
    command = ARENA_COMMAND.make(**controls.fields(CENTRE))
    assert command[0] == 127
    assert command[1] == -127


@pytest.mark.parametrize(
    ("keys", "move"),
    [
        ((pygame.K_w,), (0, -127)),
        ((pygame.K_a,), (-127, 0)),
        ((pygame.K_DOWN,), (0, 127)),
        ((pygame.K_RIGHT, pygame.K_s), (127, 127)),
        ((pygame.K_a, pygame.K_d), (0, 0)),
    ],
)
def test_keys_move(keys, move):
    controls = Controls()
    press(controls, *keys)
    fields = controls.fields(CENTRE)
    assert (fields["move_x"], fields["move_y"]) == move
    release(controls, *keys)
    fields = controls.fields(CENTRE)
    assert (fields["move_x"], fields["move_y"]) == (0, 0)


@pytest.mark.parametrize(("place", "aim"), [((900, 360), 0), ((640, 700), 256), ((100, 360), 512), ((640, 0), 768), ((740, 460), 128)])
def test_the_mouse_aims_clockwise_from_the_right(place, aim):
    controls = Controls()
    point(controls, *place)
    assert controls.fields(CENTRE)["aim"] == aim


def test_the_mouse_on_ourselves_keeps_the_aim():
    controls = Controls()
    point(controls, 640, 700)
    assert controls.fields(CENTRE)["aim"] == 256
    point(controls, 640, 360)
    assert controls.fields(CENTRE)["aim"] == 256


def test_fire_follows_the_button():
    controls = Controls()
    click(controls, 1)
    assert controls.fields(CENTRE)["fire"] == 1
    click(controls, 1, down=False)
    assert controls.fields(CENTRE)["fire"] == 0


def test_a_short_press_of_dash_counts_once():
    controls = Controls()
    press(controls, pygame.K_SPACE)
    release(controls, pygame.K_SPACE)
    assert controls.fields(CENTRE)["dash"] == 1
    assert controls.fields(CENTRE)["dash"] == 0
    click(controls, 3)
    assert controls.fields(CENTRE)["dash"] == 1


def test_weapons_by_number_q_and_wheel():
    controls = Controls()
    assert controls.weapon == 0
    press(controls, pygame.K_2)
    assert controls.weapon == 1
    press(controls, pygame.K_q)
    assert controls.weapon == 0
    controls.handle_event(pygame.event.Event(pygame.MOUSEWHEEL, x=0, y=-1))
    assert controls.weapon == 1
    press(controls, pygame.K_1)
    assert controls.weapon == 0


def test_losing_the_focus_lets_go_of_everything():
    controls = Controls()
    press(controls, pygame.K_w, pygame.K_SPACE)
    click(controls, 1)
    controls.handle_event(pygame.event.Event(pygame.WINDOWFOCUSLOST))
    fields = controls.fields(CENTRE)
    assert (fields["move_y"], fields["fire"], fields["dash"]) == (0, 0, 0)


def test_resting_keeps_aim_and_weapon():
    controls = Controls()
    press(controls, pygame.K_w, pygame.K_2)
    point(controls, 640, 700)
    controls.fields(CENTRE)
    assert controls.resting() == {"move_x": 0, "move_y": 0, "aim": 256, "fire": 0, "weapon": 1, "dash": 0}


def test_a_stick_moves_in_any_direction_and_rests_in_the_middle():
    controls = Controls()
    axis(controls, 0, 0.1)
    assert controls.fields(CENTRE)["move_x"] == 0
    axis(controls, 0, 0.6)
    axis(controls, 1, -0.3)
    fields = controls.fields(CENTRE)
    assert 30 < fields["move_x"] < 100
    assert -60 < fields["move_y"] < -10
    axis(controls, 0, 1.0)
    axis(controls, 1, 1.0)
    ARENA_COMMAND.make(**controls.fields(CENTRE))


def test_the_right_stick_aims_until_the_mouse_moves():
    controls = Controls()
    point(controls, 900, 360)
    axis(controls, 3, 1.0)
    assert controls.fields(CENTRE)["aim"] == 256
    axis(controls, 3, 0.0)
    assert controls.fields(CENTRE)["aim"] == 256
    point(controls, 901, 360)
    assert controls.fields(CENTRE)["aim"] == 0
