import pygame

from game.client import theme
from game.client.theme import PLAYER_COLOURS, Text


def test_colour_0_is_chosen_by_the_seat_and_others_by_the_player():
    assert theme.player_colour(0, 3) == PLAYER_COLOURS[3]
    assert theme.player_colour(1, 3) == PLAYER_COLOURS[0]
    assert theme.player_colour(255, 1023) in PLAYER_COLOURS


def test_a_text_is_rendered_once():
    text = Text()
    assert text.render("Nova", 14) is text.render("Nova", 14)
    assert text.render("Nova", 14) is not text.render("Nova", 15)


def test_kept_texts_are_bounded_and_the_used_ones_stay():
    text = Text(kept_max=10)
    kept = text.render("stays", 12)
    for number in range(50):
        text.render(str(number), 12)
        text.render("stays", 12)
    assert len(text) == 10
    assert text.render("stays", 12) is kept


def bounds(surface):
    """Where something other than black is."""
    return pygame.mask.from_threshold(surface, (255, 255, 255), (200, 200, 200, 255)).get_bounding_rects()


def test_a_held_text_comes_at_its_real_size_when_its_picture_has_been_scaled():
    text, picture, display = Text(), pygame.Surface((200, 100), 0, 32), pygame.Surface((400, 220), 0, 32)
    text.hold_for(picture)
    width = text.draw(picture, "Nova", (100, 50), 16, align="centre")
    assert width == text.render("Nova", 16).get_width()
    assert not bounds(picture), "not scaled with it"
    text.release(display, pygame.Rect(0, 10, 400, 200), 2.0)
    drawn, expected = display.copy(), pygame.Surface((400, 220), 0, 32)
    Text().draw(expected, "Nova", (200, 110), 32, align="centre")
    assert pygame.image.tobytes(drawn, "RGB") == pygame.image.tobytes(expected, "RGB")
    text.release(display, pygame.Rect(0, 10, 400, 200), 2.0)
    assert pygame.image.tobytes(drawn, "RGB") == pygame.image.tobytes(display, "RGB"), "each once"


def test_what_is_drawn_over_a_settled_text_covers_it():
    text, picture, display = Text(), pygame.Surface((200, 100), 0, 32), pygame.Surface((400, 200), 0, 32)
    text.hold_for(picture)
    text.draw(picture, "under", (10, 50), 16)
    text.settle()
    assert bounds(picture)
    picture.fill((0, 0, 0))
    text.release(display, display.get_rect(), 2.0)
    assert not bounds(display)


def test_only_texts_under_a_plate_become_a_part_of_the_picture(monkeypatch):
    text, picture, display = Text(), pygame.Surface((200, 100), 0, 32), pygame.Surface((400, 200), 0, 32)
    monkeypatch.setattr(theme, "texts", text)
    text.hold_for(picture)
    text.draw(picture, "under", (10, 50), 16)
    text.draw(picture, "beside", (100, 50), 16)
    theme.draw_panel(picture, pygame.Rect(0, 30, 90, 40), 255, 0, None)
    assert not bounds(picture)
    text.release(display, display.get_rect(), 2.0)
    assert min(rect.left for rect in bounds(display)) >= 200, "the one beside it stays sharp"


def test_a_mark_lies_over_the_texts_and_grows_with_the_picture():
    text, picture, display = Text(), pygame.Surface((200, 100), 0, 32), pygame.Surface((400, 200), 0, 32)
    mark = pygame.Surface((30, 30), pygame.SRCALPHA)
    mark.fill((1, 0, 0))
    text.hold_for(picture)
    text.draw(picture, "Nova", (100, 50), 16, align="centre")
    text.draw_mark(picture, mark, (100, 50))
    text.release(display, display.get_rect(), 2.0)
    assert {tuple(display.get_at((x, y)))[:3] for x in range(171, 229) for y in range(71, 129)} == {(1, 0, 0)}
    assert tuple(display.get_at((168, 69)))[:3] == (0, 0, 0)


def test_texts_elsewhere_are_drawn_at_once_and_held_ones_are_bounded_and_stay_in_the_picture():
    text, picture, display = Text(), pygame.Surface((200, 100), 0, 32), pygame.Surface((600, 200), 0, 32)
    text.hold_for(picture)
    text.draw(display, "elsewhere", (10, 50), 16)
    assert bounds(display)
    display.fill((0, 0, 0))
    text.draw(picture, "slides in from the right", (190, 50), 16)
    text.release(display, pygame.Rect(100, 0, 400, 200), 2.0)
    assert 480 < max(rect.right for rect in bounds(display)) <= 500, "not on the bar beside the picture"
    for _ in range(theme.TEXTS_HELD_MAX):
        text.draw(picture, "x", (10, 50), 16)
    assert bounds(picture), "a picture that nobody shows"
    text.hold_for(None)


def test_any_name_can_be_drawn(surface):
    for name in ("", "a\0b", "日本語", "Ж", "한국", "שלום", "😀", "\u202e", "\ud800", "x" * 300):
        theme.texts.draw(surface, name, (640, 360), 14, shadow=True, align="centre")


def test_mix_and_scaled_stay_colours():
    assert theme.mix((0, 0, 0), (255, 255, 255), 0.0) == (0, 0, 0)
    assert theme.mix((0, 0, 0), (255, 255, 255), 1.0) == (255, 255, 255)
    assert theme.scaled((200, 100, 0), 4.0) == (255, 255, 0)


def test_a_bar_never_leaves_its_place():
    for share in (-5.0, 0.0, 0.01, 0.5, 1.0, 99.0):
        surface = pygame.Surface((100, 20), 0, 32)
        theme.bar(surface, (10, 5, 50, 6), share, (255, 0, 0), (0, 0, 1))
        assert tuple(surface.get_at((70, 8)))[:3] == (0, 0, 0)
        assert (tuple(surface.get_at((58, 8)))[:3] == (255, 0, 0)) == (share >= 1.0)
