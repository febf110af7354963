"""Families on the browser, on pages that lie in the home."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from html import escape

import numpy as np

from agentgym.actions import Hotkey, Press, RawAction, TypeText
from agentgym.families import Observation, TaskFamily
from agentgym.suites.apps.making import DOCUMENTS, HOME, draw, draw_some, lay, make_task, start, text_is, title_is
from agentgym.tasks import SetupStep, Task

__all__ = ["FAMILIES", "fill_form", "form", "sent"]

Moves = Generator[RawAction, Observation, None]

_PEOPLE = ("Amir", "Bea", "Chiara", "Dmitri", "Edda", "Farid", "Gesa", "Hiroshi")
_GOODS = ("bell", "compass", "kettle", "lantern", "mirror", "saddle", "tent", "whistle")

_PAGE = '<!doctype html><meta charset="utf-8"><title>{}</title><h1>{}</h1>\n{}\n'
# What was sent lands as a file among the downloads: the only place outside the browser where a page may write.
_SEND = """<p id="answer"></p>
<script>
document.forms[0].addEventListener("submit", event => {
  event.preventDefault();
  const lines = [...new FormData(event.target)].map(([name, value]) => `${name}: ${value}\\n`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(lines, {type: "text/plain"}));
  link.download = "sent.txt";
  link.click();
  document.getElementById("answer").textContent = "Sent.";
});
</script>"""


def form(title: str, fields: Sequence[str], button: str) -> list[SetupStep]:
    """Opens a page with a form in the browser. `sent` says where what is sent with it lands."""
    rows = "".join(
        f'<p><label>{escape(name)} <input name="{escape(name)}" autocomplete="off"{" autofocus" * (not index)}></label>'
        for index, name in enumerate(fields)
    )
    path = f"{DOCUMENTS}/form.html"
    body = f"<form>{rows}<p><button>{escape(button)}</button></form>{_SEND}"
    return [lay(path, _page(title, body)), start("browser", f"file://{path}", title=title)]


sent = f"{HOME}/Downloads/sent.txt"


def fill_form(values: Sequence[object]) -> Moves:
    """Types the values into the fields of the form, from the first on, and goes to what follows the last."""
    for value in values:
        yield TypeText(str(value))
        yield Press("tab")


def _page(title: str, body: str) -> str:
    return _PAGE.format(escape(title), escape(title), body)


def _make_order(rng: np.random.Generator) -> Task:
    values = {"Name": draw(rng, _PEOPLE), "Goods": draw(rng, _GOODS), "Number": int(rng.integers(2, 60))}
    return make_task(
        "browser-order",
        "Fill in the form that is open in the browser, and send it: "
        f"{values['Name']} orders {values['Goods']}, number {values['Number']}.",
        setup=form("Order", list(values), "Send"),
        check=text_is(sent, "".join(f"{name}: {value}\n" for name, value in values.items())),
        apps=["chromium"],
        max_steps=20,
        drawn={"values": list(values.values())},
    )


def _order(task: Task) -> Moves:
    yield from _fill_order(task)
    yield Press("enter")


def _fill_order(task: Task) -> Moves:
    yield from fill_form(task.seed_params["values"])


def _order_one_more(task: Task) -> Moves:
    *values, number = task.seed_params["values"]
    yield from fill_form([*values, number + 1])
    yield Press("enter")


def _make_look_up(rng: np.random.Generator) -> Task:
    goods = draw_some(rng, _GOODS, 5)
    wanted = goods[int(rng.integers(1, 5))]
    pages = {f"{name}.html": _page(f"All about the {name}", f"<p>It costs {rng.integers(5, 90)}.") for name in goods}
    links = "".join(f'<li><a href="{name}.html">The {name}</a>' for name in goods)
    shop = f"{DOCUMENTS}/shop.html"
    return make_task(
        "browser-look-up",
        f"Show the page about the {wanted} in the browser; the page of the shop that is open has a link to it.",
        setup=[
            *(lay(f"{DOCUMENTS}/{name}", page) for name, page in pages.items()),
            lay(shop, _page("Shop", f"<ul>{links}</ul>")),
            start("browser", f"file://{shop}", title="Shop"),
        ],
        check=title_is(f"All about the {wanted} - Chromium"),
        apps=["chromium"],
        max_steps=20,
        drawn={"wanted": wanted, "other": goods[0]},
    )


def _look_up(task: Task) -> Moves:
    yield from _follow(task.seed_params["wanted"])


def _look_up_other(task: Task) -> Moves:
    yield from _follow(task.seed_params["other"])


def _look_up_and_return(task: Task) -> Moves:
    yield from _look_up(task)
    yield Hotkey(("alt", "left"))


def _follow(name: str) -> Moves:
    """Goes where the link leads. Chromium shows a link's address for a while when it is focused, so not by keys."""
    yield Hotkey(("ctrl", "l"))
    yield TypeText(f"file://{DOCUMENTS}/{name}.html\n")


FAMILIES = (
    TaskFamily(
        "browser-order",
        _make_order,
        _order,
        {"one more": _order_one_more, "not sent": _fill_order},
        tags=("browser",),
    ),
    TaskFamily(
        "browser-look-up",
        _make_look_up,
        _look_up,
        {"other page": _look_up_other, "back again": _look_up_and_return},
        tags=("browser",),
    ),
)
