"""`sluice dashboard`: how all tasks went: outcomes, risks, models, agents, playbooks, gates, tokens and money."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.given import settings_of
from bot.cli.options import AsJson, Config
from bot.cli.output import console, print_json, print_table
from bot.errors import UserError
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.core.plans.learning import Glance, Past, Score
    from bot.settings import Settings

SCORES = ("name", "of", "complete", "at once", "tokens", "seconds")
MIDDLE = "Of tokens and seconds the middle is shown; at once: at the first attempt."


def dashboard(
    project: Annotated[Path | None, typer.Option("--project", help="The repository; absent: the one around.")] = None,
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """Across all tasks of this ledger; what is not known is called unknown, and every rate says what it rests on."""
    found = asyncio.run(_found(Path(config), project))
    show(found, as_json)


async def _found(config: Path, project: Path | None) -> tuple[Past, ...]:
    from bot.cli.learned import history_of  # here, so that the other commands start quickly

    return await history_of(_settings(config, project))


def _settings(config: Path, project: Path | None) -> Settings:
    """A board's lie in any folder; who has none is in a repository."""
    from bot.cli.tasks import place_of

    try:
        return place_of(config, project).settings
    except UserError:
        if project or not config.is_file():
            raise
        return settings_of(config)


def show(found: Sequence[Past], as_json: bool) -> None:
    from bot.core.plans.learning import agent_scores, budget_for, glance, playbook_scores

    seen, agents, playbooks = glance(found), agent_scores(found), playbook_scores(found)
    kinds = {kind: [each for each in found if each.over and each.task_type == kind] for kind in _kinds(found)}
    budgets = {kind: tier for kind, tasks in kinds.items() if (tier := budget_for(tasks))}
    if as_json:
        scores = {"agents": [asdict(each) for each in agents], "playbooks": [asdict(each) for each in playbooks]}
        print_json({**asdict(seen), **scores, "budgets": budgets})
        return
    if not found:
        console.print('no task was started yet: `sluice plan "SUMMARY" --save`, then `sluice execute start`')
        return
    console.print("\n".join(_lines(seen)))
    scored = [(name, of) for name, of in (("Agents", agents), ("Playbooks", playbooks)) if of]
    for name, scores_of in scored:
        console.print(f"\n{name}")
        print_table(SCORES, [_row(each) for each in scores_of], whole=("name",))
    if scored:
        console.print(f"\n{MIDDLE}")
    for kind, tier in budgets.items():
        console.print(f"\nBudget for {kind}: {tier}, by {len(kinds[kind])} tasks")


def _lines(seen: Glance) -> list[str]:
    from bot.core.spend import dollars

    tokens = f"{seen.tokens:,}" if seen.tokens is not None else "unknown"
    return [
        f"Tasks: {seen.tasks} | Agent uses: {seen.uses} | Agents per task: {seen.agents_per_task:.1f} | "
        f"Retries: {seen.retries}",
        f"Tokens: {tokens} | Money: {dollars(seen.cost_usd) or 'unknown'}",
        _gates(seen),
        f"Outcomes: {_told(seen.outcomes)}",
        f"Risk: {_told(seen.risks)}",
        f"Modes: {_told(seen.modes)}",
        f"Models: {_told(seen.models) or 'unknown'}",
    ]


def _gates(seen: Glance) -> str:
    if not seen.gates.of:
        return "Gates: none was judged yet"
    return f"Gates passed: {seen.gates} | At the first time: {seen.first_gates}"


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())


def _row(score: Score) -> list[object]:
    tokens = "unknown" if score.tokens is None else f"{score.tokens:,}"
    seconds = "unknown" if score.seconds is None else f"{score.seconds:.0f}"
    return [score.name, score.of, f"{score.complete} ({100 * score.rate:.0f} %)", score.first_time, tokens, seconds]


def _kinds(found: Sequence[Past]) -> list[str]:
    return sorted({each.task_type for each in found if each.task_type})
