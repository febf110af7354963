"""The getter of the browser's own colours, as its settings page shows them."""

from __future__ import annotations

from typing import Any

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.browser.pages import look_at
from agentgym.evaluators.getters.browser.settings import chrome_color_scheme
from agentgym.evaluators.getters.forms import Nothing, getter_forms
from agentgym.evaluators.getters.registry import getters

__all__: list[str] = []

# The page knows what is chosen a moment after it has loaded. Versions before 125 or so have no such choice.
_CHOSEN = "#colorSchemeModeSelect option[selected]"
_PATIENCE_MS = 10_000.0
_MODES = {"0": "system", "1": "light", "2": "dark"}


@getters.register("chrome_appearance_mode_ui")
def chrome_appearance_mode_ui(backend: Backend, config: dict[str, Any]) -> str:
    """The mode that the page of the browser's appearance has chosen, ``light``, ``dark`` or ``system``.

    Where that page cannot be had, what the settings' file says.
    """
    shown = look_at(backend, "chrome://settings/appearance", _chosen, otherwise=None)
    return shown or chrome_color_scheme(backend, config)


def _chosen(page: Any) -> str | None:
    page.wait_for_selector(_CHOSEN, state="attached", timeout=_PATIENCE_MS)
    return _MODES.get(page.locator("#colorSchemeModeSelect").input_value())


getter_forms.register("chrome_appearance_mode_ui", Nothing)
