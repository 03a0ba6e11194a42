"""The process is killed with -9 at every effect of an item's life and started again: each item still ends as it should.

One sweep is killed before each kind of effect, and again when that one, made good, has its answer; the other after the
effect, unanswered. An action of `core/actions.py` that a sweep does not reach at each of its moments fails it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args

import httpx
import psutil
import pytest

from bot.core.actions import AgentAction, BoardWrite, LedgerWrite, NotePlan, RepoAction
from bot.core.plans.happened import (
    Amended,
    Answered,
    Cancelled,
    Completed,
    Dispatched,
    GateJudged,
    Recorded,
    SentBack,
    Started,
)
from bot.ledger.open import open_ledger
from tests.faults import killable
from tests.forks import FORKS
from tests.localhub.talk import LocalHub
from tests.stories.test_gates import BREAK, GATE, MEND
from tests.world import POLICY, Thing, World

# what happens to a plan of a board
NOTES = (Cancelled, Started, Dispatched, Recorded, SentBack, Amended, Answered, GateJudged, Completed)
UNIONS = (LedgerWrite, AgentAction, RepoAction, BoardWrite)
ACTIONS = {action.__name__ for union in UNIONS for action in get_args(union) if action is not NotePlan}
ACTIONS |= {f"NotePlan {what.__name__}" for what in NOTES}
LOOK = 0.4  # seconds between two looks at the world
RULES = {"required_checks": ["test"], "required_approvals": 1, "strict": True}
GATES = '[gates]\ncommands = ["test ! -f slow.txt || sleep 300"]\nworkflows = ["gate.yml"]\n'
SHOP = """about = "Both halves at once, looked at by a person, then the rest."
[[phases]]
name = "Halves"
commands = ["grep -q SHOP shop.py"]
approval = "people see both halves first"
[[phases.steps]]
agent = "left"
task = "Write the code. {task}"
[[phases.steps]]
agent = "right"
task = "Write the page. {task}"
[[phases.steps]]
role = "scout"
changes = false
deliverables = [".sluice/found.md"]
task = "Write down what there is. {task}"
[[phases]]
name = "Rest"
[[phases.steps]]
agent = "whole"
reads = [".sluice/found.md"]
task = "Put in what was found. {task}"
"""


class Sluice:
    """`sluice serve` in a process of its own, started again whenever it was killed."""

    def __init__(self, world: World, moments: tuple[str, ...]) -> None:
        self.world, self.moments = world, [*moments, "tidying"]
        self.hits, self.log = world.folder / "hits", world.folder / "sluice.log"
        self.hits.touch()
        self.log.touch()
        self.kills = 0
        self.start()

    def start(self) -> None:
        told = (self.world.config, self.moments, self.hits, self.log)
        self._process = FORKS.Process(target=killable.serve, args=told, daemon=True)
        self._process.start()

    async def until(self, true: Callable[[], Awaitable[bool]], what: str, seconds: float = 120) -> None:
        """Let it run, and start it again as often as it dies, until something is true."""
        end = asyncio.get_running_loop().time() + seconds
        while not await true():
            assert asyncio.get_running_loop().time() < end, f"never came true: {what}\n{self._told()}"
            await asyncio.to_thread(self._process.join, LOOK)
            if self._process.exitcode is not None:
                assert self._process.exitcode == -9, self._told()
                self.kills += 1
                end += 10
                self.start()

    def stop(self) -> None:
        self._process.terminate()
        self._process.join(30)

    def _told(self) -> str:
        log = self.log.read_text()[-3000:]
        with sqlite3.connect(self.world.folder / "data" / "ledger.db") as ledger:
            decided = ledger.execute(
                "select at, last_at, title, stage, reason, times"
                " from decisions join items on items.id = item order by at"
            ).fetchall()
        rows = "\n".join(" | ".join(map(str, row)) for row in decided)
        return f"killed at: {', '.join(self.hits.read_text().splitlines())}\n{rows}\n{log}"


@asynccontextmanager
async def killed(hub: LocalHub, folder: Path, *moments: str) -> AsyncIterator[tuple[World, Sluice]]:
    world = World(
        hub,
        folder,
        policy=POLICY + GATES,
        kept={"attempts": "Attempts"},
        files={
            ".github/workflows/gate.yml": GATE.replace("test -f wanted.txt", "echo fine"),
            ".github/sluice/playbooks/shop.toml": SHOP,
        },
    )
    world.protection = RULES
    await asyncio.to_thread(world._make_github)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    world.port = port
    world.write_config(port)
    await world.admin_patch(f"apps/{world.app['slug']}", {"webhook_url": f"http://127.0.0.1:{port}/webhooks/github"})
    sluice = Sluice(world, moments)
    try:
        yield world, sluice
    finally:
        sluice.stop()
        await world.http.aclose()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("moments", [("before", "answered"), ("unanswered",)], ids=" and ".join)
async def test_killed_at_every_effect(
    hub: LocalHub, tmp_path: Path, moments: tuple[str, ...], record_property: Callable[[str, object], None]
) -> None:
    """Killed once at every kind of action, each item ends as it should: nothing twice, nothing lost, nothing left."""
    async with killed(hub, tmp_path, *moments) as (world, sluice):
        await merged_after_rework(world, sluice)
        await parked_draft(world, sluice)
        await stopped_by_hand(world, sluice)
        await cancelled(world, sluice)
        await stopped_at_its_gate(world, sluice)
        await talked_with(world, sluice)
        await carried_out(world, sluice)
        await sluice.until(lambda: nothing_left(world), "worktrees, claims and agents are gone")
    points = set(sluice.hits.read_text().splitlines())
    record_property("told", f"killed {sluice.kills} times: {', '.join(sorted(points))}")
    missed = {f"{moment}: {action}" for moment in moments for action in ACTIONS} - points
    assert not missed, f"never reached: {sorted(missed)}"


async def merged_after_rework(world: World, sluice: Sluice) -> None:
    """Two pull requests: one mended after a red check, one brought up to date behind it and sent back by a reviewer."""
    world.play("One", BREAK)
    world.play("One", MEND, round=2)
    one = await world.add_issue("One", edits=False)
    two = await world.add_issue("Two")
    world.play("Two", {"write": "notes/two.txt", "text": "better\n"}, round=2)
    await sluice.until(lambda: reviewer_asked(world, one), "one's review is asked for")
    await sluice.until(lambda: reviewer_asked(world, two), "two's review is asked for")
    pull = await world.pull(one)
    await world.rest("ann", "PATCH", f"{{repo}}/pulls/{pull['number']}", {"body": "No keyword here."})
    approved = {item.title: (await world.pull(item))["head"]["sha"] for item in (one, two)}
    await world.approve(two)
    await world.approve(one)
    await sluice.until(lambda: one_of_them_waits_again(world, approved), "the second is brought up to date")
    left = two if await world.column(one) == "Done" else one
    world.play(left.title, {"write": "notes/again.txt", "text": "again\n"}, round=3)
    world.play(left.title, {"write": "notes/again.txt", "text": "again\n"}, round=2)
    before = (await world.pull(left))["head"]["sha"]
    await world.request_changes(left, "Once more, please.")
    await sluice.until(lambda: reviewer_asked(world, left, other_than=before), "the review is asked for again")
    await world.approve(left)
    for item in (one, two):
        await sluice.until(lambda item=item: in_column(world, item, "Done"), f"#{item.number} is done")  # type: ignore[misc]
        await sluice.until(lambda item=item: closed(world, item), f"#{item.number} is closed")  # type: ignore[misc]
        pulls = await world.pulls(item)
        assert [pull["merged_at"] is not None for pull in pulls] == [True]
        await sluice.until(lambda item=item: said_times(world, item, "is merged", 1), "the summary is written")  # type: ignore[misc]
        assert len(await world.comments(item)) == 1
    assert len(await merges(world)) == 2


async def parked_draft(world: World, sluice: Sluice) -> None:
    """A draft whose agent changes nothing: converted once, and a person is asked once."""
    world.play("Three", {"say": "nothing to do"})
    await sluice.until(lambda: nothing_left(world), "the first two are closed out")
    await sluice.until(lambda: listening(world), "webhooks are received: a draft's mover is known from them alone")
    draft = await world.add_draft("Three", edits=False)
    await sluice.until(lambda: in_column(world, draft, "Needs a person"), "the draft needs a person")
    issues = [
        i for i in await world.rest("ann", "GET", "{repo}/issues?state=all&per_page=100") if i["title"] == "Three"
    ]
    assert len(issues) == 1
    draft.number = issues[0]["number"]
    await sluice.until(lambda: said_times(world, draft, "this needs a person", 1), "a person is asked")


async def stopped_by_hand(world: World, sluice: Sluice) -> None:
    """Commands while the agent works, then the card dragged away: the work is kept."""
    world.play("Four", {"write": "half.txt", "text": "half"}, {"wait": 300})
    item = await world.add_issue("Four", edits=False)
    await sluice.until(lambda: at_work(world), "the agent works")
    await world.comment(item, "/sluice help\n/sluice priority 1")
    await sluice.until(lambda: reacted(world, item, 1), "the commands are answered")
    await world.move(item, "In Review")
    await sluice.until(lambda: in_column(world, item, "In Progress"), "the card is put back where the work is")
    await world.move(item, "Needs a person")
    await sluice.until(lambda: saved(world), "the work is saved")
    await sluice.until(lambda: nobody_works(world), "the agent has ended")
    assert (
        len([text for text in await world.comments(item) if "/sluice retry" in text and "`/sluice cancel" in text]) == 1
    )


async def cancelled(world: World, sluice: Sluice) -> None:
    """The policy broken and mended, everything paused and resumed, then a pull request cancelled and closed."""
    item = await world.add_issue("Five")
    await sluice.until(lambda: reviewer_asked(world, item), "five is in review")
    await broken_policy(world, sluice)
    await world.comment(item, "/sluice pause all", by="ann")
    await sluice.until(lambda: reacted(world, item, 1), "everything is paused")
    await world.comment(item, "/sluice resume all", by="ann")
    await sluice.until(lambda: reacted(world, item, 2), "everything is resumed")
    await world.comment(item, "/sluice cancel --close", by="ann")
    await sluice.until(lambda: in_column(world, item, "Needs a person"), "five needs a person")
    await sluice.until(lambda: pull_is(world, item, "closed"), "its pull request is closed")
    assert len(await world.pulls(item)) == 1


async def stopped_at_its_gate(world: World, sluice: Sluice) -> None:
    """Cancelled while a command judges the result: the command ends, the work is kept."""
    world.play("Six", {"write": "slow.txt", "text": "slow"})
    item = await world.add_issue("Six", edits=False)
    await sluice.until(lambda: judged(world), "the command runs")
    await world.comment(item, "/sluice cancel", by="ann")
    await sluice.until(lambda: in_column(world, item, "Needs a person"), "six needs a person")
    await sluice.until(lambda: nobody_works(world), "the command has ended")


async def talked_with(world: World, sluice: Sluice) -> None:
    """Told something at its work, the agent asks something; answered, it goes on, and has heard both."""
    wait = {"run": "while [ ! -e go ]; do sleep 0.1; done"}
    world.play("Seven", {"write": "half.txt", "text": "half"}, wait, {"ask": "Which colour?"})
    world.play("Seven", {"run": "cp $SLUICE_BRIEF told.txt"}, round=2)
    item = await world.add_issue("Seven", edits=False)
    await sluice.until(lambda: at_work(world), "the agent works")
    await world.comment(item, "/sluice tell Use tabs.")
    await sluice.until(lambda: reacted(world, item, 1), "what was said is taken")
    await sluice.until(lambda: let_go_on(world, item), "seven needs a person")
    await sluice.until(lambda: said_times(world, item, "has a question", 1), "the question is asked")
    await world.comment(item, "/sluice answer Blue.")
    await sluice.until(lambda: reviewer_asked(world, item), "seven is in review")
    await sluice.until(lambda: reacted(world, item, 3), "who said something sees that it was heard")
    told = await world.file("told.txt", (await world.pull(item))["head"]["ref"])
    assert told and "Use tabs." in told and "Blue." in told
    await world.comment(item, "/sluice cancel --close", by="ann")
    await sluice.until(lambda: in_column(world, item, "Needs a person"), "seven is cancelled")


async def carried_out(world: World, sluice: Sluice) -> None:
    """A plan in place of another: steps side by side, a person's words, a gate, and what one found handed on."""
    world.play("Eight", {"write": "shop.py", "text": "SHOP = 1\n"}, step="1.1")
    world.play("Eight", {"write": "docs/shop.md", "text": "# Shop\n"}, step="1.2")
    world.play("Eight", {"write": ".sluice/found.md", "text": "a shop\n"}, step="1.3")
    world.play("Eight", {"write": "docs/shop.md", "text": "# The shop\n"}, step="1.2", round=2)
    world.play("Eight", {"run": "cp .sluice/found.md docs/found.md"}, step="2.1")
    world.play("Eight", {"write": "docs/note.md", "text": "noted\n"}, step="3.1")
    item = await world.add_issue("Eight", column="Backlog", edits=False)
    await heard(world, sluice, item, "/sluice plan scout-builder", "playbook scout-builder")
    await heard(world, sluice, item, "/sluice plan shop", "playbook shop")
    await sluice.until(lambda: reacted(world, item, 2), "the plan is made")
    await world.move(item, "Ready")
    for times, word in enumerate(("reject Say which shop", "amend Write a note", "approve"), 1):
        await sluice.until(
            lambda times=times: said_times(world, item, "needs your approval", times),  # type: ignore[misc]
            "its first phase waits for a person",
        )
        await world.comment(item, f"/sluice {word}", by="ann")
    await sluice.until(lambda: reviewer_asked(world, item), "what the plan made is in review")
    head = (await world.pull(item))["head"]["ref"]
    made = {path: await world.file(path, head) for path in ("shop.py", "docs/shop.md", "docs/found.md", "docs/note.md")}
    assert list(made.values()) == ["SHOP = 1\n", "# The shop\n", "a shop\n", "noted\n"]
    assert await steps_run(world, item) == ["1.1", "1.2", "1.2", "1.3", "2.1", "3.1"]
    assert len(await world.pulls(item)) == 1
    await world.comment(item, "/sluice cancel --close", by="ann")
    await sluice.until(lambda: in_column(world, item, "Needs a person"), "the plan is cancelled")


