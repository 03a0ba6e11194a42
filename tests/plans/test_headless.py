"""`sluice execute run`: a plan driven to its end without anybody, in worktrees of its own, with scripted agents."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.core.plans.happened import Answered, Asked, Dispatched, GateJudged, Recorded, SentBack, Started
from bot.core.plans.plan import Gate, Member, Phase, Plan, Step
from bot.core.tokens import Tokens
from bot.drivers import held
from bot.ledger.ledger import SqlLedger
from bot.plan_files.record import record
from tests.contracts.ledger_world import FINISHED, add, plan, start
from tests.plans.shop import T0, Shop

pytestmark = pytest.mark.slow
TITLE, TASK = "Rename the shop", "task-rename-0001"
SLUICE = Path(sys.executable).with_name("sluice")
PEER = '[peers.robo]\nruntime = "scripted"\nscript = "{script}"\ncapacity = {capacity}\n'
CODE = Step("1.1", "backend", "Rename it in the code", deliverables=("shop.py",))
DOCS = Step("1.2", "writer", "Rename it in the documents", deliverables=("docs/shop.md",))
LOOK = Step("2.1", "reviewer", "Look at it", changes=False)


class Stage:
    """The shop, and what its agents will do in each step and round."""

    def __init__(self, shop: Shop, **settings: str) -> None:
        self.shop = shop
        self.script = shop.top.parent / "play.toml"
        self.script.write_text("")
        self.settle(PEER.format(script=self.script, capacity=2))
        self.play("1.1", {"write": "shop.py", "text": "SHOP = 1\n"}, {"say": "Renamed"})
        self.play("1.2", {"write": "docs/shop.md", "text": "# Shop\n"}, {"say": "Wrote"})
        self.play("2.1", {"say": "Looks good"})

    def settle(self, peers: str) -> None:
        (self.shop.top / "sluice.toml").write_text(f"[pace]\nmeter_seconds = 0.05\n{peers}")

    def play(self, step: str, *steps: dict[str, Any], round: int = 1) -> None:
        with self.script.open("a") as file:
            told = ", ".join(_toml(each) for each in steps)
            file.write(f'[[play]]\nitem = "{TITLE}"\nstep = "{step}"\nround = {round}\nsteps = [{told}]\n')

    def plan(self, *phases: Phase, **facts: Any) -> None:
        self.shop.save(Plan(TASK, TITLE, phases or usual(), T0, **facts))

    def begun(self, file: str, *words: str) -> subprocess.Popen[str]:
        """`run` in a shell of its own, whose agent has written that file in its worktree by now."""
        process = subprocess.Popen(
            [SLUICE, "execute", "run", *words], cwd=self.shop.top, stdout=subprocess.PIPE, text=True
        )
        end = time.monotonic() + 60
        while not list((self.shop.folder / "headless/worktrees").glob(f"*/*/{file}")):
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.05)
        return process

    def happened(self, kind: type) -> list[Any]:
        return [each for each in self.shop.happened(TASK) if isinstance(each, kind)]

    def file(self, path: str) -> str:
        return self.shop.git("show", f"sluice/{TASK}:{path}")


@pytest.fixture
def stage(shop: Shop) -> Stage:
    return Stage(shop)


def usual(gate: str = "test -f shop.py && test -f docs/shop.md") -> tuple[Phase, ...]:
    return (Phase(1, "Build", (CODE, DOCS), gate=Gate((gate,))), Phase(2, "Look", (LOOK,)))


def test_a_plan_is_driven_to_its_end(stage: Stage) -> None:
    """Two steps side by side, the gate, a look at it; all of it on a branch of the task, and nothing where its user
    stands."""
    stage.plan()
    before = stage.shop.git("rev-parse", "main"), stage.shop.git("status", "--short")
    said = stage.shop.execute("run")
    assert (said.code, said.err) == (0, "")
    lines = [line for line in said.out.splitlines() if not line.startswith("Ended: ")]
    assert lines[:2] == ["Dispatched: step 1.1 (robo)", "Dispatched: step 1.2 (robo)"]
    assert lines[2:5] == [
        "Recorded: step 1.1 (robo) — complete",
        "Recorded: step 1.2 (robo) — complete",
        "Gate recorded: phase 1 — PASS",
    ]
    assert f"Task {TASK} completed." in lines and any(line.startswith("Steps: 3/3 | Gates passed: 1") for line in lines)
    assert lines[-1] == f"Branch: sluice/{TASK} (2 files changed); `git merge sluice/{TASK}` brings it into yours"
    assert (stage.file("shop.py"), stage.file("docs/shop.md")) == ("SHOP = 1", "# Shop")
    assert before == (stage.shop.git("rev-parse", "main"), stage.shop.git("status", "--short"))
    assert list((stage.shop.folder / "headless/worktrees").glob("*/*")) == []
    assert all(each.own_tree for each in stage.happened(Dispatched))
    assert "step 1.1: robo complete" in stage.shop.git("log", "--format=%s", f"sluice/{TASK}").splitlines()
    assert stage.happened(GateJudged)[0].how == "command"
    assert "Real tokens: unknown: the agents of its runs tell none" in stage.shop.execute("status").out
    again = stage.shop.execute("run")
    assert again.code == 0 and len(stage.happened(Dispatched)) == 3


def test_documents_that_are_only_named_are_there_to_be_read(stage: Stage) -> None:
    """Those of one's own packs and those nobody committed, too: each step sees only what git has, and what it is given.
    None of them is committed."""
    own, notes = ".sluice/knowledge/house/lines.md", "notes.md"
    stage.plan(Phase(1, "Build", (CODE,)), Phase(2, "Write", (replace(DOCS, id="2.1"),)), knowledge=(own, notes))
    stage.shop.write(own, "One line.\n")
    stage.shop.write(notes, "No more.\n")
    read = f"cat {own} .sluice/knowledge/{notes} > docs/shop.md"
    stage.script.write_text("")
    stage.play("1.1", {"write": "shop.py", "text": "SHOP = 1\n"})
    stage.play("2.1", {"run": f"mkdir docs && {read}"})
    assert stage.shop.execute("run").code == 0
    assert stage.file("docs/shop.md") == "One line.\nNo more."
    assert stage.shop.git("ls-tree", "-r", "--name-only", f"sluice/{TASK}").splitlines() == [
        "app/main.py", "docs/shop.md", "shop.py",
    ]  # fmt: skip


def test_it_stops_where_a_person_is_waited_for_and_goes_on_afterwards(stage: Stage) -> None:
    """Approvals of the plan and of a phase, and an agent's question: exit code 0, told what it waits for."""
    talk = replace(LOOK, interactive=True)
    build, look = usual()
    stage.plan(replace(build, approval="it is renamed for good"), replace(look, steps=(talk,)), approval="risk is HIGH")
    spend = {"spend": {"model": "m", "input_total": 100, "output": 0}}
    stage.play("2.1", spend, {"ask": "Is `Shop` the new name?"}, round=1)
    stage.play("2.1", spend, {"say": "Then it looks good"}, round=2)
    first = stage.shop.execute("run")
    assert first.code == 0 and first.out.startswith("ACTION: APPROVAL\nPhase: 0\n")
    stage.shop.execute("approve", "--phase-id", "0")
    second = stage.shop.execute("run", "--output", "json")
    assert (second.code, second.json["status"], second.json["phase"]) == (0, "waits", 1)
    stage.shop.execute("approve", "--phase-id", "1")
    third = stage.shop.execute("run")
    assert third.code == 0 and "ACTION: INTERACT\n" in third.out and "Is `Shop` the new name?" in third.out
    stage.shop.execute("interact", "--step-id", "2.1", "--input", "Yes.")
    assert stage.shop.execute("run").out.startswith("ACTION: INTERACT")
    stage.shop.execute("interact", "--step-id", "2.1", "--done")
    stage.play("2.1", {"say": "Done, then"}, round=3)
    assert f"Task {TASK} completed." in stage.shop.execute("run").out
    assert [each.text for each in stage.happened(Asked)] == ["Is `Shop` the new name?", "Then it looks good"]
    assert [each.total for each in stage.happened(Recorded)[-1].used] == [200]  # of all its turns


