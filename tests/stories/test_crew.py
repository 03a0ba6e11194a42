"""Agents that are created, commanded and deleted, each in a process of its own, from Python and the shell."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from bot.cli import command_line
from bot.cli.tasks import place_of
from bot.crew.ground import folder_for
from bot.crew.lease import is_held
from bot.errors import UserError
from bot.orchestrator import Orchestrator, crew_at
from bot.settings import Settings
from tests.contracts.git_world import git

PAGE = (Path(__file__).parents[2] / "docs/agents.md").read_text()
SNIPPETS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
SLOW = {"wait": 60}


@dataclass
class Yard:
    """A repository on this machine, with one peer that plays."""

    folder: Path
    plays: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        git(self.folder, "init", "--quiet", "--initial-branch=main", ".")
        (self.folder / "README.md").write_text("one\n")
        git(self.folder, "add", "README.md")
        git(self.folder, "commit", "--quiet", "-m", "Begin")
        self.config = self.folder / "sluice.toml"
        self.config.write_text(
            '[peers.robo]\nruntime = "scripted"\nscript = "plays.toml"\ncapacity = 5\n'
            "[caps]\nrunning = 5\n[pace]\nmeter_seconds = 0.2\n"
        )
        self.play("nobody", {"say": ""})
        self.orchestrator = Orchestrator(self.folder, self.config, self.said.append, lambda _seconds: time.sleep(0.7))

    def play(self, agent: str, *steps: dict[str, Any], round: int = 1) -> None:
        self.plays.append({"item": agent, "round": round, "steps": list(steps)})
        lines = []
        for play in self.plays:
            steps_told = ", ".join(
                "{" + ", ".join(f"{key} = {_toml(value)}" for key, value in step.items()) + "}"
                for step in play["steps"]
            )
            lines += ["[[play]]", f'item = "{play["item"]}"', f"round = {play['round']}", f"steps = [{steps_told}]"]
        (self.folder / "plays.toml").write_text("\n".join(lines) + "\n")

    def until(self, true: Callable[[], bool], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, self.orchestrator.check_agent_status()
            time.sleep(0.4)  # each look is a ledger opened

    def working(self, agent: str) -> bool:
        return self.orchestrator.get_agent_status(agent)["tools"] > 0

    def process(self, agent_id: str) -> psutil.Process | None:
        """The one that carries its commands out."""
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if "bot.crew.worker" in words and agent_id in words:
                return process
        return None

    @property
    def settings(self) -> Settings:
        return place_of(self.config, self.folder).settings

    def policy(self, text: str) -> None:
        (self.folder / ".github").mkdir(exist_ok=True)
        (self.folder / ".github/sluice.toml").write_text(text)
        git(self.folder, "add", ".github")
        git(self.folder, "commit", "--quiet", "-m", "Change the policy")

    def shown(self, branch: str, path: str) -> str:
        return git(self.folder, "show", f"{branch}:{path}")


def shell(*words: str, config: Path) -> str:
    told = CliRunner().invoke(command_line(), [*words, "--config", str(config)], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return told.output


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)


@pytest.fixture
def yard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Yard]:
    folder = tmp_path / "widgets"
    folder.mkdir()
    monkeypatch.chdir(folder)
    made = Yard(folder)
    yield made
    made.orchestrator.delete_all_agents()


@pytest.mark.slow
def test_the_pages_python_runs_word_for_word(yard: Yard) -> None:
    """Created, slept for, read, commanded once more and deleted; each has what it was asked for, and a record stays."""
    for name in ("scout", "scout-header", "scout-api"):
        yard.play(name, {"write": "found.md", "text": f"{name}\n"}, {"say": f"{name} found it."})
    yard.play("builder", {"append": "README.md", "text": "two\n"}, {"say": "Built."})
    yard.play("builder-ui", {"write": "pills.css", "text": "gray\n"}, {"say": "Gray."})
    yard.play("scout-api", {"write": "api.md", "text": "done\n"}, {"say": "Implemented."}, round=2)
    names: dict[str, Any] = {"orchestrator": yard.orchestrator}
    names["all_agents_complete"] = yard.orchestrator.all_agents_complete
    for snippet in SNIPPETS[1:3]:
        exec(snippet, names)
    told = "\n".join(yard.said)
    assert "builder (complete): Built. [README.md on sluice/agent-builder-" in told
    assert "scout-header complete (100%)" in told
    exec(SNIPPETS[3], names)
    assert names["agent_id"]["status"] == "created" and re.fullmatch(
        r"scout-api-[0-9a-f]{4}", names["agent_id"]["agent_id"]
    )
    yard.orchestrator.sleep_with_status_checks()
    exec(SNIPPETS[4], names)
    assert (names["status"]["status"], names["status"]["progress"]) == ("complete", "100%")
    assert (names["status"]["context_used"], names["output"]["files_consumed"]) == ("unknown", "unknown")
    assert names["output"]["files_produced"] == ["found.md"]
    exec(SNIPPETS[5], names)
    yard.orchestrator.sleep_with_status_checks()
    output = yard.orchestrator.get_agent_output(names["agent_id"])
    assert (output["result"], output["files_produced"]) == ("Implemented.", ["api.md", "found.md"])
    exec(SNIPPETS[6], names)
    assert yard.orchestrator.check_agent_status() == {}
    assert yard.shown(output["branch"], "api.md") == "done"


@pytest.mark.slow
def test_a_token_cap_ends_a_run_in_mid_flight(yard: Yard) -> None:
    """`max_tokens` is a real cap: the run is stopped, its work is kept, and no further command is begun."""
    spend = {"model": "claude-haiku-4-5", "input_total": 900, "output": 200}
    yard.play("greedy", {"write": "half.txt", "text": "half\n"}, {"spend": spend}, SLOW)
    made = yard.orchestrator.create_agent("greedy", "Read everything", max_tokens=1000)
    assert "max_tokens holds as far as its program tells what it uses" in made["message"]
    yard.until(yard.orchestrator.all_agents_complete)
    status = yard.orchestrator.get_agent_status(made)
    assert (status["status"], status["tokens"]) == ("failed", 1100)
    assert status["reason"] == "overspent: it has used what this run might, 1 k tokens and $5.00"
    assert yard.shown(yard.orchestrator.get_agent_output("greedy")["branch"], "half.txt") == "half"
    yard.orchestrator.command_agent("greedy", "More")
    yard.until(yard.orchestrator.all_agents_complete)
    assert yard.orchestrator.get_agent_status("greedy")["reason"] == "it has used the 1 k tokens it may use"


@pytest.mark.slow
def test_an_interrupted_agent_keeps_its_work_and_goes_on_when_it_is_told(yard: Yard) -> None:
    """Its run ends at once; the next command begins where it was. A branch that somebody stands on is not moved below
    them: what holds the work then is named."""
    yard.play("slow", {"write": "half.txt", "text": "half\n"}, SLOW)
    yard.play("slow", {"append": "half.txt", "text": "whole\n"}, {"say": "Now it is."}, round=2)
    yard.orchestrator.create_agent("slow", "Do it")
    yard.until(lambda: yard.working("slow"))
    told = yard.orchestrator.interrupt_agent("slow")
    assert (told["status"], told["reason"]) == ("failed", "cancelled")
    yard.orchestrator.command_agent("slow", "Go on")
    yard.until(yard.orchestrator.all_agents_complete)
    output = yard.orchestrator.get_agent_output("slow")
    assert output["result"] == "Now it is." and yard.shown(output["branch"], "half.txt") == "half\nwhole"
    git(yard.folder, "switch", "--quiet", output["branch"])
    yard.play("slow", {"append": "half.txt", "text": "more\n"}, {"say": "More."}, round=3)
    yard.orchestrator.command_agent("slow", "More")
    yard.until(yard.orchestrator.all_agents_complete)
    there = yard.orchestrator.get_agent_output("slow")["branch"]
    assert there == f"refs/sluice/work/{output['agent_id']}"
    assert yard.shown(there, "half.txt") == "half\nwhole\nmore"


@pytest.mark.slow
def test_pausing_everything_ends_agents_of_the_command_line_too(yard: Yard) -> None:
    """With their work kept; nothing begins while it is paused, and what is told says so."""
    yard.play("slow", {"write": "half.txt", "text": "half\n"}, SLOW)
    yard.play("slow", {"say": "On."}, round=2)
    yard.orchestrator.create_agent("slow", "Do it")
    yard.until(lambda: yard.working("slow"))
    shell("pause", "--all", config=yard.config)
    yard.until(yard.orchestrator.all_agents_complete)
    assert yard.orchestrator.get_agent_output("slow")["files_produced"] == ["half.txt"]
    yard.orchestrator.command_agent("slow", "Go on")
    yard.until(lambda: "everything is paused by" in yard.orchestrator.get_agent_status("slow")["progress"])
    shell("resume", "--all", config=yard.config)
    yard.until(yard.orchestrator.all_agents_complete)
    assert yard.orchestrator.get_agent_output("slow")["result"] == "On."


@pytest.mark.slow
def test_a_killed_process_takes_its_agent_along_and_the_next_goes_on(yard: Yard) -> None:
    """Its process is known from its beginning, and it is told that it is gone; nobody waits for it for ever. The next
    command finishes what was begun, and loses nothing."""
    yard.play(
        "slow", {"write": "half.txt", "text": "half\n"}, {"run": "test -e ../../../go || sleep 60"}, {"say": "Done."}
    )
    yard.play("slow", {"say": "And more."}, round=2)
    made = yard.orchestrator.create_agent("slow", "Do it")
    assert is_held(folder_for(yard.settings, made["agent_id"]))
    yard.orchestrator.create_agent("heir", "Go on", after=("slow",))
    yard.until(lambda: yard.working("slow"))
    process = yard.process(made["agent_id"])
    assert process
    below = process.children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    yard.until(lambda: not any(each.is_running() and each.status() != "zombie" for each in below))
    yard.until(yard.orchestrator.all_agents_complete)
    assert yard.orchestrator.get_agent_status("slow")["reason"].startswith("its process is gone")
    assert yard.orchestrator.get_agent_status("heir")["reason"].startswith("agent slow failed")
    yard.plays[-2]["steps"] = [{"append": "half.txt", "text": "whole\n"}, {"say": "Done."}]
    yard.play("unused", {"say": ""})
    yard.orchestrator.command_agent("slow", "And then")
    yard.until(yard.orchestrator.all_agents_complete)
    output = yard.orchestrator.get_agent_output("slow")
    assert output["result"] == "And more." and yard.shown(output["branch"], "half.txt") == "half\nwhole"


@pytest.mark.slow
def test_a_killed_process_keeps_no_slot(yard: Yard) -> None:
    """Another agent needs it and takes it. The next command goes on with the same run, unless that was stopped."""
    yard.config.write_text(yard.config.read_text().replace("running = 5", "running = 1"))
    for name in ("slow", "dull"):
        yard.play(name, {"write": "half.txt", "text": "half\n"}, SLOW)
        yard.play(name, {"say": "And more."}, round=2)
        yard.play(f"next-{name}", {"say": "Done."})
    for name in ("slow", "dull"):
        made = yard.orchestrator.create_agent(name, "Do it")
        yard.until(lambda name=name: yard.working(name))  # type: ignore[misc]
        process = yard.process(made["agent_id"])
        assert process
        process.kill()
        yard.orchestrator.create_agent(f"next-{name}", "Do it")
        yard.until(yard.orchestrator.all_agents_complete)
        assert yard.orchestrator.get_agent_output(f"next-{name}")["result"] == "Done."
        assert yard.orchestrator.get_agent_status(name)["reason"].startswith("its process is gone; the next command")
    yard.orchestrator.interrupt_agent("dull")
    for play in yard.plays:
        play["steps"] = [{"append": "half.txt", "text": "whole\n"}] if play["steps"][-1] == SLOW else play["steps"]
    yard.play("unused", {"say": ""})
    for name, found in (("slow", "half\nwhole"), ("dull", "half")):
        yard.orchestrator.command_agent(name, "And then")
        yard.until(yard.orchestrator.all_agents_complete)
        output = yard.orchestrator.get_agent_output(name)
        assert (output["result"], yard.shown(output["branch"], "half.txt")) == ("And more.", found)


def test_the_shell_sees_who_waits_for_whom_and_who_holds_them_up(yard: Yard) -> None:
    """`watch` names the bottleneck; deleting all ends them, saves what lies there, names the branch and keeps the
    record."""
    yard.play("scout", {"write": "found.md", "text": "here\n"}, SLOW)
    assert "Agent scout created" in shell("agent", "create", "scout", "Look", config=yard.config)
    shell("agent", "create", "builder", "Build", "--after", "scout", config=yard.config)
    with pytest.raises(UserError, match="there is an agent scout already"):
        shell("agent", "create", "scout", "Look", config=yard.config)
    yard.until(lambda: yard.working("scout"))
    seen = json.loads(shell("agent", "watch", "--once", "--json", config=yard.config))
    assert seen["fleet"] == {
        "active": 2, "tokens": None, "cost_usd": None, "waits": [["builder", "scout"]], "bottlenecks": ["scout"]
    }  # fmt: skip
    shown = shell("agent", "watch", "--once", config=yard.config)
    assert shown.index("others wait for scout") < shown.index("scout: 1 tool used, last: write found.md; builder waits")
    assert "builder: waits for scout\n" in shown and "changed found.md write" in shown
    gone = json.loads(shell("agent", "delete-all", "--json", config=yard.config))["agents"]
    branch = gone[1]["message"].rpartition(" ")[2]
    assert gone[0]["message"] == "Agent builder deleted: it never began"
    assert yard.shown(branch, "found.md") == "here"
    assert not list(yard.folder.glob(".sluice/crew/worktrees/*/*"))
    yard.until(lambda: yard.process(gone[1]["agent_id"]) is None)
    record = json.loads(shell("agent", "list", "--all", "--json", config=yard.config))["agents"]
    assert [each["deleted"] for each in record] == [f"branch {branch}", "it never began"]


def test_a_delete_that_was_cut_short_still_names_the_branch(yard: Yard) -> None:
    """Its worktree is gone already, its work is not."""
    yard.play("scout", {"write": "found.md", "text": "here\n"}, {"say": "Found."})
    made = yard.orchestrator.create_agent("scout", "Look")
    yard.until(yard.orchestrator.all_agents_complete)
    shutil.rmtree(next(yard.folder.glob(".sluice/crew/worktrees/*/*")))
    assert yard.orchestrator.delete_agent(made)["message"].endswith(f"branch sluice/agent-{made['agent_id']}")


def test_an_agent_whose_peer_is_gone_says_so(yard: Yard) -> None:
    """Its settings were changed after it was created: the reason is theirs, and not that a process is gone."""
    yard.orchestrator.create_agent("scout")
    yard.config.write_text(yard.config.read_text().replace("peers.robo", "peers.other"))
    yard.orchestrator.command_agent("scout", "Look")
    yard.until(yard.orchestrator.all_agents_complete)
    assert yard.orchestrator.get_agent_status("scout")["reason"].startswith("there is no peer 'robo' in sluice.toml")


def test_what_is_refused_leaves_no_agent_behind(yard: Yard) -> None:
    """A task without words, a branch, an agent or a peer that is not there: said at once, before anything is made."""
    for words, why in (
        ((" ",), "say what the agent is to do"),
        (("Look", "--base", "nowhere"), "has no branch nowhere"),
        (("Look", "--after", "nobody"), "there is no agent 'nobody'"),
        (("Look", "--peer", "nobody"), "there is no peer 'nobody'"),
    ):
        with pytest.raises(UserError, match=why):
            shell("agent", "create", "scout", *words, config=yard.config)
    assert yard.orchestrator.check_agent_status() == {}


async def test_two_shells_delete_one_agent_once(yard: Yard) -> None:
    """The second waits for the first, and is told the same."""
    yard.play("scout", {"write": "found.md", "text": "here\n"}, {"say": "Found."})
    made = yard.orchestrator.create_agent("scout", "Look")
    yard.until(yard.orchestrator.all_agents_complete)
    async with crew_at(yard.config, yard.folder) as one, crew_at(yard.config, yard.folder) as other:
        gone = await asyncio.gather(one.delete("scout"), other.delete("scout"))
    assert {mate.left for mate in gone} == {f"branch sluice/agent-{made['agent_id']}"}


async def test_a_notebook_orchestrates_too(yard: Yard) -> None:
    """A program whose loop is at work already has the same verbs."""
    assert yard.orchestrator.create_agent("idle")["status"] == "created"


def test_who_was_told_nothing_yet_is_waited_for_by_nobody(yard: Yard) -> None:
    """`watch` and the sleeping program end: there is nothing that could wake them. Who waits for such a one waits."""
    assert shell("agent", "watch", config=yard.config) == "no agents\n"
    yard.orchestrator.create_agent("idle")
    assert "idle creating (it was not told to do anything yet)" in shell("agent", "watch", config=yard.config)
    assert yard.orchestrator.sleep_with_status_checks(timeout=0) and yard.orchestrator.fleet()["active"] == 0
    yard.orchestrator.create_agent("heir", "Go on", after=("idle",))
    assert not yard.orchestrator.all_agents_complete()


@pytest.mark.slow
def test_the_policy_of_the_repository_holds_for_them(yard: Yard) -> None:
    """Its set-up runs before an agent; with `mode = "off"`, or a mistake in it, nothing begins, and that is said."""
    yard.play("ready", {"run": "cp made.txt seen.txt"}, {"say": "Ready."})
    yard.policy('[work]\nsetup = ["echo yes > made.txt"]\n')
    yard.orchestrator.create_agent("ready", "Look")
    yard.until(yard.orchestrator.all_agents_complete)
    assert yard.shown(yard.orchestrator.get_agent_output("ready")["branch"], "seen.txt") == "yes"
    assert shell("agent", "status", "ready", "--tail", "2", config=yard.config).endswith(" finished Ready.\n")
    for name, text, why in (("off", 'mode = "off"\n', 'says mode = "off"'), ("wrong", "[wrk]\n", "unknown key wrk")):
        yard.policy(text)
        yard.orchestrator.create_agent(name, "Look")
        yard.until(yard.orchestrator.all_agents_complete)
        assert why in yard.orchestrator.get_agent_status(name)["reason"]


@pytest.mark.slow
def test_who_waits_begins_where_the_other_ended(yard: Yard) -> None:
    """With its file in the worktree and its words in the brief; who waits for one that failed fails as well."""
    yard.play("scout", {"write": "scout-report.md", "text": "README.md:1\n"}, {"say": "See the report."})
    yard.play("builder", {"run": "cp $SLUICE_BRIEF brief.txt; cat scout-report.md >> README.md"}, {"say": "Built."})
    yard.play("broken", {"exit": 3})
    made = yard.orchestrator.create_agent("scout", "Do your part")
    for name, after in (("builder", [made]), ("broken", ()), ("heir", "broken")):
        yard.orchestrator.create_agent(name, "Do your part", after=after)
    yard.until(yard.orchestrator.all_agents_complete)
    output = yard.orchestrator.get_agent_output("builder")
    assert yard.shown(output["branch"], "README.md") == "one\nREADME.md:1"
    assert "It wrote: `scout-report.md`" in yard.shown(output["branch"], "brief.txt")
    assert "See the report." in yard.shown(output["branch"], "brief.txt")
    heir = yard.orchestrator.get_agent_status("heir")
    assert (heir["status"], heir["reason"]) == ("failed", "agent broken failed, whose work it was to go on with")


def test_an_agent_at_its_work_creates_no_agents(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither from its shell nor from Python: its environment says that it is one."""
    yard.play("deep", {"run": "env > env.txt"}, {"say": "Tried."})
    yard.orchestrator.create_agent("deep", "Create more")
    yard.until(yard.orchestrator.all_agents_complete)
    assert "SLUICE_RUN=" in yard.shown(yard.orchestrator.get_agent_output("deep")["branch"], "env.txt")
    told = CliRunner().invoke(command_line(), ["agent", "list"], env={"SLUICE_RUN": "beef"})
    assert isinstance(told.exception, UserError) and "may not create or command agents" in str(told.exception)
    monkeypatch.setenv("SLUICE_RUN", "beef")
    with pytest.raises(UserError, match="report to whoever created you"):
        Orchestrator(yard.folder)


