from __future__ import annotations

import pygame
import pytest

from game.client.form import Form
from game.client.sounds import SoundPlayer
from game.client.text_field import TextField
from game.client.widgets import Button, CheckBox, Chooser, Slider, Swatches, Widget
from tests.client.events import click, key, letters, motion, press, release, wheel


def form_of(*widgets: Widget, main=None, focus=None) -> Form:
    return Form(widgets, SoundPlayer(None), main=main, focus=focus)


def give(form: Form, *events: pygame.event.Event) -> None:
    for event in events:
        form.handle_event(event)


def test_a_button_is_pressed_by_mouse_and_keys_and_only_where_it_was_meant():
    pressed: list[int] = []
    button = Button((10, 10, 100, 40), "Go", lambda: pressed.append(1))
    form = form_of(button, focus=button)
    give(form, *click((50, 30)))
    assert len(pressed) == 1
    give(form, key(pygame.K_RETURN), key(pygame.K_SPACE))
    assert len(pressed) == 3
    give(form, press((50, 30)), motion((300, 300)), release((300, 300)))
    assert len(pressed) == 3, "let go outside: changed the mind"
    button.is_enabled = False
    give(form, *click((50, 30)), key(pygame.K_RETURN))
    assert len(pressed) == 3
    button.is_enabled, button.is_visible = True, False
    give(form, *click((50, 30)))
    assert len(pressed) == 3


def test_tab_and_arrows_walk_over_what_can_be_used():
    widgets = [Button((0, index * 50, 100, 40), str(index), lambda: None) for index in range(4)]
    widgets[1].is_enabled = False
    widgets[2].is_visible = False
    form = form_of(*widgets)
    assert form.focus is None
    give(form, key(pygame.K_TAB))
    assert form.focus is widgets[0]
    give(form, key(pygame.K_TAB))
    assert form.focus is widgets[3]
    give(form, key(pygame.K_DOWN))
    assert form.focus is widgets[0], "round to the first"
    give(form, key(pygame.K_TAB, pygame.KMOD_SHIFT))
    assert form.focus is widgets[3]


def test_enter_does_the_main_thing_unless_a_button_has_the_focus():
    done: list[str] = []
    field = TextField((0, 0, 200, 40))
    other = Button((0, 50, 100, 40), "Other", lambda: done.append("other"))
    form = form_of(field, other, main=lambda: done.append("main"), focus=field)
    give(form, key(pygame.K_RETURN))
    give(form, key(pygame.K_TAB), key(pygame.K_RETURN))
    assert done == ["main", "other"]
    assert not form.handle_event(key(pygame.K_ESCAPE)), "the page's"


def test_a_gamepad_walks_and_presses():
    pressed: list[int] = []
    widgets = [Button((0, index * 50, 100, 40), str(index), lambda index=index: pressed.append(index)) for index in range(3)]
    form = form_of(*widgets, focus=widgets[0])
    give(
        form,
        pygame.event.Event(pygame.JOYHATMOTION, value=(0, -1), hat=0, joy=0),
        pygame.event.Event(pygame.JOYHATMOTION, value=(0, 0), hat=0, joy=0),
        pygame.event.Event(pygame.JOYBUTTONDOWN, button=0, joy=0),
    )
    assert pressed == [1]


def test_a_text_field_is_edited_with_the_usual_keys():
    field = TextField((0, 0, 200, 40), characters_max=10)
    form = form_of(field, focus=field)
    give(form, *letters("hello"))
    assert (field.text, field.caret) == ("hello", 5)
    give(form, key(pygame.K_HOME), *letters("a "), key(pygame.K_RIGHT), key(pygame.K_DELETE))
    assert (field.text, field.caret) == ("a hllo", 3)
    give(form, key(pygame.K_LEFT), key(pygame.K_BACKSPACE), key(pygame.K_END), key(pygame.K_BACKSPACE))
    assert (field.text, field.caret) == ("ahll", 4)
    give(form, *letters("0123456789"))
    assert field.text == "ahll012345", "no longer than allowed"
    give(form, key(pygame.K_u, pygame.KMOD_CTRL))
    assert field.text == ""
    give(form, key(pygame.K_BACKSPACE), key(pygame.K_DELETE), key(pygame.K_LEFT), key(pygame.K_RIGHT))
    assert (field.text, field.caret) == ("", 0)
    give(form, *letters("one two"), key(pygame.K_BACKSPACE, pygame.KMOD_CTRL))
    assert field.text == "one "


