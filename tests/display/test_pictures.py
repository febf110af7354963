from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from agentgym.display import Frame, Picture, film, image, picture_in, terms_chart
from agentgym.display.pictures import Inline


def noise(width: int, height: int) -> Picture:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def test_a_picture_that_fits_is_kept_to_the_pixel() -> None:
    picture = noise(84, 60)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(Inline(picture, lossy=True).encoded))), picture)


def test_a_small_picture_is_shown_larger_in_whole_pixels() -> None:
    shown = image(noise(84, 84))
    assert "image-rendering:pixelated" in shown
    assert "width:252px" in shown


@pytest.mark.parametrize("width", [800, 1280])
def test_a_large_picture_is_shown_at_most_so_wide(width: int) -> None:
    shown = image(noise(width, 90))
    assert "pixelated" not in shown
    assert "width:800px" in shown


def test_a_film_of_one_picture_or_none_is_shown() -> None:
    assert film(0, lambda _: None) == ""
    assert film(3, lambda _: None) == ""
    assert film(1, lambda _: Frame(noise(8, 8), "0: <b>")).count("<figure") == 1


@pytest.mark.parametrize(("count", "size"), [(5, (64, 64)), (1000, (160, 210)), (300, (1280, 720))])
def test_a_film_has_the_first_and_the_last_picture_and_stays_small(count: int, size: tuple[int, int]) -> None:
    asked = []

    def frame(place: int) -> Frame:
        asked.append(place)
        return Frame(noise(*size), f"{place}: <script>")

    shown = film(count, frame)
    assert {asked[0], asked[-1]} == {0, count - 1}
    assert len(asked) == min(count, 24)
    captions = re.findall(r'<figure title="(\d+): &lt;script&gt;"', shown)
    assert {captions[0], captions[-1]} == {"0", str(count - 1)}
    assert "<script" not in shown
    # Noise is the worst there is, and still there are two pictures.
    assert len(captions) == 2 or len(shown) < 300_000


def _found(observation: object) -> Picture:
    picture = picture_in(observation)
    assert picture is not None
    return picture


def test_the_picture_of_an_observation_is_its_screenshot_else_its_first_one() -> None:
    picture, other = noise(4, 3), noise(5, 3)
    assert np.array_equal(_found({"a": other, "screenshot": picture}), picture)
    assert np.array_equal(_found({"text": "a", "a": other}), other)
    assert picture_in(np.zeros(3, np.uint8)) is None
    assert np.array_equal(_found(picture[..., 0]), np.stack([picture[..., 0]] * 3, axis=-1))


def test_bars_stand_on_the_line_and_costs_below_it() -> None:
    shown = terms_chart({"<b>": [0.0, 3.0], "cost": [-1.0, -1.0]})
    bars = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', shown)
    assert [(float(y), float(height)) for _, y, height in bars] == [(67.5, 22.5), (0.0, 67.5), (67.5, 22.5)]
    assert 'y1="67.5"' in shown
    assert "&lt;b&gt;" in shown
    assert re.findall(r"<td[^>]*>([-\d.]+)</td>", shown) == ["0", "3", "3", "-1", "-1", "-2"]


def test_many_steps_share_bars_and_no_step_has_none() -> None:
    shown = terms_chart({"reward": [1.0] * 1000})
    assert shown.count("<rect") == 112
    assert "reward of every 9 steps" in shown
    assert terms_chart({"reward": []}) == ""
    assert "<rect" not in terms_chart({"reward": [0.0, 0.0]})