async def heard(world: World, sluice: Sluice, item: Thing, text: str, answer: str) -> None:
    """A kill may cost the webhook, and nobody sweeps for what is said of a card that waits for nothing: said again."""

    async def answered() -> bool:
        return any(answer in said for said in await world.comments(item))

    while not await answered():
        await sluice.until(lambda: listening(world), "webhooks are received")
        await world.comment(item, text)
        lives = sluice.kills

        async def answered_or_killed(lives: int = lives) -> bool:
            return sluice.kills > lives or await answered()

        await sluice.until(answered_or_killed, f"{text} is answered")


async def broken_policy(world: World, sluice: Sluice) -> None:
    """One check says it, and turns green."""
    await world.write_file(".github/sluice.toml", "mode =")
    head = (await world.rest("ann", "GET", "{repo}/git/ref/heads/main"))["object"]["sha"]
    await sluice.until(lambda: policy_check(world, head, "failure"), "a check says that the policy is broken")
    await world.write_file(".github/sluice.toml", world.policy)
    await sluice.until(lambda: policy_check(world, head, "success"), "the check says that it is mended")


# --- what can be seen from outside ------------------------------------------------------------------------------------


async def in_column(world: World, item: Thing, column: str) -> bool:
    return await world.column(item) == column


async def closed(world: World, item: Thing) -> bool:
    return bool((await world.issue(item))["state"] == "closed")


