"""Tasks of several applications, one of which is a terminal."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw

from agentgym.actions import TypeText
from tests.osworld.makers.archives import tar_gz, zipped
from tests.osworld.makers.books import csv_of, ods, workbook
from tests.osworld.makers.documents import document, old_document
from tests.osworld.makers.pages import pdf
from tests.osworld.moves import TERMINAL, in_terminal
from tests.osworld.solution import Moves, Seen, Solution

__all__ = ["SOLUTIONS"]


def _push_files() -> Mapping[str, bytes]:
    return {"binder.zip": zipped({"binder/README.md": b"# Binder\n", "binder/src/run.py": b"print('daily')\n"})}


def _push() -> Moves:
    yield from in_terminal("git add --all", "git commit -q -m 'daily update'", "git push -q origin main")


_FIRST = ("apple", "sea", "sun")
_SECOND = ("tree", "shore", "light")


def _merged_files() -> Mapping[str, bytes]:
    rows = list(zip(_FIRST, _SECOND, strict=True))
    return {
        "file1.xlsx": workbook([(word,) for word in _FIRST]),
        "file2.ods": ods([(word,) for word in _SECOND]),
        "output.csv": csv_of([(one + other,) for one, other in rows]),
        "output_gold2.csv": csv_of([(f"{one} {other}",) for one, other in rows]),
        "output_gold3.csv": csv_of([(f'"{one}{other}"',) for one, other in rows]),
    }


def _merged() -> Moves:
    yield Seen("Terminal")
    yield TypeText(
        "soffice --headless --convert-to csv file1.xlsx file2.ods && paste -d '' file1.csv file2.csv > output.csv "
        "&& soffice output.csv\n"
    )
    yield Seen("output.csv")


_SOLD = (("City", "Sold"), ("Ulm", "14"), ("Graz", "9"), ("Bern", "31"))


def _csv_files() -> Mapping[str, bytes]:
    return {"file_example_ODS_5000.ods": ods(_SOLD), "file_example_ODS_5000.csv": csv_of(_SOLD)}


def _csv() -> Moves:
    # The terminal that the task opened ends with the judging before.
    yield TERMINAL
    yield from in_terminal("cd ~/Desktop", "soffice --headless --convert-to csv file_example_ODS_5000.ods")


_LETTERS: Mapping[str, Sequence[str]] = {
    "invitation": ["Dear guest,", "please come on Friday."],
    "minutes": ["We met at noon.", "Nothing was decided."],
    "recipe": ["Stir well."],
}


def _letters_files() -> Mapping[str, bytes]:
    return {
        "doc.tar.gz": tar_gz({f"{name}.doc": old_document(lines) for name, lines in _LETTERS.items()}),
        "pdf.tar.gz": tar_gz({f"{name}.pdf": pdf(lines) for name, lines in _LETTERS.items()}),
    }


def _letters() -> Moves:
    # The terminal that the task opened ends with the judging before.
    yield TERMINAL
    yield from in_terminal("cd ~/Desktop", "soffice --headless --convert-to pdf *.doc")


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _tiles(colours: Sequence[str]) -> bytes:
    """Three tiles beside one another, each with a mark that tells it from the others."""
    picture = Image.new("RGB", (180, 60))
    draw = ImageDraw.Draw(picture)
    for place, colour in enumerate(colours):
        left = 60 * place
        draw.rectangle((left, 0, left + 59, 59), fill=colour)
        draw.ellipse((left + 10, 10, left + 49, 30 + 19 * (colour == "orange")), fill="white")
    return _png(picture)


def _tiles_files() -> Mapping[str, bytes]:
    return {
        "tilearray.png": _tiles(("orange", "red", "yellow")),
        "rearranged_gold.png": _tiles(("yellow", "orange", "red")),
    }


def _tiles_moves() -> Moves:
    yield from in_terminal(
        "cd ~/Desktop",
        'python3 -c "from PIL import Image, ImageChops; '
        "ImageChops.offset(Image.open('tilearray.png'), 60, 0).save('rearranged.png')\"",
    )


def _cola(top: int) -> bytes:
    picture = Image.new("RGB", (120, 200), "navy")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((50, 10, 70, 60), fill="white")
    draw.ellipse((20, 50, 100, 190), fill="maroon")
    draw.text((40, 110), "cola", fill="white")
    return _png(picture.crop((0, top, 120, 200)))


def _cola_files() -> Mapping[str, bytes]:
    return {"cola.png": _cola(0), "cropped_gold.png": _cola(40)}


_CROP = (
    '(let* ((image (car (gimp-file-load 1 "cola.png" ""))) (h (car (gimp-image-height image)))) '
    "(gimp-image-crop image (car (gimp-image-width image)) (* h 0.8) 0 (* h 0.2)) "
    '(gimp-file-save 1 image (car (gimp-image-get-active-layer image)) "cropped.png" ""))'
)


def _cola_moves() -> Moves:
    yield from in_terminal("cd ~/Desktop", f"gimp -i -b '{_CROP}' -b '(gimp-quit 0)'")


def _vim_files() -> Mapping[str, bytes]:
    judge = b"""#!/bin/bash
