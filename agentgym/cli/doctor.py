"""``agentgym doctor``: what this machine lacks, and what to type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from agentgym.cli.output import write_json, write_table
from agentgym.cli.requirements import Finding, inspect_machine

__all__ = ["doctor"]


def doctor(json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False) -> None:
    """Look for everything that desktops need, and say what to type where something is missing.

    Exits with 1 if no desktop can start; a missing application only costs the tasks that need it.

    \b
    Examples:
      agentgym doctor
      agentgym doctor --json
    """
    findings = list(inspect_machine())
    ready = all(finding.ok for finding in findings if finding.required)
    if json:
        write_json({"ready": ready, "findings": findings})
    else:
        write_table(("", "", "found"), [(_verdict(finding), finding.name, finding.found) for finding in findings])
        for line in advice(findings):
            typer.echo(line)
        typer.echo("desktops can start" if ready else "no desktop can start yet")
    if not ready:
        raise typer.Exit(1)


def advice(findings: Sequence[Finding]) -> list[str]:
    """What to type, in order; all packages in one command."""
    packages = [finding.package for finding in findings if finding.package]
    install = [f"sudo apt-get update && sudo apt-get install --yes {' '.join(packages)}"] if packages else []
    others = [finding.advice for finding in findings if finding.advice and not finding.package]
    return [f"type: {command}" for command in [*install, *others]]


def _verdict(finding: Finding) -> str:
    if finding.ok:
        return "ok"
    return "MISSING" if finding.required else "absent"
