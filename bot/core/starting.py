"""Draft and Ready: whether an item may start, and with whom."""

from __future__ import annotations

from dataclasses import replace

from bot.core.actions import (
    AcceptGoAhead,
    Action,
    AdoptPlan,
    AskPerson,
    Claim,
    ConvertDraft,
    Decision,
    Dispatch,
    MoveCard,
    NotePlan,
    RunPlan,
    SayStatus,
    SpendMove,
)
from bot.core.budget import Refusal
from bot.core.comments import AFTER, needs_person, not_started, working
from bot.core.exposure import unaccepted
from bot.core.going_ahead import ACCEPTS, approval_of, by_move, go_ahead, mover_refused, mover_unknown
from bot.core.item import GoAhead, Issue, mention
from bot.core.parking import mark
from bot.core.planned import begin, first_units, peers_for, reads_otherwise, unfinished, wants_approval
from bot.core.planning import not_makeable, one_more_over, plan_for, wanted
from bot.core.plans.amending import carried_over, caught_up
from bot.core.plans.execution import Execution
from bot.core.plans.execution import begin as as_made
from bot.core.plans.happened import Cancelled
from bot.core.prompts import Brief, again_brief, first_brief
from bot.core.run import Peer, evidence_of, run_key
from bot.core.snapshot import Snapshot
from bot.core.staffing import able_for, free_of, nobody, others_first
from bot.core.wishes import fresh_move
from bot.core.worktree import branch_name

STEP = "build"  # the default plan has one step


def draft(s: Snapshot) -> Decision:
    if not s.draft_repo:
        return Decision(
            "Draft", "this draft could belong to several repositories: name one as draft_repository in sluice.toml"
        )
    if not s.policy_found:
        return Decision("Draft", f"{s.draft_repo} has no .github/sluice.toml, so Sluice leaves this draft alone")
    if s.policy_problem:
        return Decision("Draft", _broken(s), waits_for="person")
    move = fresh_move(s)
    refusal = mover_refused(s, move)
    if refusal or move is None or s.draft is None:
        return Decision("Draft", refusal or "the draft cannot be read", waits_for="person")
    go = GoAhead(
        move.key, move.actor or "", move.at, s.draft.title, s.draft.body
    )  # the issue will not know of the move
    actions = (AcceptGoAhead(go), ConvertDraft(s.draft_repo))
    return Decision("Draft", f"a draft becomes an issue of {s.draft_repo} first", actions, look_again_at=s.now)


def ready(s: Snapshot) -> Decision:
    assert s.issue is not None  # stage_of proved it
    go = go_ahead(s, s.issue)
    if isinstance(go, str):
        if mover_unknown(s):
            return Decision("Ready", go, waits_for="machine")
        given = s.item.go_ahead or by_move(s, s.issue)
        return _asks(s, given, go) if go.endswith(ACCEPTS) and given else _not_started(s, go)
    if s.policy_problem:
        return Decision("Ready", _broken(s), waits_for="person")
    accept: tuple[Action, ...] = () if go == s.item.go_ahead else (AcceptGoAhead(go),)
    if exposed := _exposed(s):
        return _asks(s, go, exposed, accept)
    if made := _make_plan(s, s.issue, go, accept):
        return made
    if e := unfinished(s):
        return _planned(s, s.issue, e, go, accept)
    able = able_for(s, s.issue)
    if not able:
        return _asks(s, go, nobody(s, s.issue), accept)
    if claim := _take_up(s, s.issue, go, able):
        return Decision(
            "Ready", f"takes up what was there; {mention(go.by)} asked for it", (*accept, *claim), s.now, "machine"
        )
    peer = free_of(s, able)
    if isinstance(peer, Refusal):
        return _refused(s, go, peer, accept, able)
    if held := others_first(s, peer):
        return Decision("Ready", held, accept, waits_for="slot")
    return replace(_claim(s, s.issue, go, peer, accept), agents=(peer.name,))


def _make_plan(s: Snapshot, issue: Issue, go: GoAhead, accept: tuple[Action, ...]) -> Decision | None:
    """Where one is wanted; one that nobody has begun or rejected is made anew for another text, also where somebody has
    approved it as it was."""
    e, name = unfinished(s), wanted(s)
    if s.grounds is None or not name or (e and (e.started or e.rejected)) or _has_result(s):
        return None
    if problem := not_makeable(s.grounds, name):
        return _asks(s, go, f"no plan can be made: {problem}", accept)
    plan = plan_for(s, s.grounds, issue, go, name)
    if plan is None or (e and e.plan.task_id == plan.task_id):
        return None
    if e:
        plan = plan_for(one_more_over(s), s.grounds, issue, go, name) or plan
    drop = (NotePlan(e.plan.task_id, Cancelled(s.now, "Sluice", "the text is another")),) if e else ()
    added = tuple(NotePlan(plan.task_id, each) for each in carried_over(e, as_made(plan, on_board=True))) if e else ()
    reason = f"a plan is made: playbook {plan.playbook}, {len(plan.steps)} steps, risk {plan.risk}"
    return Decision("Ready", reason, (*accept, *drop, AdoptPlan(plan), *added), s.now, "machine")


def _has_result(s: Snapshot) -> bool:
    """Its plan came to its end in this life: what it made is gone on with."""
    e = s.execution
    return e is not None and e.completed is not None and (s.item.pull_number is not None or s.unpushed is not None)


