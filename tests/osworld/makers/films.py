"""Films with sound, and sounds alone."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

__all__ = ["Picture", "film", "gif", "landscape", "mp3", "scene", "tune", "wav"]

# Half typed: each use of it would be an error.
_av: Any = import_module("av")

Picture = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.int16]

_SIZE = (320, 240)
_RATE = 44_100
_NOTES_HZ = (262, 330, 392, 523, 440, 349, 294, 494)
_LOUD = 8_000
_SKIES = ((120, 170, 230), (230, 150, 90), (70, 60, 120), (180, 190, 200))


def landscape(number: int) -> Picture:
    """A picture whose upper and lower halves differ, another for each number."""
    width, height = _SIZE
    image = Image.new("RGB", _SIZE, _SKIES[number % len(_SKIES)])
    draw = ImageDraw.Draw(image)
    sun = 40 + 37 * number % (width - 80)
    draw.ellipse((sun - 22, 22, sun + 22, 66), fill=(255, 230, 120))
    peak = 30 + 83 * number % (width - 60)
    draw.polygon(((peak - 150, 180), (peak, 80 + 11 * (number % 5)), (peak + 150, 180)), fill=(90, 80, 70))
    draw.rectangle((0, 170, width, height), fill=(40, 110 + 20 * (number % 4), 50))
    return np.asarray(image, np.uint8)


def scene(number: int) -> bytes:
    """The same as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(landscape(number)).save(buffer, "PNG")
    return buffer.getvalue()


def gif(numbers: Iterable[int]) -> bytes:
    """A moving picture of some of them, each shown for a second."""
    first, *others = (Image.fromarray(landscape(number)) for number in numbers)
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=1000)
    return buffer.getvalue()


def film(
    seconds: int,
    *,
    scene_s: int = 2,
    rate: int = 5,
    sound: Samples | None = None,
    shown: Callable[[Picture], Picture] = np.asarray,
) -> bytes:
    """An MP4 (H.264, AAC) that shows landscape after landscape.

    Args:
        seconds: how long it is.
        scene_s: how long each landscape is shown.
        rate: pictures a second.
        sound: what is heard; nothing without.
        shown: how the pictures are turned.
    """
    buffer = io.BytesIO()
    with _av.open(buffer, "w", format="mp4") as made:
        pictures = made.add_stream("libx264", rate=rate, options={"crf": "12", "preset": "veryfast", "threads": "1"})
        pictures.width, pictures.height = _SIZE
        pictures.pix_fmt = "yuv420p"
        # A picture to jump to each second, as cameras make them.
        pictures.codec_context.gop_size = rate
        voice = None if sound is None else made.add_stream("aac", rate=_RATE, bit_rate=64_000, layout="mono")
        for count in range(seconds * rate):
            picture = np.ascontiguousarray(shown(landscape(count // rate // scene_s)))
            made.mux(pictures.encode(_av.VideoFrame.from_ndarray(picture, format="rgb24")))
        made.mux(pictures.encode(None))
        if voice is not None and sound is not None:
            _speak(made, voice, sound)
    return buffer.getvalue()


def tune(seconds: int) -> Samples:
    """A note each half a second, the same every time."""
    times = np.arange(seconds * _RATE) / _RATE
    steps = (times * 2).astype(int)
    notes = np.array(_NOTES_HZ)[(steps * 5 + steps // 3) % len(_NOTES_HZ)]
    # A tone and its octave, which fade until the next.
    heard = (np.sin(2 * np.pi * notes * times) + 0.5 * np.sin(4 * np.pi * notes * times)) * (1 - times * 2 % 1 * 0.8)
    return np.asarray(heard * _LOUD, np.int16)


def wav(samples: Samples) -> bytes:
    """A .wav file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(samples.itemsize)
        made.setframerate(_RATE)
        made.writeframes(samples.tobytes())
    return buffer.getvalue()


def mp3(samples: Samples) -> bytes:
    """A .mp3 file."""
    buffer = io.BytesIO()
    with _av.open(buffer, "w", format="mp3") as made:
        _speak(made, made.add_stream("libmp3lame", rate=_RATE, bit_rate=64_000, layout="mono"), samples)
    return buffer.getvalue()


def _speak(made: Any, voice: Any, samples: Samples, *, layout: Literal["mono"] = "mono") -> None:
    frame = _av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout=layout)
    frame.sample_rate = _RATE
    for part in (frame, None):
        made.mux(voice.encode(part))
