"""Getters of parts of the address of the tab in front."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import ParseResult, parse_qs, unquote, urlparse

import msgspec

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.browser.addressbar import Prefixed, active_address
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import getter_needs, getters
from agentgym.tasks.forms import is_true

__all__: list[str] = []

_HALF = "50_PERCENT_ off & more"
_LESS = ("30_PERCENT_ off & more", "20_PERCENT_ off & more")
_DISCOUNT = "Price_discount_range"


class Queried(Prefixed, kw_only=True):
    """Values of the address's query.

    Args:
        goto_prefix: what the address bar does not show of the address, and is put before.
        parse_keys: the keys of the query.
        replace: names to give values instead of some of these.
        split_list: whether each value is a list with commas.
    """

    parse_keys: list[str]
    replace: dict[str, str] = msgspec.field(default_factory=dict)
    split_list: bool | str = False


class Part(Prefixed, kw_only=True):
    """One of the parts between slashes.

    Args:
        goto_prefix: what the address bar does not show of the address, and is put before.
        partIndex: its place; those of ``https:`` and of the host are 0 and 2, that of the last is -1.
        needDeleteId: whether what follows a ``?`` in it is left out.
        returnType: whether it is given as it is or under ``key``.
        key: its name in ``json``.
    """

    partIndex: int | str  # noqa: N815 - OSWorld's names
    returnType: Literal["string", "json"]  # noqa: N815
    needDeleteId: bool | str = False  # noqa: N815
    key: str = ""


class Product(Prefixed, kw_only=True):
    """What a shop's address says of the goods that it shows.

    Args:
        goto_prefix: what the address bar does not show of the address, and is put before.
        parse_keys: the keys that the result is to have.
    """

    parse_keys: list[str]


@getters.register("active_tab_url_parse")
def active_tab_url_parse(backend: Backend, config: dict[str, Any]) -> dict[str, Any] | None:
    """By its key, the first value in the query of the address of the tab in front, empty if it has none.

    None if there is no address.
    """
    parsed = _parsed(backend, config)
    if parsed is None:
        return None
    query = parse_qs(parsed.query)
    found: dict[str, Any] = {key: query.get(key, [""])[0] for key in config["parse_keys"]}
    for old, new in config.get("replace", {}).items():
        found[new] = found.pop(old)
    if not is_true(config.get("split_list")):
        return found
    return {key: value.split(",") for key, value in found.items()}


@getters.register("url_dashPart")
def url_dashpart(backend: Backend, config: dict[str, Any]) -> str | dict[str, str] | None:
    """The part between slashes at ``partIndex`` of the address of the tab in front; None if it has none there."""
    address = active_address(backend, config)
    parts = [] if address is None else address.split("/")
    place = int(config["partIndex"])
    if not -len(parts) <= place < len(parts):
        return None
    part = parts[place].partition("?")[0] if is_true(config.get("needDeleteId")) else parts[place]
    return {config["key"]: part} if config["returnType"] == "json" else part


@getters.register("url_path_parse")
@getters.register("macys_product_url_parse")
def macys_product_url_parse(backend: Backend, config: dict[str, Any]) -> dict[str, Any] | None:
    """What the path of the address of the tab in front says, which is that of a list of goods at macys.com.

    ``mens_clothing``, ``shirts`` and ``short_sleeve`` are true or null; of what the path names in pairs, as
    ``/Men_regular_size_t,Price_discount_range/L,50_PERCENT_ off & more``, those in ``parse_keys``. None if there is no
    address.
    """
    parsed = _parsed(backend, config)
    if parsed is None:
        return None
    path = unquote(parsed.path)
    named = _pairs(path)
    shirts = "shirts" in path or named.get("Product_department") in ("shirts", "Shirts", "Shirt")
    short = "short-sleeve" in path or named.get("Sleeve_length") in ("short-sleeve", "Short Sleeve")
    kinds = {"mens_clothing": "mens-clothing" in path, "shirts": shirts, "short_sleeve": short}
    known = {"Men_regular_size_t": None, _DISCOUNT: None, **named}
    values = {key: _value(key, known[key]) for key in config["parse_keys"] if key in known}
    return {**{kind: yes or None for kind, yes in kinds.items()}, **values}


def _parsed(backend: Backend, config: dict[str, Any]) -> ParseResult | None:
    address = active_address(backend, config)
    if address is None:
        return None
    try:
        return urlparse(address)
    except ValueError:
        return None


def _pairs(path: str) -> Mapping[str, str | None]:
    """What the first two neighbours with commas in them name and give."""
    parts = path.strip("/").split("/")
    for names, values in itertools.pairwise(parts):
        if "," in names and "," in values:
            pairs = zip(names.split(","), values.split(","), strict=False)
            return {name.strip(): value.strip() or None for name, value in pairs}
    return {}


def _value(key: str, value: str | None) -> str | None:
    if key != _DISCOUNT:
        return value
    discounts = [one.strip() for one in value.split("|")] if value else []
    half = _HALF in discounts and not any(less in discounts for less in _LESS)
    return _HALF if half else f"not_{_HALF}"


_FORMS: Mapping[str, type[msgspec.Struct]] = {
    "active_tab_url_parse": Queried,
    "macys_product_url_parse": Product,
    "url_dashPart": Part,
    "url_path_parse": Product,
}

for _name, _form in _FORMS.items():
    getter_forms.register(_name, _form)
    getter_needs.register(_name, ("accessibility_tree",))
