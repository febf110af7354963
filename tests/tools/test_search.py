"""Searching a corpus, and reading its pages."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from agentgym.actions import ToolCall
from agentgym.errors import BackendError, UsageError
from agentgym.tasks import Task
from agentgym.testing.search import check_search_provider
from agentgym.tools import ToolContext, ToolResult, call_tool, resolve_tools
from agentgym.tools.keeping import keep_context
from agentgym.tools.search import (
    Corpus,
    Hit,
    Link,
    Page,
    corpus_at,
    from_html,
    from_markdown,
    from_text,
    provider_of,
    read_folder,
    write_corpus,
)

TEA = """# Tea [in brief](brief.md)

Tea grows in [the hills](/places/hills.md "where it is high"), see ![a leaf](leaf.png) and <https://tea.example/a>.
[Here](#top) one drinks it hot.

Last revised: 2024-02-29
"""
HILLS = "# The hills\n\nHigh, wet and green. Café Zürich is on top. Back to [tea](../tea.md).\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "places").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "tea.md").write_text(TEA)
    (tmp_path / "places/hills.md").write_text(HILLS)
    (tmp_path / "brief.html").write_text("<title>In brief</title><p>Tea is a <a href='tea.md'>drink</a>.")
    (tmp_path / "notes.txt").write_text("A note\n\nCoffee is none.\n")
    lines = [
        {"text": "# Cocoa\nSweet."},
        {"address": "https://x.example/", "title": "X", "text": "Y", "revised": "2020"},
    ]
    (tmp_path / "more.jsonl").write_text("\n\n".join(json.dumps(line) for line in lines))
    (tmp_path / ".hidden/secret.md").write_text("# Secret")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    return tmp_path


def calling(metadata: Mapping[str, Any]) -> tuple[ToolContext, Any]:
    context = ToolContext(Task("t", "i", metadata=dict(metadata)))
    tools = resolve_tools(["web_search", "open_page"])

    def call(name: str, **arguments: Any) -> ToolResult:
        return call_tool(tools, ToolCall(name, arguments), context, call_id="1")

    return context, call


def test_markdown_is_read_as_text_with_links() -> None:
    page = from_markdown("/tea.md", TEA)
    assert page.title == "Tea in brief"
    assert page.revised == "2024-02-29"
    assert "Tea grows in the hills, see a leaf and https://tea.example/a.\nHere one drinks it hot." in page.text
    leads = {page.text[: link.end].rpartition(" ")[2]: link.address for link in page.links}
    assert leads == {
        "brief": "/brief.md",
        "hills": "/places/hills.md",
        "https://tea.example/a": "https://tea.example/a",
    }


def test_html_is_read_as_what_a_reader_sees() -> None:
    page = from_html(
        "https://a.example/x/",
        """<!doctype html><html><head><title> The
        title </title><style>p {}</style><script>var hidden</script></head><body><h1>Big</h1><p>Some <b>bo</b>ld
        <a href="../y?q=1#part">link <i>here</i></a>, and more<br>lines.</p><!-- not this --><ul><li>one<li>two</ul>
        <table><tr><th>a<th>b<tr><td>1<td>2</table><a href="mailto:a@b.example">mail</a><noscript>no</noscript>
        <a href="http://[bad">bad</a><p>Last revised: 2023-01-02</p></body></html>""",
    )
    assert page.title == "The title"
    assert page.text.splitlines() == [
        "Big",
        "Some bold link here, and more",
        "lines.",
        "- one",
        "- two",
        "a | b",
        "1 | 2",
        "mail bad",
        "Last revised: 2023-01-02",
    ]
    assert page.links == (Link(len("Big\nSome bold link here"), "https://a.example/y?q=1"),)
    assert page.revised == "2023-01-02"


@pytest.mark.parametrize(
    "source", ["", "<!-- only this -->", b"", b"\x00\xff", '<?xml version="1.0" encoding="UTF-8"?><p>é']
)
def test_html_that_is_hardly_any_is_a_page_all_the_same(source: str | bytes) -> None:
    assert isinstance(from_html("/x", source).text, str)


def test_html_may_be_nested_deeply() -> None:
    assert from_html("/x", "<div>" * 1_500 + "deep").text == "deep"
    # Further down than libxml2 goes.
    assert not from_html("/x", "<div>" * 50_000 + "deep").text


def test_a_folder_is_read_with_its_links(folder: Path) -> None:
    found = {page.address: page for page in read_folder(folder)}
    assert list(found) == [
        "/brief.html",
        "/more.jsonl/1",
        "https://x.example/",
        "/notes.txt",
        "/places/hills.md",
        "/tea.md",
    ]
    assert found["/places/hills.md"].links[0].address == "/tea.md"
    assert found["/notes.txt"].title == "A note"
    assert (found["/more.jsonl/1"].title, found["https://x.example/"].revised) == ("Cocoa", "2020")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"text": "x"}\n{"title": "y"}', r"a\.jsonl:2: .*missing required field `text`"),
        ("a.jsonl", b'{"text": 3}', r"a\.jsonl:1: .*\$\.text"),
        ("a.md", b"\xff\xfe", r"a\.md is not UTF-8"),
        ("a.png", b"", "no page in .*; files that are read end in .md"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=message):
        list(read_folder(tmp_path))


def test_a_written_corpus_finds_what_the_pages_in_memory_do(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "corpus.db"
    assert write_corpus(read_folder(folder), file) == 6
    in_memory, written = Corpus(read_folder(folder)), corpus_at(file)
    assert len(in_memory) == len(written) == 6
    for query in ("tea", "hills tea", '"wet and green"', "zurich cafe"):
        assert in_memory.search(query, 5) == written.search(query, 5)
        assert written.search(query, 5)
    assert (
        in_memory.page("/tea.md")
        == written.page("/tea.md")
        == next(iter(p for p in read_folder(folder) if p.title.startswith("Tea")))
    )
    assert written.page("/none") is None


def test_a_corpus_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "corpus.db"
    write_corpus([from_text("/a", "first")], file)
    with pytest.raises(UsageError, match="two pages of the corpus have the address '/b'"):
        write_corpus([from_text("/b", "one"), from_text("/b", "two")], file)
    assert Corpus(file).page("/a") is not None
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.db"]
    # The same pages make the same search, in whatever order they come.
    write_corpus([from_text("/b", "x y"), from_text("/a", "x y")], file)
    assert [hit.address for hit in Corpus(file).search("x", 5)] == ["/a", "/b"]


def test_a_corpus_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database, though long enough to be looked at as one " * 20)
    with pytest.raises(UsageError, match="is no corpus"):
        corpus_at(tmp_path / "text.db")
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE a (b)").connection.close()
    with pytest.raises(UsageError, match="no corpus of `agentgym tools corpus`"):
        corpus_at(tmp_path / "other.db")
    with pytest.raises(UsageError, match="no corpus at"):
        corpus_at(tmp_path / "missing.db")
    with pytest.raises(UsageError, match="'world', 'world:7' or a path, not 3"):
        corpus_at(3)  # type: ignore[arg-type]


def test_a_folder_that_changes_is_read_again(folder: Path) -> None:
    assert not corpus_at(folder).search("lemonade", 5)
    (folder / "new.md").write_text("# Lemonade")
    assert corpus_at(folder).search("lemonade", 5)


def test_results_are_ranked_and_their_order_does_not_change() -> None:
    pages = [
        from_text(f"/{name}", f"filler {'apple ' * count}", f"title {name}")
        for name, count in (("c", 1), ("a", 1), ("b", 3))
    ]
    pages += [from_text("/t", "filler", "apple"), *(from_text(f"/{number}", "filler") for number in range(9))]
    corpus = Corpus(pages)
    found = [hit.address for hit in corpus.search("apple", 9)]
    assert found == ["/t", "/b", "/a", "/c"]
    assert all([hit.address for hit in corpus.search("apple", 9)] == found for _ in range(5))
    assert [hit.address for hit in corpus.search("apple", 2)] == found[:2]


def test_pages_with_all_words_come_before_those_with_some() -> None:
    corpus = Corpus([from_text("/some", "red red red red red"), from_text("/all", f"red {'x ' * 200} fox")])
    assert [hit.address for hit in corpus.search("red fox", 5)] == ["/all", "/some"]
    assert [hit.address for hit in corpus.search('"red red"', 5)] == ["/some"]
    assert [hit.address for hit in corpus.search("running foxes", 5)] == ["/all"]


@pytest.mark.parametrize(
    "query", ['a OR "', "NEAR(a b)", "title:x", "a AND NOT b", "col : x", "{a} ^ -b*", "a'b\";--", "x " * 200]
)
def test_the_language_of_the_database_cannot_be_spoken(query: str) -> None:
    assert isinstance(Corpus([from_text("/a", "some a text")]).search(query, 5), list)


@pytest.mark.parametrize("query", ["", "  ", "?!", '""', "\x00"])
def test_a_query_without_words_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match="no word to search for"):
        Corpus([]).search(query, 5)


def test_the_tools_search_and_read() -> None:
    context, call = calling({})
    found = call("web_search", query="towns of the almanac", limit=2)
    assert found.ok
    assert found.content.splitlines()[:2] == [
        "1. All towns of the almanac",
        "   https://almanac.example/towns (revised 2025-04-05)",
    ]
    page = call("open_page", address="https://almanac.example/towns")
    assert page.ok
    assert "- Ardhaven [1]\n" in page.content
    assert "\n[1] https://almanac.example/towns/ardhaven\n" in page.content
    town = call("open_page", address="[1]")
    assert town.content.startswith("Ardhaven\nhttps://almanac.example/towns/ardhaven, revised")
    assert json.loads(context.evidence()["pages.json"]) == [
        "https://almanac.example/towns",
        "https://almanac.example/towns/ardhaven",
    ]


def test_a_long_page_is_read_in_parts(tmp_path: Path) -> None:
    text = "".join(f"[word{number}](/p{number}.md) and " for number in range(300))
    (tmp_path / "long.md").write_text(text)
    _, call = calling({"corpus": str(tmp_path)})
    plain = Corpus(read_folder(tmp_path)).page("/long.md")
    assert plain is not None
    offset, parts = 0, ""
    while True:
        shown = call("open_page", address="/long.md", offset=offset, limit=700)
        head, _, rest = shown.content.partition("\n\n")
        assert head.endswith(f"characters {offset} to {min(offset + 700, len(plain.text))} of {len(plain.text)}")
        parts += rest.partition("\n\nLinks:")[0]
        if "The page goes on" not in shown.content:
            break
        offset = int(shown.content.rpartition("offset=")[2].split()[0])
    assert parts.replace("\n", "").count(" [") == 300
    assert "word299 [300] and" in parts
    past = call("open_page", address="/long.md", offset=10**6)
    assert not past.ok
    assert f"the page has {len(plain.text)} characters" in past.content


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("web_search", {"query": "?"}, "no word to search for in '?'"),
        ("web_search", {"query": ""}, r"$.query: "),
        ("web_search", {"query": "x", "limit": 21}, r"$.limit: "),
        ("open_page", {"address": "https://almanac.example/nowhere"}, "there is no page at"),
        ("open_page", {"address": "1"}, "no link 1; the page that was opened last has 0"),
        ("open_page", {"address": "file:///etc/passwd"}, "there is no page at"),
        ("open_page", {"address": "https://almanac.example/towns", "limit": 5}, r"$.limit: "),
    ],
)
def test_what_cannot_be_found_is_a_result_that_says_so(name: str, arguments: dict[str, Any], message: str) -> None:
    _, call = calling({})
    result = call(name, **arguments)
    assert not result.ok
    assert message in result.content


def test_nothing_found_is_no_error() -> None:
    result = calling({})[1]("web_search", query="xylophone")
    assert result.ok
    assert "Nothing was found" in result.content


def test_a_snapshot_keeps_where_the_episode_was() -> None:
    context, call = calling({})
    call("open_page", address="https://almanac.example/towns")
    kept = keep_context(context)
    call("open_page", address="1")
    kept.put_into(context)
    assert call("open_page", address="2").ok
    assert len(json.loads(context.evidence()["pages.json"])) == 2


def test_a_task_with_a_provider_that_nobody_knows_says_so() -> None:
    with pytest.raises(UsageError, match="no search provider named 'sarxng'; did you mean 'searxng'"):
        provider_of(Task("t", "i", metadata={"search": {"provider": "sarxng"}}))
    with pytest.raises(UsageError, match=r"metadata\.search is 'x'"):
        provider_of(Task("t", "i", metadata={"search": "x"}))
    assert provider_of(Task("t", "i", metadata={"search": {"provider": "corpus"}})) is corpus_at("world")


def test_an_episode_with_a_corpus_that_is_not_there_is_not_scored() -> None:
    _, call = calling({"corpus": "/nowhere.corpus"})
    for name, arguments in (("web_search", {"query": "x"}), ("open_page", {"address": "/x"})):
        with pytest.raises(BackendError, match=r"nothing to search in the task 't': no corpus at '/nowhere.corpus'"):
            call(name, **arguments)


def test_a_corpus_keeps_the_promises_of_a_provider(folder: Path) -> None:
    check_search_provider(corpus_at("world"), query="town", nowhere="https://almanac.example/nowhere")
    check_search_provider(corpus_at(folder), query="tea", nowhere="/nowhere")


class Broken:
    """A provider with one fault."""

    def __init__(self, fault: str) -> None:
        self.fault, self.good = fault, corpus_at("world")

    def search(self, query: str, limit: int) -> Sequence[Hit]:
        if self.fault == "takes anything" and not query.strip("?! "):
            return []
        hits = self.good.search(query, limit + (self.fault == "too many"))
        if self.fault == "twice":
            hits = [hits[0], *hits][:limit]
        return [] if self.fault == "nothing" else hits

    def page(self, address: str) -> Page | None:
        page = self.good.page(address)
        if self.fault == "no pages":
            return None
        if page is None:
            return from_text(address, "x") if self.fault == "everywhere" else None
        if self.fault == "links outside":
            return Page(page.address, page.title, page.text, (Link(10**6, "/x"),))
        return page


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("too many", "at most"),
        ("twice", "twice"),
        ("nothing", "must find"),
        ("no pages", "must be there"),
        ("everywhere", "must be None"),
        ("links outside", "must end within"),
        ("takes anything", "ValueError"),
    ],
)
def test_the_check_of_providers_tells_a_broken_promise(fault: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_search_provider(Broken(fault), query="town", nowhere="https://almanac.example/nowhere")


def test_threads_may_share_a_corpus() -> None:
    corpus = corpus_at("world")
    expected = corpus.search("bridge architect", 5)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(corpus.search("bridge architect", 5))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


def test_a_process_that_was_forked_off_opens_its_own() -> None:
    mine = corpus_at("world")
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(
            write, b"other" if corpus_at("world") is not mine and corpus_at("world").search("town", 1) else b"same!"
        )
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 5) == b"other"
    os.close(read)
    os.close(write)


def test_pages_and_links_are_what_they_were_after_a_round_trip() -> None:
    page = Page("/a", "A", "text", (Link(4, "/b"),), "2024-01-01")
    assert Corpus([page]).page("/a") == page
