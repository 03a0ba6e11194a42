"""What `sluice execute run` needs of this machine: agents, git, a lock, a person if there is one; and what it says."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from bot.cli.execute.library import as_found, laid, uncommitted
from bot.cli.execute.lock import held
from bot.cli.execute.looking import finish, record_filed
from bot.cli.execute.options import Form
from bot.cli.execute.sitting import Sitting, who
from bot.cli.execute.telling import context_of, knowledge_of
from bot.cli.output import console, print_json
from bot.core.plans import due as dues
from bot.core.plans.amending import remedy
from bot.core.plans.delegation import CONTEXT, delivered, prompt
from bot.core.plans.driving import about_place, nobody_for, peer_for
from bot.core.plans.execution import Execution, StepState
from bot.core.plans.happened import Answered, Happened, Interacted, Recorded, Started
from bot.core.plans.labels import text, told
from bot.core.policy import Policy
from bot.core.spend import Budget
from bot.errors import UserError
from bot.headless.counting import Counting
from bot.headless.driver import Driver
from bot.headless.outcomes import FOLDER
from bot.headless.resting import Stop
from bot.headless.workbench import Workbench
from bot.policy_file import read_policy

POLICY = ".github/sluice.toml"
STOPPED_WELL = ("complete", "waits", "steps")


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    max_steps: int | None
    token_budget: int | None
    model: str


async def drive(sit: Sitting, wish: Wish, output: Form) -> int:
    _can_be_done(sit)
    with held(sit.place.folder, sit.task, os.getpid()):
        stop, branch = await _driven(sit, wish, output)
    if stop.kind == "complete":
        _say_complete(sit, await finish(sit), branch, output)
        return 0
    said = told(sit.e, stop.due) if stop.due else {}
    if isinstance(stop.due, dues.Failed):
        said |= await record_filed(sit)
    if output is Form.json:
        print_json({"status": stop.kind, "message": stop.said, **said})
    else:
        console.print(text(said) if said else f"Stopped: {stop.said}")
    return 0 if stop.kind in STOPPED_WELL else 1


async def _driven(sit: Sitting, wish: Wish, output: Form) -> tuple[Stop, str]:
    from bot.agents import Launcher
    from bot.consent import sandbox_or_consent
    from bot.equipment import agents_of, gateway_of, local_git
    from bot.logs import Hiding, set_up_logs
    from bot.prices import price_of

    settings = sit.place.settings
    sandbox_or_consent(settings)
    set_up_logs("warning", settings.secrets())
    root = sit.place.folder / FOLDER
    launcher = Launcher(root)
    launcher.reap(f"{sit.task}.")
    gateway = gateway_of(settings, lambda: sit.now)
    agents = agents_of(settings, root, launcher, gateway)
    counting = Counting(agents, price_of, await _cap(sit, wish.token_budget), settings.pace.meter_seconds)
    gateway.meter.keep, gateway.meter.over_budget = counting.keep, counting.refusal
    begun = next((each for each in sit.happened if isinstance(each, Started)), None)
    base = (begun.head if begun else "") or await sit.files.commit("HEAD")
    if not base:
        raise UserError("this repository has no commit yet: make one, for the work to begin from")
    git = local_git(root, sit.place.top, await _author(sit.place.top))
    unknown_to_git = await uncommitted(sit, base)
    context = sit.place.top / context_of(sit)
    shared = {CONTEXT: context.read_text()} if context.is_file() else {}
    shared |= laid(unknown_to_git)
    policy = await _policy(sit, base)
    hide = Hiding(settings.secrets()).text
    bench = Workbench(
        git, agents, counting, root, sit.task, sit.e.plan.summary, base, policy, shared, lambda: sit.now, hide
    )

    async def prompted(e: Execution, unit: StepState) -> tuple[str, tuple[str, ...]]:
        sit.e = e
        known = knowledge_of(sit, unit)
        handed = await sit.ledger.artifacts(sit.task)
        found = as_found(known, unknown_to_git)
        return prompt(e, unit, found, handed, about_place(unit.step)), delivered(known)

    driver = Driver(
        sit.ledger,
        bench,
        counting,
        settings.peer_list(),
        settings.caps.running,
        prompted,
        sit.e,
        sit.happened,
        lambda line: None if output is Form.json else console.print(line),
        who(),
        _ask if sys.stdin.isatty() and output is Form.text else None,
        lambda texts: _export(sit.place.top, texts),
        wish.max_steps,
        wish.model,
    )
    try:
        stop = await driver.drive()
    finally:
        sit.e, sit.happened = driver.e, driver.happened
        await agents.close()
    return stop, bench.spec.branch if sit.e.work else ""


async def _cap(sit: Sitting, token_budget: int | None) -> Budget:
    """What the task may use: as an item may, as was asked for, and no more than the last 24 hours have left."""
    from bot.ledger.usage import DAY, in_all
    from bot.prices import price_of

    caps = sit.place.settings.cap_values()
    async with sit.place.ledger() as ledger:
        runs, tasks = in_all(await ledger.spent(sit.now - DAY)), await ledger.tasks()
    recent = [
        tokens
        for task in tasks
        if task.plan.task_id != sit.task and task.item is None
        for what in task.happened
        if isinstance(what, Recorded) and what.at > sit.now - DAY
        for tokens in what.used
    ]
    used = sum((Budget(each.total, price_of(each)) for each in recent), runs)
    left = caps.day.left(used)
    return caps.item.within(token_budget, None).within(left.tokens, left.cost_usd)


def rehearse(sit: Sitting, output: Form) -> int:
    """Who would do what; nothing happens."""
    peers = sit.place.settings.peer_list()
    rows: list[dict[str, object]] = []
    for phase in sit.e.phases:
        for state in phase.steps:
            for unit in state.team or (state,):
                peer = peer_for(unit.step, peers)
                after = ", ".join(unit.step.depends_on)
                rows.append({"step": unit.step.id, "agent": unit.step.agent, "by": peer.name if peer else "nobody",
                             "state": unit.state, "after": after})  # fmt: skip
        if phase.phase.approval:
            rows.append({"approval": phase.phase.number, "why": phase.phase.approval})
        if phase.phase.gate:
            rows.append({"gate": phase.phase.number, "command": phase.phase.gate.told})
    if output is Form.json:
        print_json({"dry_run": rows})
    else:
        for row in rows:
            console.print("  ".join(f"{key}: {value}" for key, value in row.items() if value))
    return 0


def _can_be_done(sit: Sitting) -> None:
    if missing := nobody_for(sit.e, sit.place.settings.peer_list()):
        raise UserError(f"{'; '.join(missing)}: see [peers] in sluice.toml")


def _say_complete(sit: Sitting, filed: dict[str, object], branch: str, output: Form) -> None:
    if output is Form.json:
        print_json({"status": "complete", **filed, "branch": branch})
        return
    console.print(f"Task {filed['task_id']} completed.")
    console.print(f"Steps: {filed['steps']} | Gates passed: {filed['gates_passed']} | Elapsed: {filed['elapsed']}s")
    console.print(f"Trace: {filed['trace']}")
    console.print(f"Retrospective: {filed['retrospective']}")
    if branch:
        files = len(sit.e.work.files) if sit.e.work else 0
        console.print(f"Branch: {branch} ({files} files changed); `git merge {branch}` brings it into yours")


async def _ask(e: Execution, what: dues.Due) -> Sequence[Happened]:
    """Of a person at the terminal; an empty answer leaves it for later."""
    from bot.cli.ledger import utc_now

    console.print(text(told(e, what)))
    match what:
        case dues.AskApproval(number):
            said = typer.prompt("approve, reject, or what is to be done besides", default="", show_default=False)
            if said in ("", "approve", "reject"):
                return (Answered(utc_now(), number, said, who()),) if said else ()
            answer = Answered(utc_now(), number, "approve-with-feedback", who(), said)
            phase = e.phase(number)
            return (answer, remedy(e, phase, said, who(), utc_now())) if phase else (answer,)
        case dues.Interact(unit):
            said = typer.prompt("your turn, or done", default="", show_default=False)
            return (Interacted(utc_now(), unit.step.id, who(), said, said == "done"),) if said else ()
        case _:
            return ()


async def _author(top: Path) -> tuple[str, str]:
    """Commits are in the name of whoever's repository this is."""

    async def configured(key: str, otherwise: str) -> str:
        command = ("git", "-C", str(top), "config", key)
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        return out.decode(errors="replace").strip() or otherwise

    return await configured("user.name", "sluice"), await configured("user.email", "sluice@localhost")


async def _policy(sit: Sitting, base: str) -> Policy:
    """As the commit has it from which the task began: set-up commands and limits."""
    found = read_policy(await sit.files.show(base, POLICY) or "")
    if isinstance(found, Policy):
        return found
    raise UserError(f"{POLICY}: {found}")


def _export(top: Path, texts: dict[str, str]) -> None:
    for path, content in texts.items():
        file = top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
