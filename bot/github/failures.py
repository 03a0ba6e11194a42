"""What GitHub's failures mean to Sluice: try later, look first, or give up, always with a sentence that helps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.errors import Ambiguous, OutOfReach, Refused, SluiceError, Unavailable
from bot.github.times import answered_at

RATE_TYPES = ("RATE_LIMIT", "RATE_LIMITED")  # GitHub uses both
FORBIDDEN = ("FORBIDDEN", "INSUFFICIENT_SCOPES")
NARROW = "not accessible by integration"  # what GitHub says to an App that may not
SUSPENDED = "installation has been suspended"
TOO_QUICKLY = "submitted too quickly"  # UNPROCESSABLE, like much that waiting does not mend
SECONDARY_WAIT = 60.0  # what GitHub advises when it names no time
ADVICE = {
    401: "the token is wrong or has expired: check the App's key or SLUICE's token",
    403: "the token may not do this: check the App's permissions, or the token's scopes",
    404: "not found, or the token may not see it: check the name and where the App is installed",
}


def failure(status: int, message: str, headers: Mapping[str, str], *, write: bool) -> SluiceError:
    """The error that an HTTP status of 400 or more stands for."""
    said = f"GitHub answered {status}: {message.strip()[:500] or 'nothing'}"
    if status >= 500:
        return Ambiguous(said) if write else Unavailable(said)
    if status == 429 or (status == 403 and _limited(message, headers)):
        return Unavailable(said, retry_after=wait_of(headers))
    if status == 403 and SUSPENDED in message.lower():
        return OutOfReach(
            f"the App is suspended where this is ({said}); lift the suspension, and Sluice goes on by itself"
        )
    advice = ADVICE.get(status)
    return Refused(f"{said} ({advice})" if advice else said, status=status)


def unreachable(error: Exception, *, write: bool, unsent: bool = False) -> SluiceError:
    """No answer came. A write that may have been sent must be looked for before it is sent again."""
    said = f"GitHub did not answer: {str(error) or type(error).__name__}"
    return Ambiguous(said) if write and not unsent else Unavailable(said)


def shut_out(where: str, error: Refused) -> OutOfReach:
    """No token is to be had: the App was uninstalled, lost a repository, or is gone itself."""
    remedy = "" if error.status == 401 else "; install it there, and Sluice goes on by itself"  # 401: it is the key
    return OutOfReach(f"the App does not reach {where} ({error}){remedy}")


def outdated() -> Unavailable:
    """The token ended before its time; a new one is fetched for the next try. Nothing was done with the old one."""
    return Unavailable("GitHub answered 401: the installation token had ended, and a new one is fetched")


def rate_limit(errors: list[dict[str, Any]], headers: Mapping[str, str]) -> Unavailable | None:
    """GraphQL says with status 200 that the hour's points are used up."""
    for error in errors:
        if error.get("type") in RATE_TYPES or error.get("code") == "graphql_rate_limit":
            return Unavailable(f"GitHub: {error.get('message', 'rate limit exceeded')}", retry_after=wait_of(headers))
    return None


def too_fast(errors: list[dict[str, Any]]) -> Unavailable | None:
    """A secondary limit within a document: with status 200, no time to wait, and another refusal's type."""
    for error in errors:
        if TOO_QUICKLY in str(error.get("message", "")).lower():
            return Unavailable(f"GitHub: {error['message']}", retry_after=SECONDARY_WAIT)
    return None


def check_whole(errors: list[dict[str, Any]], may_be_missing: Callable[[Sequence[str | int]], bool]) -> None:
    """Refuses an answer with holes: a null where a check could not be read must not look like no check."""
    for error in errors:
        path = error.get("path") or [""]
        gone = error.get("type") in ("NOT_FOUND", "FORBIDDEN")
        if gone and may_be_missing(path):
            continue
        said = f"GitHub could not answer all of it: {error.get('message')} ({'/'.join(map(str, path))})"
        if error.get("type") in FORBIDDEN:
            raise Refused(f"{said}: {ADVICE[403]}", status=403)
        raise Unavailable(said)


def sentence(body: str) -> str:
    """GitHub's own sentence; of something that is no JSON, its beginning."""
    try:
        return str(json.loads(body).get("message", ""))
    except (ValueError, AttributeError):
        return body[:200]


def wait_of(headers: Mapping[str, str]) -> float:
    """Seconds to wait, in GitHub's order: retry-after, else the reset when nothing remains, else a minute."""
    told = headers.get("retry-after", "")
    if told.isdecimal():
        return float(told)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(1.0, int(reset) - answered_at(headers, datetime.now(UTC)).timestamp())
    return SECONDARY_WAIT


def _limited(message: str, headers: Mapping[str, str]) -> bool:
    return "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in message.lower()
