"""The notebooks in examples/: each is executed afresh, in a kernel of this Python."""

from __future__ import annotations

import json
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
NEEDS = {"training_curve": "stable_baselines3"}
# By cell, what it has to show: a type of output, and a part of it.
SHOWS = {
    "playback": {
        "recorded": ("text", "LoginSettings 1.0"),
        "dataset": ("text/html", "micro/draw-box"),
        "episode": ("text/html", 'type="range"'),
        "read": ("text", "7 steps, return 1.0"),
        "frame": ("image/png", ""),
    },
    "rewards": {
        "begin": ("text/html", "data:image/png"),
        "terms": ("text/html", "novelty"),
        "recorded": ("text/html", "<svg"),
    },
    "single_step": {
        "begin": ("text/html", "data:image/png"),
        "refused": ("text/plain", "off the screen"),
        "solved": ("text/html", ">score<"),
        "desktop": ("text/html", "apps/note-save"),
        "menu": ("text/html", "data:image/png"),
        "scored": ("text", "Score(value=0.0"),
    },
    "training_curve": {"learnt": ("text", "steps learnt from: 1024"), "curve": ("image/png", "")},
}
# As much as shows that it works; the stored outputs are of all that the notebook says.
SHORTER = {"training_curve": ("STEPS = 6_000", "STEPS = 500")}
# What the `gym` before Gymnasium says on import, where something brought it; Stable-Baselines3 looks for it.
OLD_GYM = "Gym has been unmaintained"
LARGEST = 300_000


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of one of this very Python, whatever kernels the machine has."""
    spec = tmp_path / "kernels" / "here"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "here", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    for kind in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(kind, str(tmp_path / kind.lower()))
    return spec.name


def _notebook(text: str) -> Any:
    return nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]  # nbformat is half typed


def _outputs(cell: Any) -> dict[str, str]:
    """What a cell shows, by type; what it prints is ``text``, what it warns of is ``stderr``."""
    shown: dict[str, str] = {}
    for output in cell.get("outputs", ()):
        if output.output_type == "stream":
            kind = "text" if output.name == "stdout" else "stderr"
            shown[kind] = shown.get(kind, "") + output.text
        else:
            shown.update({kind: str(data) for kind, data in output.get("data", {}).items()})
    return shown


def _check_shown(notebook: Any, expected: dict[str, tuple[str, str]]) -> None:
    cells = {cell.id: _outputs(cell) for cell in notebook.cells if cell.cell_type == "code"}
    for name, (kind, part) in expected.items():
        assert kind in cells[name], f"the cell {name} shows no {kind}, but {sorted(cells[name])}"
        assert part in cells[name][kind], f"the cell {name} shows {cells[name][kind][:500]}"
    warned = {name: shown["stderr"] for name, shown in cells.items() if "stderr" in shown}
    assert not {name: text for name, text in warned.items() if not text.startswith(OLD_GYM)}


@pytest.mark.desktop
@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_promises(path: Path, tmp_path: Path, kernel: str) -> None:
    needed = NEEDS.get(path.stem)
    if needed is not None and find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed: it brings torch")
    long, short = SHORTER.get(path.stem, ("", ""))
    assert long in path.read_text()
    notebook = _notebook(path.read_text().replace(long, short) if long else path.read_text())
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    work = tmp_path / "work"
    work.mkdir()
    NotebookClient(notebook, kernel_name=kernel, timeout=250, resources={"metadata": {"path": str(work)}}).execute()
    _check_shown(notebook, SHOWS[path.stem])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_with_what_it_showed(path: Path) -> None:
    notebook = _notebook(path.read_text())
    nbformat.validate(notebook)
    expected = {name: (kind, re.sub(r"from: \d+", "from: ", part)) for name, (kind, part) in SHOWS[path.stem].items()}
    _check_shown(notebook, expected)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert path.stat().st_size < LARGEST
    assert not re.search(r"/(tmp|root|work|home/(?!user/))", re.sub(r"base64,[\w+/=]+", "", path.read_text()))