async def policy_check(world: World, head: str, conclusion: str) -> bool:
    path = f"{{repo}}/commits/{head}/check-runs?check_name=Sluice%20policy&filter=all"
    return [run["conclusion"] for run in (await world.rest("ann", "GET", path))["check_runs"]] == [conclusion]


async def pull_is(world: World, item: Thing, state: str) -> bool:
    return bool((await world.pulls(item))[0]["state"] == state)


async def reviewer_asked(world: World, item: Thing, other_than: str = "") -> bool:
    """In review with everything machines can say said, and somebody asked for the present head."""
    pulls = await world.pulls(item)
    if not pulls or pulls[0]["head"]["sha"] == other_than or await world.column(item) != "In Review":
        return False
    shown = any(text.startswith("**In review") for text in await world.comments(item))
    return shown and bool((await world.pull(item))["requested_reviewers"])


async def one_of_them_waits_again(world: World, approved: dict[str, str]) -> bool:
    """One is merged; the other has another head than the one that was approved, and a review is asked for."""
    done = [title for title in approved if await world.column(world.things[title]) == "Done"]
    if len(done) != 1:
        return False
    (left,) = approved.keys() - set(done)
    return await reviewer_asked(world, world.things[left], other_than=approved[left])


async def steps_run(world: World, item: Thing) -> list[str]:
    ledger = await open_ledger(f"sqlite:///{world.folder}/data/ledger.db")
    try:
        return sorted(run.step for run in await ledger.runs(item=item.card))
    finally:
        await ledger.close()


