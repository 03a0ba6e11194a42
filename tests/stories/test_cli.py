"""The command line, in processes of its own beside the service that runs."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.agents.sandbox import bubblewrap_works
from bot.cli import app
from tests import forks
from tests.forks import Told
from tests.stories.conftest import MakeWorld
from tests.world import World

SLUICE = Path(sys.executable).with_name("sluice")
SLOW = {"wait": 60}
ENVIRONMENT = {"COLUMNS": "400", "PATH": "/usr/bin:/bin"}


async def sluice(*words: str, config: Path, at: Path | None = None) -> Told:
    """What the command says; a traceback is never an answer."""
    told = await forks.sluice([*words, "--config", str(config)], at or config.parent, ENVIRONMENT)
    assert "Traceback" not in told.err, told.err
    return told


def writes(world: World) -> Any:
    return httpx.get(f"{world.hub.url}/_hub/log").json()


async def test_a_run_is_shown_step_by_step(world: World) -> None:
    """What the agent did in order, by item or run; a secret it prints is not kept."""
    config = world.write_config()
    world.play(
        "Fix the typo", {"write": "a.txt", "text": "a\n"}, {"run": "true ghp_abcdefghijklmnop"}, {"say": "Fixed."}
    )
    await world.add_issue("Fix the typo", edits=False)
    other = await world.add_issue("Another", column="Backlog")
    await world.settle()
    shown = (await sluice("run", "show", "1", config=config)).out.splitlines()
    told = [line.split(maxsplit=2)[1:] for line in shown]
    assert told == [
        ["started", "python"], ["changed", "a.txt write"], ["tool", "true [hidden] run"], ["message", "Fixed."],
        ["finished", "Fixed."],
    ]  # fmt: skip
    listed = (await sluice("run", "list", "--json", config=config)).json["runs"]
    assert [(row["number"], row["agent"], row["ended"]) for row in listed] == [(1, "robo", "finished")]
    by_id = await sluice("run", "show", listed[0]["run"], "--follow", "--json", config=config)
    assert [json.loads(line)["number"] for line in by_id.out.splitlines()] == [1, 2, 3, 4, 5]
    for wrong in (str(other.number), "beef0123", "nothing", "\udcff"):
        refused = await sluice("run", "show", wrong, config=config)
        assert (refused.code, refused.out) == (2, "") and refused.err
    assert (await sluice("usage", "--item", "\udcff", config=config)).code == 2


async def test_show_and_explain(world: World) -> None:
    """board show lists where everything stands; explain says why, by number, name or title."""
    config = world.write_config()
    item = await world.add_issue("Fix the typo")
    other = await world.add_issue("Another", column="Backlog")
    await world.settle()
    table = await sluice("board", "show", config=config)
    assert "Fix the typo" in table.out and "InReview" in table.out and "has approved this head" in table.out
    rows = {row["number"]: row for row in (await sluice("board", "show", "--json", config=config)).json["items"]}
    assert (rows[item.number]["stage"], rows[item.number]["rounds"]) == ("InReview", 1)
    assert rows[other.number]["column"] == "Backlog"
    said = await sluice("explain", f"{world.repo}#{item.number}", config=config)
    assert "has approved this head" in said.out and "graphql" in said.out
    assert (await sluice("explain", "the typo", "--json", config=config)).json["decisions"][0]["stage"] == "InReview"
    learnt = await sluice("explain", "the typo", "--retrospective", config=config)
    assert learnt.out.startswith("# Retrospective: Fix the typo\n") and "at the first attempt" in learnt.out
    assert "playbook: direct" in learnt.out and (await sluice("dashboard", config=config)).out.startswith("Tasks: 1 |")


async def test_a_look_sees_the_column(world: World) -> None:
    """board show tells where a card was moved between two sweeps: a webhook woke it, and the look saw it."""
    config = world.write_config()
    item = await world.add_issue("Fix the typo", column=None)
    await world.settle()
    await world.move(item, "Backlog")
    await world.settle()
    [row] = (await sluice("board", "show", "--json", config=config)).json["items"]
    assert row["column"] == "Backlog"


async def test_cancel_and_retry_from_the_shell(world: World) -> None:
    """cancel stops the agent and retry goes on, as the commands on GitHub do."""
    config = world.write_config()
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await world.add_issue("Slow", edits=False)
    await world.until_working(item)
    told = (await sluice("cancel", str(item.number), "--json", config=config)).json
    assert told["item"] == item.card and told["told"].startswith("cancel: noted")
    await world.settle()
    assert await world.column(item) == "Needs a person" and "cancelled by" in await world.reason(item)
    shown = (await sluice("run", "show", str(item.number), config=config)).out.splitlines()
    assert shown[-1].split()[1:] == ["finished", "cancelled"]
    world.play("Slow", {"append": "half.txt", "text": " and whole"})
    assert (await sluice("retry", str(item.number), config=config)).code == 0
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    pull = await world.pull(item)
    assert [person["login"] for person in pull["requested_reviewers"]] == [world.login("ann")]
    assert "from the command line asked for it" in pull["body"] and "@" not in pull["body"].split("asked for it")[0]


async def test_pause_and_resume_one_item_from_the_shell(world: World) -> None:
    """A paused item waits where it is, whatever happens on GitHub."""
    config = world.write_config()
    item = await world.add_issue("Fix the typo")
    await world.settle()
    assert (await sluice("pause", str(item.number), config=config)).code == 0
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "In Review" and "paused by" in await world.reason(item)
    assert (await sluice("resume", str(item.number), config=config)).code == 0
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)


async def test_pause_all_reaches_the_running_service(world: World) -> None:
    """pause --all ends every agent within seconds, and resume --all goes on with the same run."""
    config = world.write_config()
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await world.add_issue("Slow", edits=False)
    await world.until_working(item)
    assert (await sluice("pause", "--all", config=config)).code == 0
    assert world.service
    async with asyncio.timeout(10):
        while world.service.engine.busy:
            await asyncio.sleep(0.05)
    await world.settle()
    assert "everything is paused by" in await world.reason(item)

    world.plays[0]["steps"] = [{"write": "half.txt", "text": "whole"}]
    world.play("unused", {"say": ""})
    assert (await sluice("resume", "--all", config=config)).code == 0
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert (await world.row(item)).item.pull_number


async def test_a_dry_run_beside_the_service_writes_nothing(world: World) -> None:
    """sweep --dry-run tells every decision while serve runs and an agent works, and GitHub stays as it is."""
    config = world.write_config()
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await world.add_issue("Slow", edits=False)
    await world.until_working(item)
    before = writes(world)
    told = await sluice("sweep", "--dry-run", "--json", config=config)
    assert told.code == 0, told.err
    [decision] = told.json["decisions"]
    assert decision["stage"] == "Working" and decision["reason"]
    assert writes(world) == before
    assert world.service and world.service.engine.busy  # the agent has not noticed


async def test_a_dry_run_alone_shows_what_would_be_done(world: World) -> None:
    """With no service running, sweep --dry-run finds the cards, says what it would do, and does none of it."""
    await world.stop()
    config = world.write_config()
    item = await world.add_issue("Fix the typo")
    waiting = await world.add_issue("Not yet", column="Backlog")
    before = writes(world)
    told = (await sluice("sweep", "--dry-run", "--json", config=config)).json
    decisions = {row["number"]: row for row in told["decisions"]}
    assert decisions[item.number]["actions"], decisions
    assert decisions[waiting.number]["actions"] == [] and decisions[waiting.number]["reason"]
    assert writes(world) == before
    shown = await sluice("explain", str(item.number), config=config)
    assert "not looked at it yet" in shown.out  # nothing was decided in earnest


async def test_a_sweep_wakes_the_service(make_world: MakeWorld) -> None:
    """sweep scans at once; the running service looks at what it found."""
    world: World = await make_world(webhooks=False)
    config = world.write_config()
    item = await world.add_issue("Fix the typo")
    told = await sluice("sweep", "--json", config=config)
    assert (told.json["cards"], told.json["woken"]) == (1, 1)
    async with asyncio.timeout(20):
        while not await world.branches() or await world.column(item) == "Ready":
            await asyncio.sleep(0.1)


async def test_what_is_not_there(world: World) -> None:
    """What a person mistyped is told in one sentence, with exit code 2."""
    config = world.write_config()
    for words, hint in (
        (("explain", "4711"), "no item '4711' is known"),
        (("pause",), "say which item to pause, or --all"),
        (("review", "mark", "https://example.com/1"), "is not a pull request Sluice follows"),
    ):
        told = await sluice(*words, config=config)
        assert told.code == 2 and hint in told.err and told.err.count("\n") == 1, told


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (None, "sluice.toml does not exist"),
        ("[githib]\n", "unknown key githib; did you mean github?"),
        ("[caps]\nruning = 1\n", "unknown key caps.runing; did you mean running?"),
        ("[caps\n", "sluice.toml: "),
        ("", "no board: add a [boards."),
    ],
)
def test_a_settings_file_that_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str | None, hint: str
) -> None:
    """A missing file, a misspelt key, text that is no TOML and a file without a board are each told."""
    config = tmp_path / "sluice.toml"
    if text is not None:
        config.write_text(text)
    monkeypatch.setattr(sys, "argv", ["sluice", "board", "show", "--config", str(config)])
    with pytest.raises(SystemExit) as end:
        app()
    assert end.value.code == 2 and hint in capsys.readouterr().err


async def test_a_github_that_says_no_or_nothing(world: World) -> None:
    """A wrong token and a GitHub that cannot be reached are told with exit code 1."""
    await world.stop()
    github = {"api_url": world.hub.url, "git_url": world.hub.url, "token": "ghs_wrong"}
    told = await sluice("sweep", config=world.write_config(github=github))
    assert told.code == 1 and "the token is wrong or has expired" in told.err, told
    nowhere = github | {"api_url": "http://127.0.0.1:9", "login": "sluice[bot]"}
    told = await sluice("doctor", config=world.write_config(github=nowhere))
    assert told.code == 1 and "GitHub did not answer" in told.out, told


async def test_the_figures_of_a_running_service(world: World) -> None:
    """/metrics tells where the items stand, how runs ended, and what is left of GitHub's hour."""
    await world.add_issue("Fix the typo")
    await world.settle()
    told = (await world.http.get(world.address.replace("/webhooks/github", "/metrics"))).text
    assert 'sluice_items{stage="InReview"} 1.0' in told and 'sluice_runs_ended_total{outcome="finished"} 1.0' in told
    assert "sluice_github_remaining{" in told and "sluice_sweep_seconds" in told, told


