from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from agentgym.errors import MissingDependencyError
from agentgym.evaluators import check_needs, faults_of_spec, lacks_at_judging, metrics, needs_of_task
from agentgym.evaluators.metrics import pictexts
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, Task

_SPEC = EvaluatorSpec(
    (
        Check(
            "compare_image_text",
            GetterSpec("vm_file", {"path": "/a.png", "dest": "a.png"}),
            GetterSpec("rule", {"rules": {"type": "text", "text": "ls"}}),
        ),
    )
)
_TASK = Task(id="a", instruction="Take a picture.", evaluator=_SPEC)


def lacking() -> list[str]:
    return list(map(str, lacks_at_judging(needs_of_task(_TASK), network=False)))


def dump(picture: Image.Image, *, order: int = 0) -> bytes:
    """A picture as `xwd` writes it: two colours of a map, four bytes a pixel."""
    width, height = picture.size
    head = [100, 7, 2, 24, width, height, 0, order, 32, 0, 32, 32, 4 * width, 4, 0xFF0000, 0xFF00, 0xFF, 8, 2, 2]
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., :3] = np.asarray(picture.convert("RGB"))[..., ::-1]
    return struct.pack(">25I", *head, width, height, 0, 0, 0) + bytes(24) + pixels.tobytes()


def test_a_window_dump_is_a_picture(tmp_path: Path) -> None:
    picture = Image.new("RGB", (5, 3), (200, 100, 50))
    path = tmp_path / "ls.png"
    path.write_bytes(dump(picture))
    read = pictexts._picture(path)
    assert read is not None
    (tmp_path / "read.png").write_bytes(read)
    with Image.open(tmp_path / "read.png") as again:
        assert (again.size, again.convert("RGB").getpixel((4, 2))) == ((5, 3), (200, 100, 50))


@pytest.mark.parametrize(
    "content", [b"", b"text", dump(Image.new("RGB", (5, 3)))[:-1], dump(Image.new("L", (2, 2)), order=1)]
)
def test_what_is_no_picture_is_not_read(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ls.png"
    path.write_bytes(content)
    assert pictexts._picture(path) is None
    assert pictexts._picture(tmp_path / "missing.png") is None


def test_missing_models_are_told_before_the_episode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASYOCR_MODULE_PATH", str(tmp_path))
    monkeypatch.setattr("agentgym.evaluators.unmet.missing_libraries", lambda _: [])
    [said] = lacking()
    assert f"craft_mlt_25k.pth, english_g2.pth in {tmp_path / 'model'}" in said
    with pytest.raises(MissingDependencyError, match="easyocr's models are not there"):
        check_needs(_TASK, network=False)


def test_that_nothing_reads_words_here_is_no_fault_of_the_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASYOCR_MODULE_PATH", str(tmp_path))
    monkeypatch.setattr("agentgym.evaluators.unmet.missing_libraries", list)
    assert list(faults_of_spec(_SPEC)) == []
    assert lacking() == ["easyocr is not installed: pip install 'agentgym-envs[ocr]'"]


def test_a_missing_library_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "easyocr", None)
    with pytest.raises(MissingDependencyError, match=r"agentgym-envs\[ocr\]"):
        metrics["compare_image_text"](str(tmp_path / "a.png"), {"type": "text", "text": "ls"})


@pytest.mark.skipif(bool(lacking()), reason="wants easyocr with its models, some 100 MB")
def test_words_are_read(tmp_path: Path) -> None:
    picture = Image.new("RGB", (400, 100), "white")
    ImageDraw.Draw(picture).text((20, 20), "Documents", fill="black", font=ImageFont.load_default(48))
    picture.save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(dump(picture))
    for name in ("a.png", "b.png"):
        assert metrics["compare_image_text"](str(tmp_path / name), {"type": "text", "text": "Documents"}) == 1
        assert metrics["compare_image_text"](str(tmp_path / name), {"type": "text", "text": "Pictures"}) == 0
