"""`sluice plan` in a repository on this machine: what it prints, what it keeps, and what it refuses."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import command_line
from bot.cli.plan_desk import alone
from bot.cli.tasks import place_of, task_meant
from bot.core.plans.happened import Dispatched, Recorded, Started
from bot.core.plans.plan import Plan
from bot.core.tokens import Tokens
from bot.errors import UserError
from bot.plan_files.record import read_record

SLUICE = Path(sys.executable).with_name("sluice")
LOGGING = "Add request logging middleware to the FastAPI app"
T0 = datetime(2026, 1, 1, tzinfo=UTC)
Say = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A FastAPI application with tests."""
    files = {
        "app/main.py": "app = 1\n",
        "tests/test_main.py": "def test(): ...\n",
        "requirements.txt": "fastapi\npytest\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def say(repository: Path) -> Say:
    """`sluice plan` in this very process: what it prints."""

    def said(*words: str) -> str:
        result = CliRunner().invoke(command_line(), ["plan", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return said


def test_saved_it_is_four_lines_and_files_that_git_ignores(repository: Path) -> None:
    """As a process of its own, from a folder below: the ledger has it, and it is the active task."""
    words = (SLUICE, "plan", LOGGING, "--save")
    told = subprocess.run(words, cwd=repository / "app", capture_output=True, text=True, check=True)
    task_id = (repository / ".sluice/active-task-id.txt").read_text().strip()
    assert told.stdout.splitlines() == [
        "Plan saved: .sluice/plan.json",
        "To read and edit: .sluice/plan.md",
        f"Task ID: {task_id} | Risk: LOW | Budget: standard | Phases: 2 | Steps: 2",
        "Next: sluice execute start",
    ]
    made = read_record((repository / ".sluice/plan.json").read_text())
    assert isinstance(made, Plan) and made.task_id == task_id
    assert "KNOWLEDGE_GAP: fact|decision" in (repository / ".sluice/context.md").read_text()
    assert (repository / ".sluice/explanation.md").read_text().startswith("LOW risk: ")
    status = subprocess.run(("git", "status", "--short"), capture_output=True, text=True, check=True)
    assert ".sluice" not in status.stdout and "app/" in status.stdout
    wrong = subprocess.run((*words, "--dry-run"), capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr) == (2, "sluice: --dry-run keeps nothing, so it does not go with --save\n")


def test_a_file_in_its_folders_place_is_named(repository: Path) -> None:
    """Nothing is written through a link or over a file: git would not ignore it there."""
    (repository / ".sluice").symlink_to(repository / "app")
    words = (SLUICE, "plan", LOGGING, "--save")
    told = subprocess.run(words, cwd=repository, capture_output=True, text=True, check=False)
    assert told.returncode == 2 and told.stderr.endswith("keeps plans and its ledger in one: move it away\n")
    assert not (repository / "app/plan.json").exists()


def test_unsaved_it_is_shown_and_nothing_is_kept(repository: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """For people, or as JSON; from elsewhere with `--project`."""
    lines = say(LOGGING).splitlines()
    assert lines[0] == f"Task: {LOGGING}" and "  Gate: pytest tests/" in lines
    assert json.loads(say(LOGGING, "--json"))["playbook"] == "build-review"
    assert say(LOGGING, "--dry-run").splitlines()[2:] == [
        "Tokens: about 500,000 (a guess: the standard budget)", "Money: about $3.00 (a guess: $1.50 to $4.50)",
        "Time: unknown", "Rests on: no history yet",
    ]  # fmt: skip
    here = json.loads(say(LOGGING, "--json"))
    monkeypatch.chdir(repository.parent)
    assert json.loads(say(LOGGING, "--json", "--project", str(repository / "app")))["phases"] == here["phases"]
    assert not (repository / ".sluice").exists()


async def test_an_edited_page_counts_until_it_starts(repository: Path, say: Say) -> None:
    """What somebody wrote in plan.md or plan.json is what will be done; later it is not read any more."""
    await asyncio.to_thread(say, LOGGING, "--save", "--explain")
    page = repository / ".sluice/plan.md"
    page.write_text(page.read_text().replace("- Gate: `pytest tests/`", "- Gate: `make test`"))
    place = place_of()
    async with place.ledger() as ledger:
        task = await task_meant(place, ledger)
        assert task.plan.phases[0].gate and task.plan.phases[0].gate.commands == ("make test",)
        assert "make test" in (repository / ".sluice/plan.json").read_text()
        record = repository / ".sluice/plan.json"
        record.write_text(record.read_text().replace("make test", "make all"))
        assert "make all" in str((await task_meant(place, ledger)).plan) and "make all" in page.read_text()
        page.write_text(page.read_text().replace("- Risk: LOW", "- Risk: none"))
        with pytest.raises(
            UserError, match=r"^.sluice/plan.md line 7: Risk: must be one of LOW, MEDIUM, HIGH, CRITICAL"
        ):
            await task_meant(place, ledger)
        await ledger.happen(task.plan.task_id, Started(T0, "mona"))
        assert (await task_meant(place, ledger)).plan.risk == "LOW"


async def test_a_new_plan_takes_the_place_of_one_and_loses_nothing_of_it(repository: Path, say: Say) -> None:
    """What was edited counts for the earlier task; what cannot be read is laid beside."""
    await asyncio.to_thread(say, LOGGING, "--save")
    page = repository / ".sluice/plan.md"
    page.write_text(page.read_text().replace("`pytest tests/`", "`make test`"))
    first = place_of().active
    await asyncio.to_thread(say, "Fix the typo", "--save")
    async with place_of().ledger() as ledger:
        task = await ledger.task(first)
        assert task and "make test" in str(task.plan) and place_of().active != first
    page.write_text("what is this")
    assert "is kept as .sluice/unread-plan.md" in await asyncio.to_thread(say, "Fix it", "--save")
    assert (repository / ".sluice/unread-plan.md").read_text() == "what is this" and "# Fix it" in page.read_text()


def test_while_files_are_laid_out_or_taken_back_no_other_shell_does(repository: Path, say: Say) -> None:
    """Half of another's would count as somebody's edit: whoever comes second waits, and then does all of it."""
    say(LOGGING, "--save")
    first, page = place_of().active, repository / ".sluice/plan.md"
    other = threading.Thread(target=say, args=("Fix the typo", "--save"))
    with alone(place_of()):
        page.unlink()
        other.start()
        other.join(0.5)
        assert other.is_alive() and place_of().active == first
    other.join()
    assert place_of().active != first and f"Task ID: {place_of().active}" in page.read_text()


async def test_a_plan_that_lies_there_is_taken_up_by_another_ledger(repository: Path, say: Say) -> None:
    """And one that is broken is refused, with its place."""
    await asyncio.to_thread(say, LOGGING, "--save")
    (repository / ".sluice/ledger.db").rename(repository / ".sluice/gone.db")
    place = place_of()
    async with place.ledger() as ledger:
        assert (await task_meant(place, ledger)).plan.summary == LOGGING
    record = repository / ".sluice/plan.json"
    record.write_text(record.read_text().replace('"risk": "LOW"', '"risk": "none"'))
    async with place.ledger() as ledger:
        with pytest.raises(UserError, match=r"^.sluice/plan.json: risk: input should be 'LOW'"):
            await task_meant(place, ledger)


def test_each_task_has_its_own_shared_context(repository: Path, say: Say) -> None:
    """Though another was planned since, whose lies in the usual place."""
    active = []
    for summary in ("Fix the typo", LOGGING):
        say(summary, "--save")
        active.append(place_of().active)
    first, second = active
    started = CliRunner().invoke(command_line(), ["execute", "start", "--task-id", first]).output
    assert f"Read .sluice/executions/{first}/context.md for" in started
    assert (repository / f".sluice/executions/{first}/context.md").read_text().startswith("# Fix the typo\n")
    assert (
        "Read .sluice/context.md for"
        in CliRunner().invoke(command_line(), ["execute", "start", "--task-id", second]).output
    )


def test_knowledge_is_found_and_what_is_not_there_is_said(repository: Path, say: Say) -> None:
    """Documents that are named first, then packs; what lies beside the packs goes to the steps it matches."""
    for path in (".github/sluice/knowledge/http/a.md", ".github/sluice/knowledge/python.md", "docs/b.md"):
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).write_text("text\n")
    made = json.loads(say(LOGGING, "--json", "--knowledge", "docs/b.md", "--knowledge-pack", "http"))
    assert made["knowledge"] == ["docs/b.md", ".github/sluice/knowledge/http/a.md"]
    assert made["phases"][0]["steps"][0]["knowledge"] == [".github/sluice/knowledge/python.md"]
    for words, why in (
        (("--knowledge", "no.md"), "--knowledge no.md: there is no such file"),
        (("--knowledge", "/etc/passwd"), "lies outside of the repository"),
        (("--knowledge-pack", "no"), "there are http"),
        (("--playbook", "dirct"), "there is no playbook dirct; did you mean direct?"),
    ):
        with pytest.raises(UserError, match=why.replace("?", r"\?")):
            say(LOGGING, *words)


def test_the_policy_of_the_repository_goes_before_what_is_found(repository: Path, say: Say) -> None:
    """Its gate commands and its protected paths."""
    (repository / ".github").mkdir()
    policy = '[gates]\ncommands = ["make ci"]\n[work]\nprotected = ["migrations/**"]\n'
    (repository / ".github/sluice.toml").write_text(policy)
    [phase, _] = json.loads(say(LOGGING, "--json"))["phases"]
    assert phase["gate"]["commands"] == ["make ci"] and phase["steps"][0]["blocked_paths"] == ["migrations/**"]


async def test_a_forecast_rests_on_what_was_done_before(repository: Path, say: Say) -> None:
    """With its range, how many steps it is told by, and what nothing is known of."""
    for minutes, tokens in ((1, 10_000), (3, 30_000)):
        await asyncio.to_thread(say, f"{LOGGING} {minutes}", "--save")
        place = place_of()
        async with place.ledger() as ledger:
            task = (await task_meant(place, ledger)).plan.task_id
            used = (Tokens("claude-sonnet-4-5", tokens - 1000, output=1000),)
            end = T0 + timedelta(minutes=minutes)
            begun = (Started(T0, "mona"), Dispatched(T0, "1.1", "robo"))
            await ledger.happen(task, *begun, Recorded(end, "1.1", "complete", "robo", used=used))
    lines = (await asyncio.to_thread(say, LOGGING, "--dry-run")).splitlines()[2:]
    assert lines[0] == "Tokens: 20,000 (10,000 to 30,000)" and lines[2] == "Time: 2.0 (1.0 to 3.0) minutes"
    assert lines[1].startswith("Money: $0.0")
    assert lines[3] == (
        "Rests on: 2 earlier steps like these, in this ledger; nothing like 2.1 was done before, which comes on top"
    )


async def test_what_was_only_estimated_forecasts_nothing(repository: Path, say: Say) -> None:
    """An estimate by the length of texts is wrong by orders of magnitude: the budget is the better guess."""
    await asyncio.to_thread(say, LOGGING, "--save")
    place = place_of()
    async with place.ledger() as ledger:
        task = (await task_meant(place, ledger)).plan.task_id
        begun = (Started(T0, "mona"), Dispatched(T0, "1.1", "robo"))
        await ledger.happen(task, *begun, Recorded(T0, "1.1", "complete", "robo", estimated=92))
    told = await asyncio.to_thread(say, LOGGING, "--dry-run")
    assert "Tokens: about 500,000 (a guess: the standard budget)\n" in told and "Rests on: 1 earlier step" in told


async def test_what_came_of_similar_tasks_is_cited(repository: Path, say: Say) -> None:
    """By the next plan, which says how many it speaks of."""
    for number in range(3):
        await asyncio.to_thread(say, f"{LOGGING} {number}", "--save")
        place = place_of()
        async with place.ledger() as ledger:
            task = (await task_meant(place, ledger)).plan.task_id
            begun = (Started(T0, "mona"), Dispatched(T0, "1.1", "robo"))
            await ledger.happen(task, *begun, Recorded(T0, "1.1", "failed", "robo"))
    told = " ".join((await asyncio.to_thread(say, LOGGING)).split())
    assert "Last 3 similar tasks: 3 failed; robo failed at least every second attempt: consider another agent." in told


PLANNER = """
import json, pathlib, sys
draft = json.loads(sys.stdin.read().split("```json")[1].split("```")[0])
draft["phases"][0]["steps"] = [
    {"id": "1.1", "agent": "api", "task": "the middleware"},
    {"id": "1.2", "agent": "web", "task": "its page", "GATE": ["1.1"]},
]
pathlib.Path("app/main.py").write_text("mine")
pathlib.Path(".sluice/proposal.json").write_text(json.dumps({"phases": draft["phases"]}))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("key", "agents"), [("depends_on", ["api", "web"]), ("waits", ["backend-engineer--python"])])
def test_a_peer_proposes_and_the_rules_decide(repository: Path, say: Say, key: str, agents: list[str]) -> None:
    """In a clone that is thrown away; what it proposes wrongly is said, and the rules' own plan stands."""
    script = repository / "planner.py"
    script.write_text(PLANNER.replace("GATE", key))
    command = json.dumps([sys.executable, str(script)])
    for words in (
        ("add", "--all"),
        ("-c", "user.name=mona", "-c", "user.email=mona@localhost", "commit", "-qm", "first"),
    ):
        subprocess.run(("git", *words), check=True)
    (repository / "sluice.toml").write_text(
        f'unsandboxed = true\nplanner = "mind"\n[peers.mind]\ncommand = {command}\n'
    )
    made = json.loads(say(LOGGING, "--json"))
    assert [step["agent"] for step in made["phases"][0]["steps"]] == agents, made["explanation"]
    wrong = "Agent mind proposed none that could be taken: unknown key phases[0].steps[1].waits"
    assert (made["planner"], wrong in made["explanation"]) == (("mind", False) if len(agents) > 1 else ("rules", True))
    assert (repository / "app/main.py").read_text() == "app = 1\n" and not (repository / ".sluice").exists()