async def test_doctor_is_content(world: World) -> None:
    """Where everything is in order doctor says so, names the mode of each repository, and what an agent shares."""
    told = await sluice("doctor", "--json", config=world.write_config())
    said = {finding["what"]: finding for finding in told.json["findings"]}
    assert said[f"board {world.org}/{world.project['number']}"]["state"] == "ok"
    assert said[f"repository {world.repo}"] == {
        "what": f"repository {world.repo}",
        "state": "ok",
        "told": "live: Sluice works here",
    }
    assert "robo: reaches the network" in said["sandbox"]["told"] or not bubblewrap_works()
    assert told.code == 0, told.out


async def test_doctor_asks_whose_token_it_is(world: World) -> None:
    """A login in the settings that is not the token's own is found out."""
    config = world.write_config()
    config.write_text(config.read_text().replace(f'login = "{world.app["login"]}"', 'login = "somebody"'))
    told = await sluice("doctor", config=config)
    assert told.code == 1 and f"belongs to {world.app['login']}" in " ".join(told.out.split()), told.out


async def test_doctor_sees_a_key_that_others_may_read(make_world: MakeWorld) -> None:
    """With the command that mends it; one that is its owner's alone is nothing to speak of."""
    world: World = await make_world(as_app=True)
    github = {"api_url": world.hub.url, "git_url": world.hub.url, "app_id": world.app["app_id"]}
    key = world.folder / "app.pem"
    key.write_text(world.app["private_key"])
    config = world.write_config(github=github | {"private_key_file": str(key)})
    for mode, told in ((0o644, True), (0o600, False)):
        key.chmod(mode)
        assert (f"chmod 600 {key}" in (await sluice("doctor", config=config)).out) is told


