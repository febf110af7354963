"""Whether the texts of two slides are the same, in what was asked to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agentgym.evaluators.metrics.decks import Bullet, Paint, Paragraph, Run, Shape, Slide

__all__ = ["Looks", "Touched", "same_bullets", "same_flow", "same_tables", "same_texts"]

_LEFT = 1


@dataclass(frozen=True)
class Looks:
    """What of a text is compared."""

    text: bool
    indent: bool
    name: bool
    size: bool
    bold: bool
    italic: bool
    colour: bool
    underline: bool
    strike: bool
    alignment: bool
    bullets: bool
    runs: bool
    strict: bool


@dataclass(frozen=True)
class Touched:
    """The paragraphs of either slide that OSWorld's comparison has come by, which gives them properties."""

    found: frozenset[int] = frozenset()
    wanted: frozenset[int] = frozenset()

    def with_pair(self, found: Paragraph, wanted: Paragraph) -> Touched:
        """These and two more."""
        return Touched(self.found | {found.place}, self.wanted | {wanted.place})


def same_texts(found: Sequence[Paragraph], wanted: Sequence[Paragraph], looks: Looks) -> bool:
    """Whether paragraphs are the same one by one, with their runs."""
    return len(found) == len(wanted) and all(
        _same_paragraph(one, other, looks) for one, other in zip(found, wanted, strict=True)
    )


def same_flow(found: Shape, wanted: Shape, looks: Looks) -> bool:
    """Whether the words of two shapes, wherever they stand, and how they are aligned are the same."""
    return _same_words(found, wanted, looks) and _same_alignments(found.paragraphs or (), wanted.paragraphs or ())


def same_tables(found: Shape, wanted: Shape, looks: Looks) -> bool:
    """Whether two tables have the same form, and fonts in the same places; the words only if that is strict."""
    if found.table is None or wanted.table is None:
        return False
    if [len(row) for row in found.table] != [len(row) for row in wanted.table]:
        return False
    cells = (
        (one, other) for row in zip(found.table, wanted.table, strict=True) for one, other in zip(*row, strict=True)
    )
    return all(_same_cell(one, other, looks) for one, other in cells)


def same_bullets(found: Slide, wanted: Slide, touched: Touched, looks: Looks) -> bool:
    """Whether what stands before the paragraphs of two slides is the same; OSWorld reads none where a run is empty."""
    if looks.strict:
        return [_bullet(one) for one in found.bullets] == [_bullet(one) for one in wanted.bullets]
    if found.has_empty_run or wanted.has_empty_run:
        return True
    return len(found.bullets) == len(wanted.bullets) and all(
        (one.text, one.char, _level(one, touched.found)) == (other.text, other.char, _level(other, touched.wanted))
        for one, other in zip(found.bullets, wanted.bullets, strict=True)
    )


def _bullet(bullet: Bullet) -> tuple[str, str | None, str]:
    return bullet.text, bullet.kind, bullet.level or "0"


def _level(bullet: Bullet, touched: frozenset[int]) -> str | None:
    """None where a paragraph has no properties, which is not the same as the first level."""
    return bullet.level or "0" if bullet.styled or bullet.place in touched else None


def _same_words(found: Shape, wanted: Shape, looks: Looks) -> bool:
    return not looks.text or found.text.strip() == wanted.text.strip()


def _same_alignments(found: Sequence[Paragraph], wanted: Sequence[Paragraph]) -> bool:
    return [one.alignment or _LEFT for one in found] == [one.alignment or _LEFT for one in wanted]


def _same_paragraph(found: Paragraph, wanted: Paragraph, looks: Looks) -> bool:
    if looks.alignment and not _same_alignments([found], [wanted]):
        return False
    if looks.text and found.text != wanted.text:
        return False
    if looks.indent and found.level != wanted.level:
        return False
    return all(_same_run(one, other, looks) for one, other in _pairs(found, wanted, looks)) and _as_many(
        found, wanted, looks
    )


def _as_many(found: Paragraph, wanted: Paragraph, looks: Looks) -> bool:
    return len(found.runs) == len(wanted.runs) or not (looks.runs or not looks.strict)


def _pairs(found: Paragraph, wanted: Paragraph, looks: Looks) -> list[tuple[Run, Run]]:
    """The runs of two paragraphs; character by character where it does not count how many they are."""
    if looks.runs or not looks.strict:
        return list(zip(found.runs, wanted.runs, strict=False))
    return list(zip(_characters(found), _characters(wanted), strict=False))


def _characters(paragraph: Paragraph) -> list[Run]:
    return [run for run in paragraph.runs for _ in run.text]


def _same_run(found: Run, wanted: Run, looks: Looks) -> bool:
    return (
        (not looks.name or found.name == wanted.name)
        and (not looks.size or found.size == wanted.size)
        and (not looks.strike or found.strike == wanted.strike)
        and _same_emphasis(found, wanted, looks)
    )


def _same_emphasis(found: Run, wanted: Run, looks: Looks) -> bool:
    return (
        (not looks.bold or bool(found.bold) == bool(wanted.bold))
        and (not looks.italic or bool(found.italic) == bool(wanted.italic))
        and (not looks.underline or _same_line(found, wanted, looks))
        and (not looks.colour or _same_paint(found.paint, wanted.paint, looks))
    )


def _same_line(found: Run, wanted: Run, looks: Looks) -> bool:
    """What is not said counts as no line: to OSWorld, as any but the single one."""
    one, other = found.underline, wanted.underline
    if looks.strict:
        return (one or False) == (other or False)
    if one is None or other is None:
        return True not in (one, other)
    return bool(one == other)


def _same_paint(found: Paint | None, wanted: Paint | None, looks: Looks) -> bool:
    """OSWorld compares colours only where both are of their own, neither of the theme."""
    own = found is not None and wanted is not None and found[0] == wanted[0] == "srgbClr"
    return found == wanted if own or looks.strict else True


def _same_cell(found: Sequence[Paragraph], wanted: Sequence[Paragraph], looks: Looks) -> bool:
    if len(found) != len(wanted):
        return False
    pairs = list(zip(found, wanted, strict=True))
    if looks.strict:
        return all(_same_paragraph(one, other, looks) for one, other in pairs)
    # OSWorld asks within tables for these, whatever a task asks.
    fonts = replace(looks, bold=True, italic=True, underline=True)
    return all(
        len(one.runs) == len(other.runs) and all(_same_emphasis(*runs, fonts) for runs in _pairs(one, other, fonts))
        for one, other in pairs
    )
