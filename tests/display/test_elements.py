from __future__ import annotations

from html.parser import HTMLParser

from agentgym.display import Html, card, element, table


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs


def test_text_is_escaped_wherever_it_stands() -> None:
    evil = "\"><script>alert('x')</script>&"
    page = card(evil, {evil: evil}, table((evil,), [(evil,)]), element("i", title=evil))
    tags = Tags(page)
    assert "script" not in tags.names
    assert ("title", evil) in tags.attributes
    assert "&amp;lt;" not in page


def test_html_is_taken_as_it_is_and_only_once() -> None:
    assert element("b", element("i", "<"), Html("<hr>"), "<hr>") == "<b><i>&lt;</i><hr>&lt;hr&gt;</b>"


def test_attributes_without_a_value_are_there_or_not() -> None:
    assert element("input", disabled=True, checked=False, alt=None, class_="a", data_at=1) == (
        '<input disabled class="a" data-at="1"/>'
    )
