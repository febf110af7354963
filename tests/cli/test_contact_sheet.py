from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from agentgym.cli.contact_sheet import save_contact_sheet

RED = np.full((270, 480, 3), (255, 0, 0), np.uint8)


@pytest.mark.parametrize(("number", "columns", "rows"), [(1, 1, 1), (4, 4, 1), (5, 4, 2)])
def test_screens_stand_in_rows(number: int, columns: int, rows: int, tmp_path: Path) -> None:
    save_contact_sheet([("red", RED)] * number, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (columns * 492 + 12, rows * 306 + 12)
        assert sheet.getpixel((100, 100)) == (255, 0, 0)


def test_an_episode_without_a_screen_keeps_its_place(tmp_path: Path) -> None:
    save_contact_sheet([("none", None), ("red", RED)], tmp_path / "new" / "sheet.png")
    with Image.open(tmp_path / "new" / "sheet.png") as sheet:
        assert sheet.getpixel((100, 100)) == (200, 200, 200)
        assert sheet.getpixel((600, 100)) == (255, 0, 0)


def test_no_screens_make_an_empty_sheet(tmp_path: Path) -> None:
    save_contact_sheet([], tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").exists()


def test_nothing_unfinished_is_left(tmp_path: Path) -> None:
    save_contact_sheet([("red", RED)], tmp_path / "sheet.png")
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]
