"""Every sentence said to people on GitHub: data in, Markdown out, plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from bot.core.foreign import clean
from bot.core.gates.verdict import Verdict
from bot.core.item import GoAhead, Item, mention
from bot.core.pull import Pull
from bot.core.run import Run, is_step
from bot.core.spend import counted, dollars
from bot.core.usage import USAGE, usage_of
from bot.core.worktree import FileChange, Work

SIGNS = {"passed": "✅", "failed": "❌", "unknown": "⏳"}


def working(peer: str, go_ahead: GoAhead, round_: int) -> str:
    again = "" if round_ == 1 else f" This is round {round_}."
    return f"**In progress.** Agent {peer} works on this; {mention(go_ahead.by)} asked for it.{again}"


def opened() -> str:
    return "**A pull request is open.** Its checks are running."


def in_review(pull: Pull, verdicts: Sequence[Verdict], waits: str) -> str:
    return "\n".join((f"**In review: #{pull.number}.** {sentence(waits)}", "", *gate_table(verdicts)))


def gate_table(verdicts: Sequence[Verdict]) -> list[str]:
    if not verdicts:
        return []
    rows = [f"| {SIGNS[v.state]} | {_link(v)} | {_cell(v.reason)} |" for v in verdicts]
    return ["| | check | result |", "|---|---|---|", *rows]


CHECK_TITLES = {
    "": "Running",
    "success": "Passed",
    "failure": "Failed",
    "action_required": "Needs a person",
}


def check_title(conclusion: str, reason: str) -> str:
    return f"{CHECK_TITLES[conclusion]}: {_cell(reason)}"[:TITLE]


def check_summary(file: str, reason: str, url: str) -> str:
    """What stands below a gate's check: what ran, where, and what its button does."""
    run = f"[Its run on GitHub Actions]({url})." if url else "There is no run of it on GitHub Actions."
    return "\n\n".join(
        (
            f"**{file}** is one of the checks that `.github/sluice.toml` asks for before a merge.",
            f"{sentence(reason)} {run}",
            "“Re-run” starts it again on the same commit. No work is sent back for that alone.",
        )
    )


def logged(detail: str) -> str:
    """The end of a log, as code that nothing in it can end."""
    return _code(clean(detail[-LOG:])) if detail.strip() else ""


ASK_RETRY = "the item has stopped, and /sluice retry goes on with it"
ASK_RETRY_WHY = "Nothing runs for an item that needs a person. The comment on its issue says why it stopped."
POLICY_CHECK = "Sluice policy"
POLICY_BROKEN, POLICY_MENDED = ".github/sluice.toml cannot be read", ".github/sluice.toml can be read again"


def policy_summary(problem: str) -> str:
    if not problem:
        return "The file on the default branch applies."
    return (
        f"{sentence(problem)}\n\nUntil it is mended on the default branch, the last version that could be read "
        "applies, and nothing new is started in this repository."
    )


TITLE, LOG = 120, 60_000  # characters; GitHub takes 65,535 of a text


def needs_person(who: str | None, reason: str, hint: str) -> str:
    called = f"@{who} **this" if who else "**This"
    return f"{called} needs a person:** {sentence(reason)}\n\n{hint}"


def asks(who: str | None, peer: str, question: str) -> str:
    """The agent's own words as code: they mention nobody and command nothing."""
    called = f"@{who} **agent" if who else "**Agent"
    return f"{called} {peer} has a question:**\n\n{_code(clean(question))}\n\n{ANSWER}"


def stopped(reason: str, hint: str = "") -> str:
    return f"**Needs a person.** {sentence(reason)}\n\n{hint or RETRY}"


ANSWER = "`/sluice answer YOUR ANSWER` lets it go on where it was. Nothing runs meanwhile, and all work so far is kept."
KEPT = "No agent works on this now. This is kept, and the next one to work on it begins with it."
RETRY = "Move the card back to Ready, or write `/sluice retry`, to try again. All work so far is kept."
REOPEN = (
    "Move the card back to Ready, or write `/sluice retry`, to go on with it: reopen the pull request first, or a new "
    "one is opened. `/sluice retry --fresh` starts over on a new branch. All work so far is kept."
)
REOPEN_FIRST = "the issue is closed; reopen it, then move the card to Ready"
BUDGET = (
    "`/sluice budget +5` gives it five dollars more and `/sluice budget +5M` five million tokens: it goes on where it "
    "was. All work so far is kept."
)
APPROVE_RESULT = "`/sluice approve`, then `/sluice retry`, lets exactly this result through."
AFTER = "It starts by itself as soon as that is seen to."
REFUSED = (
    "Allow it in the repository's settings or rules, choose another `merge.method` in `.github/sluice.toml`, or merge "
    "it by hand. It is tried again every half hour, and at once when somebody writes `/sluice merge`."
)
UNJUDGED = (
    "Mend that, then push a commit or write `/sluice update`: the check runs again on the new head. "
    "A workflow also runs again when somebody presses “Re-run” on GitHub."
)
AGAIN = "**Reopened.**"
REOPENED = f"{AGAIN} Move the card to Ready to start anew."
TO_DONE = "Merge the pull request, or close the issue, and the card follows; `/sluice retry` goes on working."