def test_at_a_terminal_it_asks(stage: Stage) -> None:
    """Whoever sits there approves, adds what is to be done besides, and has a turn; an empty answer leaves it."""
    build, look = usual()
    talk = replace(look, steps=(replace(LOOK, interactive=True),))
    stage.plan(replace(build, approval="it is renamed for good"), talk, approval="risk is HIGH")
    stage.play("3.1", {"append": "docs/shop.md", "text": "and its sign\n"}, {"say": "The sign, too"})
    stage.play("2.1", {"ask": "Is it right?"})
    stage.play("2.1", {"say": "Good"}, round=2)
    here, there = pty.openpty()
    process = subprocess.Popen([SLUICE, "execute", "run"], cwd=stage.shop.top, stdin=there, stdout=subprocess.PIPE)
    os.write(here, b"approve\nRename the sign\ndone\n")
    said = process.communicate()[0].decode()
    os.close(there)
    os.close(here)
    assert process.returncode == 0 and f"Task {TASK} completed." in said, said
    assert "and its sign" in stage.file("docs/shop.md")
    assert [(each.phase, each.answer) for each in stage.happened(Answered)] == [
        (0, "approve"),
        (1, "approve-with-feedback"),
    ]


def test_cancelled_in_another_shell_it_ends_with_its_agents(stage: Stage) -> None:
    """Within seconds, though an agent is at work; what it had done stays in its worktree."""
    stage.plan(Phase(1, "Build", (CODE,)))
    stage.play("1.1", {"write": "half.py", "text": "x\n"}, {"wait": 60})
    process = subprocess.Popen([SLUICE, "execute", "run"], cwd=stage.shop.top, stdout=subprocess.PIPE, text=True)
    assert process.stdout and "Dispatched: step 1.1" in process.stdout.readline()
    assert stage.shop.execute("cancel", "--reason", "not wanted").code == 0
    said = process.communicate(timeout=40)[0]
    assert process.returncode == 1 and "not wanted" in said
    assert stage.happened(Recorded) == []


