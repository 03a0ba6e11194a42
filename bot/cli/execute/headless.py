"""What `sluice execute run` needs of this machine: agents, git, a lock, a person if there is one; and what it says."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from bot.cli.execute.library import as_found, laid, uncommitted
from bot.cli.execute.looking import finish, record_filed
from bot.cli.execute.options import Form
from bot.cli.execute.sitting import Sitting, who
from bot.cli.execute.telling import context_of, knowledge_of
from bot.cli.ledger import utc_now
from bot.cli.output import console, print_json
from bot.core.item import at_shell
from bot.core.plans import due as dues
from bot.core.plans.amending import remedy
from bot.core.plans.delegation import CONTEXT, delivered, prompt
from bot.core.plans.driving import about_place, asking, nobody_for, peer_for
from bot.core.plans.execution import Execution, StepState
from bot.core.plans.happened import Answered, Happened, Interacted, Recorded, Started
from bot.core.plans.labels import text, told
from bot.core.policy import Policy
from bot.core.spend import NOTHING, Budget
from bot.core.worktree import WorkSpec, ref_part
from bot.drivers import held
from bot.errors import UserError
from bot.headless.admission import Admission
from bot.headless.driver import Driver
from bot.headless.resting import Stop
from bot.headless.workbench import Workbench
from bot.policy_file import read_policy

FOLDER = "headless"  # in the repository's .sluice: worktrees, homes, logs and outcomes of `sluice execute run`
POLICY = ".github/sluice.toml"
STOPPED_WELL = ("complete", "waits", "steps", "paused")


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    max_steps: int | None
    token_budget: int | None
    model: str


async def drive(sit: Sitting, wish: Wish, output: Form) -> int:
    _can_be_done(sit)
    _end_in_good_order()
    with held(sit.place.folder, sit.task, os.getpid()):
        stop, branch = await _driven(sit, wish, output)
    if stop.kind == "complete":
        _say_complete(sit, await finish(sit), branch, output)
        return 0
    filed = await record_filed(sit) if isinstance(stop.due, dues.Failed) else {}
    _say_stopped(sit, stop, filed, output)
    return 0 if stop.kind in STOPPED_WELL else 1


def _end_in_good_order() -> None:
    """Whoever is told to end, or loses its terminal, ends its agents first, so that nothing is kept for them."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task
    for name in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(name, task.cancel)


async def _driven(sit: Sitting, wish: Wish, output: Form) -> tuple[Stop, str]:
    from bot.crew.ground import repo_of, shows
    from bot.equipment import local_git
    from bot.logs import Hiding, set_up_logs
    from bot.outfit import outfit_of

    settings, root = sit.place.settings, sit.place.folder / FOLDER
    set_up_logs("warning", settings.secrets())
    begun = next((each for each in sit.happened if isinstance(each, Started)), None)
    base = (begun.head if begun else "") or await sit.files.commit("HEAD")
    if not base:
        raise UserError("this repository has no commit yet: make one, for the work to begin from")
    git = local_git(root, sit.place.top, await _author(sit.place.top))
    unknown_to_git = await uncommitted(sit, base)
    context = sit.place.top / context_of(sit)
    shared = {CONTEXT: context.read_text()} if context.is_file() else {}
    shared |= laid(unknown_to_git)
    policy_text = await sit.files.show(base, POLICY)
    policy = _policy(policy_text)
    peers = [replace(peer, model=wish.model or peer.model) for peer in settings.peer_list()]
    spec = WorkSpec(repo_of(sit.place.top), sit.task, f"sluice/{ref_part(sit.task)}", base)
    caps = settings.cap_values()
    caps = replace(caps, item=caps.item.within(wish.token_budget, None).left(_by_hand(sit.happened)))
    own = folder_of(sit)
    async with sit.place.ledger() as ledger, outfit_of(settings, ledger, git, own, peers, shared) as outfit:
        outfit.launcher.reap()
        driver = Driver(
            ledger,
            Admission(
                ledger,
                spec,
                sit.e.plan.summary,
                caps,
                policy_text,
                policy.work,
                at_shell(who()),
                sit.now,
                utc_now,
            ),
            Workbench(ledger, git, outfit.runs, outfit.agents, spec, policy.work, Hiding(settings.secrets()).text),
            peers,
            lambda e, unit: _prompt(sit, e, unit, unknown_to_git),
            sit.e,
            sit.happened,
            lambda line: None if output is Form.json else console.print(line),
            lambda: sit.now,
            who(),
            _ask if sys.stdin.isatty() and output is Form.text else None,
            lambda texts: _export(sit.place.top, texts),
            wish.max_steps,
        )
        try:
            stop = await driver.drive()
        finally:
            sit.e, sit.happened = driver.e, driver.happened
    if sit.e.work is None:
        return stop, ""
    return stop, spec.branch if shows(sit.place.top, spec.branch, sit.e.work.head) else spec.saved_ref


