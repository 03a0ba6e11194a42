"""Whether an item gets a plan of several steps, and which: what the policy says, a label, or `/sluice plan`."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from bot.core.item import GoAhead, Issue
from bot.core.plans.plan import Phase, Plan
from bot.core.plans.planner import Request, make_plan
from bot.core.plans.playbook import DIRECT
from bot.core.plans.sizing import checklist
from bot.core.snapshot import Grounds, Snapshot

AUTO = "auto"  # the playbook that fits
RISKS = ("LOW", "MEDIUM", "HIGH", "CRITICAL", "never")


def wanted(s: Snapshot) -> str:
    """The playbook's name, or AUTO; empty: it gets no plan."""
    labels = s.issue.labels if s.issue else ()
    named = s.item.playbook or next((name for label, name in s.policy.plan.labels.items() if label in labels), "")
    named = named or s.policy.plan.playbook
    if named != DIRECT.name or s.item.playbook:
        return named
    listed = s.policy.plan.checklist and s.issue is not None and len(checklist(s.issue.body)) > 1
    return named if listed or (s.issue and len(_subs(s, s.issue)) > 1) else ""


def not_makeable(grounds: Grounds, name: str) -> str:
    """Why no plan can be made: nobody is to find out by its absence that a review was left out."""
    names = [AUTO, *(playbook.name for playbook in grounds.playbooks)]
    known = not name or name in (*names, DIRECT.name)
    return grounds.problem or ("" if known else f"there is no playbook {name}; there are {', '.join(names)}")


def plan_for(s: Snapshot, grounds: Grounds, issue: Issue, go: GoAhead, name: str) -> Plan | None:
    """The same for the same text. None: one step without an approval, for which nobody asked, is no plan."""
    request = Request(
        go.title,
        go.at,
        body=go.body,
        facts=grounds.facts,
        playbooks=grounds.playbooks,
        history=grounds.history,
        library=grounds.library,
        playbook="" if name == AUTO else name,
        peers=s.peers,
        gates=s.policy.gates.commands,
        protected=s.policy.work.protected,
        task_id=_id(s, issue, go, name),
        steps_from_checklist=s.policy.plan.checklist,
        sub_issues=_subs(s, issue),
        find_gates=False,  # a checkout for gates has not what the repository's own commands may need
    )
    plan = _with_turns(_approved(make_plan(request), s.policy.plan.approve))
    alone = len(plan.steps) == 1 and not plan.approval and not any(phase.approval for phase in plan.phases)
    return None if alone and not s.item.playbook else plan


def one_more_over(s: Snapshot) -> Snapshot:
    """As it is looked at when the plan that is there has been dropped: what takes its place keeps its id then."""
    return replace(s, plans_over=s.plans_over + 1)


def _subs(s: Snapshot, issue: Issue) -> tuple[str, ...]:
    return issue.sub_issues if s.policy.plan.sub_issues else ()


def _approved(plan: Plan, least: str) -> Plan:
    if RISKS.index(plan.risk) < RISKS.index(least):
        return replace(plan, approval="")
    return replace(plan, approval=f"the risk is {plan.risk}: {', '.join(plan.risk_reasons) or 'by the policy'}")


def _with_turns(plan: Plan) -> Plan:
    """A step that takes turns with a person has them here by comments: each time it ends its phase is looked at, and
    is sent back with words or approved."""

    def seen(phase: Phase) -> Phase:
        turns = ", ".join(step.id for step in phase.steps if step.interactive)
        return replace(phase, approval=phase.approval or f"step {turns} takes turns with a person") if turns else phase

    return replace(plan, phases=tuple(map(seen, plan.phases)))


def _id(s: Snapshot, issue: Issue, go: GoAhead, name: str) -> str:
    """Another where one was dropped or something was done since: what is over is not gone on with in another life."""
    last = s.runs[-1].key if s.runs else ""
    about = "\n".join((s.item.work_id, go.text_hash, name, str(s.plans_over), last, *_subs(s, issue)))
    return f"task-{issue.number}-{hashlib.sha256(about.encode()).hexdigest()[:6]}"