def test_a_red_gate_sends_the_work_back_and_no_more_than_three_times(stage: Stage) -> None:
    """With its output, to whoever changed files last; then a person looks at it."""
    stage.plan(*usual("echo no name; grep -q name docs/shop.md"))
    for round in (2, 3):
        stage.play("1.2", {"append": "docs/shop.md", "text": f"{round}\n"}, round=round)
    stage.play("1.2", {"append": "docs/shop.md", "text": "name\n"}, {"say": "Named it"}, round=4)
    said = stage.shop.execute("run")
    assert said.code == 0 and said.out.count("Gate recorded: phase 1 — FAIL") == 3
    assert [(each.step, "no name" in each.why) for each in stage.happened(SentBack)] == [("1.2", True)] * 3
    assert "name" in stage.file("docs/shop.md")


def test_after_three_rounds_it_has_failed(stage: Stage) -> None:
    """Exit code 1, and how it goes on; all work is kept on the branch."""
    stage.plan(*usual("false"))
    for round in (2, 3, 4):
        stage.play("1.2", {"append": "docs/shop.md", "text": f"{round}\n"}, round=round)
    said = stage.shop.execute("run")
    assert said.code == 1 and "ACTION: FAILED\nMessage: the gate of phase 1 failed" in said.out
    assert "Next: `sluice execute retry-gate --phase-id 1`" in said.out
    assert len(stage.happened(SentBack)) == 3 and stage.file("shop.py") == "SHOP = 1"


def test_how_often_work_comes_back_is_the_policys_to_say(stage: Stage) -> None:
    """As for items of a board: with none left a red gate is a person's at once."""
    stage.shop.write(".github/sluice.toml", "[work]\nrounds = 0\n")
    stage.shop.commit("No rounds")
    stage.plan(*usual("false"))
    said = stage.shop.execute("run")
    assert said.code == 1 and "ACTION: FAILED\nMessage: the gate of phase 1 failed" in said.out
    assert stage.happened(SentBack) == []


def test_a_conflict_leads_to_the_step_and_not_to_a_crash(stage: Stage) -> None:
    """The later step gets the conflict laid before it, and resolves it in its own worktree."""
    both = replace(CODE, id="1.2", deliverables=())
    stage.plan(Phase(1, "Build", (CODE, both)))
    stage.play("1.2", {"write": "shop.py", "text": "SHOP = 2\n"}, {"say": "Mine"})
    stage.play("1.2", {"run": "grep -q '<<<<<<<' shop.py"}, {"write": "shop.py", "text": "SHOP = 3\n"}, round=2)
    said = stage.shop.execute("run")
    assert said.code == 0, said
    assert [(each.step, each.conflict) for each in stage.happened(SentBack)] == [("1.2", True)]
    assert stage.file("shop.py") == "SHOP = 3"


def test_who_claims_success_without_its_work_is_sent_back(stage: Stage) -> None:
    """Told what is missing; it is never taken for done."""
    stage.plan(Phase(1, "Build", (CODE,)))
    stage.play("1.1", {"write": "other.py", "text": "x\n"}, {"say": "All done!"})
    stage.play("1.1", {"write": "shop.py", "text": "SHOP = 1\n"}, round=2)
    said = stage.shop.execute("run")
    assert (
        said.code == 0
        and "Recorded: step 1.1 (robo) — failed: what it was to deliver is not there: shop.py" in said.out
    )
    assert [each.status for each in stage.happened(Recorded)] == ["failed", "complete"]


def test_an_agent_that_fails_stops_it_and_its_work_is_kept(stage: Stage) -> None:
    """What was done beside it is taken up first; a person decides how it goes on."""
    stage.plan()
    stage.play("1.2", {"write": "half.md", "text": "x\n"}, {"fail": "model"})
    said = stage.shop.execute("run")
    assert said.code == 1 and "ACTION: FAILED\nMessage: step 1.2 (writer) failed" in said.out
    assert "retry-step --step-id 1.2" in said.out and stage.file("shop.py") == "SHOP = 1"
    (tree,) = (stage.shop.folder / "headless/worktrees").glob("*/*")
    assert (tree / "half.md").exists()
    stage.shop.execute("retry-step", "--step-id", "1.2")
    stage.play("1.2", {"write": "docs/shop.md", "text": "# Shop\n"}, round=2)
    assert stage.shop.execute("run").code == 0


