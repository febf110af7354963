"""What is installed: from a wheel, from an sdist, editable."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = PYPROJECT["project"]["optional-dependencies"]
SETUPTOOLS = PYPROJECT["tool"]["setuptools"]


def packages_in_the_tree() -> set[str]:
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "agentgym").rglob("__init__.py")
        if "home" not in path.parts and "wrappers" not in path.parts
    }
    inside = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "wrappers").rglob("__init__.py")}
    return found | {f"agentgym.{name}" for name in inside}


def home_files() -> set[str]:
    home = ROOT / "agentgym" / "backends" / "x11" / "home"
    return {str(path.relative_to(ROOT)) for path in home.rglob("*") if path.is_file()}


def test_the_home_has_no_folder_that_git_and_wheels_would_lose() -> None:
    home = ROOT / "agentgym" / "backends" / "x11" / "home"
    assert [path for path in home.rglob("*") if path.is_dir() and not any(path.iterdir())] == []


def test_the_list_of_packages_is_the_tree() -> None:
    assert set(SETUPTOOLS["packages"]) == packages_in_the_tree()
    assert SETUPTOOLS["packages"] == sorted(SETUPTOOLS["packages"])


def test_the_core_never_brings_torch() -> None:
    brought = {name for name, _ in requirements(PYPROJECT["project"]["dependencies"])}
    assert {"gymnasium", "cloudpickle"} <= brought, "what is depended on and what that depends on"
    assert brought.isdisjoint({"torch", "stable-baselines3", "pyside6-essentials", "ray"})


def test_both_ends_of_gymnasium_are_allowed() -> None:
    assert "gymnasium>=1.2.2,<2" in PYPROJECT["project"]["dependencies"]


@pytest.mark.episodes
def test_no_extra_raises_the_floor_of_gymnasium() -> None:
    extras = [
        one
        for name, lines in EXTRAS.items()
        if name not in ("bfcl", "llm-demo", "ocr", "rllib", "miniwob", "verifiers")
        for one in lines
        if "agentgym-envs" not in one
    ]
    asked = {spec for name, spec in requirements(extras) if name == "gymnasium"}
    assert len(asked) > 1
    assert [str(spec) for spec in asked if not spec.contains("1.2.2")] == []


def test_all_is_every_extra_that_lives_with_the_newest_gymnasium_and_numpy() -> None:
    each = ",".join(
        sorted(EXTRAS.keys() - {"all", "bfcl", "dev", "llm-demo", "miniwob", "ocr", "rllib", "test", "verifiers"})
    )
    assert EXTRAS["all"] == [f"agentgym-envs[{each}]"]
    assert EXTRAS["test"][0] == EXTRAS["all"][0]


def requirements(lines: Iterable[str]) -> set[tuple[str, SpecifierSet]]:
    """What these ask for, and what is asked for by what of that is installed: names and versions."""
    waiting, walked, found = list(lines), set[str](), set[tuple[str, SpecifierSet]]()
    while waiting:
        line = waiting.pop()
        if line in walked:
            continue
        walked.add(line)
        wanted = Requirement(line)
        found.add((canonicalize_name(wanted.name), wanted.specifier))
        further = map(Requirement, metadata.requires(wanted.name) or ())
        waiting += [str(one) for one in further if is_asked_for(one, wanted.extras)]
    return found


def is_asked_for(wanted: Requirement, extras: Iterable[str]) -> bool:
    return wanted.marker is None or any(wanted.marker.evaluate({"extra": one}) for one in ("", *extras))


def test_the_gate_knows_every_top_level_module() -> None:
    layers = PYPROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    named = {name.strip(" ()") for line in layers for name in line.split("|")}
    tree = {
        path.stem for path in (ROOT / "agentgym").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert tree - {"__init__", "__main__"} <= named


def test_the_layers_that_contributing_draws_are_those_that_are_held() -> None:
    layers = PYPROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    drawn = "\n".join(line.replace("(", "").replace(")", "") for line in layers)
    assert f"```\n{drawn}\n```" in (ROOT / "CONTRIBUTING.md").read_text()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is built from, so that building leaves nothing in the tree."""
    copy = tmp_path_factory.mktemp("checkout") / "agentgym"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "agentgym", copy / "agentgym", symlinks=True, ignore=leave)
    shutil.copytree(ROOT / "wrappers", copy / "wrappers", ignore=leave)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path) -> Path:
    build(checkout, "wheel")
    return next((checkout / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def sdist(checkout: Path) -> Path:
    build(checkout, "sdist")
    return next((checkout / "dist").glob("*.tar.gz"))


def build(checkout: Path, kind: str) -> None:
    subprocess.run([sys.executable, "-m", "build", f"--{kind}", "--outdir", "dist"], cwd=checkout, check=True)


@pytest.mark.slow
def test_the_wheel_holds_the_homes_dotfiles_and_nothing_named_wrappers_at_its_top(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert home_files() <= names
    assert "agentgym/py.typed" in names
    assert "agentgym/wrappers/__init__.py" in names
    assert {name.partition("/")[0] for name in names} == {"agentgym", "agentgym_envs-0.1.0.dev0.dist-info"}


@pytest.mark.slow
def test_the_sdist_holds_the_homes_dotfiles_and_the_licence(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert home_files() <= names
    assert {"LICENSE", "wrappers/__init__.py"} <= names


@pytest.mark.slow
@pytest.mark.parametrize("what", ["wheel", "sdist", "editable"])
def test_a_fresh_environment_can_install_it(what: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    python = fresh_environment(tmp_path / "venv")
    source = (
        ["--editable", request.getfixturevalue("checkout")] if what == "editable" else [request.getfixturevalue(what)]
    )
    # What it depends on is lent by this environment: installing that anew would test other people's packages.
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", *source], check=True)
    code = "import agentgym, agentgym.wrappers as w; print(agentgym.__file__, w.TrajectoryRecorder.__module__)"
    said = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert str(ROOT) not in said
    assert "agentgym.wrappers" in said
    command = subprocess.run([python.with_name("agentgym"), "--version"], capture_output=True, text=True, check=True)
    assert command.stdout == "agentgym-envs 0.1.0.dev0\n"
    assert not list((tmp_path / "venv").glob("lib/python*/site-packages/wrappers"))


def fresh_environment(folder: Path) -> Path:
    venv.create(folder, with_pip=True)
    borrowed = next(Path(sys.prefix).glob("lib/python*/site-packages"))
    ours = next(folder.glob("lib/python*/site-packages"))
    # A plain line in a .pth file adds the path without running the .pth files found there (our own editable install).
    (ours / "borrowed.pth").write_text(f"{borrowed}\n")
    return folder / "bin" / "python"
