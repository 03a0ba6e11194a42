"""Runs the steps of one job in a clean checkout, as a GitHub runner would, and collects what they print.

Knows git and processes, nothing of the hub. The checkout is there before the first step (with the head commit, also
for pull requests, where GitHub would take the test merge commit), so `actions/checkout` and `actions/setup-python` have
nothing left to do; any other action fails its step. Steps see the Python that runs localhub first on their PATH.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from localhub.actions.commandfiles import CommandFiles
from localhub.actions.expressions import JobStatus, NotSimulated, Scope, holds, interpolate
from localhub.actions.workflow import Job, Step

Outcome = Literal["success", "failure", "cancelled", "skipped"]
NOTHING_TO_DO = ("actions/checkout@", "actions/setup-python@")
SHELLS = {
    None: ["bash", "-e"],
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
    "sh": ["sh", "-e"],
    "python": ["python"],
}
LONGEST_LOG = 512 * 1024


@dataclass(frozen=True)
class Source:
    """What is checked out, and the address that `origin` has in the checkout."""

    git_dir: Path
    sha: str
    url: str


@dataclass
class JobRun:
    """One job being run: how it stands, what it printed, what it gives to the jobs that need it."""

    job: Job
    contexts: dict[str, Any]
    env: dict[str, str]
    status: JobStatus = "success"
    outputs: dict[str, str] = field(default_factory=dict)
    steps: list[tuple[str, Outcome]] = field(default_factory=list)
    step_env: dict[str, str] = field(default_factory=dict)
    problem: str | None = None  # why it cannot run at all
    _log: list[str] = field(default_factory=list)
    _logged: int = 0

    def say(self, text: str) -> None:
        """Adds to the log, which stops growing at a bound."""
        room = LONGEST_LOG - self._logged
        self._logged += len(text)
        if room > 0:
            self._log.append(text if len(text) <= room else text[:room] + "\n[the log was cut here]\n")

    @property
    def log(self) -> str:
        return "".join(self._log)

    def scope(self) -> Scope:
        return Scope(self.contexts | {"env": self.env | self.step_env, "job": {"status": self.status}}, self.status)


async def run_job(run: JobRun, source: Source) -> JobRun:
    """Runs every step; the answer is `run` itself, with status, log and outputs filled in."""
    home = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="localhub-job-"))
    children: list[int] = []
    try:
        async with asyncio.timeout(run.job.timeout_minutes * 60):
            await _run_steps(run, source, home, children)
    except NotSimulated as error:
        run.say(f"##[error]{error}\n")
        run.status = "failure"
    except TimeoutError:
        run.say(f"##[error]The job has exceeded the maximum execution time of {run.job.timeout_minutes:g}m0s.\n")
        run.status = "cancelled"  # GitHub's word for a job that ran out of time
    finally:
        _kill(children)
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)
    return run


async def _run_steps(run: JobRun, source: Source, home: Path, children: list[int]) -> None:
    if problem := run.problem or run.job.problem:
        raise NotSimulated(problem)
    files = CommandFiles(home / "commands")
    workspace = await _check_out(source, home)
    run.contexts["steps"] = {}
    run.contexts["github"] = {**run.contexts["github"], "workspace": str(workspace)}
    run.contexts["runner"] = {"os": "Linux", "temp": str(home / "tmp"), "name": "localhub", "debug": ""}
    event = home / "event.json"
    event.write_text(json.dumps(run.contexts["github"].get("event") or {}))
    run.env = _environment(home, workspace) | files.environment() | {"GITHUB_EVENT_PATH": str(event)} | run.env
    run.env |= {name: interpolate(text, run.scope()) for name, text in run.job.env.items()}
    for step in run.job.steps:
        await _one_step(run, step, workspace, files, children)
    run.outputs = {name: interpolate(text, run.scope()) for name, text in run.job.outputs.items()}


async def _one_step(run: JobRun, step: Step, workspace: Path, files: CommandFiles, children: list[int]) -> None:
    run.step_env = {}
    run.step_env = {name: interpolate(text, run.scope()) for name, text in step.env.items()}
    name = interpolate(step.name, run.scope())
    outcome: Outcome = "skipped"
    outputs: dict[str, str] = {}
    if holds(step.condition or "success()", run.scope()):
        run.say(f"##[group]{name}\n")
        outcome = await _attempt(run, step, workspace, children)
        run.say("##[endgroup]\n")
        run.env, outputs = files.collect(run.env)
    conclusion: Outcome = "success" if outcome == "failure" and step.continue_on_error else outcome
    if conclusion == "failure":
        run.status = "failure"
    run.steps.append((name, conclusion))
    run.step_env = {}
    if step.id:
        run.contexts["steps"][step.id] = {"outcome": outcome, "conclusion": conclusion, "outputs": outputs}


async def _attempt(run: JobRun, step: Step, workspace: Path, children: list[int]) -> Outcome:
    """Does what the step says; everything that goes wrong is in the log."""
    if step.uses is not None:
        if step.uses.startswith(NOTHING_TO_DO):
            run.say(f"localhub: {step.uses} has nothing to do here.\n")
            return "success"
        run.say(f"##[error]localhub does not simulate the action `{step.uses}`: only `run:` steps are executed.\n")
        return "failure"
    script = interpolate(step.run or "", run.scope())
    folder = workspace / interpolate(step.working_directory or run.job.working_directory or ".", run.scope())
    try:
        async with asyncio.timeout(step.timeout_minutes * 60 if step.timeout_minutes else None):
            code = await _execute(run, script, _shell(step.shell or run.job.shell), folder, children)
    except TimeoutError:
        run.say(f"##[error]The action '{step.name}' has timed out after {step.timeout_minutes:g} minutes.\n")
        return "failure"
    if code:
        run.say(f"##[error]Process completed with exit code {code}.\n")
    return "failure" if code else "success"


async def _execute(run: JobRun, script: str, shell: list[str], folder: Path, children: list[int]) -> int:
    """One script in a session of its own. It prints into a file: a process it leaves behind cannot hold us up."""
    with (
        tempfile.NamedTemporaryFile("w", dir=run.env["RUNNER_TEMP"], suffix=".sh") as file,
        tempfile.TemporaryFile() as out,
    ):
        file.write(script)
        file.flush()
        try:
            process = await asyncio.create_subprocess_exec(
                *_filled(shell, file.name),
                cwd=folder,
                env=run.env | run.step_env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            run.say(f"##[error]{error}\n")
            return 127
        children.append(process.pid)
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                _kill([process.pid])
            out.seek(0)
            run.say(out.read(LONGEST_LOG + 1).decode("utf-8", "replace"))


def _shell(name: str | None) -> list[str]:
    if name in SHELLS:
        return SHELLS[name]
    if name is not None and "{0}" in name:
        return name.split()
    raise NotSimulated(f"localhub does not simulate `shell: {name}`")


def _filled(shell: list[str], script: str) -> list[str]:
    return [part.replace("{0}", script) for part in shell] if "{0}" in " ".join(shell) else [*shell, script]


async def _check_out(source: Source, home: Path) -> Path:
    """A clone that borrows the objects of the bare repository, at the commit, with the hub as its origin."""
    workspace = home / "work"
    (home / "tmp").mkdir()
    quiet = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(home)}
    for command in (
        ["clone", "--quiet", "--template=", "--shared", "--no-checkout", str(source.git_dir), str(workspace)],
        ["-C", str(workspace), "checkout", "--quiet", "--detach", source.sha],
        ["-C", str(workspace), "remote", "set-url", "origin", source.url],
    ):
        process = await asyncio.create_subprocess_exec("git", *command, env=quiet, stderr=asyncio.subprocess.PIPE)
        _, stderr = await process.communicate()
        if process.returncode:
            raise NotSimulated(f"the checkout failed: {stderr.decode('utf-8', 'replace').strip()}")
    return workspace


def _environment(home: Path, workspace: Path) -> dict[str, str]:
    """Little enough that a workflow cannot come to depend on the machine."""
    python = str(Path(sys.executable).parent)
    return {
        "PATH": f"{python}:{os.environ.get('PATH', os.defpath)}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(workspace),
        "RUNNER_OS": "Linux",
        "RUNNER_TEMP": str(home / "tmp"),
    }


def _kill(sessions: list[int]) -> None:
    """Ends whatever the steps left running, like a runner at the end of a job."""
    for session in sessions:
        try:
            os.killpg(session, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