def test_what_is_handed_on_lies_in_the_next_steps_worktree(stage: Stage) -> None:
    """By its path, shared context with it; it is on no branch, and in the user's folder at the end."""
    scout = replace(CODE, deliverables=(".sluice/scout-report.md",), changes=False)
    stage.plan(Phase(1, "Scout", (scout,)), Phase(2, "Build", (replace(CODE, id="2.1"),)))
    stage.shop.write(".sluice/context.md", "the shop\n")
    stage.play("1.1", {"write": ".sluice/scout-report.md", "text": "shop.py:1\n"}, {"say": "Found"})
    look = "grep -q shop.py:1 .sluice/scout-report.md && grep -q shop .sluice/context.md"
    stage.play("2.1", {"run": look}, {"write": "shop.py", "text": "SHOP = 1\n"})
    said = stage.shop.execute("run")
    assert said.code == 0, said
    assert (stage.shop.folder / "scout-report.md").read_text() == "shop.py:1\n"
    assert ".sluice" not in stage.shop.git("ls-tree", "-r", "--name-only", f"sluice/{TASK}")


def test_who_changes_what_it_may_not_is_not_taken_up(stage: Stage) -> None:
    """The plan's paths are held, whatever the agent says."""
    stage.plan(Phase(1, "Build", (replace(CODE, blocked_paths=("secret/**",)),)))
    for round in (1, 2, 3, 4):
        stage.play("1.1", {"write": "shop.py", "text": "x\n"}, {"write": "secret/a", "text": "x\n"}, round=round)
    said = stage.shop.execute("run")
    assert said.code == 1 and "it changed what it was not to touch: secret/a" in said.out
    assert f"sluice/{TASK}" not in stage.shop.git("branch", "--list", "sluice/*")


def test_a_token_budget_is_a_cap(stage: Stage) -> None:
    """An agent that passes it is ended, nothing more is dispatched, and that is trouble (exit code 1)."""
    stage.plan()
    stage.settle(PEER.format(script=stage.script, capacity=1))
    spend = {"spend": {"model": "m", "input_total": 900, "output": 200}}
    stage.play("1.1", spend, {"wait": 60}, {"write": "shop.py", "text": "SHOP = 1\n"})
    said = stage.shop.execute("run", "--token-budget", "1000")
    assert said.code == 1 and "this item has used 1.1 k tokens of the 1 k tokens" in said.out
    assert len(stage.happened(Dispatched)) == 1
    assert stage.happened(Recorded)[0].used[0].total == 1100


def test_who_waits_for_the_budget_is_told_though_another_works(stage: Stage) -> None:
    """The first of two side by side may use all of it: in one line, and the other follows with what is left."""
    stage.plan(usual()[0])
    said = stage.shop.execute("run", "--token-budget", "1000").out.splitlines()
    assert said[:2] == [
        "Dispatched: step 1.1 (robo)",
        "Waits: step 1.2 — this item's agents at work may use all that is left of its 1 k tokens and $15.00",
    ]
    assert "Dispatched: step 1.2 (robo)" in said[2:] and sum(line.startswith("Waits") for line in said) == 1


def test_what_was_used_by_hand_counts_for_the_tasks_budget(stage: Stage) -> None:
    """It is of the same task, though no run of Sluice's used it."""
    stage.plan()
    by_hand = Recorded(datetime.now(UTC), "1.1", "complete", "mona", used=(Tokens("m", 900),))
    given = Dispatched(by_hand.at, "1.1", "mona")
    stage.shop.asked(lambda ledger: ledger.happen(TASK, Started(by_hand.at, "mona"), given, by_hand))
    stage.play("1.2", {"spend": {"model": "m", "input_total": 150, "output": 0}}, {"wait": 60})
    said = stage.shop.execute("run", "--token-budget", "1000")
    assert said.code == 1 and "step 1.2 (robo) — failed: it has used the 100 tokens" in said.out


def test_what_other_tasks_used_today_is_gone(stage: Stage) -> None:
    """The day's cap is over all: nothing is dispatched where nothing is left of it."""
    spend = {"spend": {"model": "m", "input_total": 900, "output": 200}}
    stage.play("1.1", {"write": "shop.py", "text": "SHOP = 1\n"}, spend, {"say": "Renamed"})
    stage.plan(Phase(1, "Build", (CODE,)))
    assert stage.shop.execute("run").code == 0
    stage.settle(f"{PEER.format(script=stage.script, capacity=1)}[caps]\ntokens_per_day = 1000\n")
    stage.shop.save(Plan("task-other-0001", TITLE, (Phase(1, "Build", (CODE,)),), T0))
    said = stage.shop.execute("run")
    assert said.code == 1 and "Sluice has used 1.1 k tokens of 1 k tokens in the last 24 hours" in said.out
    assert "`sluice execute run` goes on then" in said.out
    assert not any(isinstance(each, Dispatched) for each in stage.shop.happened("task-other-0001"))


def test_no_more_steps_than_asked_for(stage: Stage) -> None:
    """It stops in good order, exit code 0, and goes on when it is called again; with a model for all of them."""
    stage.plan()
    said = stage.shop.execute("run", "--max-steps", "1", "--model", "small")
    assert "Sluice-Model: small" in stage.shop.git("log", "--format=%B", f"sluice/{TASK}")
    assert said.code == 0 and "as many as --max-steps allows" in said.out
    assert [each.step for each in stage.happened(Dispatched)] == ["1.1"]
    assert stage.shop.execute("run").code == 0


