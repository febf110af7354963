"""What reward terms paid, step by step, as a small drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgym.display.elements import Html, element, table

__all__ = ["terms_chart"]

_COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#e45756", "#b279a2", "#72b7b2", "#eeca3b", "#9d755d")
_WIDTH, _HEIGHT = 420, 90
_MOST_BARS = 120
_WIDEST_BAR = 24.0


def terms_chart(terms: Mapping[str, Sequence[float]]) -> Html:
    """One bar a step, in which terms are stacked, what they took below the line; and a table of their sums.

    Of a long episode a bar is the sum of some steps.

    Args:
        terms: what each paid in each step, all of one length.
    """
    names = list(terms)
    steps = max(map(len, terms.values()), default=0)
    if not steps:
        return Html("")
    together = -(-steps // _MOST_BARS)
    bars = [[sum(terms[name][start : start + together]) for name in names] for start in range(0, steps, together)]
    highest = max(sum(part for part in bar if part > 0) for bar in bars)
    lowest = min(sum(part for part in bar if part < 0) for bar in bars)
    scale = _HEIGHT / ((highest - lowest) or 1.0)
    wide = min(_WIDEST_BAR, _WIDTH / len(bars))
    shapes = [shape for at, bar in enumerate(bars) for shape in _bar(at * wide, wide, bar, highest, scale)]
    zero = highest * scale
    length = wide * len(bars)
    shapes.append(element("line", x1=0, x2=round(length, 1), y1=round(zero, 1), y2=round(zero, 1), stroke="gray"))
    title = "reward of each step" if together == 1 else f"reward of every {together} steps"
    drawing = element(
        "svg",
        element("title", title),
        *shapes,
        width=round(length) + 1,
        height=_HEIGHT + 2,
        viewBox=f"0 -1 {length:.1f} {_HEIGHT + 2}",
        style="margin:4px 0;max-width:100%",
    )
    told = table(("term", "least", "most", "sum"), [_row(at, name, terms[name]) for at, name in enumerate(names)])
    return element("div", element("div", title, style="font-size:12px;opacity:.65"), drawing, told)


def _bar(left: float, wide: float, parts: Sequence[float], highest: float, scale: float) -> list[Html]:
    shapes, up, down = [], 0.0, 0.0
    for at, part in enumerate(parts):
        if part == 0:
            continue
        top = up + part if part > 0 else down
        up, down = (up + part, down) if part > 0 else (up, down + part)
        shapes.append(
            element(
                "rect",
                x=round(left + wide * 0.1, 1),
                y=round((highest - top) * scale, 1),
                width=round(wide * 0.8, 1),
                height=max(0.5, round(abs(part) * scale, 1)),
                fill=_colour(at),
            )
        )
    return shapes


def _row(at: int, name: str, values: Sequence[float]) -> list[str | Html]:
    dot = element("span", "■ ", style=f"color:{_colour(at)}")
    return [Html(dot + element("span", name)), *(f"{number:.4g}" for number in (min(values), max(values), sum(values)))]


def _colour(at: int) -> str:
    return _COLOURS[at % len(_COLOURS)]
