"""Pictures held against others, and looked at alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from agentgym.evaluators import metrics


@pytest.fixture
def photo() -> Image.Image:
    picture = Image.merge("RGB", [Image.linear_gradient("L").resize((64, 48)).rotate(180 * turn) for turn in range(3)])
    ImageDraw.Draw(picture).ellipse([5, 5, 25, 25], fill=(200, 60, 30))
    return picture


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., str]:
    def save(picture: Image.Image, name: str = "png") -> str:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.{name}"
        picture.save(path)
        return str(path)

    return save


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("check_structure_sim", lambda photo: photo),
        ("check_structure_sim_with_threshold", lambda photo: photo.resize((80, 60))),
        ("check_structure_sim_resized", lambda photo: photo.resize((128, 96))),
        ("check_file_exists_and_structure_sim", lambda photo: photo),
        ("check_palette_and_structure_sim", lambda photo: photo.convert("P", palette=Image.Palette.ADAPTIVE)),
        ("check_image_mirror", ImageOps.mirror),
        ("check_brightness_decrease_and_structure_sim", lambda photo: ImageEnhance.Brightness(photo).enhance(0.7)),
        ("check_contrast_increase_and_structure_sim", lambda photo: ImageEnhance.Contrast(photo).enhance(1.2)),
        ("check_saturation_increase_and_structure_sim", lambda photo: ImageEnhance.Color(photo).enhance(1.3)),
        ("compare_image_list", lambda photo: photo),
    ],
)
def test_what_was_asked_for_scores_one(
    photo: Image.Image, saved: Callable[..., str], tmp_path: Path, name: str, made: Callable[[Image.Image], Image.Image]
) -> None:
    wanted = saved(photo)
    right = saved(made(photo))
    assert metrics[name](right, wanted) == 1
    assert metrics[name](saved(ImageOps.flip(ImageOps.invert(photo))), wanted) == 0
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(Path(right).read_bytes()[:200])
    for path in (str(damaged), str(tmp_path / "none.png"), None):
        assert metrics[name](path, wanted) == 0


def test_likeness_is_the_structural_similarity(photo: Image.Image, saved: Callable[..., str]) -> None:
    same = saved(photo)
    assert metrics["compare_images"](same, same) == pytest.approx(1)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64), np.uint8))
    # Its structural similarity is near -1.
    assert metrics["compare_images"](saved(ImageOps.invert(noise)), saved(noise)) == 0
    blurred = saved(photo.resize((16, 12)).resize((64, 48)))
    likeness = metrics["compare_images"](blurred, same)
    assert 0.3 < likeness < 1
    assert metrics["compare_images"](blurred, same, reference_base_result=likeness) == 0
    assert metrics["compare_images"](blurred, same, reference_base_result=0.3) == pytest.approx((likeness - 0.3) / 0.7)


def test_strictly_a_list_is_as_long_as_the_expected_one(photo: Image.Image, saved: Callable[..., str]) -> None:
    path = saved(photo)
    assert metrics["compare_image_list"]([path], [path, path]) == 1
    assert metrics["compare_image_list"]([path], [path, path], strict=True) == 0
    assert metrics["compare_image_list"]([path], [path], strict=True) == 1


def test_strictly_colours_count_beside_transparency(saved: Callable[..., str]) -> None:
    red, blue = (saved(Image.new("RGBA", (9, 9), colour)) for colour in ("red", "blue"))
    assert metrics["compare_image_list"](red, blue) == 1
    assert metrics["compare_image_list"](red, blue, strict=True) == 0


def test_a_green_background_may_be_of_any_shape(saved: Callable[..., str]) -> None:
    wanted = Image.new("RGB", (20, 10), "white")
    ImageDraw.Draw(wanted).rectangle([5, 2, 9, 8], fill="black")
    green = Image.new("RGB", (20, 10), (0, 200, 0))
    ImageDraw.Draw(green).rectangle([5, 2, 9, 8], fill="red")
    assert metrics["check_green_background"](saved(green), saved(wanted)) == 1
    green.putpixel((19, 9), (0, 0, 255))
    assert metrics["check_green_background"](saved(green), saved(wanted)) == 0
    assert metrics["check_green_background"](saved(green.resize((9, 9))), saved(wanted)) == 0


def test_a_size_is_of_what_is_seen(saved: Callable[..., str]) -> None:
    shown = Image.new("RGBA", (50, 40))
    ImageDraw.Draw(shown).rectangle([10, 10, 29, 19], fill="red")
    path = saved(shown)
    assert metrics["check_image_size"](path, {"width": 50, "height": 40}) == 1
    assert metrics["check_image_size"](path, {"width": 20, "height": 10, "ignore_transparent": True}) == 1
    assert metrics["check_image_size"](path, {"height": 10}) == 0
    assert metrics["check_image_size"](None, {"height": 10}) == 0


def test_strictly_a_file_of_some_size_is_a_picture(
    saved: Callable[..., str], photo: Image.Image, tmp_path: Path
) -> None:
    (tmp_path / "empty.jpg").touch()
    assert metrics["check_image_file_size"](str(tmp_path / "empty.jpg"), {"max_size": 9}) == 1
    assert metrics["check_image_file_size"](str(tmp_path / "empty.jpg"), {"max_size": 9}, strict=True) == 0
    assert metrics["check_image_file_size"](saved(photo), {"max_size": 100_000}, strict=True) == 1
    assert metrics["check_image_file_size"](saved(photo), {"max_size": 9}) == 0


def test_strictly_a_triangle_is_not_the_background(saved: Callable[..., str]) -> None:
    def with_triangle(x: int) -> str:
        picture = Image.new("RGB", (200, 200), "white")
        ImageDraw.Draw(picture).polygon([(x, 90), (x - 10, 110), (x + 10, 110)], fill="yellow")
        return saved(picture)

    aside, middle = with_triangle(30), with_triangle(100)
    assert metrics["check_triangle_position"](aside) == 1
    assert metrics["check_triangle_position"](aside, strict=True) == 0
    assert metrics["check_triangle_position"](middle, strict=True) == 1
    assert metrics["check_triangle_position"](saved(Image.new("L", (9, 9)))) == 0


def test_a_text_begins_at_the_left(saved: Callable[..., str]) -> None:
    def with_text(x: int, mode: str = "RGB", background: Any = "white") -> str:
        picture = Image.new(mode, (100, 30), background)
        ImageDraw.Draw(picture).rectangle([x, 5, x + 20, 20], fill="black")
        return saved(picture)

    assert metrics["check_textbox_on_leftside"](with_text(4)) == 1
    assert metrics["check_textbox_on_leftside"](with_text(5)) == 0
    clear = with_text(40, "RGBA", (0, 0, 0, 0))
    assert metrics["check_textbox_on_leftside"](clear) == 1
    assert metrics["check_textbox_on_leftside"](clear, strict=True) == 0


def test_gimps_settings_are_lines_of_words(tmp_path: Path) -> None:
    path = tmp_path / "gimprc"
    path.write_text('# GIMP gimprc\n   \n#(theme "Dark")\n(theme "Light")\n(default-image (width 5))\n')
    assert metrics["check_config_status"](str(path), {"key": "theme", "value": '"Light"'}) == 1
    assert metrics["check_config_status"](str(path), {"key": "theme", "value": '"Dark"'}) == 0
    assert metrics["check_config_status"](str(path), {"key": ["default-image", "(width"], "value": "5"}) == 1
    assert metrics["check_config_status"](None, {"key": "theme", "value": '"Light"'}) == 0


def test_films_are_compared_frame_by_frame(tmp_path: Path) -> None:
    def film(name: str, frames: list[Any]) -> str:
        path = str(tmp_path / name)
        writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
        for frame in frames:
            writer.write(frame)
        writer.release()
        return path

    scenes = np.random.default_rng(0).integers(0, 256, (2, 6, 8, 3), np.uint8)
    one, other = ([cv2.resize(scene, (64, 48))] * 8 for scene in scenes)
    wanted = film("wanted.avi", one)
    assert metrics["compare_videos"](film("same.avi", one), wanted) == 1
    assert metrics["compare_videos"](film("other.avi", other), wanted) == 0
    assert metrics["compare_videos"](film("shorter.avi", one[1:]), wanted) == 0
    assert metrics["compare_videos"](film("end.avi", [*one, *other]), wanted, max_frames_to_check=8) == 1
    missing = str(tmp_path / "none.avi")
    assert metrics["compare_videos"](missing, missing) == 1
    assert metrics["compare_videos"](missing, missing, strict=True) == 0
    assert metrics["compare_videos"](None, wanted) == 0