def test_nothing_begins_where_somebody_is_missing_and_a_dry_run_says_who_does_what(stage: Stage) -> None:
    """By name, else by role; a step that nobody takes is a user's mistake."""
    stage.plan(Phase(1, "Build", (CODE, DOCS)), Phase(2, "Look", (replace(LOOK, role="reviewer"),)))
    peers = [f'[peers.{name}]\nruntime = "scripted"\nscript = "x"\nrole = "builder"\n' for name in ("writer", "robo")]
    stage.settle("".join(peers))
    missing = stage.shop.execute("run")
    assert missing.code == 2 and "step 2.1 needs an agent named reviewer, or one with the role reviewer" in missing.err
    dry = stage.shop.execute("run", "--dry-run", "--output", "json").json["dry_run"]
    assert [(row["step"], row["by"]) for row in dry] == [("1.1", "writer"), ("1.2", "writer"), ("2.1", "nobody")]
    assert stage.shop.happened(TASK) == ()


def test_nothing_begins_where_an_agent_would_ask_before_each_command(stage: Stage) -> None:
    """Nobody could answer it there: the setting is named, and no token is spent."""
    stage.plan(Phase(1, "Build", (CODE,)))
    stage.settle(f'[peers.robo]\nruntime = "acp"\nscript = "{stage.script}"\npermissions = "ask"\n')
    said = stage.shop.execute("run")
    assert said.code == 2 and 'agent robo has permissions = "ask" in sluice.toml' in said.err
    assert stage.shop.happened(TASK) == ()


def test_another_model_for_all_of_it(stage: Stage) -> None:
    """`--model` goes before the one its agent has of its own, and the commits name it."""
    stage.settle(PEER.format(script=stage.script, capacity=1) + 'model = "small"\n')
    stage.plan(Phase(1, "Build", (CODE,)))
    assert stage.shop.execute("run", "--model", "large").code == 0
    models = stage.shop.git("log", "--format=%(trailers:key=Sluice-Model,valueonly)", f"main..sluice/{TASK}").split()
    assert set(models) == {"large"}


def test_a_gate_on_github_is_left_to_its_user(stage: Stage) -> None:
    """It stops with what is to be done, exit code 0, and goes on when the gate is recorded."""
    stage.plan(Phase(1, "Build", (CODE,), gate=Gate(workflow="ci.yml")), Phase(2, "Look", (LOOK,)))
    said = stage.shop.execute("run")
    assert said.code == 0 and "ACTION: GATE" in said.out
    assert f"push sluice/{TASK}, look what ci.yml says of it" in said.out.splitlines()[-1]
    assert "`sluice execute gate --phase-id 1 --result pass`" in said.out.splitlines()[-1]
    assert stage.shop.execute("gate", "--phase-id", "1", "--result", "pass").code == 0
    assert f"Task {TASK} completed." in stage.shop.execute("run").out


def test_everything_paused_ends_its_agents_and_is_gone_on_with(stage: Stage) -> None:
    """Within seconds, their work kept; nothing begins while it is paused, and afterwards the same step goes on."""
    stage.plan(Phase(1, "Build", (CODE,)))
    stage.play("1.1", {"write": "half.py", "text": "x\n"}, {"wait": 60})
    process = stage.begun("half.py")
    stage.shop.asked(lambda ledger: ledger.pause_all("mona", datetime.now(UTC)))
    said = process.communicate(timeout=40)[0]
    assert process.returncode == 0 and "Stopped: everything is paused by mona" in said
    assert "Stopped: everything is paused by mona" in stage.shop.execute("run").out
    stage.shop.asked(lambda ledger: ledger.pause_all(None, datetime.now(UTC)))
    stage.play("1.1", {"write": "shop.py", "text": "SHOP = 1\n"}, {"say": "Renamed"})
    assert stage.shop.execute("run").code == 0 and stage.file("half.py") == "x"


def test_what_a_killed_shell_had_at_work_is_not_begun_while_everything_is_paused(stage: Stage) -> None:
    """Not even for the moment until somebody looks."""
    stage.plan(Phase(1, "Build", (CODE,)))
    stage.play("1.1", {"write": "half.py", "text": "x\n"}, {"wait": 60})
    process = stage.begun("half.py")
    process.kill()
    process.wait()
    stage.shop.asked(lambda ledger: ledger.pause_all("mona", datetime.now(UTC)))
    stage.play("1.1", {"write": "shop.py", "text": "SHOP = 1\n"}, {"say": "Renamed"})
    said = stage.shop.execute("run")
    assert (said.code, said.out.splitlines()[0].partition(";")[0]) == (0, "Stopped: everything is paused by mona")
    assert stage.happened(Recorded) == []
    stage.shop.asked(lambda ledger: ledger.pause_all(None, datetime.now(UTC)))
    assert stage.shop.execute("run").code == 0