def _planned(s: Snapshot, issue: Issue, e: Execution, go: GoAhead, accept: tuple[Action, ...]) -> Decision:
    """As without a plan, but that its first steps' agents must have room."""
    if reads_otherwise(s, e):
        read_again = NotePlan(e.plan.task_id, caught_up(e, go.by, s.now))
        reason = "its plan goes on where it was, with a phase more that sees to the issue's text as it is now"
        return Decision("Ready", reason, (*accept, read_again), s.now, "machine")
    if waits := wants_approval(s, e, go, accept):
        return waits
    branch, units = branch_of(s, issue), first_units(e)
    able = peers_for(s, units[0]) if units else able_for(s, issue)
    if not able:
        return _asks(s, go, nobody(s, issue), accept)
    peer = free_of(s, able) if units else able[0]
    if isinstance(peer, Refusal):
        return _refused(s, go, peer, accept, able)
    if held := others_first(s, peer):
        return Decision("Ready", held, accept, waits_for="slot")
    claim = Claim(peer.name, branch, s.default_branch, go, None)
    return replace(begin(s, e, claim, accept, _spend(s, go)), agents=(peer.name,))


def _broken(s: Snapshot) -> str:
    return f".github/sluice.toml is broken, so nothing new is started: {s.policy_problem}"


def _exposed(s: Snapshot) -> str:
    """GitHub runs the repository's workflows on what agents push: a person has looked at those that lend them more."""
    found = unaccepted(s.exposing, s.policy.work.accepted_workflows)
    if not found:
        return ""
    told = ", ".join(f"`{each.file}` ({each.why})" for each in found)
    names = ", ".join(f'"{name}"' for name in sorted({*s.policy.work.accepted_workflows, *(e.file for e in found)}))
    return (
        f"workflows of this repository would run agents' code with more than that code itself has: {told}; change "
        f"them, or accept them with `accepted_workflows = [{names}]` below `[work]` in `.github/sluice.toml`"
    )


def _take_up(s: Snapshot, issue: Issue, go: GoAhead, able: list[Peer]) -> tuple[Action, ...]:
    """An open pull request, or a result a person has approved since, goes on as it is: no run, so no slot is asked."""
    found = s.unpushed
    approved = found.work.head if found and found.work and approval_of(s, found.work.head) else ""
    pull = s.pull if s.pull and s.pull.open else None
    if pull is None and not approved:
        return ()
    branch = pull.branch if pull and pull.branch else branch_of(s, issue)
    last = s.runs[-1].peer if s.runs else ""
    peer = next((peer for peer in able if peer.name == last), able[0])
    claim = Claim(peer.name, branch, pull.base if pull else s.default_branch, replace(go, takes_up=approved), None)
    return (claim, *_spend(s, go))


def _spend(s: Snapshot, go: GoAhead) -> tuple[Action, ...]:
    """A claim spends the move it came from; one that came from a command spends whatever was moved before."""
    return (SpendMove(s.moves[-1].key),) if go.by_command and s.moves else ()


def _claim(s: Snapshot, issue: Issue, go: GoAhead, peer: Peer, accept: tuple[Action, ...]) -> Decision:
    branch = branch_of(s, issue)
    if s.base_head is None:
        return Decision("Ready", f"the branch {s.default_branch} cannot be read", accept, waits_for="machine")
    causes = (f"go:{go.key}",)
    evidence = evidence_of(causes)
    task = first_brief(issue.repo, issue.number, go, branch, s.policy)
    brief = again_brief(task, go.by, s.runs, go) if s.runs else Brief(task)
    key = run_key(s.item.id, STEP, s.base_head, evidence)
    run = RunPlan(key, STEP, peer.name, 1, go.key, evidence, s.base_head, brief.whole, causes, dossier=brief.news)
    actions: tuple[Action, ...] = (
        *accept,
        Claim(peer.name, branch, s.default_branch, go, run),
        *_spend(s, go),
        MoveCard(s.columns.in_progress),
        SayStatus(working(peer.name, go, 1)),
        Dispatch(key),
    )
    return Decision("Ready", f"agent {peer.name} takes it; {mention(go.by)} asked for it", actions)


def branch_of(s: Snapshot, issue: Issue) -> str:
    suffix = f"-{s.item.asked_fresh + 1}" if s.item.asked_fresh else ""
    return branch_name(issue.number, issue.title) + suffix


def _refused(s: Snapshot, go: GoAhead, refusal: Refusal, accept: tuple[Action, ...], able: list[Peer]) -> Decision:
    """What frees itself is told where something is told already: hundreds may wait for the same."""
    if not refusal.full:
        return _asks(s, go, refusal.reason, accept)
    body = not_started(refusal.reason)
    told = refusal.what == "quota" and s.status is not None and s.status.body != body
    tell: tuple[Action, ...] = (SayStatus(body),) if told else ()
    agents = tuple(peer.name for peer in able)
    return Decision("Ready", refusal.reason, (*accept, *tell), refusal.until, refusal.what, agents)


def _asks(s: Snapshot, go: GoAhead, reason: str, accept: tuple[Action, ...] = ()) -> Decision:
    """Whoever wanted it started is told once what it takes."""
    sign = mark(s, f"{go.key}|{reason}")
    ask: tuple[Action, ...] = (
        () if sign in s.asked else (AskPerson(needs_person(s.person_behind(go), reason, AFTER), sign),)
    )
    told = _not_started(s, reason)
    return replace(told, actions=(*accept, *ask, *told.actions))


def _not_started(s: Snapshot, reason: str) -> Decision:
    body = not_started(reason)
    told = s.status is not None and s.status.body == body
    return Decision("Ready", reason, () if told else (SayStatus(body),), waits_for="person")
