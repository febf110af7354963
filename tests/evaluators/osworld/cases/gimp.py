"""Cases of the metrics on pictures and on GIMP's settings."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from tests.evaluators.osworld.case import Case, Folder, damaged

_ALIKE = (
    "check_structure_sim",
    "check_structure_sim_resized",
    "check_file_exists_and_structure_sim",
    "check_palette_and_structure_sim",
    "check_image_mirror",
    "check_brightness_decrease_and_structure_sim",
    "check_contrast_increase_and_structure_sim",
    "check_saturation_increase_and_structure_sim",
    "compare_images",
    "compare_image_list",
)
_MODES = ("RGB", "RGB", "RGB", "RGBA", "L", "LA", "P", "1", "I;16", "CMYK")
_BASES = (0.0, 0.11, 0.54, 0.99)
_NEAR = 1e-6


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    makers = (_alike,) * 8 + (_green, _size, _bytes, _triangle, _left, _settings, _many)
    while True:
        yield rng.choice(makers)(rng, files)


def _alike(rng: random.Random, files: Folder) -> Case:
    metric = rng.choice(_ALIKE)
    wanted = _picture(rng)
    found = rng.choice((_changed, _changed, _apt))(rng, metric, wanted)
    args = [_file(rng, files, _in_mode(rng, found)), _saved(rng, files, _in_mode(rng, wanted))]
    if metric == "compare_images":
        options = rng.choice(({}, {}, {"reference_base_result": rng.choice(_BASES)}))
        return Case(metric, args, options, known="never below 0", tolerance=_NEAR)
    if metric == "check_brightness_decrease_and_structure_sim":
        return Case(metric, args, rng.choice(({}, {"threshold": rng.choice((0.15, 0.001))})))
    return Case(metric, args)


def _apt(_rng: random.Random, metric: str, wanted: Image.Image) -> Image.Image:
    """What the task of a metric asks for."""
    kind = metric.split("_")[1]
    enhancers = {"brightness": (ImageEnhance.Brightness, 0.7), "contrast": (ImageEnhance.Contrast, 1.3)}
    enhancers["saturation"] = (ImageEnhance.Color, 1.4)
    if kind in enhancers:
        enhancer, factor = enhancers[kind]
        return enhancer(wanted).enhance(factor)
    if metric == "check_palette_and_structure_sim":
        return wanted.convert("P", palette=Image.Palette.ADAPTIVE)
    if metric == "check_image_mirror":
        return ImageOps.mirror(wanted)
    if metric == "check_structure_sim_resized":
        return wanted.resize((wanted.width * 2, wanted.height * 2))
    return wanted


def _changed(rng: random.Random, _metric: str, wanted: Image.Image) -> Image.Image:
    factor = rng.choice((0.3, 0.8, 1.0, 1.2, 2.0))
    return rng.choice(
        (
            lambda: wanted,
            lambda: ImageEnhance.Brightness(wanted).enhance(factor),
            lambda: ImageEnhance.Contrast(wanted).enhance(factor),
            lambda: ImageEnhance.Color(wanted).enhance(factor),
            lambda: ImageOps.invert(wanted),
            lambda: ImageOps.flip(wanted),
            lambda: wanted.rotate(90, expand=True),
            lambda: wanted.filter(ImageFilter.GaussianBlur(factor)),
            lambda: wanted.crop((0, 0, max(1, wanted.width // 2), wanted.height)),
            lambda: _picture(rng),
        )
    )()


def _picture(rng: random.Random) -> Image.Image:
    side = (1, 4, 7, 24, 40, 64, 64, 90)
    size = (rng.choice(side), rng.choice(side)) if rng.random() < 0.5 else (rng.choice(side),) * 2
    picture = Image.new("RGB", size, rng.choice(((0, 0, 0), (255, 255, 255), _colour(rng))))
    if rng.random() < 0.4:
        picture = Image.merge("RGB", [Image.linear_gradient("L").resize(size).rotate(90 * turn) for turn in range(3)])
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.randint(0, 6)):
        corners = [rng.randrange(max(size)) for _ in range(4)]
        box = [min(corners[0::2]), min(corners[1::2]), max(corners[0::2]), max(corners[1::2])]
        rng.choice((draw.rectangle, draw.ellipse))(box, fill=_colour(rng))
    return picture


def _colour(rng: random.Random) -> tuple[int, int, int]:
    return rng.randrange(256), rng.randrange(256), rng.randrange(256)


def _in_mode(rng: random.Random, picture: Image.Image) -> Image.Image:
    if picture.mode == "P":
        return picture
    mode = rng.choice(_MODES) if rng.random() < 0.4 else "RGB"
    if mode == "I;16":
        return picture.convert("I").convert("I;16")
    picture = picture.convert(mode)
    if mode in ("RGBA", "LA"):
        mask = Image.new("L", picture.size, rng.choice((0, 255, 255)))
        ImageDraw.Draw(mask).ellipse([0, 0, picture.width, picture.height // 2 + 1], fill=rng.randrange(256))
        picture.putalpha(mask)
    if mode == "P" and rng.random() < 0.3:
        picture.info["transparency"] = 0
    return picture


def _saved(rng: random.Random, files: Folder, picture: Image.Image) -> str:
    suffixes = {"RGB": (".png", ".png", ".png", ".jpg", ".bmp", ".webp"), "CMYK": (".tiff",), "P": (".png", ".gif")}
    path = files.new(rng.choice(suffixes.get(picture.mode, (".png",))))
    picture.save(path)
    return str(path)


def _file(rng: random.Random, files: Folder, picture: Image.Image) -> Any:
    kind = rng.random()
    path = _saved(rng, files, picture)
    if kind < 0.04:
        return rng.choice((None, files.missing(".png")))
    if kind < 0.14:
        return files.write(damaged(rng, Path(path).read_bytes()), Path(path).suffix)
    return path


def _many(rng: random.Random, files: Folder) -> Case:
    wanted = [_picture(rng) for _ in range(rng.randint(0, 3))]
    found = [picture if rng.random() < 0.8 else _picture(rng) for picture in wanted][: rng.choice((1, 9, 9))]
    return Case(
        "compare_image_list", [[_file(rng, files, one) for one in found], [_saved(rng, files, w) for w in wanted]]
    )


def _green(rng: random.Random, files: Folder) -> Case:
    wanted = _picture(rng)
    mask = wanted.convert("L").point(lambda value: 255 * (value > 128)).convert("1")
    green = Image.new("RGB", wanted.size, (10, rng.choice((200, 9)), 30))
    found = rng.choice((green, Image.composite(green, wanted, mask), wanted, green.resize((70, 70))))
    shown = Image.composite(Image.new("RGB", wanted.size, "white"), Image.new("RGB", wanted.size), mask)
    args = [_file(rng, files, _in_mode(rng, found)), _saved(rng, files, rng.choice((shown, shown, wanted)))]
    return Case(
        "check_green_background", args, known="of another shape than square" if wanted.width != wanted.height else ""
    )


def _size(rng: random.Random, files: Folder) -> Case:
    picture = _in_mode(rng, _picture(rng))
    rules = {"width": rng.choice((picture.width, 64, None)), "height": rng.choice((picture.height, 64, None))}
    rules = {side: value for side, value in rules.items() if rng.random() < 0.8}
    if rng.random() < 0.5:
        rules["ignore_transparent"] = rng.random() < 0.7
    return Case("check_image_size", [_file(rng, files, picture), rules])


def _bytes(rng: random.Random, files: Folder) -> Case:
    return Case(
        "check_image_file_size", [_file(rng, files, _picture(rng)), {"max_size": rng.choice((100, 600, 600000))}]
    )


def _triangle(rng: random.Random, files: Folder) -> Case:
    size = (rng.choice((60, 100)), rng.choice((60, 100)))
    picture = Image.new("RGB", size, "white")
    x, y = rng.choice(((size[0] // 2, size[1] // 2), (rng.randrange(size[0]), rng.randrange(size[1]))))
    ImageDraw.Draw(picture).polygon([(x, y - 9), (x - 9, y + 9), (x + 9, y + 9)], fill=rng.choice(("yellow", "black")))
    if rng.random() < 0.5:
        ImageDraw.Draw(picture).rectangle([0, 0, rng.randint(0, 20), 1], fill="red")
    other = rng.random() < 0.3
    picture = rng.choice((picture.convert("RGBA"), _in_mode(rng, picture), _picture(rng))) if other else picture
    path = _file(rng, files, picture)
    plain = not other and str(path).endswith((".png", ".bmp"))
    return Case("check_triangle_position", [path], known="" if plain else "colours that are equally rare")


def _left(rng: random.Random, files: Folder) -> Case:
    picture = Image.new("RGB", (rng.choice((60, 100)), 40), rng.choice(("white", "white", "lightgrey", "grey")))
    ImageDraw.Draw(picture).text((rng.choice((0, 1, 3, 4, 5, 6, 40)), 10), "text", fill=_colour(rng))
    return Case("check_textbox_on_leftside", [_file(rng, files, _in_mode(rng, picture))])


def _settings(rng: random.Random, files: Folder) -> Case:
    key, value = rng.choice((("theme", '"Light"'), ("layer-new-name", '"Square"'), ("undo-levels", "100")))
    lines = [
        "# GIMP gimprc",
        "",
        f"({key} {rng.choice((value, 'other'))})",
        "(swap-path here there)",
        f"#({key} {value})",
    ]
    lines += rng.choice(([], [f"({key} default {value})"], [f"    ({key} {value}))"], [key], ["(key"]))
    rng.shuffle(lines)
    content = "\n".join(lines[: rng.choice((2, 9, 9))]).encode()
    rules = {"key": rng.choice((key, key, [key, "default"], [key], [])), "value": rng.choice((value, value, "other"))}
    if rng.random() < 0.5:
        rules["type:"] = "key-value"
    path = (
        files.missing()
        if rng.random() < 0.04
        else files.write(damaged(rng, content) if rng.random() < 0.1 else content)
    )
    return Case("check_config_status", [path, rules])
