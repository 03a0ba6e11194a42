"""What may be asked of a model: a few paths, and of each who speaks so and whether it costs anything.

Everything else is not passed on: what cannot be counted must not be spent, and a run's key opens no other door at a
provider than that of its models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Dialect = Literal["anthropic", "responses", "chat", "gemini"]
# By program: where its model is, unless the settings say otherwise.
PROVIDERS = {
    "claude": "https://api.anthropic.com",
    "codex": "https://api.openai.com",
    "gemini": "https://generativelanguage.googleapis.com",
}
VERSION = r"(?:/v\d+\w*)?"
NAME = r"[A-Za-z0-9][\w.@-]*"  # a model's, where it stands in the path


@dataclass(frozen=True)
class Asked:
    dialect: Dialect
    path: str  # below the provider's address
    billed: bool = True
    model: str = ""  # where the path names it


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    dialect: Dialect
    billed: bool = True


def _route(method: str, pattern: str, dialect: Dialect, billed: bool = True) -> Route:
    return Route(method, re.compile(f"{VERSION}{pattern}", re.ASCII), dialect, billed)


ROUTES = (
    _route("POST", "/messages", "anthropic"),
    _route("POST", "/messages/count_tokens", "anthropic", billed=False),
    _route("POST", "/responses(?:/compact)?", "responses"),
    _route("POST", "/chat/completions", "chat"),
    _route("POST", f"/models/(?P<model>{NAME}):(?:streamG|g)enerateContent", "gemini"),
    _route("POST", f"/models/{NAME}:countTokens", "gemini", billed=False),
    _route("GET", f"/models(?:/{NAME})?", "chat", billed=False),  # what there is: each provider has it there
)
# The status each program takes for the last word at once, as seen with the real ones: Codex asks again after any other.
SPENT: Mapping[Dialect, int] = {"anthropic": 402, "responses": 400, "chat": 402, "gemini": 402}
ANTHROPIC = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 404: "not_found_error"}
OPENAI = {400: "invalid_request_error", 401: "invalid_api_key", 402: "insufficient_quota", 404: "not_found"}
GEMINI = {401: "UNAUTHENTICATED", 402: "FAILED_PRECONDITION", 404: "NOT_FOUND", 502: "UNAVAILABLE"}


def asked(method: str, path: str) -> Asked | None:
    """None: it is not passed on."""
    for route in ROUTES:
        if route.method == method and (found := route.pattern.fullmatch(path)):
            return Asked(route.dialect, path, route.billed, found.groupdict().get("model") or "")
    return None


def refusal(dialect: Dialect, status: int, said: str) -> dict[str, Any]:
    """An error as each provider words it, so that programs show the sentence and not its wrapping."""
    match dialect:
        case "anthropic":
            return {"type": "error", "error": {"type": ANTHROPIC.get(status, "api_error"), "message": said}}
        case "gemini":
            return {"error": {"code": status, "message": said, "status": GEMINI.get(status, "INVALID_ARGUMENT")}}
        case "responses" | "chat":
            kind = OPENAI.get(status, "server_error")
            return {"error": {"type": kind, "code": kind, "message": said, "param": None}}


def below(base: str, path: str) -> str:
    """The address asked for. Where the provider's address ends in a version of its own, that one counts."""
    base = base.rstrip("/")
    if re.search(r"/v\d+\w*$", base):
        path = re.sub(r"^/v\d+\w*(?=/)", "", path)
    return base + path
