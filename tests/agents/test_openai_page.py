"""What docs/agents.md says of the agent `openai` is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from agentgym.agents.openai import Options
from agentgym.agents.openai.prompts import PLACEHOLDERS
from agentgym.runner import RolloutSpec, rollout
from tests.adapters.sums import SUM
from tests.modelserver import call, say, serving

TASK: Any = SUM
PAGE = (Path(__file__).parents[2] / "docs" / "agents.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_it_names_every_option_and_placeholder() -> None:
    assert [name for name in Options.__struct_fields__ if f"`{name}" not in PAGE] == []
    assert [name for name in PLACEHOLDERS if f"`{{{name}}}`" not in PAGE] == []


@pytest.mark.episodes
def test_its_first_lines_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with serving([call("bash", command="ls"), say("FAIL")]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        names: dict[str, Any] = {}
        exec(BLOCKS[0], names)  # noqa: S102 - the page's own
        names["env"].close()
        names["agent"].close()
    assert server.refused == []
    assert capsys.readouterr().out.startswith("0.0 {'input_tokens': ")


def test_its_lines_on_recordings_give_what_the_server_got(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serving([call("answer", text="5")]) as server:
        options = {"model": "scripted", "base_url": server.url}
        rollout(RolloutSpec("openai", env="agentgym/Tools-v0", task=TASK, agent_options=options, record="data"))
    written: list[bytes] = []
    (block,) = (one for one in BLOCKS if "sent_body" in one)
    lines = f"import agentgym\n{block}".replace("sent_body(record.payload)", "got(sent_body(record.payload))")
    exec(lines, {"got": written.append})  # noqa: S102 - the page's own
    assert written == server.bodies
