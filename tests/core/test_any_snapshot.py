"""Any snapshot at all: the judgement never raises, always gives a reason, and no title escapes into a branch's name."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.decide import decide, why
from bot.core.snapshot import Snapshot
from bot.core.worktree import branch_name, ref_part
from tests.core.anything import SNAPSHOT


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(SNAPSHOT)
def test_decide_never_raises_and_always_has_a_reason(s: Snapshot) -> None:
    """Facts that contradict each other are judged too; the same facts are judged the same."""
    decision = decide(s)
    assert decision.reason.strip()
    assert decision.stage
    assert why(s).strip()
    assert decide(s) == decision


@given(st.integers(1, 10**9), st.text(max_size=300))
def test_branch_name_is_safe_for_any_title(number: int, title: str) -> None:
    """Only lower-case letters, digits and single dashes: no path, option or ref can be forged."""
    assert re.fullmatch(rf"sluice/{number}-[a-z0-9]+(-[a-z0-9]+)*", branch_name(number, title))
    assert len(branch_name(number, title)) < 80


@given(st.text(max_size=60), st.text(max_size=60))
def test_ref_parts_are_safe_and_differ(one: str, other: str) -> None:
    """Any id becomes one component of a ref, and different ids never the same."""
    assert re.fullmatch(r"[A-Za-z0-9_=-]+", ref_part(one))
    assert (ref_part(one) == ref_part(other)) == (one == other)
