"""Webhook bodies that only Apps are sent: their installation, merge groups and dispatches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localhub import render
from localhub.commitpayloads import simple_commit
from localhub.hub import Hub
from localhub.model import Repo

Json = dict[str, Any]
Objects = Mapping[str, Any]


def installation(hub: Hub, objects: Objects) -> Json:
    shown = render.installation(hub, objects["installation"])
    return {"installation": shown, "repositories": _briefly(objects["repositories"]), "requester": None}


def installation_repositories(hub: Hub, objects: Objects) -> Json:
    shown = render.installation(hub, objects["installation"])
    changed = {f"repositories_{change}": _briefly(objects[change]) for change in ("added", "removed")}
    selection = {"repository_selection": shown["repository_selection"]}
    return {"installation": shown, **selection, **changed, "requester": None}


def merge_group(objects: Objects) -> Json:
    group = objects["group"]
    shown = {
        "head_sha": group.head.sha,
        "head_ref": group.head_ref,
        "base_sha": group.base_sha,
        "base_ref": group.base_ref,
        "head_commit": simple_commit(group.head),
    }
    return {"merge_group": shown} | ({"reason": objects["reason"]} if objects["reason"] else {})


def workflow_dispatch(objects: Objects) -> Json:
    return {"inputs": dict(objects["inputs"]), "ref": objects["ref"], "workflow": objects["workflow"].path}


def repository_dispatch(repo: Repo, objects: Objects) -> Json:
    return {"branch": repo.default_branch, "client_payload": dict(objects["client_payload"])}


def _briefly(repos: Sequence[Repo]) -> list[Json]:
    kept = ("id", "node_id", "name", "full_name", "private")
    return [{key: getattr(repo, key) for key in kept} for repo in repos]
