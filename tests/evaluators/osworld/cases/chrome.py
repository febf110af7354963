"""Cases of the metrics on what a browser shows and keeps."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.evaluators.osworld.case import Case

_BROKEN = "http://[::1/"
_ADDRESSES = (
    "https://www.amazon.com/",
    "https://amazon.com",
    "https://amazon.co.uk",
    "http://amazon.com/",
    "amazon.com",
    ".amazon.com",
    "aws.amazon.com",
    ".www.amazon.com",
    "https://scholar.google.com/citations?user=qRAQ5BsAAAAJ&hl=en#top",
    "https://scholar.google.com/citations?hl=en",
    "https://docs.python.org/3/",
    "https://docs.python.org/3",
    "HTTPS://GitHub.com",
    "https://github.com;a=b",
    "https://user:pw@github.com:8080/",
    "https://github.io/x",
    "chrome://settings/appearance",
    "chrome://password-manager/passwords",
    "about:blank",
    "file:///home/user/x.html",
    "http://127.0.0.1:8080/cart",
    "http://[::1]/",
    _BROKEN,
    "https://例え.jp/",
    "localhost",
    "data:text/html,x",
    "",
    "  ",
)
_PATTERNS = ("amazon", r"^https://(www\.)?amazon\.com/?$", "/citations", "user=.*", r"^chrome://", ".", "zz", "")
_NAMES = ("Favorites", "Liked Authors", "News", "a", "Zoom for Google Chrome", "Speechify — Text to Speech")


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    makers = (
        *(_active, _pattern, _search, _tabs, _extensions, _bookmarks, _liked),
        *(_cookies, _history, _shortcuts, _font, _cart, _experiments),
    )
    while True:
        yield rng.choice(makers)(rng)


def _tab(rng: random.Random, url: Any) -> Any:
    tab = {"title": "x", "url": url, "content": "x"}
    return rng.choice((tab, tab, tab, tab, {"url": None}, {}, None))


def _mostly(rng: random.Random, right: Any, *wrong: Any) -> Any:
    return right if rng.random() < 0.7 else rng.choice(wrong)


def _active(rng: random.Random) -> Case:
    metric = rng.choice(("is_expected_active_tab", "is_expected_active_tab_approximate"))
    wanted = rng.choice(_ADDRESSES)
    shown = _mostly(rng, rng.choice((wanted, wanted + "?q=1", wanted + "/", rng.choice(_ADDRESSES))), "", None)
    found = shown if rng.random() < 0.5 else _tab(rng, shown)
    return Case(metric, [found, {"type": _mostly(rng, "url", "title"), "url": wanted}])


def _pattern(rng: random.Random) -> Case:
    url = rng.choice(_ADDRESSES)
    rules = {"expected": rng.sample(_PATTERNS, rng.randint(1, 2)), "type": "url", "url": "?hl=en&"}
    return Case("is_expected_url_pattern_match", [rng.choice((url, _tab(rng, url))), rules])


def _search(rng: random.Random) -> Case:
    tab = _tab(rng, rng.choice(_ADDRESSES))
    return Case("is_expected_search_query", [tab, {"expect": {"pattern": rng.choice(_PATTERNS)}}])


def _tabs(rng: random.Random) -> Case:
    wanted = [rng.choice(_ADDRESSES) for _ in range(rng.randint(0, 3))]
    other = [rng.choice(_ADDRESSES) for _ in wanted]
    found = rng.choice((wanted, wanted[::-1], other, wanted[1:], [*wanted[:1], *other[1:]], wanted * 2))
    tabs = [{"title": "t", "url": url} for url in found]
    rules = {"type": _mostly(rng, "url", "title"), "urls": wanted}
    return Case("is_expected_tabs", [_mostly(rng, tabs, None, []), rules])


def _extensions(rng: random.Random) -> Case:
    found = rng.sample(_NAMES, rng.randint(0, 4))
    wanted = rng.choice((found, found[1:], rng.sample(_NAMES, 2), []))
    return Case("is_expected_installed_extensions", [_mostly(rng, found, None, []), {"expected": wanted}])


def _folder(rng: random.Random, name: str, urls: list[str]) -> dict[str, Any]:
    return {"type": "folder", "name": name, "children": [{"type": "url", "name": "n", "url": url} for url in urls]}


def _bar(children: list[Any]) -> dict[str, Any]:
    return {"bookmark_bar": {"children": children, "name": "Bookmarks bar"}, "other": {}, "synced": {}}


def _bookmarks(rng: random.Random) -> Case:
    names, urls = rng.sample(_NAMES, rng.randint(0, 2)), rng.sample(_ADDRESSES, rng.randint(0, 2))
    children = [_folder(rng, name, []) for name in names] + _folder(rng, "", urls)["children"]
    rng.shuffle(children)
    kind = rng.choice(("bookmark_bar_folders_names", "bookmark_bar_websites_urls"))
    rules = {
        "type": kind,
        "names": rng.choice((names, names[::-1], names * 2, ["Favorites"])),
        "urls": rng.choice((urls, urls[::-1], urls[1:], ["https://amazon.com"])),
    }
    return Case("is_expected_bookmarks", [_mostly(rng, _bar(children), None, {}, {"other": {}}), rules])


def _liked(rng: random.Random) -> Case:
    wanted = [rng.sample(_ADDRESSES, rng.randint(1, 3)) for _ in range(rng.randint(0, 3))]
    found = [rng.choice(urls) for urls in wanted]
    found = rng.choice((found, found, found[1:], [*found, "https://other.com"], found * 2))
    children = [_folder(rng, rng.choice(("Liked Authors", "Liked Authors", "Liked")), found), _folder(rng, "x", [])]
    rules = {
        "type": "liked_authors_websites_urls",
        "names": ["Liked Authors"],
        "urls": [urls[0] if len(urls) == 1 else urls for urls in wanted],
    }
    return Case("is_expected_bookmarks", [_mostly(rng, _bar(children), _bar([]), None), rules])


def _cookies(rng: random.Random) -> Case:
    domains = [one for one in _ADDRESSES if one != _BROKEN]
    rows = [[13, rng.choice(domains), "", "session", "x"] for _ in range(rng.randint(0, 3))]
    rules = {"type": "domains", "domains": rng.sample(domains, rng.randint(0, 2))}
    return Case("is_cookie_deleted", [_mostly(rng, rows, None, [[1]]), rules])


def _history(rng: random.Random) -> Case:
    rows = [[rng.choice(_ADDRESSES), "title", 13] for _ in range(rng.randint(0, 3))]
    keywords = rng.sample(("amazon", "youtube", "GitHub", ""), rng.randint(0, 2))
    rules = {"type": "keywords", "keywords": keywords}
    return Case("check_history_deleted", [_mostly(rng, rows, None, []), rules])


def _shortcuts(rng: random.Random) -> Case:
    lines = ["[Desktop Entry]", f"{rng.choice(('Name', 'GenericName', 'Name[de]'))}=2048", "Exec=/opt/chrome --app=x"]
    rng.shuffle(lines)
    text = rng.choice(("\n", "\n", "\r\n")).join(lines) + rng.choice(("\n", ""))
    found = {"/home/user/Desktop/a.desktop": text, "b.desktop": rng.choice(("", "Name=B\n"))}
    rules = {
        "type": rng.choice(("name", "exec")),
        "name": rng.choice(("2048", "B", "204")),
        "exec": rng.choice(("/opt/chrome --app=x", "chrome")),
    }
    return Case("is_shortcut_on_desktop", [_mostly(rng, found, None, {}), rules])


def _font(rng: random.Random) -> Case:
    size = _mostly(rng, rng.choice((16, 17, 16.5, 24)), None, "20")
    rules = {"type": rng.choice(("value", "range")), "value": rng.choice((16, 17)), "min": 16, "max": 24}
    return Case("check_font_size", [_mostly(rng, {"default_font_size": size}, {}, None), rules])


def _cart(rng: random.Random) -> Case:
    items = rng.sample(("The Dota 2 Official Soundtrack", "Half-Life", "é"), rng.randint(0, 2))
    page = {"title": "Cart", "url": "x", "content": rng.choice((f"<b>{'</b><b>'.join(items)}</b>", "", "Half-Life"))}
    return Case("is_added_to_steam_cart", [_mostly(rng, page, None, {}), {"items": items}])


def _experiments(rng: random.Random) -> Case:
    names = rng.sample(("a", "b", "chrome-refresh-2023"), rng.randint(0, 2))
    found = [name + rng.choice(("", "@1", "@2@3")) for name in rng.choice((names, names[::-1], names[1:]))]
    rules = {"type": "names", "names": names}
    return Case("check_enabled_experiments", [_mostly(rng, found, None), rules])
