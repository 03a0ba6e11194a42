"""Every brief given to an agent: short, and with the names of files rather than what is in them.

The text of an issue or comment is somebody else's and is fenced as such.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.foreign import clean, fence, last_lines
from bot.core.gates.verdict import Verdict
from bot.core.item import GoAhead, mention
from bot.core.markdown import shown
from bot.core.message import Message
from bot.core.permission import Permissions
from bot.core.policy import Policy
from bot.core.pull import Remark
from bot.core.run import Run

INSTRUCTIONS = ("AGENTS.md", "CLAUDE.md", "CONTRIBUTING.md")  # where repositories keep theirs
QUESTION = "$SLUICE_QUESTION"  # stands in briefs for the path of the file a question is written to
CRITERIA = re.compile(r"^#+\s*(acceptance criteria|definition of done|done when)\b.*$", re.IGNORECASE)
HEADING, CHECKBOX = re.compile(r"^#+\s"), re.compile(r"^\s*[-*+] \[[ xX]\] ")


@dataclass(frozen=True)
class Brief:
    """What an agent is told: all of it when it starts anew, the news alone when it remembers the task."""

    whole: str
    news: str = ""


def first_brief(repo: str, number: int, go_ahead: GoAhead, branch: str, policy: Policy) -> str:
    text, criteria = with_criteria(shown(go_ahead.body))
    by = mention(go_ahead.by)
    listed = ("", *fence("its acceptance criteria: each of them must hold", criteria)) if criteria else ()
    return "\n".join(
        (
            f"# {repo}#{number}: {clean(go_ahead.title)}",
            "",
            f"You work in a git worktree of {repo}, on the branch `{branch}`.",
            "Do what the issue below asks, and only that.",
            f"The repository's own instructions are in {_names(INSTRUCTIONS)}, where there are such files: read them.",
            "",
            *_finished(policy),
            "",
            *_off_limits(policy),
            "",
            *_asking(),
            "",
            *skills("implement", "report"),
            "",
            *fence(f"the issue's text, as it stood when {by} asked for this work", text),
            *listed,
        )
    )


def rework_brief(
    task: str,
    failures: Sequence[Verdict],
    remarks: Sequence[Remark],
    words: Sequence[tuple[str, str]],
    runs: Sequence[Run],
    base: str = "",
) -> Brief:
    """What went wrong. `base`: the branch that was merged into the worktree, conflicts and all."""
    only_conflict = base and not (remarks or words) and all(verdict.gate == "mergeable" for verdict in failures)
    news = [*_conflict(base)] if base else []
    for verdict in failures if not only_conflict else ():
        news += [f"## {verdict.gate}: {verdict.reason}", ""]
        if verdict.url:
            news += [f"See {verdict.url}", ""]
        if verdict.detail:
            news += [*fence("its output, last lines", last_lines(verdict.detail)), ""]
    for author, text in words:
        news += [f"## @{author} asks", "", *fence(f"written by @{author}", text), ""]
    for remark in remarks:
        where = f"{remark.path}:{remark.line}" if remark.line else remark.path
        news += [f"## {where}", "", *fence(f"written by @{remark.author}", shown(remark.body)), ""]
    named = (
        *(("resolve-conflict",) if base else ()),
        *(("repair-gate",) if any(verdict.gate != "mergeable" for verdict in failures) else ()),
        *(("address-review",) if remarks or words else ()),
    )
    heading = f"The branch conflicts with `{base}`: resolve it" if only_conflict else CAME_BACK
    return _brief(heading, [*news, *skills(*named, "report")], task, runs)


def again_brief(task: str, who: str, runs: Sequence[Run], go_ahead: GoAhead | None = None) -> Brief:
    """`go_ahead`: a new one, whose text may be another than the one the agent remembers."""
    asked = another_attempt(who)
    text = fence("the issue's text, as it stands now", shown(go_ahead.body)) if go_ahead else []
    return Brief(_brief("Another attempt", [asked], task, runs).whole, _news("Another attempt", [asked, "", *text]))


def another_attempt(who: str) -> str:
    return (
        f"{mention(who)} asked for another attempt: compare what lies in this worktree with the task, and mend what is "
        "missing."
    )


def step_brief(task: str, part: str, news: str) -> Brief:
    """One step of a plan: its part first, the whole behind it. `news`: why it came back; empty: it did not."""
    alone = (
        "You carry out one step of a plan. Other agents carry out the others: do this step and nothing else. The whole "
        "task follows, so that you know what it is for; what it says of being finished holds for all steps together."
    )
    return Brief("\n".join((part, "", alone, "", "---", "", task)), "\n".join((news, "", STANDS)) if news else "")


def told_brief(task: str, runs: Sequence[Run]) -> Brief:
    """For words that came too late; they themselves follow, as `with_messages` adds them."""
    return _brief("Somebody said something that you had not heard", [NEWS_FOLLOW], task, runs)


def answered_brief(task: str, runs: Sequence[Run]) -> Brief:
    return _brief("Your question is answered: go on with the work", [NEWS_FOLLOW], task, runs)


def may_do(permissions: Permissions) -> str:
    """What it would find out otherwise, one refusal after the other."""
    match permissions:
        case "all":
            return ""
        case "edits":
            return "\n\nYou may change the files of this worktree; a command that does more than read is not run.\n"
        case "ask":
            return "\n\nBefore you run a command a person is asked: your turn ends, and you go on with the answer.\n"


@dataclass(frozen=True)
class Handed:
    """What an agent hands on to the one that waited for it."""

    name: str
    said: str
    files: Sequence[str]  # in the worktree of whoever goes on


def mate_brief(
    name: str, branch: str, text: str, before: Sequence[tuple[str, str]], handed: Sequence[Handed] = ()
) -> Brief:
    """For an agent that was created for one task. It reports to whoever created it, and to nobody else."""
    lines = [
        f"# Agent {name}",
        "",
        f"You work in a git worktree of your own, on the branch `{branch}`. Do what is asked below, and only that.",
        "Whoever created you sees your last words and the files you change: what is long belongs in a file.",
        "",
        *(line for each in handed for line in _handed(each)),
        *_told_before(before),
        *_asking(),
        "",
        "## What is asked",
        "",
        clean(text),
    ]
    return Brief("\n".join(lines), f"# Agent {name}: what is asked now\n\n{clean(text)}")


def _handed(each: Handed) -> list[str]:
    files = f"It wrote: {_names(each.files[:20])}" if each.files else "It changed no file."
    return [f"## Agent {each.name} has ended. {files}", "", *fence("its last words", each.said or "none"), ""]


def _told_before(before: Sequence[tuple[str, str]]) -> list[str]:
    if not before:
        return []
    rows = [f"{n}. {clean(text)[:500]} – you said: {clean(said)[:500]}" for n, (text, said) in enumerate(before, 1)]
    return ["## What was asked before, and is done", "", *rows, ""]


def with_messages(brief: str, messages: Sequence[Message]) -> str:
    """What people said to the agent, last and so the newest of what it reads."""
    said = [line for message in messages for line in ("", said_by(message))]
    return "\n".join((brief, *said)) if messages else brief


def said_by(message: Message) -> str:
    """A person's words, as an agent is told them; they may change how the task is done."""
    question = ["Your question was:", *fence("an agent's question", message.answers), ""] if message.answers else []
    heading = f"## @{message.author} {'answers' if message.answers else 'says'}"
    return "\n".join(
        (heading, "", *question, *fence(f"written by @{message.author}, who may direct this work", message.text))
    )