def test_a_plan_is_taken_from_a_file(stage: Stage) -> None:
    """For programs that make their own; one that is no plan is told with its mistake."""
    file = stage.shop.top.parent / "plan.json"
    file.write_text(record(Plan(TASK, TITLE, (Phase(1, "Build", (CODE,)),), T0)))
    assert stage.shop.execute("run", "--plan", str(file)).code == 0
    assert stage.file("shop.py") == "SHOP = 1"
    file.write_text('{"task_id": 1}')
    wrong = stage.shop.execute("run", "--plan", str(file))
    assert wrong.code == 2 and "plan.json" in wrong.err


def test_one_task_is_driven_by_one_process(stage: Stage) -> None:
    """Another is told which; the list shows it."""
    stage.plan()
    with held(stage.shop.folder, TASK, 4242):
        second = stage.shop.execute("run")
        assert second.code == 2 and f"task {TASK} is being driven by process 4242 already" in second.err
        assert stage.shop.execute("list", "--output", "json").json["tasks"][0]["pid"] == 4242


def test_a_team_works_side_by_side_and_its_parts_come_together(stage: Stage) -> None:
    """What its members hand on becomes one file, one part behind the other; or an agent joins them."""
    scouts = tuple(Member(f"1.1.{letter}", "scout", f"Look at {letter}") for letter in "ab")
    found = Step("1.1", "scouts", "Find it", team=scouts, deliverables=(".sluice/found.md",), changes=False)
    judges = tuple(Member(f"2.1.{letter}", "judge", f"Weigh {letter}") for letter in "ab")
    weighed = Step(
        "2.1", "lead", "Decide", team=judges, deliverables=(".sluice/word.md",), changes=False, joins="agent"
    )
    stage.plan(Phase(1, "Scout", (found,)), Phase(2, "Decide", (weighed,)))
    for letter in "ab":
        part = {"write": f".sluice/found.1.1.{letter}.md", "text": f"{letter} is fine\n"}
        stage.play(f"1.1.{letter}", part, {"say": "Found"})
        stage.play(f"2.1.{letter}", {"write": f".sluice/word.2.1.{letter}.md", "text": letter}, {"say": f"{letter}!"})
    stage.play("2.1", {"run": "grep -q 'b is fine' .sluice/found.md"}, {"write": ".sluice/word.md", "text": "both\n"})
    said = stage.shop.execute("run")
    assert said.code == 0, said
    joined = (stage.shop.folder / "found.md").read_text()
    assert joined.index("a is fine") < joined.index("b is fine")
    assert (stage.shop.folder / "word.md").read_text() == "both\n"
    assert [each.step for each in stage.happened(Dispatched)] == ["1.1.a", "1.1.b", "2.1.a", "2.1.b", "2.1"]


def test_the_branch_its_user_stands_on_is_left_alone(stage: Stage) -> None:
    """The work is kept in their repository all the same, and they are told where."""
    stage.plan(Phase(1, "Build", (CODE,)), Phase(2, "Look", (replace(DOCS, id="2.1", depends_on=("1.1",)),)))
    stage.play("2.1", {"write": "docs/shop.md", "text": "# Shop\n"}, {"say": "Wrote"})
    stage.shop.execute("run", "--max-steps", "1")
    stage.shop.git("checkout", "-q", f"sluice/{TASK}")
    before = stage.shop.git("rev-parse", "HEAD")
    said = stage.shop.execute("run")
    assert said.code == 0 and f"branch sluice/{TASK} was left as it is" in said.out
    kept = f"refs/sluice/work/{TASK}"
    assert said.out.splitlines()[-1] == f"Kept at: {kept} (2 files changed); `git merge {kept}` brings it into yours"
    assert stage.shop.git("rev-parse", "HEAD") == before
    assert stage.shop.git("show", f"refs/sluice/work/{TASK}:docs/shop.md") == "# Shop"


def test_a_provider_that_says_to_wait_is_no_failure(stage: Stage) -> None:
    """It stops, exit code 1, and says until when; no round is used up."""
    stage.plan(Phase(1, "Build", (CODE,)))
    stage.play("1.1", {"limited": 3600})
    said = stage.shop.execute("run")
    assert said.code == 1
    told = "Stopped: step 1.1: agent robo waits for its provider, which takes work again at "
    assert said.out.splitlines()[-1].startswith(told)
    assert [each.lost for each in stage.happened(SentBack)] == [True]
    assert stage.shop.task(TASK).execution.phases[0].rounds == 0


def test_an_agent_at_work_bears_the_mark_by_which_it_is_refused_the_plan(stage: Stage) -> None:
    """Whatever it starts bears it too."""
    stage.plan(Phase(1, "Build", (CODE,)))
    stage.play("1.1", {"run": "env | grep ^SLUICE_RUN= > shop.py"})
    assert stage.shop.execute("run").code == 0
    name, _, value = stage.file("shop.py").partition("=")
    stage.shop.monkeypatch.setenv(name, value)
    refused = stage.shop.execute("next")
    assert refused.code == 2 and "an agent at work drives no plan of its own" in refused.err


