"""What the results of jobs mean: for the jobs that need them, and for the run as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from localhub.actions.expressions import JobStatus
from localhub.actions.workflow import Job, WorkflowFile
from localhub.model import CheckRun, Conclusion


@dataclass(frozen=True)
class Result:
    """How one job ended; a tolerated failure (`continue-on-error`) does not fail the run."""

    status: JobStatus
    outputs: Mapping[str, str]
    tolerated: bool


@dataclass(frozen=True)
class Done:
    """A job that is over, and its check runs: several where it called a reusable workflow."""

    result: Result
    records: list[CheckRun]
    needs: tuple[str, ...] = ()


def to_repeat(done: Mapping[str, Done]) -> set[str]:
    """Of a run's jobs those that did not succeed, and whatever needed one of them."""
    found = {id for id, each in done.items() if each.result.status != "success"}
    while more := {id for id, each in done.items() if id not in found and found.intersection(each.needs)}:
        found |= more
    return found


def standing(file: WorkflowFile, job: Job, results: Mapping[str, Result]) -> JobStatus:
    """What success() and failure() say in a job's `if:`: a failure anywhere above counts."""
    above = [results[id].status for id in _ancestors(file, job) if id in results and not _forgiven(results[id])]
    worst: tuple[JobStatus, ...] = ("failure", "cancelled", "skipped")
    return next((status for status in worst if status in above), "success")


def run_conclusion(file: WorkflowFile, results: Mapping[str, Result]) -> Conclusion:
    counted = [results[id].status for id in file.jobs if not _forgiven(results[id])]
    if "failure" in counted:
        return "failure"
    if "cancelled" in counted:
        return "cancelled"
    return "skipped" if counted and set(counted) == {"skipped"} else "success"


def _forgiven(result: Result) -> bool:
    return result.tolerated and result.status == "failure"


def _ancestors(file: WorkflowFile, job: Job) -> Iterator[str]:
    for need in job.needs:
        yield need
        yield from _ancestors(file, file.jobs[need])
