"""What GitHub says of its own API, read from githubkit: the model of every route's answer, and of every webhook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Union

import githubkit_schemas
from pydantic import BaseModel, TypeAdapter

VERSIONS = ("2022-11-28", "2026-03-10")
ROUTE = re.compile(r"^\s+(GET|POST|PUT|PATCH|DELETE) (/\S*)$", re.MULTILINE)
MODEL = re.compile(r"response_model=(.+?),\n(?: {12}\w| {8}\))", re.DOTALL)
UNDESCRIBED = {  # GitHub still answers these, and PyGithub asks for them, but they are described no more
    ("GET", "/repos/{}/{}/git/refs"): "list[GitRef]",
    ("GET", "/repos/{}/{}/git/refs/{}"): "list[GitRef]",
}


@cache
def answers(version: str) -> Mapping[tuple[str, str], str | None]:
    """Method and path -> the name of the model of its answer; None where the answer has no body.

    githubkit's methods are generated: each one's docstring names the route, and its call names the model.
    """
    found: dict[tuple[str, str], str | None] = dict(UNDESCRIBED)
    for file in (Path(githubkit_schemas.__path__[0]) / folder(version) / "rest").glob("*.py"):
        for method in file.read_text("utf-8").split("\n    def ")[1:]:
            method = method.partition("\n    async def ")[0]
            route, model = ROUTE.search(method), MODEL.search(method)
            if route is not None:
                found[route[1], blank(route[2])] = model[1] if model else None
    events = "/repos/{}/{}/issues/{}/events"  # described without what opens and closes an issue; the timeline has all
    return found | {("GET", events): found["GET", events.replace("events", "timeline")]}


def blank(path: str) -> str:
    """A path without the names of its parameters, which differ: `/repos/{}/{}`."""
    return re.sub(r"\{[^}]*\}", "{}", path)


@cache
def rest_model(version: str, name: str) -> TypeAdapter[Any]:
    """The model behind a name such as `list[Issue]`, which may be a whole expression."""
    models = import_module(f"githubkit_schemas.{folder(version)}.models")
    return TypeAdapter(eval(name, {}, Names(models)))


@cache
def webhook_model(version: str, event: str) -> TypeAdapter[Any]:
    return TypeAdapter(import_module(f"githubkit_schemas.{folder(version)}.webhooks.{event}").Event)


def unknown_keys(value: Any, sent: Any, path: str = "") -> Iterator[str]:
    """The keys that were sent although the model which took them has none of that name. Free-form models take all."""
    if isinstance(value, BaseModel) and isinstance(sent, dict):
        fields = {field.alias or name: name for name, field in type(value).model_fields.items()}
        for key, each in sent.items():
            if key in fields:
                yield from unknown_keys(getattr(value, fields[key]), each, f"{path}.{key}")
            elif type(value).model_config.get("extra") != "allow":
                yield f"{path}.{key}".lstrip(".")
    elif isinstance(value, list) and isinstance(sent, list):
        for one, two in zip(value, sent, strict=True):
            yield from unknown_keys(one, two, f"{path}[]")


def folder(version: str) -> str:
    return f"v{version.replace('-', '_')}"


class Names(dict[str, Any]):
    """githubkit's models load one by one, when they are named."""

    def __init__(self, models: ModuleType) -> None:
        super().__init__(Union=Union, list=list)
        self.models = models

    def __missing__(self, name: str) -> Any:
        return getattr(self.models, name)
