"""What docs/tools.md shows is done."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parents[2] / "docs" / "tools.md").read_text()


def test_the_example_works_as_it_says() -> None:
    code = re.search(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert code is not None
    seen: dict[str, Any] = {"__name__": "example"}
    exec(compile(code[1], "docs/tools.md", "exec"), seen)  # noqa: S102 - our own page
    env = seen["env"]
    env.reset(seed=0)
    shown = env.step({"name": "stock", "arguments": {"item": "pen"}})[0]
    assert f"```\n{shown}\n```" in PAGE
    env.close()
