"""The executable schema: GitHub's official one with the newer fields, the views' resolvers hung on it. Built once."""

from __future__ import annotations

import gzip
from base64 import b64decode
from collections.abc import Callable
from datetime import date, datetime
from functools import cache, partial
from importlib import import_module
from importlib.resources import files
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_ast_schema,
    parse,
)

from localhub.graphql.view import View, snake

VIEWS = ("root", "people", "repository", "git", "issue", "timeline", "comment", "pull", "review", "checks", "project")
MUTATIONS = ("issues", "comments", "relations", "pulls", "merging", "reviews", "projects", "refs")


@cache
def schema() -> GraphQLSchema:
    """A third of a second for 1,650 types; the text is trusted, so nothing is validated twice."""
    built = build_ast_schema(parse(sdl(), no_location=True), assume_valid_sdl=True, assume_valid=True)
    speak_python(built)
    hang_views(built)
    return built


def sdl() -> str:
    folder = files("localhub.schema")
    official = gzip.decompress((folder / "github.graphql.gz").read_bytes()).decode()
    return official + "\n" + (folder / "extensions.graphql").read_text()


def speak_python(built: GraphQLSchema) -> None:
    """Arguments and input fields reach resolvers in snake case; times and big integers leave as GitHub writes them.

    What is no date and no base64 does not come in.
    """
    for kind in built.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            for name, field in kind.fields.items():
                field.out_name = snake(name)
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not kind.name.startswith("__"):
            for definition in kind.fields.values():
                for name, argument in definition.args.items():
                    argument.out_name = snake(name)
    scalar(built, "DateTime").coerce_output_value = written_time
    scalar(built, "BigInt").coerce_output_value = str
    for name, understood in (("Date", date.fromisoformat), ("Base64String", from_base64)):
        scalar(built, name).coerce_input_value = partial(checked_text, name, understood)


def scalar(built: GraphQLSchema, name: str) -> GraphQLScalarType:
    kind = built.type_map[name]
    assert isinstance(kind, GraphQLScalarType)
    return kind


def from_base64(text: str) -> bytes:
    """Lines may be broken."""
    return b64decode("".join(text.split()), validate=True)


def checked_text(name: str, understood: Callable[[str], object], value: Any) -> str:
    """The text as it came, once it is understood."""
    try:
        understood(value)
    except (AttributeError, TypeError, ValueError):
        raise GraphQLError(f"{value!r} is not a valid {name}") from None
    return str(value)


def written_time(value: Any) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else str(value)


def hang_views(built: GraphQLSchema) -> None:
    for module in VIEWS:
        import_module(f"localhub.graphql.{module}")
    for module in MUTATIONS:
        import_module(f"localhub.graphql.mutations.{module}")
    for view in View.every:
        hang(built, view)


def hang(built: GraphQLSchema, view: type[View[Any]]) -> None:
    """A method that answers no field of any of its types is a mistake, and is said at start."""
    types = [built.type_map[name] for name in view.types]
    for field, resolver in view.resolvers():
        holders = [kind for kind in types if isinstance(kind, GraphQLObjectType) and field in kind.fields]
        if not holders:
            raise LookupError(f"{view.__name__} answers '{field}', which none of {', '.join(view.types)} has")
        for kind in holders:
            kind.fields[field].resolve = resolver
