"""Cases of the metrics on what Thunderbird keeps."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.evaluators.osworld.case import Case, Folder, altered

_Maker = Callable[[random.Random, Folder], Case]
_PREFERENCES: tuple[tuple[str, Any], ...] = (
    ("mail.server.default.applyIncomingFilters", True),
    ("mail.imap.use_status_for_biff", False),
    ("mail.server.default.autosync_offline_stores", False),
    ("extensions.activeThemeID", "thunderbird-compact-dark@mozilla.org"),
    ("mail.identity.id1.htmlSigText", 'Anonym\n"X" \\ Y'),
    ("mail.ui.folderpane.view", 2),
    ("mail.tabs.order", "a,b"),
)


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    makers: tuple[_Maker, ...] = (_preferences, _filters, _folders)
    while True:
        yield rng.choice(makers)(rng, files)


def _preferences(rng: random.Random, files: Folder) -> Case:
    set_ = rng.sample(_PREFERENCES, rng.randint(0, 7))
    lines = [f'user_pref("{key}", {json.dumps(_other(rng, value))});' for key, value in set_]
    lines += rng.sample(
        ('user_pref("a", 1)', "// Mozilla User Preferences", "", "user_pref(a, 1);", 'user_pref("b", x);'),
        rng.randint(0, 3),
    )
    if lines and rng.random() < 0.2:
        lines.append(rng.choice(lines))
    text = "\n".join([*lines, ""])
    rules = {
        side: {key: _comparison(rng, value) for key, value in rng.sample(_PREFERENCES, rng.randint(0, 2))}
        for side in ("expect", "unexpect")
        if rng.random() < 0.7
    }
    return Case("check_thunderbird_prefs", [_path(rng, files, text), rules])


def _other(rng: random.Random, value: Any) -> Any:
    return value if rng.random() < 0.7 else rng.choice((True, False, 3, "x", "b,a", ""))


def _comparison(rng: random.Random, value: Any) -> dict[str, Any]:
    kinds: tuple[dict[str, Any], ...] = (
        {"method": "eq", "ref": value},
        {"method": "eq", "ref": value},
        {"method": "ne", "ref": rng.choice((value, "x"))},
        {"method": rng.choice(("re", "re.I", "re.S")), "ref": rng.choice(("dark", "ANONYM", ".", "^a,"))},
        {"method": rng.choice(("ge", "lt")), "ref": rng.choice((2, "m"))},
        {"method": "approx:1", "ref": 2},
        {"method": "range.et", "ref": [2, 3]},
        {"method": rng.choice(("str_set_eq", "str_list_eq")), "ref": ["b", "a"]},
    )
    return rng.choice(kinds)


def _filters(rng: random.Random, files: Folder) -> Case:
    conditions = (
        "AND (subject,contains,discount)",
        'AND (subject,contains,\\"big sale\\")',
        'OR (from,is,\\"a@b\\") OR (to,is,\\"c\\")',
        "AND (to or cc,doesn't contain,x) AND (size,is greater than,5)",
        "ALL",
        "",
        "FALL (a,b,c)",
    )
    parts = []
    for number in range(rng.randint(0, 3)):
        fields = {
            "name": rng.choice((f"filter{number}", "Promotions", 'say \\"x\\" \\\\ y')),
            "enabled": rng.choice(("yes", "no")),
            "type": "17",
            "action": rng.choice(("Move to folder", "Mark read", "AddTag")),
            "actionValue": "mailbox://nobody@Local%20Folders/Promotions",
            "condition": rng.choice(conditions),
        }
        for dropped in rng.sample(list(fields), rng.choice((0, 0, 0, 1))):
            del fields[dropped]
        parts += [f'{key}="{value}"\n' for key, value in fields.items()]
    if rng.random() < 0.2:
        parts += [rng.choice((*parts, 'condition="ALL"\n'))]
    text = 'version="9"\nlogging="no"\n' + "".join(parts)
    rules = {
        side: [_wanted(rng) for _ in range(rng.randint(0, 2))] for side in ("expect", "unexpect") if rng.random() < 0.7
    }
    return Case("check_thunderbird_filter", [_path(rng, files, text), rules])


def _wanted(rng: random.Random) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "enabled": "yes",
        "action": rng.choice(("Move to folder", "AddTag")),
        "actionValue": "mailbox://nobody@Local%20Folders/Promotions",
        "name": rng.choice(("Promotions", "filter0", 'say "x" \\ y')),
        "condition": rng.choice(
            (
                ["AND (subject,contains,discount)"],
                ['AND (subject,contains,"big sale")'],
                ['OR (from,is,"a@b") OR (to,is,"c")'],
                ["AND (to or cc,doesn't contain,x)", "AND (size,is greater than,5)"],
                ["ALL"],
                [],
            )
        ),
    }
    return {key: fields[key] for key in rng.sample(list(fields), rng.randint(0, 2))}


def _folders(rng: random.Random, files: Folder) -> Case:
    options = {
        key: rng.random() < 0.5
        for key in ("ignore_status", "ignore_keys", "remove_deleted", "remove_duplicate")
        if rng.random() < 0.4
    }
    pairs = [(_path(rng, files, _mails(rng)), files.write(_mails(rng))) for _ in range(rng.randint(1, 2))]
    found, gold = [list(side) for side in zip(*pairs, strict=True)]
    if len(pairs) == 1 and rng.random() < 0.7:
        return Case("check_thunderbird_folder", [found[0], gold[0]], options)
    return Case("check_thunderbird_folder", [found, gold], options)


def _mails(rng: random.Random) -> str:
    mark = rng.choice(("From - ", "From - ", "FROM - "))
    mails = []
    for number in rng.choices(range(4), k=rng.randint(0, 4)):
        status = rng.choice(("0000", "0001", "0008", "0009"))
        head = f"{mark}Mon Jan  1\nX-Mozilla-Status: {status}\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys: $label1\n"
        mails.append(f"{head}MIME-Version: 1.0\nSubject: {number}\n\nBody {number}\n")
    return rng.choice(("", "", "\n", mark)) + "\n".join(mails)


def _path(rng: random.Random, files: Folder, text: str) -> str | None:
    path = files.write(altered(rng, text))
    return rng.choice((path, path, path, path, path, None))
