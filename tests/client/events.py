"""Key presses and clicks as pygame tells them."""

from __future__ import annotations

import pygame


def key(code: int, mod: int = 0) -> pygame.event.Event:
    return pygame.event.Event(pygame.KEYDOWN, key=code, mod=mod, unicode="")


def letters(text: str) -> list[pygame.event.Event]:
    return [pygame.event.Event(pygame.TEXTINPUT, text=letter) for letter in text]


def motion(place: tuple[int, int]) -> pygame.event.Event:
    return pygame.event.Event(pygame.MOUSEMOTION, pos=place, rel=(0, 0), buttons=(0, 0, 0))


def press(place: tuple[int, int]) -> pygame.event.Event:
    return pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=place, button=1)


def release(place: tuple[int, int]) -> pygame.event.Event:
    return pygame.event.Event(pygame.MOUSEBUTTONUP, pos=place, button=1)


def click(place: tuple[int, int]) -> list[pygame.event.Event]:
    return [motion(place), press(place), release(place)]


def wheel(steps: int) -> pygame.event.Event:
    return pygame.event.Event(pygame.MOUSEWHEEL, y=steps, x=0)
