"""Whether an account that a task signs in with is there, said without asking anybody."""

from __future__ import annotations

from agentgym.errors import MissingDependencyError, UsageError
from agentgym.setup.browser.login import credentials_at
from agentgym.setup.drive.account import account_at

__all__ = ["account_lack"]


def account_lack(settings_file: str) -> str | None:
    """What is missing of an account; None if nothing is.

    Args:
        settings_file: that of the steps ``googledrive`` (YAML) and ``login`` (JSON).
    """
    try:
        if settings_file.endswith(".json"):
            credentials_at(settings_file)
        else:
            account_at(settings_file)
    except (MissingDependencyError, UsageError) as error:
        return str(error)
    return None
