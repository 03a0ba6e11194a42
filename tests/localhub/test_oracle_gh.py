"""The `gh` command line works against localhub: Debian's, which is old, and a newer one, which knows projects."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from shop import Shop
from talk import LocalHub

from tests.system import NEWER_GH

GATE = "name: Gate\non: workflow_dispatch\njobs: {judge: {runs-on: ubuntu-latest, steps: [{run: echo judged}]}}\n"
VERSIONS = {"old": "2.23.", "new": "2.46."}  # others may ask for fields that nobody has looked at yet


def installed(version: str) -> str | None:
    for program in filter(None, (shutil.which("gh"), str(NEWER_GH) if NEWER_GH.exists() else None)):
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
        if said.startswith(f"gh version {version}"):
            return program
    return None


@dataclass
class Gh:
    """One gh, signed in as Ann; all it says goes over localhub's Unix socket, and it believes that this is GitHub."""

    program: str
    settings: Path
    shop: Shop

    def __call__(self, *words: str) -> str:
        env = {
            "PATH": os.environ["PATH"], "HOME": str(self.settings), "GH_CONFIG_DIR": str(self.settings),
            "GH_TOKEN": self.shop.ann["token"], "GH_REPO": self.shop.name, "GH_NO_UPDATE_NOTIFIER": "1",
        }  # fmt: skip
        done = subprocess.run(
            [self.program, *words], cwd=self.settings, env=env, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"gh {' '.join(words)}: {done.stderr}"
        return done.stdout.strip()

    def json(self, *words: str) -> Any:
        return json.loads(self(*words))


def gh_for(which: str, hub: LocalHub, folder: Path, **order: Any) -> Gh:
    program = installed(VERSIONS[which])
    if program is None:
        pytest.skip(f"gh {VERSIONS[which]}x is not installed (make system)")
    settings = folder / "gh"
    settings.mkdir()
    (settings / "config.yml").write_text(f"http_unix_socket: {hub.socket}\n")
    return Gh(program, settings, Shop(hub, folder, **order))


@pytest.mark.parametrize("which", VERSIONS)
def test_a_pull_request_is_opened_and_merges_by_itself(hub: LocalHub, tmp_path: Path, which: str):
    """`gh pr create`, then `gh pr merge --auto`: it waits for its check, merges, and closes the issue it names."""
    gh = gh_for(which, hub, tmp_path, protection={"main": {"required_checks": ["ci"]}})
    sha = gh.shop.push("new.txt", "new\n", "work")
    issue = gh("issue", "create", "--title", "Broken", "--body", "It is").rpartition("/")[2]
    about = ("--repo", gh.shop.name, "--title", "Mend", "--body", f"Closes #{issue}")
    url = gh("pr", "create", "--head", "work", "--base", "main", *about)
    number = url.rpartition("/")[2]
    gh("pr", "merge", number, "--auto", "--squash")
    shown = gh.json("pr", "view", number, "--json", "state,headRefOid,statusCheckRollup")
    assert (shown["state"], shown["headRefOid"], shown["statusCheckRollup"]) == ("OPEN", sha, [])
    assert gh.shop.pull(int(number))["auto_merge"]["merge_method"] == "squash"
    assert "+new" in gh("pr", "diff", number)
    gh("api", f"repos/{gh.shop.name}/statuses/{sha}", "-f", "state=success", "-f", "context=ci")
    hub.idle()
    assert gh.json("pr", "view", number, "--json", "state") == {"state": "MERGED"}
    assert gh.json("issue", "view", issue, "--json", "state") == {"state": "CLOSED"}


@pytest.mark.parametrize("which", VERSIONS)
def test_issues_are_talked_about_listed_and_closed(hub: LocalHub, tmp_path: Path, which: str):
    """`gh issue comment`, `list` and `close`; `gh api --paginate` follows the pages."""
    gh = gh_for(which, hub, tmp_path)
    for title in ("One", "Two", "Three"):
        gh("issue", "create", "--title", title, "--body", "")
    gh("issue", "comment", "1", "--body", "Looking")
    gh("issue", "close", "1", "--reason", "not planned")
    assert [each["title"] for each in gh.json("issue", "list", "--json", "title")] == ["Three", "Two"]
    every = gh("api", "--paginate", f"repos/{gh.shop.name}/issues?state=all&per_page=1", "--jq", ".[].title")
    assert every.split() == ["Three", "Two", "One"]
    closed = gh.shop.get("issues/1").json()
    assert (closed["state"], closed["state_reason"], closed["comments"]) == ("closed", "not_planned", 1)


@pytest.mark.parametrize("which", VERSIONS)
def test_a_workflow_is_run_and_its_run_listed(hub: LocalHub, tmp_path: Path, which: str):
    """`gh workflow run` finds the workflow by its file and dispatches it by number; `run view` follows addresses."""
    gh = gh_for(which, hub, tmp_path, files={".github/workflows/gate.yml": GATE})
    gh("workflow", "run", "gate.yml", "--ref", "main")
    hub.idle()
    (run,) = gh.json("run", "list", "--json", "status,conclusion,event,databaseId")
    number = str(run.pop("databaseId"))
    assert run == {"status": "completed", "conclusion": "success", "event": "workflow_dispatch"}
    assert "judge" in gh("run", "view", number)


def test_a_board_is_listed_and_its_cards_are_moved(hub: LocalHub, tmp_path: Path):
    """`gh project item-add`, `item-edit` and `item-list`: values of fields beside the content."""
    gh = gh_for("new", hub, tmp_path)
    owner = gh.shop.name.split("/")[0]
    hub.admin("orgs", {"login": (org := hub.name("board")), "members": [gh.shop.ann["login"]]})
    board = hub.admin("projects", {"owner": org, "title": "Roadmap", "status": ["Ready", "Done"]})
    url = gh("issue", "create", "--title", "Broken", "--body", "It is")
    number = str(board["number"])
    card = gh.json("project", "item-add", number, "--owner", org, "--url", url, "--format", "json")["id"]
    gh("project", "item-edit", "--id", card, "--project-id", board["id"], "--field-id", board["status_field"],
       "--single-select-option-id", board["options"]["Ready"])  # fmt: skip
    (item,) = gh.json("project", "item-list", number, "--owner", org, "--format", "json")["items"]
    assert (item["id"], item["title"], item["status"]) == (card, "Broken", "Ready")
    assert item["content"]["repository"] == f"{owner}/{gh.shop.name.split('/')[1]}"
    assert "Roadmap" in gh("project", "list", "--owner", org)
