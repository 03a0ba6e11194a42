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
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figure import Figure, beside
from bot.core.plans.plan import FOLDER, Phase, Plan, Step
from bot.ledger.open import open_ledger

SLUICE = Path(sys.executable).with_name("sluice")
CHARACTERS = 4  # of a token, about
TIMES, WIDE, PHASES = 7, 10, 10
TASK, TITLE = "task-wide-0001", "Write a hundred files"
HOUSE = "Every line of a log is one event with its fields; no secret is ever in one.\n" * 60
SETTINGS = '[caps]\nrunning = 10\n[peers.robo]\nruntime = "scripted"\nscript = "{script}"\ncapacity = 10\n'


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
        took = _seconds(lambda: yard.sluice("next", "--terse"))
        python = _seconds(lambda: yard.run(sys.executable, "-c", "pass"))
        full, terse = len(yard.sluice("next")), len(yard.sluice("next", "--terse"))
    return [
        beside("execute next, a whole process", round(took, 3), "s", "python -c pass", round(python, 3), target=0.5),
        beside("a dispatch, terse", terse // CHARACTERS, "tokens, about", "in full", full // CHARACTERS, target=100),
    ]


def _seconds(command: object) -> float:
    assert callable(command)
    times = []
    for _ in range(TIMES):
        begun = time.monotonic()
        command()
        times.append(time.monotonic() - begun)
    return median(times)


def _wide(phases: int, wide: int) -> list[Figure]:
    """Every step writes a file of its own; the agents take no time, so what is left is Sluice's."""
    steps = [[f"{phase}.{n}" for n in range(1, wide + 1)] for phase in range(1, phases + 1)]
    made = tuple(
        Phase(number, f"Phase {number}", tuple(Step(one, "robo", "Write", deliverables=(f"{one}.txt",)) for one in row))
        for number, row in enumerate(steps, 1)
    )
    with TemporaryDirectory(prefix="sluice-bench-") as folder:
        yard, script = Yard(Path(folder).resolve() / "yard"), Path(folder) / "play.toml"
        script.write_text("".join(map(_play, (one for row in steps for one in row))))
        yard.begin(Plan(TASK, TITLE, made, datetime.now(UTC)), **{"sluice.toml": SETTINGS.format(script=script)})
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        yard.sluice("run")
        took, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    count, cpu = phases * wide, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    name = f"plan of {count} steps, {wide} wide, instant agents"
    return [Figure(f"{name}: whole", round(took, 1), "s"), Figure(f"{name}: each", round(cpu / count, 3), "s of CPU")]


def _play(step: str) -> str:
    return f'[[play]]\nitem = "{TITLE}"\nstep = "{step}"\nsteps = [{{ write = "{step}.txt", text = "x" }}]\n'
