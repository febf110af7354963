"""Cases of the metrics on files of sound."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from mutagen.easyid3 import EasyID3

from tests.evaluators.osworld.case import Case, Folder, damaged

_RATE = 22050
# Their numpy's single precision rounds otherwise.
_NEAR = 1e-6
_TAGS = ("title", "artist", "album", "date", "tracknumber", "composer")
_VALUES = ("Missing You", "Cheng Xiang", "missing you", "3", "2004", "a,b", "北京", "")


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    while True:
        yield rng.choice((_alike, _tagged, _tagged))(rng, files)


def _alike(rng: random.Random, files: Folder) -> Case:
    sound = _sound(rng)
    same = _written(rng, files, sound)
    noise = np.random.default_rng(rng.randrange(1 << 30)).normal(0, 0.02, sound.shape)
    changed = (sound, sound, sound * 0.5, sound + noise, sound[::2], sound[: len(sound) // 2], _sound(rng), sound[:0])
    other = _written(rng, files, rng.choice(changed))
    kind = rng.random()
    if kind < 0.3:
        return Case(
            "compare_audios",
            [_spoiled(rng, files, other), rng.choice((same, _spoiled(rng, files, same)))],
            tolerance=_NEAR,
        )
    return Case("compare_audios", [other, rng.choice((same, same, same, other))], tolerance=_NEAR)


def _sound(rng: random.Random) -> Any:
    times = np.arange(int(rng.uniform(0.05, 0.8) * _RATE)) / _RATE
    tones = sum(np.sin(2 * np.pi * rng.uniform(80, 4000) * times) for _ in range(rng.randint(1, 4)))
    return rng.choice((0.0, 0.2, 0.2, 0.2, 0.2)) * np.asarray(tones)


def _written(rng: random.Random, files: Folder, sound: Any) -> str:
    suffix = rng.choice((".wav", ".wav", ".mp3", ".flac", ".ogg"))
    path = files.new(suffix)
    soundfile.write(path, sound, rng.choice((_RATE, 44100)))
    return str(path)


def _tagged(rng: random.Random, files: Folder) -> Case:
    path = _written_mp3(files)
    tags = EasyID3()
    for name in rng.sample(_TAGS, rng.randint(0, 4)):
        tags[name] = rng.sample(_VALUES, rng.choice((1, 1, 1, 2)))
    if tags or rng.random() < 0.5:
        tags.save(path)
    names = rng.sample((*_TAGS, *tags, "nonsense"), rng.randint(0, 3))
    rules = {name: _rule(rng, ",".join(tags.get(name, [""]))) for name in names}
    return Case("check_mp3_meta", [_spoiled(rng, files, path) if rng.random() < 0.2 else path, rules])


def _written_mp3(files: Folder) -> str:
    path = files.new(".mp3")
    soundfile.write(path, np.zeros(200), _RATE)
    return str(path)


def _rule(rng: random.Random, value: str) -> dict[str, Any]:
    ref = rng.choice((value, value, value, rng.choice(_VALUES)))
    method = rng.choice(
        ("eq", "eq", "eq", "eq", "ne", "lt", "ge", "re", "re.I", "approx:2", "str_list_eq", "str_set_eq")
    )
    if method == "approx:2":
        return {"method": method, "ref": rng.choice((3, 4, 2006.5))}
    if method.startswith("str_"):
        return {"method": method, "ref": rng.choice((ref.split(","), ref.split(",")[::-1]))}
    return {"method": method, "ref": ref}


def _spoiled(rng: random.Random, files: Folder, path: str) -> str | None:
    if rng.random() < 0.2:
        return rng.choice((None, files.missing(".mp3")))
    return files.write(damaged(rng, Path(path).read_bytes()), Path(path).suffix)
