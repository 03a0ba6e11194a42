"""Knowledge for steps: whole once, within bounds, and what is missing is settled or asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given as anything
from hypothesis import strategies as st

from bot.core.plans.accepting import refused
from bot.core.plans.delegation import delivered
from bot.core.plans.due import AskApproval, JudgeGate, due
from bot.core.plans.execution import after, carried_out
from bot.core.plans.gaps import Gap, gaps, instruction, settled
from bot.core.plans.happened import Answered, Dispatched, Recorded, Started
from bot.core.plans.knowledge import MOST_IN_ALL, MOST_OF_ONE, given, tokens
from bot.core.plans.library import Tagged, matching, tags_of
from bot.core.plans.plan import Gate, Phase, Plan, Risk, Step
from bot.core.plans.retrospective import retrospective

T0 = datetime(2026, 1, 1, tzinfo=UTC)
STEP = Step("1.1", "builder", "do it", knowledge=("tagged.md", "asked.md"))
PLAN = Plan(
    "task-a-0001",
    "do it",
    (Phase(1, "P", (STEP,)),),
    datetime(2026, 1, 1, tzinfo=UTC),
    knowledge=("asked.md", "pack.md"),
)


def test_what_was_asked_for_comes_first_and_each_only_once() -> None:
    """Then packs, then what matched; a later step gets a reference to what was given whole."""
    texts = {"asked.md": "a", "pack.md": "p", "tagged.md": "t"}
    first = given(PLAN, STEP, (), texts)
    assert [(each.path, each.text) for each in first] == [("asked.md", "a"), ("pack.md", "p"), ("tagged.md", "t")]
    again = given(PLAN, STEP, delivered(first), texts)
    assert [(each.text, each.why) for each in again] == [("", "an earlier step was given it whole")] * 3


def test_what_is_too_long_is_referred_to() -> None:
    """A document by itself, and what a step is given in all; what is not there is said."""
    texts = {"asked.md": "x" * (MOST_OF_ONE * 4 + 1), "tagged.md": "t"}
    long, missing, short = given(PLAN, STEP, (), texts)
    assert long.why == "read what you need of it: it has about 8,001 tokens" and missing.why == "it is not there"
    assert short.text == "t"
    many = replace(PLAN, knowledge=tuple(f"{n}.md" for n in range(9)))
    found = given(many, replace(STEP, knowledge=()), (), {f"{n}.md": "x" * MOST_OF_ONE * 2 for n in range(9)})
    assert [bool(each.text) for each in found] == [True] * 8 + [False] and found[8].why == "read it if you need it"


@anything(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 60_000).map("x".__mul__)), st.sets(st.sampled_from("abc"))
)
def test_bounds_hold(texts: dict[str, str], before: set[str]) -> None:
    """Whatever there is."""
    found = given(replace(PLAN, knowledge=("a", "b", "c")), replace(STEP, knowledge=("d", "e", "f")), before, texts)
    whole = [tokens(each.text) for each in found if each.text]
    assert sum(whole) <= MOST_IN_ALL and all(each <= MOST_OF_ONE for each in whole)
    assert len(found) == 6 and not before & set(delivered(found))


def test_documents_match_by_their_tags() -> None:
    """Of their front matter, else of their name; the best match first."""
    assert tags_of("k/x.md", "---\ntitle: X\ntags: [Auth, python]\n---\ntext") == ("auth", "python")
    assert tags_of("k/http-logging.md", "text") == ("http", "logging")
    library = (Tagged("one.md", ("auth",)), Tagged("two.md", ("auth", "python")), Tagged("no.md", ("web",)))
    assert matching(library, "Add auth", "backend-engineer--python") == ("two.md", "one.md")


def test_an_agent_says_what_it_did_not_know() -> None:
    """In lines of its last words, as it is told to."""
    said = (
        "Done.\nKNOWLEDGE_GAP: decision low: which colour?\nknowledge_gap: fact high - where logs go\nKNOWLEDGE_GAP: x"
    )
    assert gaps(said) == (Gap("decision", "low", "which colour?"), Gap("fact", "high", "where logs go"))
    assert "KNOWLEDGE_GAP: fact|decision low|medium|high" in instruction("low")


@pytest.mark.parametrize(
    ("gap", "risk", "low", "medium", "high"),
    [
        (Gap("fact", "high", "x"), "LOW", "go-on", "go-on", "go-on"),
        (Gap("decision", "high", "x"), "LOW", "go-on", "go-on", "ask"),
        (Gap("decision", "low", "x"), "LOW", "go-on", "ask", "ask"),
        (Gap("decision", "low", "x"), "HIGH", "ask", "ask", "ask"),
        (Gap("fact", "high", "x"), "CRITICAL", "go-on", "ask", "ask"),
        (Gap("fact", "low", "how auth works"), "CRITICAL", "look-up", "look-up", "look-up"),
    ],
)
def test_who_settles_what_was_not_known(gap: Gap, risk: Risk, low: str, medium: str, high: str) -> None:
    """By what it is, the risk, and how much a person wants to be asked."""
    library = (Tagged("auth.md", ("auth",)),)
    found = [
        settled(gap, risk, "low", library),
        settled(gap, risk, "medium", library),
        settled(gap, risk, "high", library),
    ]
    assert found == [low, medium, high]


def test_what_is_for_a_person_to_say_waits_before_the_gate() -> None:
    """As an approval of the phase; an item's agents ask on the issue instead, and who wants no questions gets none."""
    gated = replace(PLAN, phases=(Phase(1, "P", (STEP,), gate=Gate(("make test",))),), intervention="high")
    said = Recorded(T0, "1.1", "complete", "robo", "Done.\nKNOWLEDGE_GAP: decision low: which colour?")
    happened = (Started(T0, "mona"), Dispatched(T0, "1.1", "robo"), said)
    e = carried_out(gated, happened)
    assert due(e) == (AskApproval(1, "phase 1", "step 1.1 (robo) did not know: which colour?"),)
    answered = Answered(T0, 1, "approve", "mona")
    assert refused(e, answered) == "" and isinstance(due(after(e, answered))[0], JudgeGate)
    assert "which colour? (for a person to say, low confidence)" in retrospective(e, happened)
    on_board, quiet = (
        carried_out(gated, happened, on_board=True),
        carried_out(replace(gated, intervention="low"), happened),
    )
    for e in (on_board, quiet):
        assert isinstance(due(e)[0], JudgeGate)