grep -qxE ' *set (nu|number) *' ~/.vimrc 2> /dev/null && echo "The File Has Set Number!" || echo "It has not."
"""
    return {"eval.sh": judge}


def _vim() -> Moves:
    yield from in_terminal("echo 'set number' >> ~/.vimrc")


_NUMBERS = (7, 3, 9, 1, 5)


def _bubbles_files() -> Mapping[str, bytes]:
    code = f"def bubbleSort(arr):\n    pass\n\n\narr = {list(_NUMBERS)}\nbubbleSort(arr)\nprint(*arr)\n"
    return {
        "bubbleSort.zip": zipped({"bubbleSort.py": code.encode()}),
        "Bubble_Sort_tutorial.docx": document(["Compare neighbours, swap them, again and again."]),
        "res.txt": (" ".join(str(number) for number in sorted(_NUMBERS)) + "\n").encode(),
    }


_SORT = (
    r"    for end in range(len(arr), 1, -1):\n        for i in range(1, end):\n            if arr[i - 1] > arr[i]:\n"
    r"                arr[i - 1], arr[i] = arr[i], arr[i - 1]"
)


def _bubbles() -> Moves:
    yield TERMINAL
    yield from in_terminal(
        "cd ~/Desktop", f"sed -i 's/    pass/{_SORT}/' bubbleSort.py", "python3 bubbleSort.py > res.txt"
    )


_ESSAY = "Recruitment_and_retention_of_health_professionals_across_Europe"
_ESSAY_TEXTS = ("Health professionals across Europe", "Many leave their profession early.")


def _essay_files() -> Mapping[str, bytes]:
    essay = document(_ESSAY_TEXTS)
    return {
        f"{_ESSAY}.docx": essay,
        "reminder.docx": document(["Hand in essay_submission.zip, with your essay as .docx and as .pdf in it."]),
        f"{_ESSAY}.zip": zipped({f"{_ESSAY}.docx": essay, f"{_ESSAY}.pdf": pdf(_ESSAY_TEXTS)}),
    }


def _essay() -> Moves:
    yield TERMINAL
    yield from in_terminal(
        f"soffice --headless --convert-to pdf {_ESSAY}.docx", f"zip essay_submission.zip {_ESSAY}.docx {_ESSAY}.pdf"
    )


SOLUTIONS = (
    Solution("20236825-b5df-46e7-89bf-62e1d640a897", "gui", _bubbles_files, _bubbles),
    Solution("2c9fc0de-3ee7-45e1-a5df-c86206ad78b5", "gui", _push_files, _push),
    Solution("3680a5ee-6870-426a-a997-eba929a0d25c", "gui", _merged_files, _merged),
    Solution("8df7e444-8e06-4f93-8a1a-c5c974269d82", "gui", _essay_files, _essay),
    Solution("91190194-f406-4cd6-b3f9-c43fac942b22", "gui", _cola_files, _cola_moves),
    Solution("b337d106-053f-4d37-8da0-7f9c4043a66b", "gui", _vim_files, _vim),
    Solution("d68204bf-11c1-4b13-b48b-d303c73d4bf6", "gui", _tiles_files, _tiles_moves),
    Solution("ee9a3c83-f437-4879-8918-be5efbb9fac7", "gui", _csv_files, _csv),
    Solution("f7dfbef3-7697-431c-883a-db8583a4e4f9", "gui", _letters_files, _letters),
)