async def said_times(world: World, item: Thing, words: str, times: int) -> bool:
    return len([text for text in await world.comments(item) if words in text]) == times


async def reacted(world: World, item: Thing, times: int) -> bool:
    return len(await world.reactions(item)) >= times


async def listening(world: World) -> bool:
    try:
        async with httpx.AsyncClient(verify=False) as client:
            return (await client.get(f"http://127.0.0.1:{world.port}/readyz")).status_code == 200
    except httpx.HTTPError:
        return False


async def at_work(world: World) -> bool:
    return any((tree / "half.txt").exists() for tree in world.worktrees())


async def let_go_on(world: World, item: Thing) -> bool:
    """Whoever waits for a sign has it, also one that was killed and begins anew."""
    for tree in world.worktrees():
        with contextlib.suppress(OSError):
            (tree / "go").write_text("")
    return await in_column(world, item, "Needs a person")


async def judged(world: World) -> bool:
    return any(psutil.Process(pid).name() == "sleep" for pid in agents(world) if psutil.pid_exists(pid))


async def saved(world: World) -> bool:
    return bool(await world.refs("sluice/work"))


async def nobody_works(world: World) -> bool:
    return not agents(world)


async def merges(world: World) -> list[str]:
    found = await world.rest("ann", "GET", "{repo}/pulls?state=closed&per_page=100")
    return [pull["merge_commit_sha"] for pull in found if pull["merged_at"]]


async def nothing_left(world: World) -> bool:
    return not world.worktrees() and not agents(world)


def agents(world: World) -> list[int]:
    """Processes below this world's launcher."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SLUICE_ROOT") == str((world.folder / "data").resolve()):
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found
