"""What came of an item, in words: the body of its pull request, and the summary of it when it is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from bot.core.comments import SIGNS, STAGE_WORDS, cell, gate_table, quoted
from bot.core.gates.verdict import Verdict
from bot.core.item import GoAhead, Item, mention
from bot.core.pull import Pull
from bot.core.run import Run, is_step
from bot.core.spend import counted, dollars
from bot.core.worktree import FileChange, Work


def pull_title(title: str) -> str:
    return title.strip()[:200] or "Untitled"


def pull_body(item: Item, go_ahead: GoAhead, run: Run, verdicts: Sequence[Verdict]) -> str:
    """One phone screen: why, what, proof, risk, what is undone."""
    files = run.work.files if run.work else ()
    said = quoted(run.outcome.summary) if run.outcome else ""
    proof = [f"- {SIGNS[v.state]} {cell(f'{v.gate}: {v.reason}')}" for v in verdicts] or [
        "- the checks on this pull request"
    ]
    return "\n".join(
        (
            f"**Why** Closes #{item.number}; {mention(go_ahead.by)} asked for it.",
            "",
            f"**What** {changed(files)}",
            *([f"> {said}"] if said else []),
            "",
            "**Proof**",
            *(proof or ["- the checks on this pull request"]),
            "",
            f"**Risk** {risk(files)}",
            "",
            f"**Undone** {undone(verdicts)}",
            "",
            f"Written by agent {run.peer}, round {run.round}.",
        )
    )


def changed(files: Sequence[FileChange]) -> str:
    added, removed = sum(f.added for f in files), sum(f.removed for f in files)
    areas = Counter(f.path.split("/")[0] if "/" in f.path else "top level" for f in files)
    where = ", ".join(f"{area} ({count})" for area, count in areas.most_common(4))
    return f"{len(files)} file{'s' * (len(files) != 1)}, +{added} −{removed}: {where}"


def risk(files: Sequence[FileChange]) -> str:
    tests = [f for f in files if "test" in f.path.casefold()]
    if len(tests) == len(files):
        return "low: only tests change."
    return "tests change with the code." if tests else "no test changes; look at how this is checked."


def undone(verdicts: Sequence[Verdict]) -> str:
    return ", ".join(cell(v.reason) for v in verdicts if not v.passed) or "nothing known"


def summary(
    item: Item,
    pull: Pull,
    runs: Sequence[Run],
    verdicts: Sequence[Verdict],
    stages: Sequence[tuple[str, datetime]],
    now: datetime,
    plan: Work | None = None,
) -> str:
    """The last form of the status comment: what came of the item. `plan`: what all steps of its plan came to."""
    whole = (run.work for run in reversed(runs) if run.work and run.work.files and not is_step(run.step))
    last = next(whole, plan)
    reviewers = ", ".join(dict.fromkeys(f"@{r.author}" for r in pull.reviews if r.by_writer)) or "nobody"
    undone = [v for v in verdicts if not v.passed]
    told = f"{pull.changed_files} files, +{pull.additions} −{pull.deletions}"
    what = changed(last.files) if last else told
    attempts, rounds = (
        sum(run.tries for run in runs),
        max((run.round for run in runs), default=0),
    )
    return "\n".join(
        (
            f"**Done: #{pull.number} is merged**{f' by @{pull.merged_by}' if pull.merged_by else ''}.",
            "",
            f"- changed: {what}",
            f"- commits: {pull.commits}; merged as {(pull.merge_commit or 'unknown')[:10]}",
            f"- attempts: {attempts}; rounds: {rounds}; reviewed by {reviewers}",
            f"- time: {time_in_stages(_with_runs(stages, runs), now)}",
            f"- cost: {cost(runs)}",
            f"- left undone: {', '.join(cell(v.reason) for v in undone) or 'nothing known'}",
            "",
            *gate_table(verdicts),
        )
    )


def cost(runs: Sequence[Run]) -> str:
    """Tokens and money, as far as they are known."""
    outcomes = [run.outcome for run in runs if run.outcome]
    tokens = sum(outcome.tokens or 0 for outcome in outcomes)
    known = [outcome.cost_usd for outcome in outcomes if outcome.cost_usd is not None]
    unknown = len(runs) - len(known)
    if not known:
        return f"{counted(tokens)}; money unknown" if tokens else "unknown (the agents report none)"
    said = f"{counted(tokens)}, {dollars(sum(known))}" if tokens else dollars(sum(known))
    return said + (f", {unknown} attempt{'s' * (unknown != 1)} unknown" if unknown else "")


def time_in_stages(stages: Sequence[tuple[str, datetime]], now: datetime) -> str:
    spent: dict[str, timedelta] = {}
    for (name, since), (_, until) in pairwise([*stages, ("", now)]):
        word = STAGE_WORDS.get(name)
        if word:
            spent[word] = spent.get(word, timedelta()) + (until - since)
    return ", ".join(f"{word} {_span(t)}" for word, t in spent.items()) or "unknown"


def _with_runs(stages: Sequence[tuple[str, datetime]], runs: Sequence[Run]) -> list[tuple[str, datetime]]:
    """No look falls into a short run, so its stage may never have been noted: the run itself tells when it was."""
    known = [(run.started_at, run.outcome.seconds) for run in runs if run.started_at and run.outcome]
    worked = [("Working", at) for at, _ in known]
    over = [("Gating", at + timedelta(seconds=seconds)) for at, seconds in known]
    return sorted([*stages, *worked, *over], key=lambda entry: entry[1])


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