def folder_of(sit: Sitting) -> Path:
    """Of the task's homes, logs, leases and outcomes: its own, so that no agent is taken for another's orphan."""
    return sit.place.folder / FOLDER / "tasks" / ref_part(sit.task)


def _by_hand(happened: Sequence[Happened]) -> Budget:
    """What the task used that no run of Sluice's did: no admission counts that."""
    from bot.prices import price_of

    records = [each for each in happened if isinstance(each, Recorded) and not each.run]
    used = [Budget(tokens.total, price_of(tokens)) for each in records for tokens in each.used]
    return sum(used, NOTHING)


async def _prompt(
    sit: Sitting, e: Execution, unit: StepState, unknown_to_git: Mapping[str, str]
) -> tuple[str, tuple[str, ...]]:
    sit.e = e
    known = knowledge_of(sit, unit)
    handed, found = await sit.ledger.artifacts(sit.task), as_found(known, unknown_to_git)
    return prompt(e, unit, found, handed, about_place(unit.step)), delivered(known)


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
    peers = sit.place.settings.peer_list()
    if missing := nobody_for(sit.e, peers):
        raise UserError(f"{'; '.join(missing)}: see [peers] in sluice.toml")
    if names := asking(sit.e, peers):
        raise UserError(
            f'agent {", ".join(names)} has permissions = "ask" in sluice.toml, and asks a person before each command: '
            'give it "edits" or "all", or drive the plan step by step with `sluice execute next`'
        )


def _say_stopped(sit: Sitting, stop: Stop, filed: Mapping[str, object], output: Form) -> None:
    due = {**told(sit.e, stop.due), **filed} if stop.due else {}
    more = isinstance(stop.due, dues.JudgeGate)  # why it is not judged here
    if output is Form.json:
        print_json({"status": stop.kind, "message": stop.said, **due, **({"message": stop.said} if more else {})})
        return
    console.print(text(due) if due else f"Stopped: {stop.said}")
    if more:
        console.print(stop.said)


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
        told = "1 file" if files == 1 else f"{files} files"
        kind = "Kept at" if branch.startswith("refs/") else "Branch"
        console.print(f"{kind}: {branch} ({told} changed); `git merge {branch}` brings it into yours")


async def _ask(e: Execution, what: dues.Due) -> Sequence[Happened]:
    """Of a person at the terminal; an empty answer leaves it for later."""
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


def _policy(text: str | None) -> Policy:
    """As the commit has it from which the task began: set-up commands and limits."""
    found = read_policy(text) if text else Policy()
    if isinstance(found, str):
        raise UserError(f"{POLICY}: {found}")
    if text and found.mode == "off":
        raise UserError(f'{POLICY} says mode = "off"')
    return found


def _export(top: Path, texts: Mapping[str, str]) -> None:
    for path, content in texts.items():
        file = top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
