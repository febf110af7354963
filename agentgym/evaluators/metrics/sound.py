"""Metrics on files of sound: how alike two are, and what one says of itself."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any, TypedDict

from agentgym.evaluators.metrics.damaged import unless_damaged
from agentgym.evaluators.metrics.registry import Metric
from agentgym.evaluators.metrics.structures import compared
from agentgym.extras import needed

__all__ = ["METRICS"]


class Tag(TypedDict):
    method: str
    ref: Any


def compare_audios(result: str | None, expected: str | None, *, strict: bool = False) -> float:
    """How alike two files sound, from 0 to 1, whatever their speed.

    exp(-d), where d is the mean cosine distance of their coefficients (librosa's MFCC, each brought to -1 to 1) along
    the path of dynamic time warping.

    Args:
        strict: two files of which none can be read are not alike.

    Raises:
        MissingDependencyError: if librosa, fastdtw or scipy is not installed.
    """
    needed("librosa", extra="media")
    if not result or not expected:
        return 0.0
    found, wanted = _samples(result), _samples(expected)
    if found is None or wanted is None:
        return float(found is wanted and not strict)
    return _likeness(found, wanted)


def check_mp3_meta(result: str | None, rules: dict[str, Tag]) -> float:
    """Whether each tag of an MP3 (``title``, ``artist`` …) fulfils its rule, ``{"method": "eq", "ref": …}``.

    The methods are those of `check_json`. Of several values the text is joined with commas; a tag that is not there is
    an empty text.

    Raises:
        MissingDependencyError: if mutagen is not installed.
    """
    tags = _tags(result)
    return float(tags is not None and all(compared(",".join(tags.get(name, [])), rule) for name, rule in rules.items()))


def _samples(path: str) -> Any | None:
    librosa = needed("librosa", extra="media")
    with warnings.catch_warnings():
        # It says so when it tries one reader after the other, and leaves open what the last could not read.
        warnings.simplefilter("ignore")
        loaded = unless_damaged(lambda: librosa.load(path))
    return None if loaded is None or len(loaded[0]) == 0 else loaded[0]


def _likeness(found: Any, wanted: Any) -> float:
    fastdtw = needed("fastdtw", extra="media").fastdtw
    cosine = needed("scipy.spatial.distance", extra="media").cosine
    with warnings.catch_warnings():
        # Of sounds shorter than a window, and of silence, whose direction is none.
        warnings.simplefilter("ignore")
        distance, path = fastdtw(_coefficients(found).T, _coefficients(wanted).T, dist=cosine)
        likeness = math.exp(-distance / len(path))
    return 0.0 if math.isnan(likeness) else likeness


def _coefficients(samples: Any) -> Any:
    librosa = needed("librosa", extra="media")
    return librosa.util.normalize(librosa.feature.mfcc(y=samples, sr=_RATE), axis=1)


_RATE = 22050


def _tags(path: str | None) -> Mapping[str, list[str]] | None:
    easyid3 = needed("mutagen.easyid3", extra="media")
    if path is None:
        return None
    try:
        return dict(easyid3.EasyID3(path))
    except needed("mutagen", extra="media").MutagenError:
        return None


METRICS: Mapping[str, Metric] = {"compare_audios": compare_audios, "check_mp3_meta": check_mp3_meta}
