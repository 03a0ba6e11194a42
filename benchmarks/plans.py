"""Plans on a laptop: how soon `execute next` answers, what a dispatch puts before whoever drives, and a wide plan.

Tokens are told by the length of the output, four characters for one, without a model's own tokenizer.
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figure import Figure, beside
from bot.core.plans.accepting import refused
from bot.core.plans.due import due
from bot.core.plans.execution import after, begin
from bot.core.plans.happened import Happened
from bot.core.plans.plan import FOLDER, Phase, Plan, Step
from bot.ledger.open import open_ledger

SLUICE = Path(sys.executable).with_name("sluice")
CHARACTERS = 4  # of a token, about
LOADED = "import asyncio, typer, pydantic, sqlalchemy; pydantic.TypeAdapter"  # what it stands on
TIMES, WIDE, PHASES, BARE = 7, 10, 10, 10
TASK, TITLE = "task-wide-0001", "Write a hundred files"
HOUSE = "Every line of a log is one event with its fields; no secret is ever in one.\n" * 60
CAPS = "running = 10\nruns_per_day = 1000\n"
SETTINGS = f'[caps]\n{CAPS}[peers.robo]\nruntime = "scripted"\nscript = "{{script}}"\ncapacity = 10\n'
POLICY = f"[work]\n{CAPS}"


@dataclass(frozen=True)
class Yard:
    """A repository of its own, of which nothing stays."""

    top: Path

    def begin(self, plan: Plan, **files: str) -> None:
        for path, text in {"app/main.py": "app = 1\n", **files}.items():
            (self.top / path).parent.mkdir(parents=True, exist_ok=True)
            (self.top / path).write_text(text)
        self.run("git", "init", "-q", "-b", "main")
        self.run("git", "add", "--all")
        self.run("git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-q", "-m", "begin")
        asyncio.run(self._save(plan))
        self.sluice("switch", plan.task_id)

    async def _save(self, plan: Plan) -> None:
        (self.top / FOLDER).mkdir()
        ledger = await open_ledger(f"sqlite:///{self.top / FOLDER / 'ledger.db'}")
        await ledger.save_plan(plan, str(self.top))
        await ledger.close()

    def happened(self, task: str) -> tuple[Happened, ...]:
        async def reading() -> tuple[Happened, ...]:
            ledger = await open_ledger(f"sqlite:///{self.top / FOLDER / 'ledger.db'}")
            found = await ledger.task(task)
            await ledger.close()
            return found.happened if found else ()

        return asyncio.run(reading())

    def sluice(self, *words: str) -> str:
        return self.run(str(SLUICE), "execute", *words)

    def run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.top, env=dict(os.environ), capture_output=True, text=True, check=True)
        return done.stdout


async def measure() -> list[Figure]:
    return await asyncio.to_thread(_measured)


def _measured() -> list[Figure]:
    return [*_by_hand(), *_wide(PHASES, WIDE)]


def _by_hand() -> list[Figure]:
    step = Step("1.1", "backend-engineer", "Add request logging middleware\n\nCapture method, path and status.")
    plan = Plan(TASK, "Add request logging", (Phase(1, "Build", (step,)),), datetime.now(UTC), knowledge=("house.md",))
    with TemporaryDirectory(prefix="sluice-bench-") as folder:
        yard = Yard(Path(folder).resolve())
        yard.begin(plan, **{"house.md": HOUSE})
        yard.sluice("start", "--terse")
        took, cpu = _least(lambda: yard.sluice("next", "--terse"))
        python = _least(lambda: yard.run(sys.executable, "-c", "pass"))
        loaded = _least(lambda: yard.run(sys.executable, "-c", LOADED))
        (yard.top / "sluice.toml").write_text('[peers.robo]\nruntime = "claude"\n')
        _, settled = _least(lambda: yard.sluice("next", "--terse"))
        _, helped = _least(lambda: yard.sluice("--help"))
        full, terse = len(yard.sluice("next")), len(yard.sluice("next", "--terse"))
    return [
        beside("execute next, a whole process", round(took, 3), "s", "python -c pass", round(python[0], 3), target=0.5),
        beside("execute next", round(cpu, 3), "s of CPU", "the libraries alone", round(loaded[1], 3), target=0.5),
        beside("execute next, with a sluice.toml", round(settled, 3), "s of CPU", "without", round(cpu, 3), target=0.5),
        beside("execute --help", round(helped, 3), "s of CPU", "the libraries alone", round(loaded[1], 3), target=0.5),
        beside("a dispatch, terse", terse // CHARACTERS, "tokens, about", "in full", full // CHARACTERS, target=100),
    ]


def _least(command: Callable[[], object]) -> tuple[float, float]:
    """Seconds and seconds of CPU: the least of several, for others may be at work beside it."""
    costs = [_cost(command) for _ in range(TIMES)]
    return min(took for took, _ in costs), min(cpu for _, cpu in costs)


def _wide(phases: int, wide: int) -> list[Figure]:
    """Every step writes a file of its own; the agents take no time, so what is left is Sluice's."""
    plan, count = _plan(phases, wide), phases * wide
    steps = [step.id for step in plan.steps]
    with TemporaryDirectory(prefix="sluice-bench-") as folder:
        yard, script = Yard(Path(folder).resolve() / "yard"), Path(folder) / "play.toml"
        script.write_text("".join(map(_play, steps)))
        yard.begin(plan, **{"sluice.toml": SETTINGS.format(script=script), ".github/sluice.toml": POLICY})
        took, cpu = _cost(lambda: yard.sluice("run"))
        _, bare = _cost(lambda: _by_git_alone(yard, steps[:BARE]))
        happened = yard.happened(plan.task_id)
        _, folded = _cost(lambda: _folded(plan, happened))
        _, kept = _cost(lambda: asyncio.run(_kept(Path(folder) / "ledger.db", plan, happened)))
    name, each = f"plan of {count} steps, {wide} wide, instant agents", round(cpu / count, 3)
    judged, noted = f"{folded / count * 1000:.2f}", f"{kept / count * 1000:.2f}"
    return [
        Figure(f"{name}: whole", round(took, 1), "s"),
        beside(f"{name}: each", each, "s of CPU", "worktree, commit, merge by git alone", round(bare / BARE, 3)),
        beside(f"{name}: what is due, each", float(judged), "ms of CPU", "a step whole", each * 1000),
        beside(f"{name}: the ledger, each", float(noted), "ms of CPU", "a step whole", each * 1000),
    ]


