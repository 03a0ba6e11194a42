"""What is said of a plan to people on GitHub: plain words, Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.core.comments import AGAIN, code, sentence
from bot.core.foreign import clean, unfenced
from bot.core.impact import changed
from bot.core.item import GoAhead, mention
from bot.core.plans.due import AskApproval
from bot.core.plans.execution import Execution, PhaseState, StepState

SIGNS = {"pending": "▫️", "running": "🔨", "asking": "❓", "complete": "✅", "failed": "❌"}
MOST_BACK = 10  # reasons why steps came back
MOST_TEXTS, MOST_SHOWN = 6, 6_000  # of what a phase has handed on, and characters of each: GitHub takes 65,535
APPROVE = (
    "`/sluice approve` lets it go on, `/sluice approve WORDS` lets it go on and has those words seen to, and "
    "`/sluice reject REASON` sends it back. Nothing runs meanwhile, and all work so far is kept."
)
APPROVE_PLAN = (
    "`/sluice approve` starts it, `/sluice amend WHAT` adds a step, and `/sluice reject REASON` stops it. Nothing "
    "runs before."
)

ANOTHER_PLAN = "It gets a new plan, made from the issue's text as it is then; what was done so far stays recorded."


def plan_goes_on(e: Execution) -> str:
    """Of an issue that was closed in the middle of it, and reopened."""
    done = f"{sum(step.state == 'complete' for step in e.steps)} of {len(e.steps)} steps"
    return (
        f"{AGAIN} Move the card to Ready, and its plan goes on where it was: {done} are done and stay so. If the issue "
        "was edited since it began, a step more sees to what it says now. `/sluice retry --fresh` starts over with a "
        "new plan."
    )


def progress(e: Execution, go: GoAhead | None) -> str:
    """The status comment while a plan is carried out: where it stands, and the whole plan folded below."""
    asked = f" {mention(go.by)} asked for it." if go else ""
    steps, done = e.steps, sum(step.state == "complete" for step in e.steps)
    phase = e.current
    where = f" Phase {phase.phase.number}: {_plain(phase.phase.name)}." if phase else ""
    head = f"**In progress.** {done} of {len(steps)} steps are done.{where}{asked}"
    return "\n".join((head, "", *folded(e)))


def looked_back(e: Execution) -> str:
    """Below the summary of what was merged: the plan as it ended, and what came back on the way."""
    units = [each for each in e.units if each.recorded]
    back = [(each.step.id, back.why) for each in units for back in each.sent_back if back.why and not back.lost]
    smooth = sum(each.attempts == 1 for each in units)
    first = f"{smooth} of {len(units)} steps were done at the first attempt."
    lines = [f"- step {step} came back: `{_plain(unfenced(why))[:120]}`" for step, why in back[:MOST_BACK]]
    return "\n".join((*folded(e)[:-1], first, "", *lines, *([""] if lines else []), "</details>"))


def plan_shown(e: Execution) -> str:
    """For whoever asks to see it."""
    return "\n".join((f"**Plan.** {_facts(e)}", "", *folded(e, is_open=True)))


def plan_wants_approval(e: Execution, who: str | None) -> str:
    called = f"@{who} **this" if who else "**This"
    head = f"{called} plan needs your approval:** {sentence(e.plan.approval)}"
    return "\n".join((head, "", *folded(e, is_open=True), "", APPROVE_PLAN))


def approval_wanted(e: Execution, asks: AskApproval, who: str | None, texts: Mapping[str, str]) -> str:
    """A phase is done and a person looks at it. `texts`: what it has handed on, by path."""
    called = f"@{who} **phase" if who else "**Phase"
    phase = e.phase(asks.phase)
    name = f" ({_plain(phase.phase.name)})" if phase else ""
    what = f"Changed so far: {changed(e.work.files)}." if e.work and e.work.files else "No file is changed so far."
    said = [f"- step {each.step.id}: {_said(each)}" for each in phase.steps if _said(each)] if phase else []
    head = f"{called} {asks.phase}{name} needs your approval:** {sentence(asks.why)}"
    return "\n".join((head, "", what, *said, "", *_texts(texts), APPROVE))


def _texts(texts: Mapping[str, str]) -> Iterator[str]:
    """Folded, and as code: nobody is mentioned by it."""
    for path, text in list(texts.items())[:MOST_TEXTS]:
        more = f"\n... and {len(text) - MOST_SHOWN:,} characters more" if len(text) > MOST_SHOWN else ""
        name = _plain(path)
        yield from (f"<details><summary><code>{name}</code></summary>", "", code(clean(text[:MOST_SHOWN]) + more), "")
        yield from ("</details>", "")


def folded(e: Execution, is_open: bool = False) -> list[str]:
    """The plan, phase by phase; folded, so that it takes a line."""
    lines = [line for phase in e.phases for line in _phase(phase)]
    start = "<details open>" if is_open else "<details>"
    return [f"{start}<summary>The plan: {_facts(e)}</summary>", "", *lines, "", "</details>"]


def _facts(e: Execution) -> str:
    steps = len(e.steps)
    phases = f"{len(e.phases)} phase{'s' * (len(e.phases) != 1)}, {steps} step{'s' * (steps != 1)}"
    return f"{phases}, risk {e.plan.risk}, playbook {_plain(e.plan.playbook)}"


def _phase(state: PhaseState) -> list[str]:
    phase = state.phase
    sign = " ✅" if state.over else ""
    lines = [f"**{phase.number}. {_plain(phase.name)}**{sign}", ""]
    lines += [f"- {SIGNS[each.state]} {each.step.id} {_plain(each.step.agent)}: {_task(each)}" for each in state.steps]
    if phase.approval:
        by = state.answer.by if state.answer and state.approved else ""
        lines.append(f"- {'✅' if by else '▫️'} approval{f' by {mention(by)}' if by else ''}")
    if phase.gate:
        judged = "▫️" if state.gate is None else "✅" if state.gate.passed else "❌"
        lines.append(f"- {judged} check: `{phase.gate.told.replace('`', chr(39))}`")
    return [*lines, ""]


def _task(step: StepState) -> str:
    first = step.step.task.strip().partition("\n")[0]
    return f"`{_plain(first)[:120]}`"


def _said(step: StepState) -> str:
    words = " ".join(clean(step.recorded.outcome).split()).replace("`", "'") if step.recorded else ""
    return f"`{words[:200]}`" if words else ""


def _plain(text: str) -> str:
    """Of a plan that a program or somebody else wrote: one line that marks nothing up and mentions nobody."""
    return " ".join(clean(text).split()).replace("`", "'").replace("<", "‹").replace("@", "＠")
