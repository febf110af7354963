from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentgym.backends.applications import domain_called

TASKS = Path(__file__).parents[1] / "osworld" / "tasks"


def test_the_words_of_osworlds_tasks_are_of_the_folder_that_they_lie_in() -> None:
    files = [file for file in TASKS.glob("*/*.json") if file.parent.name != "multi_apps"]
    told = {file.stem: domain_called(json.loads(file.read_text())["related_apps"]) for file in files}
    assert len(files) > 100
    assert told == {file.stem: file.parent.name for file in files}


@pytest.mark.parametrize(
    ("words", "domain"),
    [
        ([], ""),
        (["VS Code"], "vs_code"),
        (["excel", "libreoffice calc"], "libreoffice_calc"),
        (["os", "gimp"], "multi_apps"),
        (["Word of Mine"], "word_of_mine"),
    ],
)
def test_words_of_others_and_of_several(words: list[str], domain: str) -> None:
    assert domain_called(words) == domain
