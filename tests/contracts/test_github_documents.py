"""The documents in `bot/github/queries` are valid against GitHub's own schema, and cheap."""

from __future__ import annotations

from importlib.resources import files

import pytest
from graphql import parse, print_ast, validate
from localhub.graphql.schema import schema

from bot.github.documents import MOST, Mutation, combine

DOCUMENTS = sorted(file.name for file in (files("bot.github") / "queries").iterdir() if file.name.endswith(".graphql"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_is_valid(name: str) -> None:
    """Every field, argument and variable exists in the official schema with the newer fields."""
    text = (files("bot.github") / "queries" / name).read_text("utf-8")
    assert [error.message for error in validate(schema(), parse(text))] == []


def test_combined_writes_are_one_valid_document() -> None:
    """Each write keeps its own input and answers under its own alias."""
    writes = [Mutation("AddComment", {"subjectId": "I", "body": "a"}), Mutation("CloseIssue", {"issueId": "I"})]
    document, variables = combine(writes)
    assert validate(schema(), document) == []
    assert variables == {"i0": writes[0].input, "i1": writes[1].input}
    assert "w1: closeIssue(input: $i1)" in print_ast(document)


def test_too_many_writes_are_refused() -> None:
    """GitHub gives up beyond twenty or so; so does Sluice, before asking."""
    with pytest.raises(ValueError, match="at most 20"):
        combine([Mutation("CloseIssue", {"issueId": "I"})] * (MOST + 1))
