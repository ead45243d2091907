"""Makes every sound of the game: ``python assets/sounds/make_sounds.py`` writes the .wav files beside itself.

Short synthesised sounds: swept tones, filtered noise, envelopes. The same seed gives the same files on every run.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 22050
Samples = NDArray[np.float64]


def times(duration_s: float) -> Samples:
    """The moments of a sound's samples, in seconds."""
    return np.arange(int(duration_s * RATE_HZ)) / RATE_HZ


def sweep(duration_s: float, start_hz: float, end_hz: float, shape: str = "sine", curve: float = 1.0) -> Samples:
    """A tone that glides from one pitch to another."""
    t = times(duration_s)
    share = (t / duration_s) ** curve
    phase = 2 * np.pi * np.cumsum(start_hz * (end_hz / start_hz) ** share) / RATE_HZ
    if shape == "square":
        return np.tanh(3 * np.sin(phase))
    if shape == "saw":
        return sum(np.sin(phase * n) / n for n in range(1, 7)) * 0.6
    return np.sin(phase)


def noise(duration_s: float, low_pass_hz: float, seed: int, end_hz: float | None = None) -> Samples:
    """Noise behind a one-pole low-pass whose corner may glide."""
    count = int(duration_s * RATE_HZ)
    raw = np.random.default_rng(seed).uniform(-1, 1, count)
    corner = np.geomspace(low_pass_hz, end_hz or low_pass_hz, count)
    keep = np.exp(-2 * np.pi * corner / RATE_HZ)
    out = np.zeros(count)
    level = 0.0
    for index in range(count):
        level = keep[index] * level + (1 - keep[index]) * raw[index]
        out[index] = level
    return out / max(1e-9, float(np.abs(out).max()))


def decay(samples: Samples, half_life_s: float, attack_s: float = 0.002) -> Samples:
    """Fade in fast, fade out by halves, end at exactly nothing."""
    t = np.arange(samples.size) / RATE_HZ
    tail = np.clip((samples.size - np.arange(samples.size)) / (0.01 * RATE_HZ), 0, 1)
    return samples * np.clip(t / attack_s, 0, 1) * 0.5 ** (t / half_life_s) * tail


def together(*parts: Samples) -> Samples:
    """Sounds at the same time."""
    whole = np.zeros(max(part.size for part in parts))
    for part in parts:
        whole[: part.size] += part
    return whole


def after(delay_s: float, samples: Samples) -> Samples:
    """The same, later."""
    return np.concatenate([np.zeros(int(delay_s * RATE_HZ)), samples])


def note(pitch_hz: float, duration_s: float, half_life_s: float = 0.09) -> Samples:
    """A soft bell."""
    tone = sweep(duration_s, pitch_hz, pitch_hz) + 0.35 * sweep(duration_s, 2 * pitch_hz, 2 * pitch_hz)
    return decay(tone + 0.12 * sweep(duration_s, 3.01 * pitch_hz, 3.01 * pitch_hz), half_life_s)


def all_sounds() -> dict[str, tuple[Samples, float]]:
    """Name to samples and loudness (peak, 0 to 1)."""
    return {
        "blaster": (decay(sweep(0.16, 1250, 260, "square", 0.6) + 0.5 * noise(0.16, 5000, 1), 0.035), 0.42),
        "rail": (
            together(
                decay(sweep(0.5, 2600, 90, "saw", 0.45), 0.10),
                decay(noise(0.5, 7000, 2, 400), 0.07) * 0.8,
                decay(sweep(0.4, 110, 45), 0.10) * 0.9,
            ),
            0.75,
        ),
        "impact": (decay(noise(0.12, 3800, 3, 700) + 0.4 * sweep(0.12, 420, 150), 0.022), 0.40),
        "explosion": (
            together(decay(noise(0.9, 2600, 4, 90), 0.14), decay(sweep(0.7, 150, 32), 0.14) * 0.9, decay(noise(0.08, 9000, 5), 0.015)),
            0.9,
        ),
        "hit": (decay(sweep(0.09, 1700, 1250) + 0.5 * sweep(0.09, 3400, 2500), 0.02), 0.45),
        "hurt": (decay(sweep(0.22, 240, 95, "saw") + 0.5 * noise(0.22, 1400, 6), 0.05), 0.6),
        "kill": (together(note(784, 0.3), after(0.07, note(1047, 0.4)), after(0.14, note(1568, 0.45, 0.12))), 0.6),
        "dash": (decay(noise(0.28, 900, 7, 5200), 0.07, 0.03) + decay(sweep(0.28, 180, 520), 0.06, 0.02) * 0.4, 0.5),
        "health": (together(note(523, 0.25), after(0.08, note(784, 0.35, 0.11))), 0.5),
        "ammo": (together(note(392, 0.15, 0.04), after(0.06, note(587, 0.22, 0.06))), 0.5),
        "spawn": (decay(sweep(0.5, 220, 880, curve=0.7), 0.16, 0.05) + decay(sweep(0.5, 330, 1320, curve=0.7), 0.12, 0.05) * 0.5, 0.45),
        "tick": (note(660, 0.12, 0.03), 0.4),
        "go": (together(note(660, 0.4, 0.12), note(990, 0.5, 0.14)), 0.55),
        "win": (
            together(*(after(0.13 * index, note(pitch, 0.7, 0.18)) for index, pitch in enumerate((523, 659, 784, 1047)))),
            0.65,
        ),
        "chat": (together(note(880, 0.12, 0.03), after(0.05, note(1175, 0.14, 0.03))), 0.35),
        "move": (note(520, 0.06, 0.014), 0.25),
        "choose": (together(note(520, 0.08, 0.02), after(0.04, note(780, 0.12, 0.03))), 0.35),
    }


def write(path: Path, samples: Samples, peak: float) -> None:
    """One mono file of 16 bits a sample."""
    scaled = samples / max(1e-9, float(np.abs(samples).max())) * peak * 32767
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.rint(scaled).astype("<i2").tobytes())


def main() -> None:
    """Write them all."""
    folder = Path(__file__).parent
    for name, (samples, peak) in all_sounds().items():
        write(folder / f"{name}.wav", samples, peak)


if __name__ == "__main__":
    main()
