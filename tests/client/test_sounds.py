import importlib.util
import wave

import numpy as np
import pygame
import pytest

from game.assets import assets_folder
from game.client.sounds import NAMES, REPEAT_S, SoundPlayer

FOLDER = assets_folder() / "sounds"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def maker():
    spec = importlib.util.spec_from_file_location("make_sounds", FOLDER / "make_sounds.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_files_everything_is_silent(tmp_path):
    for folder in (None, tmp_path / "nothing", tmp_path):
        player = SoundPlayer(folder)
        player.play("blaster")
        player.play_at("rail", (0, 0), (10, 10))


def test_without_a_device_everything_is_silent_and_says_why(monkeypatch):
    def no_device(*arguments):
        raise pygame.error("ALSA: no such device")

    monkeypatch.setattr(pygame.mixer, "get_init", lambda: None)
    monkeypatch.setattr(pygame.mixer, "init", no_device)
    player = SoundPlayer(FOLDER)
    assert "no such device" in player.problem
    player.play("blaster")


def test_the_same_sound_does_not_start_twice_at_once():
    clock = Clock()
    player = SoundPlayer(FOLDER, clock=clock)
    if player.problem:
        pytest.skip(f"no mixer here: {player.problem}")
    pygame.mixer.stop()
    player.play("win")
    player.play("win")
    assert sum(pygame.mixer.Channel(n).get_busy() for n in range(pygame.mixer.get_num_channels())) == 1
    clock.now += REPEAT_S
    player.play("win")
    player.play("no such sound")
    assert sum(pygame.mixer.Channel(n).get_busy() for n in range(pygame.mixer.get_num_channels())) == 2
    pygame.mixer.stop()


def test_volume_stays_in_its_range():
    player = SoundPlayer(None, volume=3.0)
    assert player.volume == 1.0
    player.set_volume(-1.0)
    assert player.volume == 0.0


def test_the_script_makes_exactly_the_sounds_that_are_played_and_the_files_are_its(maker):
    sounds = maker.all_sounds()
    assert set(sounds) == set(NAMES) == {path.stem for path in FOLDER.glob("*.wav")}
    for name, (samples, peak) in sounds.items():
        with wave.open(str(FOLDER / f"{name}.wav")) as file:
            assert file.getnframes() / file.getframerate() < 1.5
            written = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        made = np.rint(samples / np.abs(samples).max() * peak * 32767)
        assert np.abs(written - made).max() <= 4, name
        assert abs(int(written[-1])) < 300, f"{name} ends with a click"
