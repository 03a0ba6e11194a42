"""The JSON of a request: an object whose values are of the kinds GitHub describes. Others are refused with 422."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from localhub.errors import HubError, Unprocessable

Json = dict[str, Any]
TEXTS = (
    "base", "body", "branch", "color", "commit_id", "commit_message", "commit_title", "content", "context", "data_type",
    "description", "event", "event_type", "expected_head_sha", "external_id", "head", "head_sha", "merge_action",
    "merge_method", "message", "name", "owner", "path", "permission", "ref", "repo", "sha", "state", "state_reason",
    "status", "conclusion", "details_url", "target_url", "title", "type",
)  # fmt: skip
NUMBERS = ("id", "in_reply_to", "issue_id", "line", "number", "position", "sub_issue_id")
OBJECTS = ("client_payload", "inputs", "iteration_configuration", "output", "permissions")
LISTS: dict[str, type | tuple[type, ...]] = {
    "assignees": str, "comments": dict, "fields": dict, "labels": (str, dict), "repositories": str,
    "repository_ids": int, "reviewers": str, "single_select_options": dict,
}  # fmt: skip
KINDS: dict[str, tuple[type, str]] = {
    **dict.fromkeys(TEXTS, (str, "a string")),
    **dict.fromkeys(NUMBERS, (int, "an integer")),
    **dict.fromkeys(OBJECTS, (dict, "an object")),
    **dict.fromkeys(LISTS, (list, "an array")),
}


async def body(request: Request) -> Json:
    """The JSON object of the request; nothing at all is an empty one."""
    parsed = await _parsed(request)
    if not isinstance(parsed, dict):
        raise HubError("Body should be a JSON object")
    return checked(parsed)


async def labels(request: Request) -> Json:
    """Labels may come alone, without an object around them."""
    parsed = await _parsed(request)
    return checked(parsed if isinstance(parsed, dict) else {"labels": parsed})


class Sent(Json):
    """An object of a body; what a handler needs and does not find was not supplied."""

    def __missing__(self, key: str) -> Any:
        raise Unprocessable(f'Invalid request.\n\n"{key}" wasn\'t supplied.')


def checked(sent: Json) -> Json:
    """Null is no value; a title may be a number, as GitHub describes it."""
    given = Sent({name: str(value) if (name, type(value)) == ("title", int) else value for name, value in sent.items()})
    for name, value in given.items():
        if value is None or name not in KINDS:
            continue
        kind, word = KINDS[name]
        if not isinstance(value, kind):
            raise _wrong(name, value, f"not {word}")
        if isinstance(value, list) and not all(isinstance(each, LISTS[name]) for each in value):
            raise _wrong(name, value, "not an array of the right kind")
    return given


async def _parsed(request: Request) -> Any:
    raw = await request.body()
    try:
        return json.loads(raw, object_hook=Sent) if raw.strip() else {}
    except ValueError:
        raise HubError("Problems parsing JSON") from None


def _wrong(name: str, value: object, why: str) -> Unprocessable:
    return Unprocessable(f"Invalid request.\n\nFor 'properties/{name}', {json.dumps(value)} is {why}.")
