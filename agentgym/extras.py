"""Libraries that not everyone has installed."""

from __future__ import annotations

import importlib
from typing import Any

from agentgym.errors import MissingDependencyError

__all__ = ["needed"]


def needed(module: str, *, extra: str) -> Any:
    """Imports a module of an optional library.

    Raises:
        MissingDependencyError: says what to install.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = (error.name or module).partition(".")[0]
        raise MissingDependencyError(f"{package} is not installed: pip install 'agentgym-envs[{extra}]'") from error
