"""How GitHub's expression language compares and converts values, and the functions it calls on them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping

Value = object


def is_true(value: Value) -> bool:
    return value not in (None, False, 0, "") and value == value  # NaN is false too


def as_text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, Mapping):
        return "Object"
    return "Array" if isinstance(value, list) else str(value)


def member(value: Value, key: Value) -> Value:
    if isinstance(value, Mapping):
        wanted = as_text(key).lower()
        return next((each for name, each in value.items() if str(name).lower() == wanted), None)
    if isinstance(value, list) and isinstance(key, float) and 0 <= key < len(value):
        return value[int(key)]
    return None


def equal(one: Value, other: Value) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    if isinstance(one, Mapping | list) or isinstance(other, Mapping | list):
        return one is other
    return one is other or _number(one) == _number(other)


def in_order(sign: str, one: Value, other: Value) -> bool:
    texts = isinstance(one, str) and isinstance(other, str)
    left, right = (one.lower(), other.lower()) if texts else (_number(one), _number(other))  # type: ignore[attr-defined]
    if sign in ("<", "<="):
        return bool(left < right or (sign == "<=" and left == right))
    return bool(left > right or (sign == ">=" and left == right))


def _number(value: Value) -> float:
    """GitHub's loose conversion: what is no number is NaN and equals nothing."""
    try:
        return float(value or 0)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def _contains(where: Value, what: Value) -> bool:
    if isinstance(where, list):
        return any(equal(each, what) for each in where)
    return as_text(what).lower() in as_text(where).lower()


def _format(template: Value, *values: Value) -> str:
    return re.sub(r"\{(\d+)\}", lambda found: as_text(values[int(found[1])]), as_text(template))


def _join(values: Value, separator: Value = ",") -> str:
    parts = values if isinstance(values, list) else [values]
    return as_text(separator).join(as_text(each) for each in parts)


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "contains": _contains,
    "startswith": lambda text, prefix: as_text(text).lower().startswith(as_text(prefix).lower()),
    "endswith": lambda text, suffix: as_text(text).lower().endswith(as_text(suffix).lower()),
    "format": _format,
    "join": _join,
    "tojson": lambda value: json.dumps(value, indent=2),
    "fromjson": lambda text: json.loads(as_text(text), parse_int=float),
}
