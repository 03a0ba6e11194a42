"""The language of workflow files: expressions, file patterns, filters of triggers."""

from __future__ import annotations

import pytest
from localhub.actions.expressions import NotSimulated, Scope, evaluate, holds, interpolate
from localhub.actions.triggers import matches, on_push
from localhub.actions.workflow import InvalidWorkflow, parse


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("github.event.issue.labels[0].name == 'BUG'", True),
        ("github.missing.deep", None),
        ("inputs['dry-run'] && 'yes' || 'no'", "yes"),
        ("!(1 < 2) || 'a' != 'b'", True),
        ("'' == 0 && null == false", True),
        ("contains(fromJSON('[\"x\", \"y\"]'), 'X')", True),
        ("startsWith(github.ref, 'refs/heads/') && endsWith(github.ref, 'it''s')", True),
        ("format('{0}-{1}', 'a', 2)", "a-2"),
    ],
)
def test_expressions_evaluate_as_on_github(expression: str, value: object) -> None:
    """Loose, case-blind comparison; missing members are null; && and || give their operands."""
    github = {"event": {"issue": {"labels": [{"name": "bug"}]}}, "ref": "refs/heads/it's"}
    assert evaluate(expression, Scope({"github": github, "inputs": {"dry-run": "x"}})) == value


def test_conditions_mean_success_unless_they_say_otherwise() -> None:
    """`if: true` does not run after a failure; always() and failure() do."""
    failed = Scope({}, "failure")
    assert [holds(text, failed) for text in ("true", "${{ always() }}", "failure()", "success()")] == [
        False,
        True,
        True,
        False,
    ]
    assert interpolate("v${{ 1.50 }}${{ null }}${{ true }}", failed) == "v1.5true"
    with pytest.raises(NotSimulated, match="ends too early"):
        evaluate("1 ==", failed)


@pytest.mark.parametrize(
    ("patterns", "name", "fits"),
    [
        (["main"], "main", True),
        (["release/*"], "release/a/b", False),
        (["release/**"], "release/a/b", True),
        (["**.py"], "src/a.py", True),
        (["docs/**", "!docs/secret/**"], "docs/secret/x", False),
        (["v[12].[0-9]+"], "v1.10", True),
        (["*.js"], "src/a.js", False),
        (["**/src/*"], "src/a", True),
    ],
)
def test_patterns_fit_as_on_github(patterns: list[str], name: str, fits: bool) -> None:
    """One star stays inside a folder, two do not, the last pattern that fits decides."""
    assert matches(patterns, name) is fits


def test_pushes_are_filtered_by_ref_and_path() -> None:
    """Branch filters leave tags out; path filters look at what changed, but not for tags."""
    body = "jobs: {a: {steps: [{run: echo}]}}"
    branches = parse("w.yml", "on: {push: {branches-ignore: ['tmp/**'], paths: ['src/**']}}\n" + body)
    assert on_push(branches, "refs/heads/main", ["src/a"]) and not on_push(branches, "refs/heads/main", ["doc"])
    assert not on_push(branches, "refs/heads/tmp/a", ["src/a"]) and not on_push(branches, "refs/tags/v1", ["src/a"])
    tags = parse("w.yml", "on: {push: {tags: ['v*']}}\n" + body)
    assert on_push(tags, "refs/tags/v1", []) and not on_push(tags, "refs/heads/main", [])
    with pytest.raises(InvalidWorkflow, match="either `run` or `uses`"):
        parse("w.yml", "on: push\njobs: {a: {steps: [{name: nothing}]}}")
