"""A small repository, and `sluice` at work in it: in this process, as a person at a terminal would call it."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot.cli import app
from bot.core.plans.happened import Happened
from bot.core.plans.plan import FOLDER, Gate, Phase, Plan, Step
from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger
from bot.ledger.plans import Task

T = TypeVar("T")
T0 = datetime(2026, 1, 1, tzinfo=UTC)
TASK = "task-logging-a3f9"
BUILD = Step(
    "1.1",
    "backend-engineer--python",
    "Add request logging middleware\n\nCapture method, path, status, and duration (ms).",
    model="sonnet",
    deliverables=("app/middleware.py",),
)
LOOK = Step("2.1", "code-reviewer", "Review for correctness and style", model="sonnet", changes=False)
PLAN = Plan(
    TASK,
    "Add request logging middleware to the FastAPI app",
    (
        Phase(1, "Implementation", (BUILD,), gate=Gate(("test -f app/middleware.py",))),
        Phase(2, "Review", (LOOK,)),
    ),
    T0,
)


@dataclass(frozen=True)
class Told:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shop:
    """`top` is the repository; its ledger is its own."""

    top: Path
    blank: Path  # a ledger in which nothing is yet: made once, for its tables take longer than most tests
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def sluice(self, *words: str) -> Told:
        """A traceback is never an answer: whatever is no answer is raised here."""
        self.capsys.readouterr()
        self.monkeypatch.setattr(sys, "argv", ["sluice", *words])
        with pytest.raises(SystemExit) as ended:
            app()
        out, err = self.capsys.readouterr()
        return Told(ended.value.code if isinstance(ended.value.code, int) else 0, out, err)

    def execute(self, *words: str) -> Told:
        return self.sluice("execute", *words)

    def save(self, plan: Plan = PLAN, **changed: Any) -> Plan:
        """As `sluice plan --save` leaves it, and active."""
        plan = replace(plan, **changed)

        async def saving() -> None:
            ledger = await open_ledger(self.url)
            assert await ledger.save_plan(plan, str(self.top))
            await ledger.close()

        self.folder.mkdir(exist_ok=True)
        (self.folder / ".gitignore").write_text("*\n")
        if not (self.folder / "ledger.db").exists():
            shutil.copy(self.blank, self.folder / "ledger.db")
        asyncio.run(saving())
        assert self.execute("switch", plan.task_id).code == 0
        return plan

    def happened(self, task: str = TASK) -> tuple[Happened, ...]:
        return self.task(task).happened

    def let(self, *what: Happened) -> None:
        async def letting() -> None:
            ledger = await open_ledger(self.url)
            assert (await ledger.happen(TASK, *what))[1] == ""
            await ledger.close()

        asyncio.run(letting())

    def task(self, task: str = TASK) -> Task:
        found = self.asked(lambda ledger: ledger.task(task))
        assert found
        return found

    def asked(self, question: Callable[[SqlLedger], Coroutine[Any, Any, T]]) -> T:
        """The ledger, as another process would ask it."""

        async def asking() -> T:
            ledger = await open_ledger(self.url)
            try:
                return await question(ledger)
            finally:
                await ledger.close()

        return asyncio.run(asking())

    @property
    def folder(self) -> Path:
        return self.top / FOLDER

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'ledger.db'}"

    def write(self, path: str, text: str = "x\n") -> None:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def git(self, *words: str) -> str:
        return git(self.top, *words)

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")


def git(top: Path, *words: str) -> str:
    who = ("-c", "user.name=Mona", "-c", "user.email=mona@example.com")
    return subprocess.run(
        ["git", "-C", str(top), *who, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("blank") / "ledger.db"

    async def making() -> None:
        await (await open_ledger(f"sqlite:///{file}")).close()

    asyncio.run(making())
    return file


@pytest.fixture
def shop(
    tmp_path: Path, blank: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    top = tmp_path / "shop"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    monkeypatch.chdir(top)
    monkeypatch.setenv("COLUMNS", "400")
    for name in ("SLUICE_TASK_ID", "SLUICE_RUN"):
        monkeypatch.delenv(name, raising=False)
    made = Shop(top, blank, monkeypatch, capsys)
    made.write("app/main.py", "app = 1\n")
    made.commit("begin")
    yield made