def not_started(reason: str) -> str:
    return f"**Not started.** {sentence(reason)}"


def help_text() -> str:
    return "\n".join(
        (
            "These work in a comment of their own line, for people with write access:",
            "",
            *(f"- {line}" for line in USAGE.values()),
        )
    )


def not_understood(problem: str, verb: str) -> str:
    usage = usage_of(verb)
    if usage and f"`{usage.line}`" in problem:
        return sentence(problem)
    return f"{sentence(problem)} {usage or 'Try `/sluice help`.'}"


def heard_late(changed: str) -> str:
    """A problem, as `not_understood` takes it."""
    return f"this was heard late, and {changed} since it was written; give it again if it still holds"


REOPENED_SINCE = "the issue was closed and reopened since this was written; write it again if it still holds"
UNSEEN = "something newer has come since this was written; look at it, and write this again if it still holds"


def reworded(who: Sequence[str]) -> str:
    """A problem too: the text is no longer the one its author read."""
    return f"the issue's text was edited since this was written, by {', '.join(who)}; read it, and write this again"


def explained(reason: str) -> str:
    return sentence(reason)


def pull_title(title: str) -> str:
    return title.strip()[:200] or "Untitled"


def pull_body(item: Item, go_ahead: GoAhead, run: Run, verdicts: Sequence[Verdict]) -> str:
    """One phone screen: why, what, proof, risk, what is undone."""
    files = run.work.files if run.work else ()
    said = quoted(run.outcome.summary) if run.outcome else ""
    proof = [f"- {SIGNS[v.state]} {_cell(f'{v.gate}: {v.reason}')}" for v in verdicts] or [
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


def quoted(text: str, length: int = 300) -> str:
    """An agent's own words as code: they mention nobody, close no issue, and show what they are."""
    plain = " ".join(clean(text).replace("`", "'").split())
    return f"`{plain[:length]}{'…' * (len(plain) > length)}`" if plain else ""


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
    return ", ".join(_cell(v.reason) for v in verdicts if not v.passed) or "nothing known"


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
            f"- left undone: {', '.join(_cell(v.reason) for v in undone) or 'nothing known'}",
            "",
            *gate_table(verdicts),
        )
    )


def over(reason: str) -> str:
    return f"**Over.** {sentence(reason)} Branch and pull request are kept."


def removed() -> str:
    return "**Stopped.** Sluice was taken off this board. The work so far is kept."


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


def report(stages: Mapping[str, int], waiting: Sequence[tuple[str, str]], paused_by: str | None) -> str:
    """A board's status update. `waiting`: what needs a person, with the reason."""
    words = Counter[str]()
    for stage, count in stages.items():
        words["over" if stage in OVER else STAGE_WORDS.get(stage, "waiting to start")] += count
    told = [f"**Everything is paused** by {mention(paused_by)}."] if paused_by else []
    told.append(", ".join(f"{words[word]} {word}" for word in REPORTED if words[word]) + ".")
    shown = [f"- {ref}: {sentence(reason)}" for ref, reason in waiting[:MOST_LISTED]]
    more = len(waiting) - len(shown)
    told += ["", "Only a person can free these:", "", *shown] if shown else []
    return "\n".join(told + ([f"- and {more} more"] if more > 0 else []))


OVER = ("Merged", "Closed", "Done")
REPORTED = ("working", "checking", "in review", "needing a person", "blocked", "waiting to start", "over")
MOST_LISTED = 20  # in one status update
STAGE_WORDS = {
    "Ready": "waiting to start",
    "Waiting": "blocked",
    "Claimed": "working",
    "Working": "working",
    "Executing": "working",
    "AwaitingApproval": "needing a person",
    "Gating": "checking",
    "Built": "checking",
    "InReview": "in review",
    "Parked": "needing a person",
}


def sentence(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?`:" else ".")


def _code(text: str) -> str:
    lines = text.replace("```", "ʼʼʼ")
    return f"```text\n{lines}\n```"


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _link(verdict: Verdict) -> str:
    return f"[{_cell(verdict.gate)}]({verdict.url})" if verdict.url else _cell(verdict.gate)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
