"""Keys of `sluice.toml` and of a policy that got another name: for one release the old one is read, with a warning.

The tables are the product's; whoever reads a file may hand in others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Data = dict[str, Any]


@dataclass(frozen=True)
class Renamed:
    """Keys with a dot for each table; `*` stands for any name, in both alike: `peers.*.time`, `peers.*.minutes`."""

    old: str
    new: str
    since: str  # the version that renamed it


SETTINGS: tuple[Renamed, ...] = ()
POLICY: tuple[Renamed, ...] = ()


def present(data: Data, table: Sequence[Renamed]) -> tuple[Data, tuple[str, ...]]:
    """The same under today's names, and a sentence for each that had an old one."""
    found, told = _copy(data), []
    for row in table:
        for old, new in list(_places(found, row.old.split("."), row.new.split("."))):
            value = _take(found, old)
            both = not _put(found, new, value)
            ignored = "; both are given, and the old one is ignored" if both else ""
            told.append(f"{'.'.join(old)} is called {'.'.join(new)} since {row.since}: write that{ignored}")
    return found, tuple(told)


def overdue(table: Iterable[Renamed], version: str) -> list[str]:
    """The old names that have been read for longer than the release that renamed them."""
    return [row.old for row in table if _release(row.since) < _release(version)]


def _places(data: Data, old: list[str], new: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Where the old key is given, every `*` filled in."""
    if len(old) == 1:
        if old[0] in data:
            yield old, new
        return
    first, names = old[0], list(data) if old[0] == "*" else [old[0]]
    for name in names:
        if isinstance(inner := data.get(name), dict):
            rest = new[1:] if new[0] == first else new
            for where, to in _places(inner, old[1:], rest):
                yield [name, *where], [name, *to] if new[0] == first else to


def _take(data: Data, key: list[str]) -> Any:
    for name in key[:-1]:
        data = data[name]
    return data.pop(key[-1])


def _put(data: Data, key: list[str], value: Any) -> bool:
    """False: something stands there already."""
    for name in key[:-1]:
        data = data.setdefault(name, {})
    if key[-1] in data:
        return False
    data[key[-1]] = value
    return True


def _copy(data: Data) -> Data:
    return {name: _copy(value) if isinstance(value, dict) else value for name, value in data.items()}


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
