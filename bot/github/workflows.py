"""Workflows on GitHub Actions: dispatching one, reading how it went, and the end of its log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

from bot.context import Written
from bot.core.gates.verdict import GateRun
from bot.core.gates.workflow import name_of
from bot.github.rest import Rest

LINES = 60
KEPT = 200  # logs remembered, so that a failed check's is fetched once
PASSED = ("success", "neutral", "skipped")
NOBODY_KNOWS = ("cancelled", "startup_failure", "action_required", "stale")  # says nothing about the code
BAD = ("failure", "timed_out")


class Workflows:
    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._tails: dict[tuple[str, int], str] = {}

    async def dispatch(self, repo: str, file: str, ref: str, inputs: Mapping[str, str]) -> Written:
        """Start a workflow and learn its run's id; that it cannot be started is an answer."""
        body = {"ref": ref, "inputs": dict(inputs), "return_run_details": True}
        path = f"/repos/{repo}/actions/workflows/{quote(file, safe='')}/dispatches"
        reply = await self._rest.send("POST", path, body, values=(400, 404, 422))
        if not reply.ok:
            return Written(ok=False, error=f"{file} cannot be dispatched on {ref}: {reply.message}")
        run = reply.data.get("workflow_run_id")
        if run is None:
            return Written(
                ok=False, error="this GitHub does not say which run it started; it is too old for gates on workflows"
            )
        return Written(ok=True, id=str(run))

    async def run(self, repo: str, run_id: str) -> GateRun:
        """How a run stands; `run_id` with or without its attempt."""
        reply = await self._rest.get(f"/repos/{repo}/actions/runs/{run_id.partition(':')[0]}")
        run = reply.data
        state = _state(run["status"], run["conclusion"])
        detail = await self._failures(repo, run["id"]) if state == "failed" else ""
        return GateRun(
            gate=name_of(str(run["path"]).partition("@")[0].rpartition("/")[2]),
            head=run["head_sha"],
            state=state,
            reason=_reason(run["status"], run["conclusion"]),
            url=run["html_url"],
            detail=detail,
            run_id=f"{run['id']}:{run['run_attempt']}",
        )

    async def log_tail(self, repo: str, job: int) -> str:
        """The last lines of an Actions job's log; a check run of Actions carries its job's id."""
        if (repo, job) not in self._tails:
            log = await self._rest.text(f"/repos/{repo}/actions/jobs/{job}/logs")
            if len(self._tails) >= KEPT:
                self._tails.pop(next(iter(self._tails)))
            self._tails[repo, job] = "\n".join(log.rstrip().splitlines()[-LINES:])
        return self._tails[repo, job]

    async def _failures(self, repo: str, run: int) -> str:
        reply = await self._rest.get(f"/repos/{repo}/actions/runs/{run}/jobs?per_page=100")
        failed: list[dict[str, Any]] = [job for job in reply.data["jobs"] if job["conclusion"] in BAD]
        return "\n\n".join([f"{job['name']}:\n{await self.log_tail(repo, job['id'])}" for job in failed])


def _state(status: str, conclusion: str | None) -> Literal["running", "passed", "failed", "unknown"]:
    if status != "completed":
        return "running"
    if conclusion in PASSED:
        return "passed"
    return "unknown" if conclusion in NOBODY_KNOWS else "failed"


def _reason(status: str, conclusion: str | None) -> str:
    return (
        f"the workflow ended: {conclusion}" if status == "completed" else f"the workflow is {status.replace('_', ' ')}"
    )
