"""Relay connections: a page of a list with cursors, as plain data."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

from localhub.graphql.errors import Refusal
from localhub.graphql.view import Plain

Page = dict[str, Any]  # the paging arguments of a connection: first, last, after, before


def connection(records: Sequence[Any], page: Page, edge: Callable[[Any], Plain] | None = None, **more: Any) -> Plain:
    """The asked page of `records`; `edge` adds what an edge holds beside its node, `more` what the connection does."""
    start, end = window(len(records), page)
    shown = list(enumerate(records))[start:end]
    extra = edge or (lambda record: {})
    return {
        "totalCount": len(records),
        "nodes": [record for _, record in shown],
        "edges": [{"cursor": cursor(index), "node": record, **extra(record)} for index, record in shown],
        "pageInfo": {
            "hasNextPage": end < len(records),
            "hasPreviousPage": start > 0,
            "startCursor": cursor(shown[0][0]) if shown else None,
            "endCursor": cursor(shown[-1][0]) if shown else None,
        },
        **more,
    }


def window(total: int, page: Page) -> tuple[int, int]:
    start = position(page["after"]) + 1 if page.get("after") else 0
    end = min(total, position(page["before"])) if page.get("before") else total
    if page.get("first") is not None:
        end = min(end, start + page["first"])
    elif page.get("last") is not None:
        start = max(start, end - page["last"])
    return start, max(start, end)


def cursor(index: int) -> str:
    return base64.b64encode(f"cursor:v2:{index}".encode()).decode()


def position(text: str) -> int:
    try:
        return int(base64.b64decode(text).decode().removeprefix("cursor:v2:"))
    except (ValueError, binascii.Error):
        raise Refusal("INVALID_CURSOR_ARGUMENTS", f"`{text}` does not appear to be a valid cursor.") from None


def ordered(records: Sequence[Any], order_by: Any, keys: dict[str, Callable[[Any], Any]]) -> list[Any]:
    """Sorted by `orderBy: {field, direction}` where the caller gave one."""
    if not order_by:
        return list(records)
    key = keys.get(order_by["field"])
    if key is None:
        raise Refusal("NOT_SIMULATED", f"Order by {order_by['field']} is not simulated by localhub")
    return sorted(records, key=key, reverse=order_by["direction"] == "DESC")