async def test_doctor_sees_webhooks_that_do_not_come_in(make_world: MakeWorld) -> None:
    """While they do it says nothing; when the newest was not taken it names what may be wrong."""
    world: World = await make_world(as_app=True)
    for running in (True, False):
        if not running:
            await world.stop()
        await world.add_bare_issue("Anything")
        await world.http.post("/_hub/idle", json={"timeout": 30})
        told = await sluice("doctor", config=world.write_config())
        assert told.code == 0 and ("the newest did not come in" in told.out) is not running, told


async def test_doctor_names_the_mode(make_world: MakeWorld) -> None:
    """A repository without a policy, one in preview and one with a broken file are told apart."""
    world: World = await make_world(policy="")
    config = world.write_config()
    for policy, state, hint in (
        (None, "warning", "has no .github/sluice.toml"),
        ("[work]\nrounds = 2\n", "warning", 'mode = "preview"'),
        ('mode = "live"\n[merg]\nby = "people"\n', "wrong", "unknown key merg; did you mean merge?"),
    ):
        if policy:
            await world.write_file(".github/sluice.toml", policy)
        told = await sluice("doctor", "--json", config=config)
        [finding] = [each for each in told.json["findings"] if each["what"] == f"repository {world.repo}"]
        assert finding["state"] == state and hint in finding["told"]
        assert told.code == (1 if state == "wrong" else 0)


async def test_doctor_finds_permissions_missing(world: World) -> None:
    """An App that may not write on the board, and a person who may not write in the repository, are told what to do."""
    await world.stop()
    await world.admin_patch(f"apps/{world.app['slug']}", {"permissions": {"organization_projects": "read"}})
    told = await sluice("doctor", config=world.write_config())
    assert told.code == 1 and "“Projects: Read and write”" in told.out
    github = {"api_url": world.hub.url, "git_url": world.hub.url, "token": world.tokens["tess"]}
    told = await sluice("doctor", config=world.write_config(github=github))
    assert told.code == 1 and f"give {world.login('tess')} the role Write" in told.out, told.out


async def test_doctor_finds_scopes_missing(world: World) -> None:
    """A classic token that may not write in repositories is found out, though they are public and its owner may."""
    await world.stop()
    token = world.hub.admin(f"people/{world.login('bob')}/tokens", {"scopes": ["project"]})["token"]
    github = {"api_url": world.hub.url, "git_url": world.hub.url, "token": token}
    told = await sluice("doctor", config=world.write_config(github=github))
    assert told.code == 1 and "lacks the scope “repo”: add it" in told.out, told.out