def test_two_tasks_are_driven_at_once_in_two_shells(stage: Stage) -> None:
    """Neither steps on the other: each has its own branch, trees and lock."""
    stage.plan(usual()[0])
    stage.shop.save(Plan("task-other-0001", TITLE, (usual()[0],), T0))
    tasks = (TASK, "task-other-0001")
    both = [
        subprocess.Popen([SLUICE, "execute", "run", "--task-id", task], cwd=stage.shop.top, stdout=subprocess.PIPE)
        for task in tasks
    ]
    said = [process.communicate()[0].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    for task in tasks:
        assert stage.shop.git("show", f"sluice/{task}:docs/shop.md") == "# Shop"


def test_its_runs_are_the_ledgers_like_any_other(stage: Stage) -> None:
    """Listed with what came of them, and shown step by step; a secret that an agent prints is not kept."""
    stage.plan(Phase(1, "Build", (CODE,)))
    hidden = {"run": "true ghp_abcdefghijklmnop"}
    stage.play("1.1", {"write": "shop.py", "text": "SHOP = 1\n"}, hidden, {"say": "Renamed"})
    assert stage.shop.execute("run").code == 0
    (row,) = stage.shop.sluice("run", "list", TASK, "--json").json["runs"]
    assert (row["of"], row["step"], row["agent"], row["ended"]) == (TASK, "1.1", "robo", "finished")
    shown = [line.split(maxsplit=2)[1:] for line in stage.shop.sluice("run", "show", row["run"]).out.splitlines()]
    assert shown[1:] == [
        ["changed", "shop.py write"],
        ["tool", "true [hidden] run"],
        ["message", "Renamed"],
        ["finished", "Renamed"],
    ]
    assert stage.happened(Recorded)[0].run.startswith(row["run"])


def test_two_shells_and_a_service_share_the_slot(stage: Stage) -> None:
    """Both wait for the board's agent and say so once; then one goes on after the other."""
    stage.settle(PEER.format(script=stage.script, capacity=5) + "[caps]\nrunning = 1\n")
    tasks = (TASK, "task-other-0001")
    stage.plan(Phase(1, "Build", (CODE,)))
    stage.shop.save(Plan(tasks[1], TITLE, (Phase(1, "Build", (CODE,)),), T0))

    async def board(ledger: SqlLedger) -> str:
        [item] = await add(ledger, 1)
        assert await start(ledger, item, now=datetime.now(UTC)) is None
        return plan(item).key

    theirs = stage.shop.asked(board)
    both = [
        subprocess.Popen(
            [SLUICE, "execute", "run", "--task-id", task], cwd=stage.shop.top, stdout=subprocess.PIPE, text=True
        )
        for task in tasks
    ]
    waits = "Waits: step 1.1 — 1 agents already work (limit 1)\n"
    assert [process.stdout and process.stdout.readline() for process in both] == [waits] * 2
    stage.shop.asked(lambda ledger: ledger.end_run(theirs, FINISHED, None, datetime.now(UTC)))
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    second, first = stage.shop.asked(lambda ledger: ledger.runs())[:2]
    assert {first.item, second.item} == set(tasks)
    assert first.ended_at and second.started_at and first.ended_at <= second.started_at


def test_a_killed_shell_keeps_no_slot(stage: Stage) -> None:
    """Another shell of the repository needs it and takes it; the first task goes on afterwards, where it was."""
    stage.settle(PEER.format(script=stage.script, capacity=5) + "[caps]\nrunning = 1\n")
    stage.shop.save(Plan("task-other-0001", TITLE, (Phase(1, "Build", (DOCS,)),), T0))
    stage.plan(Phase(1, "Build", (CODE,)))
    stage.play("1.1", {"write": "half.py", "text": "x\n"}, {"wait": 60})
    process = stage.begun("half.py")
    process.kill()
    process.wait()
    assert stage.shop.execute("run", "--task-id", "task-other-0001").code == 0
    stage.play("1.1", {"write": "shop.py", "text": "SHOP = 1\n"}, {"say": "Renamed"})
    assert stage.shop.execute("run").code == 0
    assert [each.step for each in stage.happened(Dispatched)] == ["1.1"] and stage.happened(SentBack) == []


def test_told_to_end_it_ends_its_agents_and_keeps_nothing_for_them(stage: Stage) -> None:
    """Their work is kept, their slots and money are free at once, and it goes on when it is called again."""
    stage.plan(Phase(1, "Build", (CODE,)))
    stage.play("1.1", {"write": "half.py", "text": "x\n"}, {"wait": 60})
    process = stage.begun("half.py")
    process.terminate()
    said = process.communicate(timeout=40)[0]
    assert process.returncode == 143 and said.splitlines()[-1].startswith("Stopped: it was told to end; no agent works")
    assert stage.shop.asked(lambda ledger: ledger.running()) == []
    stage.play("1.1", {"write": "shop.py", "text": "SHOP = 1\n"}, {"say": "Renamed"})
    assert stage.shop.execute("run").code == 0 and stage.file("half.py") == "x"


def test_what_an_interrupted_step_had_used_is_on_its_record(stage: Stage) -> None:
    """Though it went on from where the step beside it had brought the task meanwhile, in a run of its own."""
    stage.plan(usual()[0])
    first, then = ({"spend": {"model": "m", "input_total": spent, "output": 0}} for spent in (100, 50))
    stage.play("1.2", first, {"write": "half.py", "text": "x\n"}, {"wait": 60})
    process = stage.begun("half.py")
    assert process.stdout and any("Recorded: step 1.1" in line for line in process.stdout)
    process.terminate()
    process.communicate(timeout=40)
    stage.play("1.2", {"write": "docs/shop.md", "text": "# Shop\n"}, then)
    assert stage.shop.execute("run").code == 0
    assert [each.total for each in stage.happened(Recorded)[-1].used] == [150]


def test_interrupted_it_answers_programs_too(stage: Stage) -> None:
    """With JSON like any other ending, and Ctrl-C's own exit code."""
    stage.plan(Phase(1, "Build", (CODE,)))
    stage.play("1.1", {"write": "half.py", "text": "x\n"}, {"wait": 60})
    process = stage.begun("half.py", "--output", "json")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=40)[0]
    assert (process.returncode, json.loads(said)["status"]) == (130, "stopped")
    assert stage.shop.asked(lambda ledger: ledger.running()) == []


