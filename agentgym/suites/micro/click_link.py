"""Click the link of one word in a text."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, PLACES, some_of
from agentgym.suites.micro.link import Link

__all__ = ["ClickLink"]

_SENTENCES = (
    "{name} wrote from {place}.",
    "{name} took the train to {place}.",
    "It rains in {place}, says {name}.",
    "{name} has a house near {place}.",
    "The office in {place} is led by {name}.",
    "{name} and friends walk to {place}.",
)
_COUNTS = (1, 3, 4)
_LINE = 17
_SPACE = 4


class ClickLink(App):
    """One sentence with two links (level 1), three with six, four in which the word stands once more without a link."""

    theme = "pointing"
    verbs = ("click",)
    bins = (32, 42)

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        count = _COUNTS[level - 1]
        sentences = some_of(rng, _SENTENCES, count)
        names, places = some_of(rng, NAMES, count), some_of(rng, PLACES, count)
        wanted = int(rng.integers(count if level < 3 else count - 1))
        word = (names, places)[int(rng.integers(2))][wanted]
        links = [*names, *places]
        if level == 3:
            # The last sentence is of the same name and place, without links, and stands anywhere.
            links = [*names[:-1], *places[:-1]]
            names[-1], places[-1] = names[wanted], places[wanted]
        texts = [
            [sentence.format(name=name, place=place), level < 3 or number < count - 1]
            for number, (sentence, name, place) in enumerate(zip(sentences, names, places, strict=True))
        ]
        return {
            "instruction": f"Click the link {word}.",
            "texts": [texts[int(index)] for index in rng.permutation(count)],
            "links": links,
            "wanted": word,
        }

    def fill(self, body: QWidget) -> None:
        self._links: dict[str, QLabel] = {}
        top = 4
        for text, is_linked in self.params["texts"]:
            left = 4
            for word in text.split():
                # A label for each word, which is how their places are known.
                label = self._label(word, body, is_linked=is_linked)
                width = label.sizeHint().width()
                if left + width > body.width() - 4:
                    left, top = 4, top + _LINE
                label.setGeometry(left, top, width, _LINE)
                left += width + _SPACE
            top += _LINE + 4

    def solve(self) -> Action | None:
        label = self._links[self.params["wanted"]]
        middle = label.fontMetrics().horizontalAdvance(self.params["wanted"]) // 2
        return Click(*self.place(label, QPoint(middle, label.rect().center().y())))

    def _label(self, word: str, body: QWidget, *, is_linked: bool) -> QLabel:
        bare = re.sub(r"\W", "", word)
        if not is_linked or bare not in self.params["links"]:
            return QLabel(word, body)
        self._links[bare] = Link(word, bare, body, lambda target: self.finish(float(target == self.params["wanted"])))
        return self._links[bare]
