"""`sluice execute record | team-record`: what came of a step. Its word counts only where its work is there."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.execute.options import Agent, Form, Output, Status, StepId, TaskId
from bot.cli.options import Config
from bot.cli.output import console, print_json
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.cli.execute.sitting import Sitting
    from bot.core.plans.execution import StepState
    from bot.core.plans.happened import Recorded
    from bot.core.tokens import Tokens

MOST_SAID = 4_000  # characters of an outcome
ISO = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z")
StatusOption = Annotated[Status, typer.Option("--status", help="Nothing but these two.")]
Outcome = Annotated[str, typer.Option("--outcome", "--summary", help="What the agent says it did.")]
Spilled = Annotated[Path | None, typer.Option("--outcome-spillover-path", help="A file that holds the whole outcome.")]
Files = Annotated[str, typer.Option("--files", help="What it changed, with commas between.")]
Commit = Annotated[str, typer.Option("--commit", help="The commit its work is in.")]
Error = Annotated[str, typer.Option("--error", help="Why it failed.")]
SessionId = Annotated[str, typer.Option("--session-id", help="Of Claude Code or Codex: its real tokens are read.")]
StartedAt = Annotated[datetime | None, typer.Option("--step-started-at", help="When it began.", formats=list(ISO))]
Told = Annotated[int | None, typer.Option("--tokens", min=0, help="Where nothing better is known.")]
Duration = Annotated[float | None, typer.Option("--duration", min=0, help="Seconds.")]


@dataclass(frozen=True)
class Word:
    """What was said on the command line."""

    step: str
    agent: str
    status: Status
    outcome: str
    spilled: Path | None
    files: str
    commit: str
    error: str
    session: str
    since: datetime | None
    tokens: int | None
    seconds: float | None


def record(
    step: StepId,
    agent: Agent = "",
    status: StatusOption = Status.complete,
    outcome: Outcome = "",
    files: Files = "",
    commit: Commit = "",
    session_id: SessionId = "",
    step_started_at: StartedAt = None,
    tokens: Told = None,
    duration: Duration = None,
    error: Error = "",
    outcome_spillover_path: Spilled = None,
    task_id: TaskId = "",
    output: Output = Form.text,
    config: Config = FILE,
) -> None:
    """What came of a step. Exit code 1: it says complete, and what it was to deliver is not there."""
    word = Word(
        step,
        agent,
        status,
        outcome,
        outcome_spillover_path,
        files,
        commit,
        error,
        session_id,
        step_started_at,
        tokens,
        duration,
    )
    raise typer.Exit(asyncio.run(_record(config, task_id, word, output)))


def team_record(
    step: StepId,
    member: Annotated[str, typer.Option("--member-id", "--member", help="e.g. 1.1.a, or a alone.")] = "",
    agent: Agent = "",
    status: StatusOption = Status.complete,
    outcome: Outcome = "",
    files: Files = "",
    commit: Commit = "",
    session_id: SessionId = "",
    step_started_at: StartedAt = None,
    tokens: Told = None,
    error: Error = "",
    task_id: TaskId = "",
    output: Output = Form.text,
    config: Config = FILE,
) -> None:
    """What came of one member's part of a team step; the step is complete when the last is."""
    own = member if "." in member or not member else f"{step}.{member}"
    word = Word(
        own or step, agent, status, outcome, None, files, commit, error, session_id, step_started_at, tokens, None
    )
    raise typer.Exit(asyncio.run(_record(config, task_id, word, output)))


async def _record(config: Path, task_id: str, word: Word, output: Form) -> int:
    from bot.cli.execute.sitting import sitting

    async with sitting(config, task_id) as sit:
        unit = sit.unit(word.step)
        said = await _said(sit, unit, word)
        kept = _artifacts(sit, unit) if said.status == "complete" else {}
        await sit.let(said)
        await sit.ledger.keep_artifacts(sit.task, word.step, kept, said.at)
        await _join(sit, unit)
    if output is Form.json:
        print_json({"status": said.status, "step_id": said.step, "agent": said.agent, "error": said.error})
    else:
        console.print(f"Recorded: step {said.step} ({said.agent}) — {said.status}")
    if said.status == word.status:
        return 0
    print(f"sluice: step {said.step} counts as failed: {said.error}", file=sys.stderr)
    return 1


