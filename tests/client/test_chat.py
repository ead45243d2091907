import pygame
import pytest

from engine.control.messages import CHAT_CHARACTERS_MAX
from game.client.chat import LINES_MAX, ChatBox, ChatLog, wrapped

COLOUR = (255, 255, 255)


@pytest.fixture
def box() -> ChatBox:
    return ChatBox(ChatLog())


def key(box, which):
    return box.handle_event(pygame.event.Event(pygame.KEYDOWN, key=which, mod=0, unicode=""))


def write(box, text):
    box.handle_event(pygame.event.Event(pygame.TEXTINPUT, text=text))


def test_the_log_keeps_the_newest_lines_only():
    log = ChatLog()
    for number in range(200):
        log.add("Nova", f"line {number}", COLOUR, float(number))
    assert len(log.lines) == LINES_MAX
    assert log.lines[-1].text == "line 199"


def test_a_long_message_is_wrapped_and_names_its_speaker_once():
    log = ChatLog()
    log.add("Nova", "word " * 40, COLOUR, 0.0)
    assert len(log.lines) > 1
    assert log.lines[0].name == "Nova"
    assert all(line.name == "" for line in list(log.lines)[1:])
    assert all(line.is_said for line in log.lines)
    assert " ".join(line.text for line in log.lines).split() == ["word"] * 40


@pytest.mark.parametrize("text", ["x" * 200, "", "   ", "a " * 100, "日本語" * 60, "\u200b\u202e"])
def test_any_text_wraps_without_losing_a_letter(text):
    lines = wrapped(text, 10, 300)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_enter_sends_what_was_typed_once(box):
    box.open()
    write(box, "gg ")
    write(box, "all")
    assert key(box, pygame.K_RETURN) == "gg all"
    assert not box.is_open
    box.open()
    assert box.typed == ""


def test_nothing_is_not_sent(box):
    box.open()
    write(box, "   ")
    assert key(box, pygame.K_RETURN) is None
    assert not box.is_open


def test_escape_drops_the_line(box):
    box.open()
    write(box, "oops")
    assert key(box, pygame.K_ESCAPE) is None
    assert not box.is_open
    assert box.typed == ""


def test_a_line_has_the_protocols_length_at_most(box):
    box.open()
    for _ in range(10):
        write(box, "z" * 60)
    assert len(box.typed) == CHAT_CHARACTERS_MAX
    key(box, pygame.K_BACKSPACE)
    assert len(box.typed) == CHAT_CHARACTERS_MAX - 1


def test_control_characters_are_not_typed(box):
    box.open()
    write(box, "a\x07\nb")
    assert box.typed == "ab"


def test_lines_fade_and_come_back_while_typing(box, surface):
    box.log.add("Nova", "hello", COLOUR, 0.0)

    def lit(now):
        surface.fill((0, 0, 0))
        box.draw(surface, now)
        return pygame.mask.from_threshold(surface, (255, 255, 255), (90, 90, 90)).count() > 0

    assert lit(1.0)
    assert not lit(30.0)
    box.open()
    assert lit(30.0)
