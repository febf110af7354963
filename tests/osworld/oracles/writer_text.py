"""Tasks of Writer on words and paragraphs."""

from __future__ import annotations

from collections.abc import Mapping

from docx.document import Document
from docx.enum.text import WD_BREAK

from agentgym.actions import Hotkey, Press, TypeText
from tests.osworld.makers.documents import document
from tests.osworld.moves import choose, replace_all
from tests.osworld.solution import Moves, Solution

__all__ = ["SOLUTIONS"]

_TOP = Hotkey(("ctrl", "home"))
_END = Hotkey(("ctrl", "end"))
_ALL = Hotkey(("ctrl", "a"))

_TRAINS = (
    "06:01:10, T101, ADM, 1",
    "06:04:32, T102, ADM, 2",
    "06:09:00, T101, CEN, 3",
    "06:15:47, T103, ADM, 1",
    "06:21:05, T102, CEN, 4",
    "06:30:18, T104, TST, 1",
)


def _trains_files() -> Mapping[str, bytes]:
    unique = [_TRAINS[place] for place in (0, 1, 3, 5)]
    return {"HK_train_record.docx": document(_TRAINS), "HK_train_record_Gold.docx": document(unique)}


def _trains() -> Moves:
    yield _TOP
    yield from _delete_line(down=2)
    yield from _delete_line(down=1)


def _delete_line(*, down: int) -> Moves:
    """Deletes the line so many below; the cursor stands at the beginning of the one after it."""
    yield Press("down", presses=down)
    yield Hotkey(("shift", "down"))
    yield Press("delete")


_RULES = "Come on time. Bring your reader. Questions are welcome."
_MORE = "Tutorials are held in room 4. They last an hour."


def _sentences_files() -> Mapping[str, bytes]:
    name = "CCCH9003_Tutorial_guidelines"
    apart = ["Come on time.", "", "Bring your reader.", "", "Questions are welcome."]
    return {
        f"{name}.docx": document([_RULES, _MORE]),
        f"{name}_Gold_1.docx": document([*apart, "", _MORE]),
        f"{name}_Gold_2.docx": document([*apart, _MORE]),
        f"{name}_Gold_3.docx": document(["\n\n".join(apart[::2]), _MORE]),
    }


def _sentences() -> Moves:
    yield _TOP
    for words in (4, 4):
        # A full stop is a word of its own.
        for _ in range(words):
            yield Hotkey(("ctrl", "right"))
        yield Press("backspace")
        yield TypeText("\n\n")


_REFERENCES = (
    "Chocolate has been studied for long.",
    "Some say that it lowers the pressure of blood [1].",
    "Others doubt it [2].",
    "Its flavonoids are well described <add here>.",
    "References",
    "[1] Ried, K. (2010). Does chocolate reduce blood pressure?",
    "[2] Hooper, L. (2012). Effects of chocolate, cocoa, and flavan-3-ols.",
)
_NEW = (
    "Steinberg, F. M., Bearden, M. M., & Keen, C. L. (2003). Cocoa and chocolate flavonoids: Implications for "
    "cardiovascular health. Journal of the American Dietetic Association, 103(2), 215-223. doi: 10.1053/jada.2003.50028"
)


def _reference_files() -> Mapping[str, bytes]:
    cited = [text.replace("<add here>", "[3]") for text in _REFERENCES]
    return {
        "Essay_Writing_English_for_uni.docx": document(_REFERENCES),
        "Essay_Writing_English_for_uni_Gold.docx": document([*cited, f"[3] {_NEW}"]),
    }


def _reference() -> Moves:
    yield _END
    yield TypeText(f"\n[3] {_NEW}")
    yield from replace_all("<add here>", "[3]")


def _capitals_files() -> Mapping[str, bytes]:
    texts = ["magical realism is a genre of fiction", "it paints a real world with magical parts"]
    capitals = ["Magical Realism Is A Genre Of Fiction", "It Paints A Real World With Magical Parts"]
    return {
        "Geography_And_Magical_Realism.docx": document(texts),
        "Geography_And_Magical_Realism_Gold.docx": document(capitals),
    }


def _capitals() -> Moves:
    yield _ALL
    yield from choose("Capitalize Every Word")


def _blank_page_files() -> Mapping[str, bytes]:
    def break_pages(made: Document) -> None:
        for number in range(2, 5):
            made.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)
            made.add_paragraph(f"Page {number} of the declaration.")

    return {"Sample_Statutory_Declaration.docx": document(["I solemnly declare that"], then=break_pages)}


def _blank_page() -> Moves:
    yield _TOP
    yield Press("end")
    yield Hotkey(("ctrl", "enter"))
    yield Hotkey(("ctrl", "enter"))


SOLUTIONS = (
    Solution("6f81754e-285d-4ce0-b59e-af7edb02d108", "gui", _trains_files, _trains),
    Solution("88fe4b2d-3040-4c70-9a70-546a47764b48", "gui", _sentences_files, _sentences),
    Solution("adf5e2c3-64c7-4644-b7b6-d2f0167927e7", "gui", _reference_files, _reference),
    Solution("e528b65e-1107-4b8c-8988-490e4fece599", "gui", _capitals_files, _capitals),
    Solution("ecc2413d-8a48-416e-a3a2-d30106ca36cb", "gui", _blank_page_files, _blank_page),
)