async def _said(sit: Sitting, unit: StepState, word: Word) -> Recorded:
    from bot.cli.execute.telling import knowledge_of, prompt_of
    from bot.core.plans.happened import Recorded
    from bot.core.plans.usage import estimate
    from bot.core.plans.verifying import unfulfilled

    commit = await sit.files.commit(word.commit) if word.commit else ""
    if word.commit and not commit:
        print(f"sluice: commit {word.commit} is not known here; it is noted all the same", file=sys.stderr)
    named = tuple(dict.fromkeys(path.strip() for path in word.files.split(",") if path.strip()))
    changed = await _changed(sit, unit, commit)
    outcome, since = _outcome(word), _since(word, unit)
    agent = word.agent or _holder(unit)
    said = Recorded(
        sit.now,
        word.step,
        word.status.value,
        agent,
        outcome,
        named or changed or (),
        commit or word.commit,
        used=await _used(sit, word, since) if word.session and since else (),
        estimated=word.tokens
        if word.tokens is not None
        else estimate(await prompt_of(sit, unit, knowledge_of(sit, unit)), outcome),
        session=word.session,
        since=since if word.session else None,
        error=word.error,
        seconds=_seconds(word, sit.now),
    )
    touched = [path for path in changed if path in named] if changed and named else changed
    alone = bool(named) or len(sit.running) == 1
    why = unfulfilled(sit.e, unit, lambda path: _there(sit, path), touched, alone)
    return replace(said, status="failed", error=why) if why and said.status == "complete" else said


def _holder(unit: StepState) -> str:
    """Of a team that was dispatched as one, each member is itself."""
    given = unit.dispatched
    return given.agent if given and given.step == unit.step.id else unit.step.agent


async def _changed(sit: Sitting, unit: StepState, commit: str) -> tuple[str, ...] | None:
    """Since it was dispatched, or by its commit; None: nobody knows how the files were then."""
    by_commit = await sit.files.files_of(commit) if commit else ()
    before = unit.dispatched.tree if unit.dispatched else ""
    now = await sit.files.tree() if before else ""
    if not (before and now):
        return by_commit or None
    return tuple(dict.fromkeys((*await sit.files.changed(before, now), *by_commit)))


def _there(sit: Sitting, path: str) -> bool:
    """A path as it is written, else a pattern: names with brackets are no patterns where such a file is there."""
    top = sit.place.top.resolve()
    found = [top / path] if (top / path).exists() else top.glob(path)
    return any(each.resolve().is_relative_to(top) for each in found)


def _artifacts(sit: Sitting, unit: StepState) -> dict[str, str]:
    """What lies in `.sluice/` of what it was to deliver is handed on by the ledger."""
    from bot.core.plans.plan import FOLDER
    from bot.core.plans.verifying import owed

    paths = [path for path in owed(sit.e, unit) if path.startswith(f"{FOLDER}/")]
    files = {path: sit.place.top / path for path in paths}
    return {path: file.read_text(errors="replace") for path, file in files.items() if file.is_file()}


async def _join(sit: Sitting, unit: StepState) -> None:
    """What a team's members handed on becomes what their step hands on, when the last is done."""
    from bot.core.plans.joining import joined
    from bot.core.plans.verifying import team_of

    whole = team_of(sit.e, unit)
    if whole and whole.state == "complete":
        made = joined(whole.step, await sit.ledger.artifacts(sit.task))
        await sit.ledger.keep_artifacts(sit.task, whole.step.id, made, sit.now)
        for path, text in made.items():
            (sit.place.top / path).write_text(text)


def _outcome(word: Word) -> str:
    from bot.core.foreign import plain
    from bot.errors import UserError

    if word.spilled is None:
        return plain(word.outcome)[:MOST_SAID]
    if not word.spilled.is_file():
        raise UserError(f"--outcome-spillover-path: there is no file {word.spilled}")
    return plain(word.outcome or word.spilled.read_text(errors="replace"))[:MOST_SAID]


def _since(word: Word, unit: StepState) -> datetime | None:
    """As it is told, else when somebody got it in hand."""
    if word.since is None:
        return unit.dispatched.at if unit.dispatched else None
    from bot.cli.execute.sessions import aware

    return aware(word.since)


def _seconds(word: Word, now: datetime) -> float | None:
    if word.seconds is not None or word.since is None:
        return word.seconds
    from bot.cli.execute.sessions import aware

    return max(0.0, (now - aware(word.since)).total_seconds())


async def _used(sit: Sitting, word: Word, since: datetime) -> tuple[Tokens, ...]:
    from bot.cli.execute.sessions import used_in

    tasks = await sit.ledger.tasks(sit.place.repo)
    used = used_in(word.session, since, sit.now, [each for task in tasks for each in task.happened])
    if not used:
        said = f"nothing more is known of session {word.session} since {since:%Y-%m-%dT%H:%M:%SZ}"
        print(f"sluice: {said} (--step-started-at says when the step began): tokens are estimated", file=sys.stderr)
    return used
