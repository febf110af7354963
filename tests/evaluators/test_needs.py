from __future__ import annotations

from typing import Any

import pytest

from agentgym.evaluators import Network, needs_of_task
from agentgym.tasks import Task, parse_task

_DRIVE = "evaluation_examples/settings/googledrive/settings.yml"


def task(*config: dict[str, Any], **more: Any) -> Task:
    return parse_task({"id": "a", "instruction": "Do it.", "config": list(config), **more})


def step(kind: str, **parameters: Any) -> dict[str, Any]:
    return {"type": kind, "parameters": parameters}


def judged(**sides: Any) -> dict[str, Any]:
    return {"func": "exact_match", **sides}


def played(**rules: Any) -> dict[str, Any]:
    expected = {"type": "rule", "rules": rules}
    return {"func": "is_vlc_playing", "result": {"type": "vlc_playing_info", "dest": "a"}, "expected": expected}


@pytest.mark.parametrize(
    ("made", "network"),
    [
        (task(), "none"),
        (task(step("launch", command=["google-chrome", "--remote-debugging-port=1337"])), "none"),
        (task(step("chrome_open_tabs", urls_to_open=["chrome://settings", "file:///home/user/a.html"])), "none"),
        (task(step("chrome_open_tabs", urls_to_open=["http://localhost:8000"])), "none"),
        (task(step("download", files=[{"url": "file:///tmp/a", "path": "/home/user/a"}])), "none"),
        (task(step("download", files=[{"url": "https://a.org/a", "path": "/home/user/a"}])), "static files"),
        (
            task(evaluator=judged(expected={"type": "cloud_file", "path": "https://a.org/b", "dest": "b"})),
            "static files",
        ),
        (
            task(evaluator=judged(postconfig=[step("download", files=[{"url": "https://a.org/c", "path": "c"}])])),
            "static files",
        ),
        (task(step("chrome_open_tabs", urls_to_open=["about:blank", "https://a.org/"])), "live web"),
        (task(step("open", path="https://a.org/")), "live web"),
        (task(step("execute", command=["git", "clone", "https://a.org/b"])), "live web"),
        (task(evaluator=judged(result={"type": "vm_command_line", "command": ["curl", "http://a.org"]})), "live web"),
        (task(evaluator=judged(result={"type": "page_info", "url": "https://a.org/"})), "live web"),
        (task(evaluator=judged(expected={"type": "pdf_from_url", "path": "https://a.org/", "dest": "a"})), "live web"),
        (task(evaluator=played(type="url", url="https://a.org/a.m3u8")), "live web"),
        (task(evaluator=played(type="url", url="http://localhost/a.mp4")), "none"),
        (task(evaluator=played(type="file_name", file_name="a.mp4")), "none"),
        (task(evaluator=judged(expected={"type": "info_from_website", "url": "https://a.org/"})), "none"),
        (task(step("googledrive", settings_file=_DRIVE, operation=["delete"], args=[{}])), "Google Drive"),
        (task(step("login", settings_file="a.json", platform="googledrive")), "Google Drive"),
        (task(evaluator=judged(result={"type": "googledrive_file", "path": ["a"], "dest": "a"})), "Google Drive"),
        (task(proxy=True), "live web"),
    ],
)
def test_network_is_what_steps_and_getters_do_with_it(made: Task, network: Network) -> None:
    assert needs_of_task(made).network == network


def test_everything_is_named_once_and_in_its_order() -> None:
    files = [{"url": f"https://a.org/{name}", "path": name} for name in ("b", "a", "b")]
    needs = needs_of_task(
        task(
            step("download", files=files),
            step("launch", command="socat a b"),
            step("launch", command=["google-chrome"]),
            step("open", path="/home/user/a.xlsx"),
            evaluator={
                "func": ["compare_table", "exact_match"],
                "result": [{"type": "vm_file", "path": "a"}, {"type": "vm_command_line", "command": "jq a"}],
                "expected": [{"type": "cloud_file", "path": ["https://a.org/c"], "multi": True}, {}],
                "postconfig": [step("sleep", seconds=1), step("execute", command=["socat"])],
            },
            related_apps=["Chrome", "os", "libreoffice calc", "a thing"],
            proxy=True,
        )
    )
    assert needs.files == ("https://a.org/b", "https://a.org/a", "https://a.org/c")
    assert needs.applications == ("chromium", "libreoffice-calc", "a thing")
    assert needs.programs == ("socat", "jq")
    assert needs.steps == ("download", "launch", "open", "sleep", "execute")
    assert needs.getters == ("vm_file", "cloud_file", "vm_command_line")
    assert needs.metrics == ("compare_table", "exact_match")
    assert needs.libraries == ("openpyxl", "pandas")
    assert needs.proxy


@pytest.mark.parametrize(
    ("path", "application"),
    [
        ("/home/user/a.xlsx", "libreoffice-calc"),
        ("a.PPTX", "libreoffice-impress"),
        ("a.docx", "libreoffice-writer"),
        ("a.pdf", "chromium"),
        ("https://a.org/b.pptx", "chromium"),
        ("/home/user/Desktop", "pcmanfm"),
    ],
)
def test_what_opens_a_file_is_an_application_that_is_needed(path: str, application: str) -> None:
    assert needs_of_task(task(step("open", path=path))).applications == (application,)


@pytest.mark.parametrize(
    ("file_type", "libraries"), [("text", ()), ("pdf", ("pymupdf",)), ("docx", ("docx",)), (None, ())]
)
def test_an_archive_needs_what_the_metric_of_its_files_does(file_type: str | None, libraries: tuple[str, ...]) -> None:
    evaluator = {
        **judged(),
        "func": "compare_archive",
        "options": {} if file_type is None else {"file_type": file_type},
    }
    assert needs_of_task(task(evaluator=evaluator)).libraries == libraries


def test_an_infeasible_task_needs_the_word_alone() -> None:
    assert needs_of_task(task(evaluator={"func": "infeasible"})).metrics == ("infeasible",)


@pytest.mark.parametrize(
    "broken",
    [
        step("download", files="a"),
        step("download", files=[{"path": "a"}, 3]),
        step("launch", command=5),
        step("launch", command=["a", 5]),
        step("open"),
        step("chrome_open_tabs", urls_to_open="https://a.org"),
    ],
)
def test_of_what_is_malformed_nothing_is_needed_but_the_step(broken: dict[str, Any]) -> None:
    needs = needs_of_task(task(broken))
    assert (needs.steps, needs.network, needs.programs) == ((broken["type"],), "none", ())