def interrupted_brief() -> str:
    """For a session that was at work on this very run when the machine failed."""
    return _news("You were interrupted", ["It was not your doing. Look at what lies in the worktree, and go on."])


def earlier(runs: Sequence[Run]) -> list[str]:
    said = [(run.round, run.outcome.summary) for run in runs if run.outcome and run.outcome.summary]
    if not said:
        return []
    return ["## Earlier attempts", "", *(f"{n}. {clean(text)[:500]}" for n, text in said), ""]


CAME_BACK = "The work came back: mend what is listed here, in the same worktree"
MORE_TO_USE = "You had used all that you were given, and have got more: go on from what lies in this worktree."
NEWS_FOLLOW = "What was said stands at the end."
STANDS = "The task, what finished means and what is off limits stand as you were told."


def _brief(heading: str, news: Sequence[str], task: str, runs: Sequence[Run]) -> Brief:
    whole = "\n".join((f"# {heading}", "", *news, "", *earlier(runs), "---", "", task))
    return Brief(whole, _news(heading, news))


def _news(heading: str, news: Sequence[str]) -> str:
    return "\n".join((f"# {heading}", "", *news, "", STANDS))


def _conflict(base: str) -> list[str]:
    return [
        f"The newest `{base}` has been merged into this worktree; files that conflict hold conflict markers.",
        "Resolve each so that both changes keep their meaning, and leave no marker behind.",
        "",
    ]


def _finished(policy: Policy) -> list[str]:
    lines = ["Finished means: the change is made in the files of this worktree and its tests pass."]
    if policy.gates.commands:
        lines.append(f"These commands will be run on the result and must succeed: {_names(policy.gates.commands)}")
    lines.append("End with a few sentences that say what you changed, how you checked it, and what is left undone.")
    return lines


def _off_limits(policy: Policy) -> list[str]:
    return [
        "You have no access to GitHub; your work is taken from this worktree. Leave other branches and git's "
        "configuration alone.",
        f"Do not touch: {_names(policy.work.protected)}",
    ]


def _asking() -> list[str]:
    return [
        f"Where only a person can decide, write one question to the file {QUESTION} and end your turn: your work is "
        "kept, and you go on with the answer. What the repository can tell you, do not ask."
    ]


def skills(*names: str) -> list[str]:
    return [f"Skills that help, where your program offers them: {_names(names)}."]


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def with_criteria(body: str) -> tuple[str, str]:
    """The text without its acceptance criteria, and those: a section of that name, else its checklist; empty: none."""
    lines = body.splitlines()
    first = next((at for at, line in enumerate(lines) if CRITERIA.match(line)), None)
    if first is not None:
        end = next((at for at in range(first + 1, len(lines)) if HEADING.match(lines[at])), len(lines))
        return "\n".join(lines[:first] + lines[end:]), "\n".join(lines[first + 1 : end]).strip()
    listed = [line for line in lines if CHECKBOX.match(line)]
    return "\n".join(line for line in lines if line not in listed), "\n".join(listed)
