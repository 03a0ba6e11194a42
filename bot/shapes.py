"""From plain data, as TOML and JSON have it, to one of our dataclasses, or one sentence that names what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from functools import cache
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.policy_file import nearest

T = TypeVar("T")
MOST = 3  # mistakes that are told at once


def shaped(shape: type[T], data: Any) -> T | str:
    """A key nobody knows is a mistake, wherever it stands."""
    if unknown := next(unknown_keys(shape, data), None):
        return unknown
    try:
        found: T = adapter(cast(Any, shape)).validate_python(data)
        return found
    except ValidationError as error:
        return "; ".join(_told(detail) for detail in error.errors()[:MOST])


def schema(shape: type) -> dict[str, Any]:
    """The JSON schema of it, as strict as `shaped`."""
    made = adapter(cast(Any, shape)).json_schema()
    for part in (made, *made.get("$defs", {}).values()):
        if part.get("type") == "object":
            part["additionalProperties"] = False
    return made


@cache
def adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def unknown_keys(shape: Any, data: Any, where: str = "") -> Iterator[str]:
    if is_dataclass(shape) and isinstance(shape, type) and isinstance(data, Mapping):
        hints = get_type_hints(shape)
        for key, value in data.items():
            if key not in hints:
                yield f"unknown key {where}{key}{nearest(str(key), hints)}"
            else:
                yield from unknown_keys(hints[key], value, f"{where}{key}.")
        return
    for inner in get_args(shape):
        if inner in (NoneType, Ellipsis) or isinstance(inner, str):
            continue
        if isinstance(data, list | tuple):
            for number, value in enumerate(data):
                yield from unknown_keys(inner, value, f"{where.rstrip('.')}[{number}].")
        else:
            yield from unknown_keys(inner, data, where)


def _told(detail: ErrorDetails) -> str:
    said = detail["msg"]
    return f"{place(detail['loc'])}: {said[0].lower()}{said[1:]}"


def place(loc: tuple[int | str, ...]) -> str:
    """`phases[0].steps[1].task`"""
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in loc).lstrip(".") or "it"
