"""What `sluice plan` does: asks the planner, keeps what it made, and says what it would take."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.learned import history_of
from bot.cli.ledger import utc_now
from bot.cli.output import console, print_json
from bot.cli.tasks import Place, place_of
from bot.core.plans.checks import Scope
from bot.core.plans.explaining import explanation_of, four_lines, shown
from bot.core.plans.naming import task_id
from bot.core.plans.plan import Intervention, Plan
from bot.core.plans.planner import Request, make_plan
from bot.core.plans.sizing import Complexity, TaskType
from bot.errors import UserError
from bot.plan_files.record import plain
from bot.playbook_files import playbooks_of
from bot.policy_file import nearest, read_policy
from bot.survey import documents, facts_of, library

if TYPE_CHECKING:
    from bot.ledger.ledger import SqlLedger

POLICY = ".github/sluice.toml"


@dataclass(frozen=True)
class Wish:
    """As it was said on the command line."""

    said: str
    knowledge: Sequence[str]
    packs: Sequence[str]
    intervention: Intervention
    playbook: str
    task_type: TaskType | None
    agents: tuple[str, ...]
    model: str
    complexity: Complexity | None
    scope: Scope
    checklist: bool
    planner: str


async def planned(wish: Wish, config: Path, project: Path | None, save: bool) -> tuple[Place, Plan]:
    place = place_of(config, project)
    request = replace(_request(place, wish), history=await history_of(place.settings))
    plan = await _made(place, request, wish.planner or place.settings.planner)
    if not save:
        return place, plan
    async with place.ledger() as ledger:
        return place, await _saved(place, ledger, request, plan)


def show(plan: Plan, as_json: bool, saved: bool, whole: bool, explain: bool) -> None:
    if as_json:
        print_json(plain(plan))
        return
    if whole or not saved:
        console.print(shown(plan))
    elif explain:
        console.print(f"{four_lines(plan)}\n\n{explanation_of(plan)}")
        return
    if saved:
        console.print(f"\n{four_lines(plan)}" if whole else four_lines(plan))


async def _made(place: Place, request: Request, planner: str) -> Plan:
    if not planner:
        return make_plan(request)
    from bot.cli.proposing import proposed  # here, for it loads what starts agents

    return await proposed(place.settings, planner, request, place.top)


def _request(place: Place, wish: Wish) -> Request:
    summary, _, details = wish.said.strip().partition("\n")
    if not summary:
        raise UserError('there is nothing to plan: sluice plan "what is to be done"')
    top = place.top
    playbooks = playbooks_of(top)
    if wish.playbook and wish.playbook not in (names := [each.name for each in playbooks]):
        raise UserError(f"there is no playbook {wish.playbook}{nearest(wish.playbook, names)}")
    request = Request(
        summary,
        utc_now(),
        details=details,
        facts=facts_of(top),
        playbooks=playbooks,
        playbook=wish.playbook,
        peers=place.settings.peer_list(),
        intervention=wish.intervention,
        knowledge=documents(top, wish.knowledge, wish.packs, Path.cwd()),
        library=library(top),
        steps_from_checklist=wish.checklist,
        task_type=wish.task_type,
        complexity=wish.complexity,
        agents=wish.agents,
        model=wish.model,
        scope=wish.scope,
    )
    return _with_policy(top, request)


def _with_policy(top: Path, request: Request) -> Request:
    """What the repository's own policy says of gates and protected paths goes before what is found."""
    file = top / POLICY
    if not file.is_file():
        return request
    policy = read_policy(file.read_text(errors="replace"))
    if isinstance(policy, str):
        raise UserError(f"{POLICY}: {policy}")
    return replace(request, gates=policy.gates.commands, protected=policy.work.protected)


async def _saved(place: Place, ledger: SqlLedger, request: Request, plan: Plan) -> Plan:
    """Under an id that no other task has; what was edited of the plan that lay there before is not lost."""
    from bot.cli.plan_desk import alone, cleared, lay_out

    with alone(place):
        if said := await cleared(place, ledger):
            print(f"sluice: {said}", file=sys.stderr)
        taken: set[str] = set()
        while not await ledger.save_plan(plan, place.repo):
            taken.add(plan.task_id)
            plan = replace(plan, task_id=task_id(request.summary, request.now, taken))
        lay_out(place, plan)
        place.activate(plan.task_id)
    return plan
