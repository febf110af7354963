"""Some pictures of an episode, to look through and to play."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agentgym.display.elements import Html, element
from agentgym.display.pictures import Inline, Picture, image

__all__ = ["Frame", "film"]

_MOST = 24
_BYTES = 120_000
_WIDEST = 480
_THUMB = 96

# Handlers in attributes, so that a page with many films has no names in common. Where a site takes scripts out, the
# strip is still there.
_SHOW = (
    "const film=this.closest('.agentgym-film'),shown=film.querySelectorAll('figure')[this.value];"
    "film.querySelector('.agentgym-large').src=shown.querySelector('img').src;"
    "film.querySelector('.agentgym-caption').textContent=shown.title"
)
_PLAY = (
    "const bar=this.parentNode.querySelector('input'),button=this;"
    "const stop=()=>{clearInterval(button.timer);button.timer=0;button.textContent='▶'};"
    "const show=at=>{bar.value=at;bar.dispatchEvent(new Event('input'))};"
    "if(button.timer)stop();else{if(+bar.value>=+bar.max)show(0);button.textContent='⏸';"
    "button.timer=setInterval(()=>{if(!bar.isConnected||+bar.value>=+bar.max)stop();else show(+bar.value+1)},600)}"
)
_PICK = "const bar=this.closest('.agentgym-film').querySelector('input');bar.value=this.dataset.at;bar.oninput()"


@dataclass(frozen=True)
class Frame:
    """One picture and what is said of it."""

    picture: Picture
    caption: str


def film(count: int, frame: Callable[[int], Frame | None]) -> Html:
    """A slider over pictures, with a strip of them all below.

    At most 24 are taken, evenly spread, and fewer where they are large: a page stays small.

    Args:
        count: of the pictures there are.
        frame: gives one of them, from 0; None if there is none.
    """
    chosen = _spread(count, _MOST)
    frames = [taken for place in chosen if (taken := frame(place)) is not None]
    inlines = [Inline(taken.picture, _WIDEST, lossy=True) for taken in frames]
    # One in two of them until they fit, the last always among them.
    while len(frames) > 2 and sum(len(inline.encoded) for inline in inlines) > _BYTES:
        kept = _spread(len(frames), (len(frames) + 1) // 2)
        frames, inlines = [frames[place] for place in kept], [inlines[place] for place in kept]
    if not frames:
        return Html("")
    return element("div", *_parts(frames, inlines), class_="agentgym-film", style="margin-top:6px")


def _parts(frames: Sequence[Frame], inlines: Sequence[Inline]) -> list[Html]:
    play = element("button", "▶", onclick=_PLAY, title="play", style="width:32px;cursor:pointer")
    bar_style = "flex:1;max-width:320px"
    bar = element("input", type="range", min=0, max=len(frames) - 1, value=0, oninput=_SHOW, style=bar_style)
    caption = element(
        "div",
        frames[0].caption,
        class_="agentgym-caption",
        style="font-size:12px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;margin:2px 0",
    )
    controls = element("div", play, bar, style="display:flex;align-items:center;gap:8px;margin-bottom:4px")
    thumbs = [_thumb(place, *both) for place, both in enumerate(zip(frames, inlines, strict=True))]
    strip = element("div", *thumbs, style="display:flex;gap:4px;overflow-x:auto;padding:6px 0 2px")
    return [controls, caption, image(inlines[0], class_="agentgym-large"), strip]


def _thumb(place: int, frame: Frame, inline: Inline) -> Html:
    picture = image(inline, width=_THUMB)
    number = element("figcaption", frame.caption.partition(":")[0], style="font-size:10px;opacity:.65")
    style = f"margin:0;flex:0 0 {_THUMB}px;cursor:pointer;text-align:center"
    return element("figure", picture, number, title=frame.caption, data_at=place, onclick=_PICK, style=style)


def _spread(count: int, most: int) -> list[int]:
    """At most so many of the places from 0, evenly spread, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(place * (count - 1) / (most - 1)) for place in range(most)]
