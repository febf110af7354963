from __future__ import annotations

import pytest

from agentgym.evaluators import getters, metrics
from agentgym.evaluators.libraries import EXTRAS, LIBRARIES, install_line, missing_libraries
from agentgym.setup import steps
from tests.evaluators.reached import reached_libraries

_SAY_IT_THEMSELVES = ("bfcl_turns", "reasoning_gym", "tau2_database", "tau2_told", "googledrive", "googledrive_file")
"""Of suites of other people's tasks, which say what they need when they are loaded; and those that need an account,
which is looked for beforehand, with the library that reads it."""

_CALLED = {name: registry[name] for registry in (getters, metrics, steps) for name in registry}


@pytest.mark.parametrize("name", [name for name in _CALLED if name not in _SAY_IT_THEMSELVES])
def test_every_library_that_a_name_may_call_is_of_an_extra_that_it_is_listed_with(name: str) -> None:
    reached = {EXTRAS[library] for library in reached_libraries(_CALLED[name])}
    listed = {EXTRAS[library] for library in LIBRARIES.get(name, ())}
    assert listed == reached, f"mend agentgym/evaluators/libraries.py: {name} may call what {sorted(reached)} bring"


def test_what_is_listed_is_registered() -> None:
    assert set(LIBRARIES) <= set(_CALLED) | set(_SAY_IT_THEMSELVES)


def test_what_is_missing_is_named_with_all_its_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentgym.evaluators.libraries.find_spec", lambda name: None if name != "docx" else object())
    assert missing_libraries(("docx", "pptx", "pymupdf")) == ["pptx", "pymupdf"]
    assert install_line(["pptx", "pymupdf", "openpyxl"]) == "pip install 'agentgym-envs[office,pdf]'"
