"""`sluice dashboard` over a ledger in which tasks were carried out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import command_line
from bot.cli.tasks import place_of
from bot.core.plans.happened import Dispatched, Happened, Recorded
from tests.contracts.git_world import git
from tests.core.test_learning import MENDED, PLAN


def dashboard(*words: str) -> str:
    told = CliRunner().invoke(command_line(), ["dashboard", *words], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return told.output


async def carried_out(times: int = 1, happened: Sequence[Happened] = MENDED) -> None:
    async with place_of().ledger() as ledger:
        for n in range(times):
            plan = replace(PLAN, task_id=f"task-fix-{n:04}")
            await ledger.save_plan(plan, place_of().repo)
            assert (await ledger.happen(plan.task_id, *happened))[1] == ""


def test_the_next_plan_cites_the_tasks_of_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is none yet, none is made for that."""
    git(tmp_path, "init", "--quiet", ".")
    monkeypatch.chdir(tmp_path)
    words = ["plan", "Fix the typo in the login bug"]
    assert "similar tasks" not in CliRunner().invoke(command_line(), words, catch_exceptions=False).output
    assert not (tmp_path / ".sluice").exists()
    asyncio.run(carried_out(4))
    told = " ".join(CliRunner().invoke(command_line(), words, catch_exceptions=False).output.split())
    assert "Last 4 similar tasks: 4 complete; the first gate passed in 0/4 (0 %); 1.5 k tokens in the middle" in told


def test_all_tasks_at_a_glance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Totals, outcomes, risks, models, agents and playbooks with what each figure rests on; none yet is said."""
    git(tmp_path, "init", "--quiet", ".")
    monkeypatch.chdir(tmp_path)
    assert dashboard().startswith("no task was started yet")
    asyncio.run(carried_out())
    shown = dashboard()
    assert "Tasks: 1 | Agent uses: 2 | Agents per task: 1.0 | Retries: 1" in shown
    assert "Tokens: 1,500 | Money: $0.00" in shown
    assert "Gates passed: 1/2 (50 %) | At the first time: 0/1 (0 %)" in shown
    for line in ("Outcomes: complete 1", "Risk: LOW 1", "Modes: direct 1", "Models: claude-haiku-4-5 2"):
        assert line in shown
    rows = [line.split() for line in shown.splitlines()]
    assert ["ada", "2", "2", "(100", "%)", "1", "750", "180"] in rows, shown
    told = json.loads(dashboard("--json"))
    assert (told["tokens"], told["gates"], told["agents"][0]["name"]) == (1_500, {"passed": 1, "of": 2}, "ada")


def test_nothing_is_judged_yet_and_no_name_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is empty is left out; on a narrow terminal a name that people copy is on one line."""
    git(tmp_path, "init", "--quiet", ".")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    asyncio.run(carried_out(happened=MENDED[:1]))
    assert "Gates: none was judged yet" in dashboard() and "name  of" not in dashboard()
    name = "backend-engineer--python-and-typescript"
    named = [replace(each, agent=name) if isinstance(each, Dispatched | Recorded) else each for each in MENDED]
    asyncio.run(carried_out(2, named))
    shown = dashboard().splitlines()
    assert any(line.startswith(f"{name} ") for line in shown), shown
    assert max(map(len, map(str.rstrip, shown))) <= 80


def test_a_boards_tasks_are_seen_from_where_its_settings_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which need be no git repository."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sluice.toml").write_text('[github]\ntoken = "made-up"\n[boards."acme/1"]\n')
    assert dashboard().startswith("no task was started yet")
