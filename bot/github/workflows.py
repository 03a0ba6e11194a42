"""Workflows on GitHub Actions: dispatching one, reading how it went, and the end of its log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

from bot.context import Written
from bot.core.gates.verdict import GateRun
from bot.core.gates.workflow import name_of
from bot.errors import Refused
from bot.github.rest import Rest

LINES = 60
KEPT = 200  # logs remembered, so that a failed check's is fetched once
PASSED = ("success", "neutral", "skipped")
NEVER_BEGAN = ("startup_failure", "stale")  # GitHub could not run it
NOBODY_KNOWS = ("cancelled", "action_required")  # somebody's doing, or theirs to do: says nothing about the code
BAD = ("failure", "timed_out")


class Workflows:
    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._tails: dict[tuple[str, int], str] = {}
        self._failed: dict[str, str] = {}  # by run and attempt

    async def dispatch(self, repo: str, file: str, ref: str, inputs: Mapping[str, str]) -> Written:
        """Start a workflow and learn its run's id, which older GitHubs do not tell; that it cannot be is an answer."""
        path, body = f"{_file(repo, file)}/dispatches", {"ref": ref, "inputs": dict(inputs)}
        try:
            reply = await self._rest.send("POST", path, {**body, "return_run_details": True}, values=(400,))
            if reply.status == 400:  # GitHub Enterprise Server up to 3.20 does not know the question
                reply = await self._rest.send("POST", path, body)
        except Refused as error:
            return Written(ok=False, error=f"{file} cannot be dispatched on {ref}: {error}")
        return Written(ok=True, id=str(reply.data.get("workflow_run_id") or ""))

    async def run(self, repo: str, run_id: str) -> GateRun | None:
        """How the newest attempt of a run stands; `run_id` with or without an attempt. None: it is gone."""
        reply = await self._rest.get(f"/repos/{repo}/actions/runs/{run_id.partition(':')[0]}", values=(404,))
        return await self._read(repo, reply.data) if reply.ok else None

    async def run_named(self, repo: str, file: str, key: str) -> GateRun | None:
        """The newest dispatched run whose name shows the key."""
        path = f"{_file(repo, file)}/runs?event=workflow_dispatch&per_page=100"
        reply = await self._rest.get(path, values=(404,))
        found = reply.data["workflow_runs"] if reply.ok and key else []
        mine = next((run for run in found if key in (run["display_title"] or "")), None)
        return await self._read(repo, mine) if mine else None

    async def _read(self, repo: str, run: Mapping[str, Any]) -> GateRun:
        state = _state(run["status"], run["conclusion"])
        calls = [] if run["conclusion"] == "skipped" else run["referenced_workflows"] or []
        attempt = f"{run['id']}:{run['run_attempt']}"
        return GateRun(
            gate=name_of(str(run["path"]).partition("@")[0].rpartition("/")[2]),
            head=run["head_sha"],
            state=state,
            reason=_reason(run["status"], run["conclusion"]),
            url=run["html_url"],
            detail=await self._failures(repo, run["id"], attempt) if state == "failed" else "",
            run_id=attempt,
            used=tuple(f"{each['path'].partition('@')[0]}@{each['sha']}" for each in calls),
        )

    async def log_tail(self, repo: str, job: int) -> str:
        """The last lines of an Actions job's log; a check run of Actions carries its job's id."""
        if (repo, job) not in self._tails:
            log = await self._rest.text(f"/repos/{repo}/actions/jobs/{job}/logs")
            if len(self._tails) >= KEPT:
                self._tails.pop(next(iter(self._tails)))
            self._tails[repo, job] = "\n".join(log.rstrip().splitlines()[-LINES:])
        return self._tails[repo, job]

    async def _failures(self, repo: str, run: int, attempt: str) -> str:
        """The ends of the failed jobs' logs; looked up once for each attempt."""
        if attempt not in self._failed:
            reply = await self._rest.get(f"/repos/{repo}/actions/runs/{run}/jobs?per_page=100")
            failed: list[dict[str, Any]] = [job for job in reply.data["jobs"] if job["conclusion"] in BAD]
            logs = [f"{job['name']}:\n{await self.log_tail(repo, job['id'])}" for job in failed]
            if len(self._failed) >= KEPT:
                self._failed.pop(next(iter(self._failed)))
            self._failed[attempt] = "\n\n".join(logs)
        return self._failed[attempt]


def _file(repo: str, file: str) -> str:
    return f"/repos/{repo}/actions/workflows/{quote(file, safe='')}"


def _state(status: str, conclusion: str | None) -> Literal["running", "passed", "failed", "unknown", "unstarted"]:
    if status != "completed":
        return "running"
    if conclusion in PASSED:
        return "passed"
    if conclusion in NEVER_BEGAN:
        return "unstarted"
    return "unknown" if conclusion in NOBODY_KNOWS else "failed"


def _reason(status: str, conclusion: str | None) -> str:
    if status != "completed":
        return f"the workflow is {status.replace('_', ' ')}"
    counts = ", which counts as passed" if conclusion in ("skipped", "neutral") else ""
    return f"the workflow ended: {conclusion}{counts}"
