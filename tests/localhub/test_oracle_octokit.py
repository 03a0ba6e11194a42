"""octokit.js works against localhub as a GitHub App: tokens, pages, throttling, signed webhooks."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hooked import SECRET, Receiver
from talk import LocalHub

from tests.system import TOOLS

PLAY = Path(__file__).with_name("oracle_octokit.mjs")


def test_an_app_lives_on_localhub(hub: LocalHub, receiver: Receiver, tmp_path: Path):
    """It signs in with its key, reads page by page, waits as it is told, and believes signed webhooks only."""
    if not shutil.which("node") or not (TOOLS / "node_modules" / "octokit").exists():
        pytest.skip("octokit is not installed (make system)")
    org = hub.org()
    repo = hub.repo(org)
    order = {"slug": hub.name("app"), "owner": org, "secret": SECRET, "events": ["issue_comment"]}
    app = hub.admin("apps", order | {"webhook_url": receiver.url})
    with hub.rest(app["token"]) as api:
        for title in ("One", "Two", "Three"):
            api.post(f"/repos/{repo['full_name']}/issues", json={"title": title})
        api.post(f"/repos/{repo['full_name']}/issues/2/comments", json={"body": "Signed"})
    hub.idle()
    headers, body = receiver.got[-1]
    world = {
        "url": hub.url, "repo": repo["full_name"], "secret": SECRET,
        "fault": {"kind": "secondary", "seconds": 1, "match": {"method": "POST", "path": "/issues/1/comments"}},
        "delivery": {"body": json.dumps(body), "signature": headers["x-hub-signature-256"]},
        **{key: app[key] for key in ("app_id", "installation_id", "private_key")},
    }  # fmt: skip
    saw = play(world, tmp_path)
    assert saw["slug"] == app["login"].removesuffix("[bot]")
    assert saw["pages"] == [["Three", "Two"], ["One"]]
    assert sorted(saw["titles"]) == ["One", "Three", "Two"]
    assert (saw["waited"], saw["said"]) == ([["secondary", 1]], "Hello")
    assert (saw["heard"], saw["forged"]) == (["Signed"], "refused")


def play(world: dict[str, object], folder: Path) -> dict[str, object]:
    """Run the play beside the installed packages, for node looks for them beside the file."""
    (folder / "node_modules").symlink_to(TOOLS / "node_modules")
    file = shutil.copy(PLAY, folder / PLAY.name)
    done = subprocess.run(["node", file], input=json.dumps(world), capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    saw: dict[str, object] = json.loads(done.stdout)
    return saw
