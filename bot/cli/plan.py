"""`sluice plan "SUMMARY"`: what would be done, by whom and with which gates; saved, it can be carried out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli.options import AsJson, Config
from bot.errors import UserError
from bot.whereabouts import FILE

Summary = Annotated[
    str, typer.Argument(help="What is to be done; the first line, and more below it.", metavar="SUMMARY")
]
Save = Annotated[bool, typer.Option("--save", help="Keep it: .sluice/plan.json, .sluice/plan.md and the ledger.")]
Explain = Annotated[bool, typer.Option("--explain", help="Say why it is as it is, when saving, too.")]
Knowledge = Annotated[list[str] | None, typer.Option("--knowledge", help="A document for every step; again for more.")]
Packs = Annotated[list[str] | None, typer.Option("--knowledge-pack", help="A folder of them; again for more.")]
Intervening = Annotated[
    Literal["low", "medium", "high"], typer.Option("--intervention", help="How soon agents ask a person.")
]
Named = Annotated[str, typer.Option("--playbook", help="Its shape; else the one that fits.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="What it would take, by this ledger's history; nothing is kept.")
]
Verbose = Annotated[bool, typer.Option("--verbose", help="The whole plan when saving, too.")]
Kind = Annotated[
    Literal["new-feature", "bug-fix", "refactor", "data-analysis", "documentation", "migration", "test"] | None,
    typer.Option("--task-type", help="What kind of work; else told by its words."),
]
Agents = Annotated[str, typer.Option("--agents", help="Who does it, e.g. api-engineer,security-reviewer.")]
Project = Annotated[Path | None, typer.Option("--project", help="The repository; else the one around this folder.")]
Model = Annotated[str, typer.Option("--model", help="The model for every step.")]
How = Annotated[
    Literal["light", "medium", "heavy"] | None, typer.Option("--complexity", help="How large; else told by its words.")
]
Scope = Annotated[
    Literal["focused", "full", "smoke"],
    typer.Option("--gate-scope", help="The tests of what is changed, everything, or the quickest there is."),
]
Checklist = Annotated[bool, typer.Option("--checklist", help="Each open box (`- [ ]`) of SUMMARY becomes a step.")]
Planner = Annotated[
    str, typer.Option("--planner", help="An agent that proposes it, checked by the rules' own measure.")
]


def plan(
    summary: Summary,
    save: Save = False,
    explain: Explain = False,
    knowledge: Knowledge = None,
    knowledge_pack: Packs = None,
    intervention: Intervening = "low",
    playbook: Named = "",
    dry_run: DryRun = False,
    verbose: Verbose = False,
    task_type: Kind = None,
    agents: Agents = "",
    project: Project = None,
    model: Model = "",
    complexity: How = None,
    gate_scope: Scope = "focused",
    checklist: Checklist = False,
    planner: Planner = "",
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """Plan a task: phases, steps, agents, gates and approvals, by rules over this repository and the text."""
    from bot.cli.planning import Wish, planned, show  # here, so that the other commands start quickly

    if dry_run and save:
        raise UserError("--dry-run keeps nothing, so it does not go with --save")
    wish = Wish(
        summary,
        knowledge or (),
        knowledge_pack or (),
        intervention,
        playbook,
        task_type,
        tuple(filter(None, agents.replace(" ", "").split(","))),
        model,
        complexity,
        gate_scope,
        checklist,
        planner,
    )
    place, made = asyncio.run(planned(wish, config, project, save))
    if dry_run:
        from bot.cli.forecasting import show_forecast

        asyncio.run(show_forecast(place, made, as_json))
    else:
        show(made, as_json, saved=save, whole=verbose, explain=explain)
