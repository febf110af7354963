"""The metric on words in a picture, which easyocr reads."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypedDict

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from agentgym.evaluators.metrics.registry import Metric
from agentgym.extras import needed

__all__ = ["FETCH_MODELS", "METRICS", "missing_models"]

_MODELS = ("craft_mlt_25k.pth", "english_g2.pth")
FETCH_MODELS = "python -c \"import easyocr; easyocr.Reader(['en'])\""
"""The command that downloads them."""

_DUMP = struct.Struct(">25I")
"""The head of an X window dump, whose words are all of the same size."""


class Words(TypedDict):
    type: Literal["text"]
    text: str


def compare_image_text(result: str | None, rules: Words) -> float:
    """Whether ``rules["text"]`` stands in what can be read in a picture, also in an X window dump.

    It wants easyocr and its two models for English, and says before an episode if they are missing: nothing is
    downloaded afterwards. Semantics of OSWorld's ``compare_image_text``.

    Raises:
        MissingDependencyError: if easyocr is not installed.
    """
    easyocr = needed("easyocr", extra="ocr")
    picture = None if result is None else _picture(Path(result))
    if picture is None:
        return 0.0
    reader = easyocr.Reader(["en"], gpu=False, download_enabled=False, verbose=False)
    return float(rules["text"] in " ".join(text for _, text, _ in reader.readtext(picture)))


def _picture(path: Path) -> bytes | None:
    """A file that OpenCV reads; None for what is no picture."""
    try:
        with Image.open(path) as picture:
            picture.load()
        return path.read_bytes()
    except UnidentifiedImageError:
        return _undumped(path.read_bytes())
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _undumped(content: bytes) -> bytes | None:
    """An X window dump of the usual kind, four bytes a pixel, as a PNG."""
    if len(content) < _DUMP.size:
        return None
    head = _DUMP.unpack_from(content)
    size, version, _, _, width, height = head[:6]
    order, bits, line, colours = head[7], head[11], head[12], head[19]
    start = size + 12 * colours
    if (version, order, bits) != (7, 0, 32) or not width or not height:
        return None
    if line < 4 * width or len(content) < start + line * height:
        return None
    lines = np.frombuffer(content, np.uint8, line * height, start).reshape(height, line)
    pixels = lines[:, : 4 * width].reshape(height, width, 4)[..., :3]
    return bytes(cv2.imencode(".png", np.ascontiguousarray(pixels))[1])


def missing_models() -> Sequence[Path]:
    """The files of easyocr's models for English that are not there."""
    home = os.environ.get("EASYOCR_MODULE_PATH") or os.environ.get("MODULE_PATH") or "~/.EasyOCR"
    models = Path(home).expanduser() / "model"
    return [path for path in map(models.joinpath, _MODELS) if not path.is_file()]


METRICS: Mapping[str, Metric] = {"compare_image_text": compare_image_text}