def _plan(phases: int, wide: int) -> Plan:
    rows = [[f"{phase}.{n}" for n in range(1, wide + 1)] for phase in range(1, phases + 1)]
    made = tuple(
        Phase(number, f"Phase {number}", tuple(Step(one, "robo", "Write", deliverables=(f"{one}.txt",)) for one in row))
        for number, row in enumerate(rows, 1)
    )
    return Plan(TASK, TITLE, made, datetime.now(UTC))


def _cost(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds it took, and seconds of CPU, of its processes as well."""
    before, begun = _cpu(), time.monotonic()
    work()
    return time.monotonic() - begun, _cpu() - before


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _by_git_alone(yard: Yard, steps: Sequence[str]) -> None:
    """The least that a step in a tree of its own can cost."""
    who = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    for step in steps:
        tree = yard.top.parent / f"tree-{step}"
        yard.run("git", "worktree", "add", "-q", "-b", f"bare/{step}", str(tree))
        (tree / f"bare-{step}.txt").write_text("x")
        yard.run("git", "-C", str(tree), "add", "--all")
        yard.run("git", "-C", str(tree), *who, "commit", "-q", "-m", step)
        yard.run("git", *who, "merge", "-q", "--no-ff", "-m", step, f"bare/{step}")
        yard.run("git", "worktree", "remove", str(tree))


def _folded(plan: Plan, happened: Sequence[Happened]) -> None:
    """What is due, asked after everything that happened: without a process, a file or a database."""
    execution = begin(plan)
    for each in happened:
        assert not refused(execution, each)
        execution = after(execution, each)
        due(execution)


async def _kept(file: Path, plan: Plan, happened: Sequence[Happened]) -> None:
    """The same through the ledger's one door, a transaction each."""
    ledger = await open_ledger(f"sqlite:///{file}")
    await ledger.save_plan(plan, "bench")
    for each in happened:
        assert not (await ledger.happen(plan.task_id, each))[1]
    await ledger.close()


def _play(step: str) -> str:
    return f'[[play]]\nitem = "{TITLE}"\nstep = "{step}"\nsteps = [{{ write = "{step}.txt", text = "x" }}]\n'
