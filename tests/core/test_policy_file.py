"""Reading a repository's policy: defaults, every key, and one sentence about what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.policy import PROTECTED, Policy
from bot.policy_file import read_policy


def test_empty_file_is_the_cautious_default() -> None:
    """Nothing is written, people merge, agents' own settings are protected."""
    found = read_policy("")
    assert found == Policy()
    assert isinstance(found, Policy)
    assert (found.mode, found.merge.by, found.work.protected) == ("preview", "people", PROTECTED)


def test_gate_bound_to_a_pinned_workflow() -> None:
    """A file is bound to a reusable workflow at one commit."""
    pin = "acme/ci/.github/workflows/gate.yml@" + "0123456789" * 4
    found = read_policy(f'[gates]\nworkflows = ["gate.yml"]\nuses = {{ "gate.yml" = "{pin}" }}')
    assert isinstance(found, Policy) and found.gates.uses == {"gate.yml": pin}


def test_every_kind_of_key() -> None:
    """Words, numbers, lists and switches are read into their places."""
    found = read_policy(
        """
        mode = "live"
        [merge]
        by = "when-green"
        method = "rebase"
        up_to_date = true
        [gates]
        commands = ["make test"]
        threads = false
        [work]
        rounds = 0
        minutes_per_run = 1.5
        [review]
        reviewers = ["mona"]
        """
    )
    assert isinstance(found, Policy)
    assert (found.mode, found.merge.by, found.merge.method, found.merge.up_to_date) == (
        "live",
        "when-green",
        "rebase",
        True,
    )
    assert (found.gates.commands, found.gates.threads) == (("make test",), False)
    assert (found.work.rounds, found.work.minutes_per_run, found.review.reviewers) == (0, 1.5, ("mona",))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('mod = "live"', "unknown key mod; did you mean mode?"),
        ("[work]\nround = 2", "unknown key work.round; did you mean rounds?"),
        ("[merge]\nzzzzz = 2", "unknown key merge.zzzzz; known are by, method, up_to_date"),
        ("[wrok]\nrounds = 2", "unknown key wrok; did you mean work?"),
        ('mode = "LIVE"', "mode: input should be"),
        ('[merge]\nby = "me"', "merge.by: input should be"),
        ("[work]\nrounds = -1", "rounds must be at least 0 and at most 1000000"),
        ("[work]\nrunning = 0", "running must be at least 1"),
        ("[work]\nminutes_per_run = 0", "minutes_per_run must be at least 1"),
        ('[work]\nrounds = "many"', "work.rounds: input should be a valid integer"),
        ('[gates]\ncommands = "make test"', "gates.commands"),
        ("work = 3", "work: "),
        ("mode = ", "not valid TOML"),
        ('[gates]\nworkflows = ["a.yml"]\nuses = { "b.yml" = "x" }', "gates.uses: b.yml is not among gates.workflows"),
        (
            '[gates]\nworkflows = ["a.yml"]\nuses = { "a.yml" = "o/r/.github/workflows/a.yml@main" }',
            "uses.a.yml must be",
        ),
        ("[work]\nrounds = nan", "work.rounds"),
        ("[work]\nminutes_per_run = nan", "minutes_per_run must be"),
        ("[work]\nminutes_per_run = inf", "minutes_per_run must be"),
    ],
)
def test_broken_policy_is_told_in_a_sentence(text: str, told: str) -> None:
    """What is wrong, where, and the nearest key that exists."""
    found = read_policy(text)
    assert isinstance(found, str)
    assert told in found


@given(st.text(max_size=80))
def test_any_text_is_a_policy_or_a_sentence(text: str) -> None:
    """Nothing a repository may write raises."""
    assert read_policy(text)