def test_the_page_says_when_to_orchestrate_and_when_not() -> None:
    """With what speaks for it, what speaks against it, and where it stands among the five levels."""
    text = " ".join(PAGE.split())
    for words in ("three or more specialised agents", "150 k tokens", "while nobody is there", "a simple task"):
        assert words in text
    assert "the last of five levels: base agents, better prompts, more agents, agents of your own" in text


def test_slash_commands_are_laid_and_every_command_in_them_exists(yard: Yard) -> None:
    """By the names of the pattern; somebody's own file of such a name is left alone, and told of."""
    laid = CliRunner().invoke(command_line(), ["agent", "commands", "--write", str(yard.folder)])
    assert laid.exit_code == 0, laid.output
    files = {path.stem: path.read_text() for path in yard.folder.glob(".claude/*/*.md")}
    asked = re.findall(r"^/([a-z-]+)", PAGE, re.MULTILINE)
    assert set(files) == {*asked, "orchestrator"} and len(asked) == 6
    assert "allowed-tools" in files["scout"] and files["orchestrator"].startswith("---\nname: orchestrator\n")
    text = "\n".join((PAGE, *files.values()))
    lines = re.findall(r"^ *(sluice .*)$", text, re.MULTILINE) + re.findall(r"`(sluice [^`]+)`", text)
    for line in {line for line in lines if line.split()[1] != "serve"}:
        told = CliRunner().invoke(command_line(), [*shlex.split(line)[1:], "--help"])
        assert told.exit_code == 0, (line, told.output)
    (yard.folder / ".claude/commands/scout.md").write_bytes(b"mine, and no UTF-8: \xff\n")
    again = CliRunner().invoke(command_line(), ["agent", "commands", "--write", str(yard.folder)])
    assert isinstance(again.exception, UserError) and "scout.md is somebody's own" in str(again.exception)
