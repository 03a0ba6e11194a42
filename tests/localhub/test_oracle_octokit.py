"""octokit.js works against localhub as a GitHub App: tokens, pages, throttling, signed webhooks."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from localhub.webhooks import signature
from talk import LocalHub

from tests.system import TOOLS

SECRET = "It's a Secret to Everybody"
PLAY = Path(__file__).with_name("oracle_octokit.mjs")
SLOW_DOWN = {
    "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
}


def test_an_app_lives_on_localhub(hub: LocalHub, tmp_path: Path):
    """It signs in with its key, reads page by page, waits as it is told, and believes signed webhooks only."""
    if not shutil.which("node") or not (TOOLS / "node_modules" / "octokit").exists():
        pytest.skip("octokit is not installed (make system)")
    org = hub.org()
    repo = hub.repo(org)
    app = hub.admin("apps", {"slug": hub.name("app"), "owner": org, "secret": SECRET})
    with hub.rest(app["token"]) as api:
        for title in ("One", "Two", "Three"):
            api.post(f"/repos/{repo['full_name']}/issues", json={"title": title})
    body = json.dumps({"action": "created", "comment": {"body": "Signed"}})
    fault = {"kind": "status", "status": 403, "body": SLOW_DOWN, "headers": {"retry-after": "1"}}
    world = {
        "url": hub.url, "repo": repo["full_name"], "secret": SECRET,
        "fault": {**fault, "match": {"method": "POST", "path": "/issues/1/comments"}},
        "delivery": {"body": body, "signature": f"sha256={signature(SECRET, body.encode(), 'sha256')}"},
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