def test_killed_in_the_middle_it_is_resumed_to_the_same_end(stage: Stage) -> None:
    """kill -9 while one agent works and another has ended: what the first had begun lies there when it is done again,
    and the other's work is taken up without it being started again."""
    stage.plan()
    stage.play("1.1", {"write": "half.py", "text": "x\n"}, {"wait": 60})
    process = subprocess.Popen([SLUICE, "execute", "run"], cwd=stage.shop.top, stdout=subprocess.PIPE, text=True)
    assert process.stdout and any("Ended: step 1.2" in line for line in process.stdout)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    shown = stage.shop.execute("resume")
    assert shown.code == 0 and "Step: 1.1\n" in shown.out and "Step: 1.2\n" not in shown.out
    stage.play("1.1", {"write": "shop.py", "text": "SHOP = 1\n"}, {"say": "Renamed"})
    stage.play("1.2", {"fail": "it was started again"})
    said = stage.shop.execute("run")
    assert said.code == 0, said
    assert [(each.step, each.status) for each in stage.happened(Recorded)] == [
        ("1.1", "complete"),
        ("1.2", "complete"),
        ("2.1", "complete"),
    ]
    assert [(each.step, each.lost) for each in stage.happened(SentBack)] == [("1.1", True)]
    assert (stage.file("half.py"), stage.file("docs/shop.md")) == ("x", "# Shop")
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)


def test_what_another_machine_may_have_at_work_is_left_to_it(stage: Stage) -> None:
    """A ledger may be shared: where no process ever had the task on this machine, `resume` ends no run and sends
    nothing back."""
    stage.plan(Phase(1, "Build", (CODE,)))
    stage.play("1.1", {"write": "half.py", "text": "x\n"}, {"wait": 60})
    process = stage.begun("half.py")
    process.kill()
    process.wait()
    (lock,) = stage.shop.folder.glob("executions/*/driver.lock")
    lock.unlink()
    shown = stage.shop.execute("resume")
    assert shown.code == 0 and "ACTION: WAIT" in shown.out
    assert len(stage.shop.asked(lambda ledger: ledger.running())) == 1 and stage.happened(SentBack) == []


def test_killed_at_every_line_it_prints_it_comes_to_the_same_end(stage: Stage) -> None:
    """kill -9 behind its first line, then behind its third, and so on until nothing is left to kill, and nothing of it
    lies about."""
    stage.plan(usual()[0])
    for lines in range(1, 30, 2):
        process = subprocess.Popen([SLUICE, "execute", "run"], cwd=stage.shop.top, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        read = [line for line in (process.stdout.readline() for _ in range(lines)) if line]
        process.kill()
        process.wait()
        if any(line.startswith("Branch: ") for line in read):
            break
    done = [each.step for each in stage.happened(Recorded)]
    assert sorted(done) == ["1.1", "1.2"] and all(each.status == "complete" for each in stage.happened(Recorded))
    assert sum(each.passed for each in stage.happened(GateJudged)) == 1
    assert all(each.lost for each in stage.happened(SentBack))
    assert (stage.file("shop.py"), stage.file("docs/shop.md")) == ("SHOP = 1", "# Shop")
    assert list((stage.shop.folder / "headless/worktrees").glob("*/*")) == []
    assert stage.shop.git("for-each-ref", "refs/sluice") == ""


def _toml(step: dict[str, Any]) -> str:
    pairs = (f"{key} = {_toml(value) if isinstance(value, dict) else json.dumps(value)}" for key, value in step.items())
    return f"{{ {', '.join(pairs)} }}"
