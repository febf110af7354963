"""Tasks of Ubuntu's desktop that are done in a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from agentgym.actions import Hotkey
from tests.osworld.moves import in_terminal
from tests.osworld.solution import Moves, Solution

__all__ = ["SOLUTIONS"]


def _in_new_terminal(*lines: str) -> Moves:
    yield Hotkey(("ctrl", "alt", "t"))
    yield from in_terminal(*lines)


def _no_files() -> Mapping[str, bytes]:
    return {}


_SETUP_OLD_FILES = b"""#!/bin/bash
mkdir -p /tmp/test_files
cd /tmp/test_files
for name in old_1.txt old_2.log; do echo "$name" > "$name"; touch -d '40 days ago' "$name"; done
for name in new_1.txt new_2.log; do echo "$name" > "$name"; done
"""
_JUDGE_OLD_FILES = b"""#!/bin/bash
cd /tmp/test_files
packed=$(find old_files -type f 2> /dev/null | wc -l)
moved=$(cd new_files 2> /dev/null && ls | sort | xargs)
left=$(find . -maxdepth 1 -type f | wc -l)
names=$(tar -tzf old_files/*.tar.gz 2> /dev/null | grep -o 'old_.\\.[a-z]*$' | sort | xargs)
[ "$packed" = 1 ] && [ "$moved" = "new_1.txt new_2.log" ] && [ "$left" = 0 ] && [ "$names" = "old_1.txt old_2.log" ] \\
    && echo "SUCCESS: The task was completed correctly." || echo "FAILURE: $packed, $moved, $left, $names"
"""


def _old_files_files() -> Mapping[str, bytes]:
    return {"setup.sh": _SETUP_OLD_FILES, "eval_20250703.sh": _JUDGE_OLD_FILES}


def _old_files() -> Moves:
    yield from in_terminal(
        "cd /tmp/test_files && mkdir old_files new_files",
        "find . -maxdepth 1 -type f -mtime +29 -print0 | tar -czf old_files/old.tar.gz --null --remove-files -T -",
        "find . -maxdepth 1 -type f -exec mv -t new_files {} +",
    )


def _larger_text() -> Moves:
    yield from _in_new_terminal("gsettings set org.gnome.desktop.interface text-scaling-factor 1.5")


_JUDGE_LINES = b"""#!/bin/bash
if printf '1<br/>\\n2<br/>\\n3<br/>\\n' | cmp -s - output.txt
then echo "Success: The task has been completed correctly."
else echo "Failure"
fi
"""


def _lines_files() -> Mapping[str, bytes]:
    return {"eval.sh": _JUDGE_LINES}


def _lines() -> Moves:
    yield from in_terminal(r"printf '1\n2\n3\n' | sed 's|$|<br/>|' > output.txt")


_POSTER = b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00/\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"


def _poster_files() -> Mapping[str, bytes]:
    return {"poster_party_night.webp": _POSTER}


def _poster() -> Moves:
    yield from _in_new_terminal("mv ~/.local/share/Trash/files/poster_party_night.webp ~/Desktop")


_SETUP_COPIES = b"""#!/bin/bash
echo "in file1" > file1
mkdir -p dir1 dir2 dir3
"""
_JUDGE_COPIES = b"""#!/bin/bash
for folder in dir1 dir2 dir3
do cmp -s file1 "$folder/file1" && echo "Success: file1 exists in $folder." || echo "Failure: $folder"
done
"""


def _copies_files() -> Mapping[str, bytes]:
    return {"setup.sh": _SETUP_COPIES, "eval.sh": _JUDGE_COPIES}


def _copies() -> Moves:
    yield from in_terminal("for folder in dir1 dir2 dir3; do cp file1 $folder; done")


def _favourites() -> Moves:
    yield from _in_new_terminal(
        "gsettings set org.gnome.shell favorite-apps \"['thunderbird.desktop', 'google-chrome.desktop']\""
    )


SOLUTIONS = (
    Solution("37887e8c-da15-4192-923c-08fa390a176d", "gui", _old_files_files, _old_files),
    Solution("3ce045a0-877b-42aa-8d2c-b4a863336ab8", "gui", _no_files, _larger_text),
    Solution("5ced85fc-fa1a-4217-95fd-0fb530545ce2", "gui", _lines_files, _lines),
    Solution("5ea617a3-0e86-4ba6-aab2-dac9aa2e8d57", "gui", _poster_files, _poster),
    Solution("6f56bf42-85b8-4fbb-8e06-6c44960184ba", "gui", _copies_files, _copies),
    Solution("ec4e3f68-9ea4-4c18-a5c9-69f89d1178b3", "gui", _no_files, _favourites),
)
