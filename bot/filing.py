"""Files what is known of a task: its trace and its retrospective as files, and once it is over its spans, where the
settings name a collector. All of it is computed from what happened, so it may be filed again at any time."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from bot.context import Account
from bot.core.plans.execution import Execution
from bot.core.plans.happened import Happened
from bot.core.plans.retrospective import retrospective, trace
from bot.core.plans.spans import spans
from bot.errors import SluiceError

log = structlog.get_logger(__name__)


def filed(folder: Path, e: Execution, happened: Sequence[Happened]) -> dict[str, Path]:
    """The two files, by what they are."""
    task = e.plan.task_id
    found = {"trace": folder / "traces" / f"{task}.json", "retrospective": folder / "retrospectives" / f"{task}.md"}
    texts = (json.dumps(trace(e, happened), default=str, ensure_ascii=False), retrospective(e, happened))
    for file, text in zip(found.values(), texts, strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return found


def filer(folder: Path, url: str | None) -> Callable[[Account], None]:
    """For the service: a full disk or a collector that is away is logged, and keeps no item from going on."""

    def file(account: Account) -> None:
        try:
            filed(folder, account.execution, account.happened)
            problem = sent(url, account.execution, account.happened)
        except (OSError, SluiceError) as error:
            problem = str(error)
        if problem:
            log.warning("a task's record was not filed whole", task=account.execution.plan.task_id, reason=problem)

    return file


def sent(url: str | None, e: Execution, happened: Sequence[Happened]) -> str:
    """What is to be said where its spans could not be sent; empty: they were, or none are."""
    if not url or not (e.completed or e.cancelled):
        return ""
    from bot.telemetry import send  # here, for most have no collector

    took = send(url, e.plan.task_id, spans(e, happened))
    return "" if took else f"the collector at {url} did not take the spans"
