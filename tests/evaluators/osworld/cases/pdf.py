"""Cases of the metrics on PDF files."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from agentgym.extras import needed
from tests.evaluators.osworld.case import Case, Folder, damaged

pymupdf = needed("pymupdf", extra="pdf")

_WORDS = ("agents", "memory", "planning", "Lil'Log", "größer", "2023-06-23", "tool use", "fi", "1,000.50 €")


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    while True:
        yield rng.choice((_pages, _texts, _several, _images))(rng, files)


def _pages(rng: random.Random, files: Folder) -> Case:
    path = _left(rng, files, _pdf(rng, _drawn(rng)))
    relation = rng.choice(("eq", "ne", "lt", "le", "gt", "ge"))
    return Case("check_pdf_pages", [path, {"relation": relation, "ref_value": rng.randint(0, 3)}])


def _texts(rng: random.Random, files: Folder) -> Case:
    return Case("compare_pdfs", list(_pair(rng, files)))


def _several(rng: random.Random, files: Folder) -> Case:
    pairs = [_pair(rng, files) for _ in range(rng.randint(0, 3))]
    found: Any = [one for one, _ in pairs]
    return Case("compare_pdfs", [rng.choice((found, found, found[1:], None)), [other for _, other in pairs]])


def _images(rng: random.Random, files: Folder) -> Case:
    return Case("compare_pdf_images", list(_pair(rng, files)))


def _pair(rng: random.Random, files: Folder) -> tuple[Any, str]:
    pages = _drawn(rng)
    found = rng.choice((pages, pages, pages[1:], _drawn(rng), [(words[1:], images) for words, images in pages]))
    return _left(rng, files, _pdf(rng, found)), files.write(_pdf(rng, pages), ".pdf")


def _left(rng: random.Random, files: Folder, content: bytes) -> str | None:
    if rng.random() < 0.75:
        return files.write(content, ".pdf")
    return rng.choice((None, files.missing(".pdf"), files.write(damaged(rng, content), ".pdf")))


def _drawn(rng: random.Random) -> Sequence[tuple[Sequence[str], Sequence[int]]]:
    """Of each page, the words and the seeds of the images."""
    return [
        ([rng.choice(_WORDS) for _ in range(rng.randint(0, 6))], rng.sample(range(5), rng.randint(0, 2)))
        for _ in range(rng.randint(1, 3))
    ]


def _pdf(rng: random.Random, pages: Sequence[tuple[Sequence[str], Sequence[int]]]) -> bytes:
    document = pymupdf.open()
    for words, images in pages or [((), ())]:
        page = document.new_page()
        for place, word in enumerate(words):
            page.insert_text((50 + 60 * (place % 2), 60 + 20 * place), word)
        for place, seed in enumerate(images):
            page.insert_image(pymupdf.Rect(50, 300 + 120 * place, 150, 400 + 120 * place), stream=_image(seed))
    content: bytes = document.tobytes(deflate=rng.random() < 0.5, garbage=rng.choice((0, 3)))
    document.close()
    return content


def _image(seed: int) -> bytes:
    rng = random.Random(seed)
    image = Image.new("RGB", (64, 64), (rng.randrange(256), rng.randrange(256), 0))
    draw = ImageDraw.Draw(image)
    for _ in range(4):
        corners = sorted(rng.sample(range(64), 4))
        draw.rectangle(corners, fill=(rng.randrange(256), rng.randrange(256), rng.randrange(256)))
    buffer = io.BytesIO()
    image.save(buffer, "PNG" if seed % 2 else "JPEG")
    return buffer.getvalue()
