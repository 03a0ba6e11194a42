"""Lets a peer propose a plan: once, in a scratch clone that is thrown away; what it says is only ever data."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.agents.errors import LaunchFailed
from bot.core.plans.checks import checks_of
from bot.core.plans.plan import Plan
from bot.core.plans.planner import Request, make_plan
from bot.core.plans.proposal import PROPOSAL, planner_brief, taken
from bot.core.run import Assignment, Peer
from bot.errors import UserError
from bot.plan_files.record import plain, read_plain, record
from bot.settings import Settings

PATIENCE = 900.0  # seconds
MOST = 1_000_000  # bytes of a proposal
CLONED = ("git", "-c", "core.hooksPath=/dev/null", "clone", "-q", "--no-local", "--depth", "1", "--no-tags")


async def proposed(settings: Settings, name: str, request: Request, top: Path) -> Plan:
    """The peer's plan where it holds, else the rules', which says what was wrong with the peer's."""
    peer = next((each for each in settings.peer_list() if each.name == name), None)
    if peer is None:
        raise UserError(f"there is no agent {name!r} to plan; there are {', '.join(settings.peers) or 'none'}")
    draft = make_plan(request)
    found = await _asked(settings, peer, request, draft, top)
    if isinstance(found, Plan):
        return found
    return replace(draft, explanation=f"{draft.explanation} Agent {name} proposed none that could be taken: {found}.")


async def _asked(settings: Settings, peer: Peer, request: Request, draft: Plan, top: Path) -> Plan | str:
    from bot.equipment import agents_of  # here, so that who plans by rules loads none of it

    commands = [check.command for check in checks_of(request.facts)]
    commands += [command for phase in draft.phases if phase.gate for command in phase.gate.commands]
    commands = list(dict.fromkeys(commands))
    roles = sorted({each.role for each in request.peers if each.role})
    brief = planner_brief(draft, request.details, record(draft), roles, commands)
    with TemporaryDirectory(prefix="sluice-plan-") as folder:
        tree = Path(folder) / "tree"
        await _cloned(top, tree)
        agents = agents_of(settings, Path(folder))
        try:
            outcome = await agents.run(_assignment(peer, brief, tree, draft))
        except LaunchFailed as error:
            return str(error)
        finally:
            await agents.close()
        if outcome.ended != "finished":
            return f"it {outcome.ended.replace('_', ' ')}"
        data = _read(tree / PROPOSAL)
    if isinstance(data, str):
        return data
    fixed = {
        key: value for key, value in plain(draft).items() if key not in ("phases", "playbook", "mode", "explanation")
    }
    plan = read_plain({**fixed, **data, "task_id": draft.task_id, "created_at": fixed["created_at"]})
    return plan if isinstance(plan, str) else taken(plan, draft, peer.name, commands)


def _assignment(peer: Peer, brief: str, tree: Path, draft: Plan) -> Assignment:
    limits = replace(peer.limits, wall_seconds=min(PATIENCE, peer.limits.wall_seconds))
    return Assignment(
        f"plan-{draft.task_id}", replace(peer, limits=limits), 0, draft.summary, 1, brief, str(tree), (), "plan"
    )


async def _cloned(top: Path, tree: Path) -> None:
    """What is committed; of a repository without a commit, nothing."""
    clone = await asyncio.create_subprocess_exec(*CLONED, str(top), str(tree), stderr=asyncio.subprocess.DEVNULL)
    if await clone.wait():
        await (await asyncio.create_subprocess_exec("git", "init", "-q", str(tree))).wait()
    (tree / PROPOSAL).parent.mkdir(exist_ok=True)


def _read(file: Path) -> dict[str, Any] | str:
    """As hostile data: no link is followed, and it is no larger than a plan can be."""
    if file.parent.is_symlink() or file.is_symlink() or not file.is_file():
        return f"it wrote no {PROPOSAL}"
    if file.stat().st_size > MOST:
        return f"its {PROPOSAL} is larger than {MOST:,} bytes"
    try:
        data = json.loads(file.read_text(errors="replace"))
    except ValueError as error:
        return f"its {PROPOSAL} is not valid JSON: {error}"
    return data if isinstance(data, dict) else f"its {PROPOSAL} holds no plan"
