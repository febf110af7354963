"""The player, in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from agentgym.display import Frame, film

PLAY = """
<script>
const all = [], large = document.querySelector('.agentgym-large'), bar = document.querySelector('input');
const told = () => document.querySelector('.agentgym-caption').textContent;
const at = () => [...document.querySelectorAll('figure img')].findIndex(one => one.src === large.src);
const look = () => all.push(at() + '|' + told());
look();
bar.value = 2; bar.dispatchEvent(new Event('input')); look();
document.querySelectorAll('figure')[1].click(); look();
document.querySelector('button').click();
setTimeout(() => { look(); document.title = JSON.stringify(all); }, 5000);
</script>
"""


@pytest.mark.desktop
def test_the_slider_the_strip_and_the_button_show_their_frames(tmp_path: Path) -> None:
    browser = shutil.which("chromium")
    if browser is None or "snap" in str(Path(browser).resolve()):
        pytest.skip("there is no Chromium that could be started from here")
    shown = film(4, lambda at: Frame(np.full((8, 8, 3), 60 * at, np.uint8), f"{at}: <b>'{at}'"))
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><title></title>{shown}{PLAY}")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--virtual-time-budget=20000", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    titles = re.findall("<title>(.*?)</title>", done.stdout)
    assert titles == [""" ["0|0: &lt;b&gt;'0'","2|2: &lt;b&gt;'2'","1|1: &lt;b&gt;'1'","3|3: &lt;b&gt;'3'"]""".strip()]
