"""Every sentence said to people on GitHub: data in, Markdown out, plain words."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.foreign import clean
from bot.core.gates.verdict import Verdict
from bot.core.item import GoAhead, mention
from bot.core.pull import Pull
from bot.core.usage import USAGE, usage_of

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
    rows = [f"| {SIGNS[v.state]} | {_link(v)} | {cell(v.reason)} |" for v in verdicts]
    return ["| | check | result |", "|---|---|---|", *rows]


CHECK_TITLES = {
    "": "Running",
    "success": "Passed",
    "failure": "Failed",
    "action_required": "Needs a person",
}


def check_title(conclusion: str, reason: str) -> str:
    return f"{CHECK_TITLES[conclusion]}: {cell(reason)}"[:TITLE]


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
    return code(clean(detail[-LOG:])) if detail.strip() else ""


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
    return f"{called} {peer} has a question:**\n\n{code(clean(question))}\n\n{ANSWER}"


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


def quoted(text: str, length: int = 300) -> str:
    """An agent's own words as code: they mention nobody, close no issue, and show what they are."""
    plain = " ".join(clean(text).replace("`", "'").split())
    return f"`{plain[:length]}{'…' * (len(plain) > length)}`" if plain else ""


def over(reason: str) -> str:
    return f"**Over.** {sentence(reason)} Branch and pull request are kept."


def removed() -> str:
    return "**Stopped.** Sluice was taken off this board. The work so far is kept."


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


def code(text: str) -> str:
    lines = text.replace("```", "ʼʼʼ")
    return f"```text\n{lines}\n```"


def _link(verdict: Verdict) -> str:
    return f"[{cell(verdict.gate)}]({verdict.url})" if verdict.url else cell(verdict.gate)


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
