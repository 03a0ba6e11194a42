"""Reads a workflow file into plain values, and says which of its parts localhub does not simulate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from localhub.actions.values import as_text

UNSIMULATED_JOB_KEYS = ("strategy", "container", "services")


class InvalidWorkflow(Exception):
    """GitHub would show "Invalid workflow file"; the run ends as startup_failure."""


@dataclass(frozen=True)
class Input:
    """One `workflow_dispatch` input."""

    name: str
    required: bool
    default: str | None
    kind: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Trigger:
    """One event under `on:` with its filters; None means no such filter."""

    event: str
    types: tuple[str, ...] | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # branches, branches-ignore, tags, paths ...
    inputs: tuple[Input, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)  # of workflow_call


@dataclass(frozen=True)
class Step:
    name: str
    id: str | None = None
    run: str | None = None
    uses: str | None = None
    condition: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    shell: str | None = None
    working_directory: str | None = None
    continue_on_error: bool = False
    timeout_minutes: float | None = None


@dataclass(frozen=True)
class Job:
    id: str
    name: str
    needs: tuple[str, ...] = ()
    condition: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    shell: str | None = None
    working_directory: str | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    timeout_minutes: float = 360
    continue_on_error: bool = False
    problem: str | None = None  # why localhub cannot run it
    uses: str | None = None  # a reusable workflow, in place of steps
    given: Mapping[str, str] = field(default_factory=dict)  # `with`


@dataclass(frozen=True)
class WorkflowFile:
    path: str
    name: str
    run_name: str | None
    triggers: Mapping[str, Trigger]
    env: Mapping[str, str]
    jobs: Mapping[str, Job]


class _Loader(yaml.SafeLoader):
    """YAML 1.2 as GitHub reads it: `on`, `yes` and dates are text, only true and false are booleans."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if not tag.endswith((":bool", ":timestamp"))]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def parse(path: str, text: str) -> WorkflowFile:
    """The workflow in `text`; InvalidWorkflow when GitHub would refuse it."""
    try:
        document = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise InvalidWorkflow(f"You have an error in your yaml syntax: {error}") from error
    if not isinstance(document, dict) or not document.get("jobs") or "on" not in document:
        raise InvalidWorkflow("A workflow needs `on` and `jobs`.")
    defaults = _mapping(document.get("defaults"), "defaults").get("run") or {}
    jobs = {
        str(id): _job(str(id), _mapping(body, f"jobs.{id}"), defaults)
        for id, body in _mapping(document["jobs"], "jobs").items()
    }
    _check_needs(jobs)
    return WorkflowFile(
        path=path,
        name=str(document.get("name") or path),
        run_name=document.get("run-name"),
        triggers=_triggers(document["on"]),
        env=_env(document.get("env")),
        jobs=jobs,
    )


def _triggers(on: Any) -> dict[str, Trigger]:
    if isinstance(on, str):
        on = [on]
    events = dict.fromkeys(on) if isinstance(on, list) else _mapping(on, "on")
    return {str(event): _trigger(str(event), body) for event, body in events.items()}


def _trigger(event: str, body: Any) -> Trigger:
    if not isinstance(body, dict):
        return Trigger(event)
    filters = {key: _texts(body[key]) for key in body if key not in ("types", "inputs", "outputs", "secrets")}
    inputs = tuple(_input(str(name), spec or {}) for name, spec in (body.get("inputs") or {}).items())
    outputs = {str(name): as_text((spec or {}).get("value")) for name, spec in (body.get("outputs") or {}).items()}
    return Trigger(event, _texts(body["types"]) if "types" in body else None, filters, inputs, outputs)


def _input(name: str, spec: Mapping[str, Any]) -> Input:
    default = spec.get("default")
    return Input(
        name=name,
        required=bool(spec.get("required")),
        default=None if default is None else as_text(default),
        kind=str(spec.get("type", "string")),
        options=_texts(spec.get("options") or []),
    )


def _job(id: str, body: Mapping[str, Any], workflow_defaults: Mapping[str, Any]) -> Job:
    defaults = {**workflow_defaults, **((body.get("defaults") or {}).get("run") or {})}
    unsimulated = [key for key in UNSIMULATED_JOB_KEYS if body.get(key)]
    if bool(body.get("steps")) == ("uses" in body):
        raise InvalidWorkflow(f"jobs.{id}: a job needs either `steps` or `uses`.")
    return Job(
        id=id,
        name=str(body.get("name") or id),
        needs=_texts(body.get("needs") or []),
        condition=_condition(body),
        env=_env(body.get("env")),
        shell=defaults.get("shell"),
        working_directory=defaults.get("working-directory"),
        outputs=_env(body.get("outputs")),
        steps=tuple(
            _step(number, _mapping(step, f"jobs.{id}.steps")) for number, step in enumerate(body.get("steps") or [])
        ),
        timeout_minutes=float(body.get("timeout-minutes", 360)),
        continue_on_error=body.get("continue-on-error") is True,
        uses=None if body.get("uses") is None else str(body["uses"]),
        given=_env(body.get("with")),
        problem=f"localhub does not simulate `{unsimulated[0]}` in a job" if unsimulated else None,
    )


def _step(number: int, body: Mapping[str, Any]) -> Step:
    run, uses = body.get("run"), body.get("uses")
    if (run is None) == (uses is None):
        raise InvalidWorkflow(f"Step {number + 1} needs either `run` or `uses`.")
    title = f"Run {uses}" if run is None else f"Run {str(run).strip().splitlines()[0] if str(run).strip() else ''}"
    timeout = body.get("timeout-minutes")
    return Step(
        name=str(body.get("name") or title),
        id=body.get("id"),
        run=None if run is None else str(run),
        uses=None if uses is None else str(uses),
        condition=_condition(body),
        env=_env(body.get("env")),
        shell=body.get("shell"),
        working_directory=body.get("working-directory"),
        continue_on_error=body.get("continue-on-error") is True,
        timeout_minutes=None if timeout is None else float(timeout),
    )


def _condition(body: Mapping[str, Any]) -> str | None:
    return as_text(body["if"]) if body.get("if") is not None else None


def _check_needs(jobs: Mapping[str, Job]) -> None:
    """Every need names a job, and going from need to need comes to an end."""
    settled: set[str] = set()
    while len(settled) < len(jobs):
        ready = {id for id, job in jobs.items() if id not in settled and settled.issuperset(job.needs)}
        if not ready:
            stuck = ", ".join(sorted(set(jobs) - settled))
            raise InvalidWorkflow(f"The needs of these jobs name unknown jobs or each other: {stuck}")
        settled |= ready


def _mapping(value: Any, where: str) -> dict[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidWorkflow(f"{where}: a mapping was expected")
    return value


def _env(value: Any) -> dict[str, str]:
    return {str(name): as_text(text) for name, text in _mapping(value, "env").items()}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(as_text(each) for each in value) if isinstance(value, list) else (as_text(value),)
