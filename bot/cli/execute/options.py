"""Options that the verbs of `sluice execute` share. Where the specification spells one in two ways, both are taken."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from bot.cli.output import console, print_json

TaskId = Annotated[str, typer.Option("--task-id", help="The task; else SLUICE_TASK_ID, else the active one.")]
StepId = Annotated[str, typer.Option("--step-id", "--step", help="The step, e.g. 1.1.")]
PhaseId = Annotated[int, typer.Option("--phase-id", "--phase", help="The phase's number; 0: the plan itself.")]
Agent = Annotated[str, typer.Option("--agent", help="Who has it; else the step's own.")]


class Form(StrEnum):
    text = "text"
    json = "json"


class Status(StrEnum):
    complete = "complete"
    failed = "failed"


class Result(StrEnum):
    passed = "pass"
    failed = "fail"


class Word(StrEnum):
    approve = "approve"
    reject = "reject"
    feedback = "approve-with-feedback"


Output = Annotated[Form, typer.Option("--output", help="How it is told.")]


def say(output: Form, data: Mapping[str, object], line: str) -> None:
    if output is Form.json:
        print_json(data)
    else:
        console.print(line)
