"""How alike two sounds are, and the tags of an MP3."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.easyid3 import EasyID3

from agentgym.evaluators import metrics

_RATE = 22050


def _tone(path: Path, hertz: float, seconds: float = 0.3) -> str:
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * _RATE)) / _RATE), _RATE)
    return str(path)


@pytest.mark.episodes
def test_a_sound_is_like_itself_and_less_like_another(tmp_path: Path) -> None:
    low, same = _tone(tmp_path / "a.wav", 200), _tone(tmp_path / "b.flac", 200)
    high = _tone(tmp_path / "c.wav", 3000)
    assert metrics["compare_audios"](same, low) == pytest.approx(1, abs=1e-3)
    assert metrics["compare_audios"](high, low) < 0.9


@pytest.mark.episodes
def test_no_sound_is_like_another_that_cannot_be_read(tmp_path: Path) -> None:
    tone = _tone(tmp_path / "a.wav", 200)
    broken = tmp_path / "b.wav"
    broken.write_bytes(b"noise")
    assert metrics["compare_audios"](str(broken), tone) == 0
    assert metrics["compare_audios"](None, tone) == 0
    assert metrics["compare_audios"](str(broken), str(tmp_path / "none.mp3")) == 1
    assert metrics["compare_audios"](str(broken), str(tmp_path / "none.mp3"), strict=True) == 0


def test_each_tag_fulfils_its_rule(tmp_path: Path) -> None:
    path = _tone(tmp_path / "a.mp3", 200)
    tags = EasyID3()
    tags["title"], tags["artist"] = "Missing You", ["Cheng Xiang", "Han Baoyi"]
    tags.save(path)
    rules = {
        "title": {"method": "eq", "ref": "Missing You"},
        "artist": {"method": "eq", "ref": "Cheng Xiang,Han Baoyi"},
    }
    assert metrics["check_mp3_meta"](path, rules) == 1
    assert metrics["check_mp3_meta"](path, rules | {"title": {"method": "re", "ref": "^missing"}}) == 0
    assert metrics["check_mp3_meta"](path, rules | {"album": {"method": "eq", "ref": ""}}) == 1


def test_a_file_without_tags_fulfils_no_rules(tmp_path: Path) -> None:
    rules = {"title": {"method": "eq", "ref": ""}}
    for path in (_tone(tmp_path / "a.mp3", 200), str(tmp_path / "none.mp3"), None):
        assert metrics["check_mp3_meta"](path, rules) == 0
