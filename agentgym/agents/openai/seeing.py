"""What the environment shows, as the model is shown it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from agentgym.agents.openai.conversation import Seen
from agentgym.display.pictures import Picture, picture_in
from agentgym.tools.results import encodable

__all__ = ["picture_address", "screen_of", "seen"]

_TOLD_OTHERWISE = frozenset({"instruction", "tool_result"})
# Of PNG: a tenth larger than the smallest, and ten times as fast.
_COMPRESSION = 3


def seen(observation: Any) -> Seen:
    """Its texts under their names, and its picture. The task and tools' results are told elsewhere."""
    picture = picture_in(observation)
    return Seen(encodable(_text(observation)), None if picture is None else picture_address(picture))


def screen_of(observation: Any) -> tuple[int, int] | None:
    """(width, height) of what is seen; None without a picture."""
    picture = picture_in(observation)
    return None if picture is None else (picture.shape[1], picture.shape[0])


def picture_address(picture: Picture) -> str:
    """The picture as an address that holds it, a PNG.

    Args:
        picture: uint8 (height, width, 3), RGB.
    """
    import cv2

    written, data = cv2.imencode(".png", picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, _COMPRESSION])
    assert written
    return f"data:image/png;base64,{base64.b64encode(data.tobytes()).decode()}"


def _text(observation: Any) -> str:
    if isinstance(observation, str):
        return observation
    if isinstance(observation, Mapping):
        texts = {name: value for name, value in observation.items() if name not in _TOLD_OTHERWISE}
        parts = {name: _text(value) for name, value in texts.items()}
        return "\n\n".join(f"{name}:\n{text}" for name, text in parts.items() if text)
    if picture_in(observation) is not None:
        return ""
    if isinstance(observation, np.ndarray | np.generic):
        return msgspec.json.encode(observation.tolist()).decode()
    return msgspec.json.encode(observation).decode()