def test_a_text_field_takes_what_is_allowed_and_nothing_invisible():
    digits = TextField((0, 0, 200, 40), allowed="0123456789")
    form = form_of(digits, focus=digits)
    give(form, *letters("a7x7\n7\x1b"))
    assert digits.text == "777"
    names = TextField((0, 0, 200, 40))
    form = form_of(names, focus=names)
    give(form, *letters("Zo\u200bë\u202e 中"))
    assert names.text == "Zoë 中"


def test_a_click_puts_the_caret_between_letters_and_changes_are_told():
    told: list[str] = []
    field = TextField((0, 0, 300, 40), changed=told.append)
    form = form_of(field, focus=field)
    give(form, *letters("mmmm"))
    give(form, *click((4, 20)))
    assert field.caret == 0
    give(form, *click((290, 20)))
    assert field.caret == 4
    assert told == ["m", "mm", "mmm", "mmmm"]


def test_letters_are_not_shortcuts_while_one_types():
    pressed: list[int] = []
    field = TextField((0, 0, 200, 40))
    button = Button((0, 50, 100, 40), "Go", lambda: pressed.append(1))
    form = form_of(field, button, focus=field)
    give(form, key(pygame.K_SPACE), *letters(" "), key(pygame.K_s), *letters("s"))
    assert field.text == " s"
    assert form.focus is field
    assert not pressed


def test_a_slider_is_dragged_turned_and_stepped_within_its_bounds():
    told: list[float] = []
    slider = Slider((0, 0, 266, 36), "Sound", 0.5, told.append)
    form = form_of(slider, focus=slider)
    give(form, key(pygame.K_RIGHT))
    assert slider.value == pytest.approx(0.55)
    give(form, press((104, 18)), motion((5000, 18)))
    assert slider.value == 1.0
    give(form, motion((-50, 18)), release((-50, 18)), key(pygame.K_LEFT))
    assert slider.value == 0.0
    give(form, motion((50, 18)), wheel(2))
    assert slider.value == pytest.approx(0.1)
    assert told[-1] == slider.value


def test_a_chooser_goes_round_and_takes_a_value_that_it_did_not_know():
    told: list[int] = []
    chooser = Chooser((0, 0, 200, 40), "Bots", [(1, "one"), (2, "two"), (3, "three")], 3, told.append)
    form = form_of(chooser, focus=chooser)
    give(form, key(pygame.K_RIGHT))
    give(form, *click((20, 20)))
    give(form, *click((180, 20)))
    assert told == [1, 3, 1]
    chooser.choose(77)
    assert chooser.value == 77
    assert told == [1, 3, 1], "shown, not told"
    chooser.is_enabled = False
    give(form, *click((180, 20)), key(pygame.K_RIGHT))
    assert chooser.value == 77


def test_check_box_and_swatches():
    told: list[object] = []
    box = CheckBox((0, 0, 200, 30), "Yes", False, told.append)
    swatches = Swatches((0, 100), "Colour", 0, told.append)
    form = form_of(box, swatches, focus=box)
    give(form, key(pygame.K_SPACE), *click((10, 10)))
    assert told == [True, False]
    give(form, *click((3 * Swatches.STEP + 20, 120)), key(pygame.K_LEFT))
    assert told[2:] == [3, 2]
    give(form, *click((swatches.rect.right - 1, 120)), key(pygame.K_RIGHT))
    assert swatches.value == 0


def test_everything_draws_in_every_state(surface):
    widgets: list[Widget] = [
        *(
            Button((10, 10 + 50 * index, 90, 40), "Label", lambda: None, look=look)
            for index, look in enumerate(("normal", "primary", "danger", "quiet"))
        ),
        TextField((200, 30, 120, 40), "Name", "a text that is much longer than the field is wide", characters_max=80),
        TextField((200, 100, 120, 40), "Secret", "sesame", is_secret=True),
        TextField((200, 170, 120, 40), placeholder="nothing"),
        Slider((400, 30, 300, 36), "Sound", 0.4, lambda value: None),
        CheckBox((400, 100, 200, 36), "Yes", True),
        Chooser((400, 170, 200, 36), "Map", [("a", "A")], "a"),
        Swatches((10, 300), "Colour", 0, lambda value: None),
    ]
    form = form_of(*widgets)
    pictures = set()
    for step in range(len(widgets) + 1):
        surface.fill((0, 0, 0))
        form.draw(surface, 0.1)
        pictures.add(pygame.image.tobytes(surface, "RGB"))
        give(form, key(pygame.K_TAB))
        if step:
            give(form, motion(widgets[step - 1].rect.center))
    assert len(pictures) == len(widgets) + 1, "the focus is to be seen wherever it is"
    for widget in widgets:
        widget.is_enabled = False
    form.draw(surface, 0.1)
