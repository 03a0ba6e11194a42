"""What is filed when a task is over, as plain data: the trace for programs, the retrospective for people."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.plans.execution import carried_out
from bot.core.plans.plan import Plan
from bot.core.plans.retrospective import retrospective, trace
from tests.core.test_any_plan import plans, walk
from tests.core.test_learning import MENDED, PLAN

HEADINGS = (
    "Metrics", "What worked", "What did not", "Knowledge gaps", "Roster", "Sequencing", "Teams", "Conflicts"
)  # fmt: skip


def test_a_retrospective_says_what_worked_and_what_did_not_and_why() -> None:
    """Metrics with real tokens, what failed with its cause, who had no knowledge to go by, each agent's record."""
    text = retrospective(carried_out(PLAN, MENDED), MENDED)
    assert [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")] == list(HEADINGS)
    for line in (
        "- Steps: 1/1",
        "- Gates: 1 passed, 0 failed at the end; judged 2 times",
        "- Attempts: 2, of which 1 sent back",
        "- Elapsed: 600s",
        "- Tokens: Real tokens: 1,500 (1 step with real data) | Estimated tokens: 0",
        "- 1.1 (ada), at attempt 2: nothing was said of it",
        "- the gate of phase 1 (`make test`) failed: nothing was said of it",
        "- step 1.1 was sent back: the gate failed",
        "- step 1.1 (ada) came back and had no knowledge to go by: attach a document",
        "- ada: 2 attempts, 0 failed, 1 sent back",
    ):
        assert line in text.splitlines(), text


def test_a_trace_has_every_event_with_its_time_and_what_it_took() -> None:
    """The plan as it was made, each event in order, and how it ended; as JSON."""
    found = json.loads(json.dumps(trace(carried_out(PLAN, MENDED), MENDED), default=str))
    assert (found["task_id"], found["outcome"], found["plan"]["summary"]) == ("task-a-0001", "complete", "Fix it")
    assert [each["type"] for each in found["events"]] == [each.kind for each in MENDED]
    recorded = found["events"][2]
    assert (recorded["agent"], recorded["phase"], recorded["step"], recorded["duration"]) == ("ada", 1, "1.1", 120)
    assert found["start"] < found["end"] == found["events"][-1]["timestamp"]


@settings(max_examples=60)
@given(st.data(), plans())
def test_any_task_can_be_filed(data: st.DataObject, plan: Plan) -> None:
    """Whatever happened to it, at whatever moment, and filed again it is the same."""
    way = walk(data, plan)
    cut = data.draw(st.integers(1, len(way.happened)))
    happened = way.happened[:cut]
    e = carried_out(plan, happened)
    assert retrospective(e, happened) == retrospective(e, happened)
    assert len(trace(e, happened)["events"]) == cut
