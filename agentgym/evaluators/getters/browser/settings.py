"""Getters of a browser's settings, as it has them while it runs, or else as its files have them.

What was never changed stands nowhere: OSWorld takes it for what Google Chrome comes with, and so does this.
"""

from __future__ import annotations

from typing import Any, Literal

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.browser.profile import LOCAL_STATE, PREFERENCES, at, settings_in
from agentgym.evaluators.getters.forms import Nothing, getter_forms
from agentgym.evaluators.getters.registry import getters

__all__ = ["chrome_color_scheme"]

_YesOrNo = Literal["true", "false"]

_OPENS_NEW_TAB = 5
_UNTIL_THE_END = 4
_COLOUR_SCHEMES = {0: "system", 1: "light", 2: "dark"}
_FONT_SIZES = {"default_fixed_font_size": 13, "default_font_size": 16, "minimum_font_size": 13}


@getters.register("default_search_engine")
def default_search_engine(backend: Backend, _config: dict[str, Any]) -> Any:
    """The name of the search engine, ``Google`` if none was chosen."""
    keys = ("default_search_provider_data", "template_url_data", "short_name")
    return _setting(backend, PREFERENCES, *keys, otherwise="Google")


@getters.register("profile_name")
def profile_name(backend: Backend, _config: dict[str, Any]) -> Any:
    """The name of the profile; None if it has none."""
    return _setting(backend, PREFERENCES, "profile", "name", otherwise=None)


@getters.register("chrome_font_size")
def chrome_font_size(backend: Backend, _config: dict[str, Any]) -> Any:
    """The sizes of fonts that were chosen, as ``{"default_font_size": 16}``, or all that the browser comes with."""
    return _setting(backend, PREFERENCES, "webkit", "webprefs", otherwise=dict(_FONT_SIZES))


@getters.register("chrome_language")
def chrome_language(backend: Backend, _config: dict[str, Any]) -> Any:
    """The language of the browser's own words, ``en-US`` if none was chosen."""
    return _setting(backend, LOCAL_STATE, "intl", "app_locale", otherwise="en-US")


@getters.register("enabled_experiments")
def enabled_experiments(backend: Backend, _config: dict[str, Any]) -> Any:
    """The experiments that are on, each its name and perhaps ``@`` and the number of a choice."""
    return _setting(backend, LOCAL_STATE, "browser", "enabled_labs_experiments", otherwise=[])


@getters.register("enable_do_not_track")
def enable_do_not_track(backend: Backend, _config: dict[str, Any]) -> _YesOrNo:
    """Whether sites are asked not to track, as ``true`` or ``false``."""
    return _said(_setting(backend, PREFERENCES, "enable_do_not_track", otherwise=False))


@getters.register("enable_safe_browsing")
def enable_safe_browsing(backend: Backend, _config: dict[str, Any]) -> _YesOrNo:
    """Whether safe browsing was switched on, standard or enhanced, as ``true`` or ``false``."""
    found = _setting(backend, PREFERENCES, "safebrowsing", otherwise={})
    return _said(at(found, "enhanced") or at(found, "enabled"))


@getters.register("enable_enhanced_safety_browsing")
def enable_enhanced_safety_browsing(backend: Backend, _config: dict[str, Any]) -> _YesOrNo:
    """Whether safe browsing was made enhanced, as ``true`` or ``false``.

    Raises:
        FileNotFoundError: if there are no settings that can be read.
    """
    return _said(at(settings_in(backend, PREFERENCES), "safebrowsing", "enhanced"))


@getters.register("new_startup_page")
def new_startup_page(backend: Backend, _config: dict[str, Any]) -> _YesOrNo:
    """Whether the browser starts with a new tab, as ``true`` or ``false``.

    Raises:
        FileNotFoundError: if there are no settings that can be read.
    """
    found = settings_in(backend, PREFERENCES)
    return _said("session" not in found or at(found, "session", "restore_on_startup") == _OPENS_NEW_TAB)


@getters.register("data_delete_automacally")
def data_delete_automacally(backend: Backend, _config: dict[str, Any]) -> _YesOrNo:
    """Whether what sites keep is deleted when the browser ends, as ``true`` or ``false``.

    Raises:
        FileNotFoundError: if there are no settings that can be read.
    """
    found = settings_in(backend, PREFERENCES)
    # OSWorld is content with any default of a site's rights, of which Chromium 156 writes some by itself.
    return _said(at(found, "profile", "default_content_setting_values", "cookies") == _UNTIL_THE_END)


@getters.register("chrome_color_scheme")
def chrome_color_scheme(backend: Backend, _config: dict[str, Any]) -> str:
    """The mode of the browser's own colours that was chosen, ``light``, ``dark`` or ``system``."""
    theme = _setting(backend, PREFERENCES, "browser", "theme", otherwise={})
    chosen = at(theme, "color_scheme2")
    if chosen is None:
        chosen = at(theme, "color_scheme")
    return _COLOUR_SCHEMES.get(chosen, "system") if isinstance(chosen, int) else "system"


def _setting(backend: Backend, name: str, *keys: str, otherwise: Any) -> Any:
    """What was chosen; a file that cannot be read is one that the browser would begin anew."""
    try:
        found = at(settings_in(backend, name), *keys)
    except FileNotFoundError:
        return otherwise
    return otherwise if found is None else found


def _said(yes: object) -> _YesOrNo:
    return "true" if yes else "false"


for _name in (
    "chrome_color_scheme",
    "chrome_font_size",
    "chrome_language",
    "data_delete_automacally",
    "default_search_engine",
    "enable_do_not_track",
    "enable_enhanced_safety_browsing",
    "enable_safe_browsing",
    "enabled_experiments",
    "new_startup_page",
    "profile_name",
):
    getter_forms.register(_name, Nothing)
