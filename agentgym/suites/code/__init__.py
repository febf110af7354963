"""The suite `code`: small Python packages with failing tests, judged by calls that the tests do not show."""

from agentgym.families import TOOLS, Suite
from agentgym.suites.code.families import FAMILIES

__all__ = ["SUITE"]

SUITE = Suite(
    "code",
    {family.name: family for family in FAMILIES},
    "Small Python packages with failing tests, judged by calls that the tests do not show.",
    env=TOOLS,
)
