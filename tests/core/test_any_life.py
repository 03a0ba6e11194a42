"""Any life at all: whatever people, agents and checks do in whatever order, these hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.actions import AskPerson, OpenPull, Park
from bot.core.policy import Policy
from bot.core.run import is_step
from bot.core.wishes import wish
from tests.core.facts import ME, PLAN, check, peer, policy
from tests.core.toy import Toy

COLUMNS = ("Ready", "Backlog", "In Progress", "In Review", "Needs a person", "Done", None)
PEOPLE = ("wendy", "mona", "tess", "rita", "stranger", None)
VERBS = (
    "retry",
    "cancel",
    "pause",
    "resume",
    "pause all",
    "resume all",
    "approve",
    "merge",
    "update",
    "explain",
    "help",
    "tell",
    "answer",
)


def _issue_open(is_open: bool) -> Callable[[Toy], None]:
    def set_it(toy: Toy) -> None:
        toy.issue = replace(toy.issue, open=is_open)

    return set_it


def _pull(**changed: object) -> Callable[[Toy], None]:
    def change(toy: Toy) -> None:
        if toy.pull:
            toy.pull = replace(toy.pull, **changed)  # type: ignore[arg-type]

    return change


def _mode(mode: str) -> Callable[[Toy], None]:
    def set_it(toy: Toy) -> None:
        toy.policy = replace(toy.policy, mode=mode)  # type: ignore[arg-type]

    return set_it


def _edited(by: str) -> Callable[[Toy], None]:
    def edit(toy: Toy) -> None:
        toy.issue = replace(toy.issue, body=f"edited at {toy.tick()}", editor=by, edited_at=toy.now)

    return edit


def _base_moves(toy: Toy) -> None:
    toy.base_head = f"b{toy.count}-{toy.tick():%H%M}"


def _later(toy: Toy) -> None:
    toy.tick(45)


def _agent(head: bool, ended: str, *paths: str) -> Callable[[Toy], None]:
    def end(toy: Toy) -> None:
        toy.agent_ends(f"h{toy.count}-{toy.tick():%H%M}" if head else None, ended, paths)

    return end


def _drag(to: str | None, by: str | None, automated: bool = False) -> Callable[[Toy], None]:
    return lambda toy: toy.drag(to, by, automated)


def _say(verb: str, args: str, by: str) -> Callable[[Toy], None]:
    return lambda toy: toy.say(verb, args, by)


def _review(state: str, body: str) -> Callable[[Toy], None]:
    return lambda toy: toy.review(state, body=body)


def _checks(state: str) -> Callable[[Toy], None]:
    return lambda toy: toy.checks(check(state=state, key=f"c{toy.count}-{toy.tick():%H%M}"))


def _gates(state: str) -> Callable[[Toy], None]:
    def end(toy: Toy) -> None:
        toy.gate_answer = state

    return end


def _first(ended: str) -> Callable[[Toy], None]:
    return lambda toy: toy.first_ends(f"h{toy.count}-{toy.tick():%H%M}", ended)


def _conflict(toy: Toy) -> None:
    toy.conflict = True


def _unseen(event: Callable[[Toy], None], verb: str) -> Callable[[Toy], None]:
    """Something happens between a comment and the look that finds both."""

    def both(toy: Toy) -> None:
        toy.say(verb)
        event(toy)

    return both


EVENTS: dict[str, Callable[[Toy], None]] = {
    **{f"says {verb}, then a commit": _unseen(Toy.commit_by_hand, verb) for verb in ("approve", "merge")},
    "says retry, then an edit": _unseen(_edited("ada"), "retry"),
    **{f"{by} drags to {to}": _drag(to, by) for to in COLUMNS for by in PEOPLE},
    "automation drags to Ready": _drag("Ready", "github-project-automation[bot]", automated=True),
    **{f"{by} says {verb}": _say(verb, "", by) for verb in VERBS for by in ("wendy", "mona", "stranger")},
    "retry --fresh": _say("retry", "--fresh", "mona"),
    "cancel --close": _say("cancel", "--close", "mona"),
    "reject": _say("reject", "no", "mona"),
    "agent builds": _agent(True, "finished"),
    "agent builds protected": _agent(True, "finished", "AGENTS.md"),
    "agent asks": _agent(True, "asked"),
    "agent asks at once": _agent(False, "asked"),
    "agent hears": Toy.agent_hears,
    "agent does nothing": _agent(False, "finished"),
    **{f"agent {ended}": _agent(ended != "lost", ended) for ended in ("failed", "timed_out", "lost", "cancelled")},
    "approved": _review("APPROVED", ""),
    "changes requested": _review("CHANGES_REQUESTED", "better"),
    "commented": _review("COMMENTED", "hm"),
    **{f"checks {state}": _checks(state) for state in ("passed", "failed", "pending")},
    "conflict": _pull(mergeable="CONFLICTING"),
    "no conflict": _pull(mergeable="MERGEABLE", merge_state="CLEAN"),
    "behind": _pull(merge_state="BEHIND"),
    "base moves": _base_moves,
    "merged by hand": Toy.merge_by_hand,
    "closed by hand": Toy.close_by_hand,
    "commit by hand": Toy.commit_by_hand,
    "issue closed": _issue_open(False),
    "issue reopened": _issue_open(True),
    **{f"mode {mode}": _mode(mode) for mode in ("off", "live", "preview")},
    "edited by ada": _edited("ada"),
    "edited by wendy": _edited("wendy"),
    "time passes": _later,
    "re-run pressed": Toy.press_rerun,
    "mona says plan": _say("plan", "", "mona"),
    "approve with words": _say("approve", "the logo too", "mona"),
    "amend": _say("amend", "the logo too", "mona"),
    **{f"one agent {ended}": _first(ended) for ended in ("finished", "failed", "asked", "lost")},
    "the next work conflicts": _conflict,
    **{f"workflows end {state}": _gates(state) for state in ("passed", "failed", "unstarted", "unknown")},
}
COMMON = [
    "wendy drags to Ready",
    "agent builds",
    "agent builds",
    "mona says retry",
    "approved",
    "checks failed",
    "mode live",
]
POLICIES = (
    policy(),
    policy(by="when-green"),
    policy(by="when-green", up_to_date=True, commands=("make test",)),
    policy(rounds=1, runs_per_item=2),
    policy(by="when-green", workflows=("gate.yml",)),
)
BUILT = ["wendy drags to Ready", "agent builds"]


@settings(max_examples=150, deadline=None)
@given(
    which=st.sampled_from(POLICIES),
    begin=st.sampled_from(([], BUILT[:1], BUILT)),
    then=st.lists(st.one_of(st.sampled_from(COMMON), st.sampled_from(sorted(EVENTS))), max_size=14),
)
@example(POLICIES[0], BUILT, ["closed by hand", "mona says retry", "agent builds"])
@example(POLICIES[1], BUILT, ["approved", "issue reopened", "rita drags to In Review", "mona says retry"])
@example(POLICIES[1], BUILT, ["approved", "wendy drags to Ready", "issue reopened", "mona says cancel"])
@example(POLICIES[1], BUILT, ["says approve, then a commit", "checks passed"])
@example(POLICIES[4], BUILT, ["workflows end failed", "agent builds", "re-run pressed", "workflows end passed"])
@example(POLICIES[4], BUILT, ["approved", "re-run pressed", "workflows end unstarted", "time passes"])
@example(POLICIES[0], BUILT, [*BUILT, *BUILT, *BUILT, "wendy drags to Ready"])
@example(POLICIES[2], [], ["wendy drags to Ready", "workflows end unstarted", "agent builds"])
@example(POLICIES[2], BUILT[:1], ["mona says tell", "agent builds", "agent builds", "approved"])
@example(POLICIES[0], BUILT[:1], ["agent asks", "mona says answer", "agent builds", "checks failed", "agent builds"])
@example(POLICIES[0], BUILT, ["mona says pause all", "mona says cancel", "mona says retry", "merged by hand"])
def test_any_life_settles(which: Policy, begin: list[str], then: list[str]) -> None:
    """After every event the item settles in lawful stages, with at most one agent and no run without new evidence."""
    toy = Toy(which)
    for event in (*begin, *then):
        EVENTS[event](toy)
        toy.settle()
        _holds(toy)


PLANNED = (
    policy(running=3, runs_per_item=12),
    policy(by="when-green", commands=("make test",)),  # two agents at once, six runs
    policy(running=3, rounds=0),
)
PLANS = {"made": PLAN, "risky": replace(PLAN, approval="it is risky"), "asked for": None}
IN_A_PLAN = [
    "agent builds",
    "agent builds",
    "mona says approve",
    "mona says approve",
    "one agent finished",
    "one agent failed",
    "the next work conflicts",
    "approve with words",
    "amend",
    "reject",
    "mona says retry",
    "workflows end failed",
    "workflows end passed",
]
STEPS = ["wendy drags to Ready", "agent builds", "mona says approve"]


@settings(max_examples=150, deadline=None)
@given(
    which=st.sampled_from(PLANNED),
    plan=st.sampled_from(list(PLANS)),
    begin=st.sampled_from((STEPS[:1], STEPS, [*STEPS, "agent builds"])),
    then=st.lists(st.one_of(st.sampled_from(IN_A_PLAN), st.sampled_from(sorted(EVENTS))), max_size=14),
)
@example(PLANNED[0], "asked for", [*STEPS, "agent builds"], ["mona drags to Backlog", "mona says retry"])
@example(PLANNED[0], "asked for", [*STEPS, "agent builds"], ["retry --fresh"])
@example(PLANNED[0], "made", STEPS[:1], ["one agent failed", "agent builds", "wendy drags to Ready"])
@example(PLANNED[1], "risky", STEPS, ["workflows end failed", "agent builds", "workflows end passed", "agent builds"])
@example(
    PLANNED[0], "made", STEPS[:1], ["the next work conflicts", "agent builds", "agent builds", "mona says approve"]
)
def test_any_life_with_a_plan_settles(which: Policy, plan: str, begin: list[str], then: list[str]) -> None:
    """The same of an item whose steps are carried out side by side: and nothing is pushed before the plan is over."""
    toy = Toy(which, plan=PLANS[plan])
    toy.peers = (peer(capacity=3),)
    before = ["mona says plan"] if plan == "asked for" else []
    behind = ["mona says approve"] if plan == "risky" else []
    for event in (*before, *begin[:1], *behind, *begin[1:], *then):
        EVENTS[event](toy)
        toy.settle()
        _holds(toy)
        _plan_holds(toy)


def _by_a_person(cause: str) -> bool:
    """A command, a word, or a card under way that was moved to Ready once more: a round somebody wants."""
    return cause.startswith(("order:", "message:", "go:"))


SHOWN = ("InReview", "AwaitingApproval", "Ready")  # where a person is asked and nothing is parked


def held(toy: Toy) -> bool:
    return toy.policy.mode != "live" or bool(toy.paused_all_by or toy.item.paused_by)


def _holds(toy: Toy) -> None:
    s = toy.snapshot()
    begun = Counter((run.step, run.causes) for run in toy.runs if run.causes == (f"go:{run.go_ahead}",))
    assert max(begun.values(), default=0) <= 1, "one go-ahead began two runs"
    asked = {run.key for run in toy.runs if any(map(_by_a_person, set(run.causes) - {f"go:{run.go_ahead}"}))}
    questions = sum(run.outcome is not None and run.outcome.ended == "asked" for run in toy.runs)
    assert all(
        run.round <= toy.policy.work.rounds + 1 + questions
        for run in toy.runs
        if run.key not in asked and not is_step(run.step)
    )
    over = {run.key for run in toy.runs if run.state == "ended" and run.useful}
    steps_to_come = toy.execution is not None and not toy.execution.completed  # the next of them begins with it
    if toy.item.claim and not held(toy) and not steps_to_come:
        assert not [m for m in toy.messages if m.run in over and not m.heard_by], "a word that came too late is lost"
    assert toy.item.claim or not toy.active, "an agent works on an item that was given up"
    assert not (held(toy) and toy.active), "an agent works although everything stands still"
    move = wish(s)
    if toy.item.claim and move and not held(toy):
        assert s.role(move.actor) is None, f"the wish of {move.actor} is lost"
    if toy.pull and toy.pull.merged_by == ME:
        approved = {review.head for review in toy.pull.reviews if review.state == "APPROVED"}
        assert toy.pull.head in approved | toy.meant, "merged without a person's word on that head"
    asks = sum(
        any(isinstance(action, Park) or (isinstance(action, AskPerson) and decision.stage in SHOWN)
            for action in decision.actions) for decision in toy.decisions
    )  # fmt: skip
    assert len(toy.questions) <= asks, "a person was asked twice for one trouble"


def _by_a_gate(cause: str) -> bool:
    return cause.startswith("command:")


def _plan_holds(toy: Toy) -> None:
    e = toy.execution
    if e is None:
        return
    since = toy.decisions[toy.adopted :]
    opened = any(isinstance(action, OpenPull) for decision in since for action in decision.actions)
    assert not opened or e.completed, "pushed before the plan was over"
    assert e.completed is None or all(phase.over for phase in e.phases), "a phase was left out"
    for phase in e.phases:
        mended = [back for step in phase.steps for back in step.sent_back if any(map(_by_a_gate, back.causes))]
        assert len(mended) <= toy.policy.work.rounds, "its gate sent it back more often than may be"
    tried = Counter((run.step, run.evidence, run.head) for run in toy.runs)
    assert max(tried.values(), default=0) <= 1, "a step was done twice for the same evidence"
