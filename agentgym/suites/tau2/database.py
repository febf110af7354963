"""A database that copies a record when it is first asked for, so that a fresh one costs nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from agentgym.suites.tau2.package import Domain, base_tables

__all__ = ["Changes", "Database"]

Changes = Mapping[str, Mapping[str, Any]]
"""Records that are not as they were at the beginning, by table and key; None for one that is gone."""


class Database:
    """The tables of a domain, private to one episode.

    tau2's functions change records in place. The base of several megabytes is shared, and each record that is got by
    its key is copied before it is given away. Records seen while going through a whole table are those of the base:
    tau2's functions only read them.
    """

    def __init__(self, domain: Domain) -> None:
        self._tables = {name: _Table(records) for name, records in base_tables(domain).items()}

    def __getitem__(self, table: str) -> MutableMapping[str, Any]:
        return self._tables[table]

    def changes(self) -> Changes:
        """What differs from the beginning: two databases are equal if and only if these are."""
        found = {name: table.changes() for name, table in self._tables.items()}
        return {name: changed for name, changed in found.items() if changed}


class _Table(MutableMapping[str, Any]):
    def __init__(self, base: Mapping[str, Any]) -> None:
        self._base = base
        self._own: dict[str, Any] = {}
        self._gone: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        if key not in self:
            raise KeyError(key)
        if key not in self._own:
            self._own[key] = copy.deepcopy(self._base[key])
        return self._own[key]

    def __setitem__(self, key: str, record: Any) -> None:
        self._gone.discard(key)
        self._own[key] = record

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._own.pop(key, None)
        self._gone.add(key)

    def __contains__(self, key: object) -> bool:
        return key not in self._gone and (key in self._own or key in self._base)

    def __iter__(self) -> Iterator[str]:
        yield from (key for key in self._base if key not in self._gone)
        yield from (key for key in self._own if key not in self._base)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def items(self) -> Any:
        return ((key, self._seen(key)) for key in self)

    def values(self) -> Any:
        return (self._seen(key) for key in self)

    def __deepcopy__(self, memo: dict[int, Any]) -> _Table:
        copied = _Table(self._base)
        copied._own = copy.deepcopy(self._own, memo)
        copied._gone = set(self._gone)
        return copied

    def changes(self) -> dict[str, Any]:
        """By their keys, in an order that does not tell which was asked for first."""
        gone: dict[str, Any] = dict.fromkeys(self._gone & self._base.keys())
        changed = {key: record for key, record in self._own.items() if record != self._base.get(key)}
        return dict(sorted({**gone, **changed}.items()))

    def _seen(self, key: str) -> Any:
        """A record to be read only."""
        return self._own[key] if key in self._own else self._base[key]
