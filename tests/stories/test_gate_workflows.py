"""Workflow gates from dispatch to verdict: what is lost, refused, re-run, pinned and shown on GitHub."""

from __future__ import annotations

from typing import Any

from tests.stories.conftest import MakeWorld
from tests.world import POLICY, Thing, World

GATED = POLICY + '[gates]\nworkflows = ["gate.yml"]\n'
DISPATCHES = {"method": "POST", "path": "gate.yml/dispatches"}
BUTTON = "Sluice: gate.yml"


def gate(job: str) -> dict[str, str]:
    """The files of a repository with that job as its gate."""
    text = (
        "name: Gate\nrun-name: gate ${{ inputs.gate_id }}\non:\n  workflow_dispatch:\n    inputs:\n"
        f"      gate_id: {{required: true, type: string}}\njobs:\n  gate: {job}\n"
    )
    return {".github/workflows/gate.yml": text}


PASSES = gate("{runs-on: ubuntu-latest, steps: [{run: echo fine}]}")


async def runs(world: World) -> list[dict[str, Any]]:
    """The gate's, newest first."""
    found = await world.rest("ann", "GET", "{repo}/actions/workflows/gate.yml/runs")
    return list(found["workflow_runs"])


async def button(world: World, item: Thing, name: str = BUTTON) -> dict[str, Any]:
    """The one check of that name on the item's head."""
    head = (await world.pull(item))["head"]["sha"]
    return await check_at(world, head, name)


async def check_at(world: World, sha: str, name: str) -> dict[str, Any]:
    (found,) = (await world.rest("ann", "GET", f"{{repo}}/commits/{sha}/check-runs?check_name={name}&filter=all"))[
        "check_runs"
    ]
    return dict(found)


async def agent_runs(world: World, item: Thing) -> int:
    assert world.service
    return len((await world.service.ledger.recall(item.card, world.now())).runs)


async def test_rerun_below_the_check_runs_the_gate_again(make_world: MakeWorld) -> None:
    """The result is a check on the head; its button starts the gate once more, costs no round, and then it merges."""
    world = await make_world(policy=GATED, files=PASSES)
    item = await world.add_issue("Add it")
    await world.settle()
    shown = await button(world, item)
    assert (shown["conclusion"], shown["app"]["slug"]) == ("success", world.app["slug"])
    assert "gate.yml" in shown["output"]["summary"] and shown["details_url"] == (await runs(world))[0]["html_url"]

    await world.rest("bob", "POST", f"{{repo}}/check-runs/{shown['id']}/rerequest")
    await world.settle()
    again = await button(world, item)
    first, second = (await runs(world))[::-1]
    assert (again["id"], again["conclusion"]) == (shown["id"], "success")
    assert again["details_url"] == second["html_url"] and first["head_sha"] == second["head_sha"]
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert (len(await runs(world)), await agent_runs(world, item)) == (2, 1)


async def test_of_a_gate_that_is_rerun_on_actions_the_newest_attempt_counts(make_world: MakeWorld) -> None:
    """A second attempt takes the first one's verdict back: what passed and fails now goes to the agent."""
    job = "{runs-on: ubuntu-latest, steps: [{run: 'test $GITHUB_RUN_ATTEMPT != 2'}]}"
    world = await make_world(policy=GATED, files=gate(job))
    world.play("Add it", {"write": "more.txt", "text": "more"}, round=2)
    item = await world.add_issue("Add it")
    await world.settle()
    assert await agent_runs(world, item) == 1
    await world.rest("bob", "POST", f"{{repo}}/actions/runs/{(await runs(world))[0]['id']}/rerun")
    await world.settle()
    assert await agent_runs(world, item) == 2, await world.reason(item)
    assert await world.column(item) == "In Review"


async def test_a_dispatch_that_is_refused_or_unheard_comes_to_one_run(make_world: MakeWorld) -> None:
    """Refused, it is tried again; when the answer is lost, the run is found by the key in its name.

    The check whose answer is lost holds nothing up and is made once.
    """
    world = await make_world(policy=GATED, files=PASSES)
    for fault in ({"kind": "status", "status": 422}, {"kind": "reset_after"}):
        world.hub.admin("faults", {"match": DISPATCHES, **fault})
    world.hub.admin("faults", {"match": {"method": "POST", "path": "/check-runs"}, "kind": "status_after"})
    item = await world.add_issue("Add it")
    await world.settle()
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert (await button(world, item))["conclusion"] == "success"
    assert [each["kind"] for each in world.hub.admin("faults")["struck"]] == ["status", "reset_after", "status_after"]
    assert (len(await runs(world)), await agent_runs(world, item)) == (1, 1)
    assert not any("needs a person" in text for text in await world.comments(item))


async def test_a_gate_counts_only_with_the_workflow_it_is_bound_to(make_world: MakeWorld) -> None:
    """A run that used another commit waits for a person and says so; bound to the one it used, the same run counts."""
    world = await make_world(policy=POLICY)
    called = "on: {workflow_call: {}}\njobs: {judge: {steps: [{run: echo fine}]}}\n"
    path = ".github/workflows/judge.yml"
    order = {"owner": world.org, "name": "ci", "files": {path: called}}
    pin = f"{world.org}/ci/{path}@{world.hub.admin('repos', order)['head']}"
    bound = GATED + 'uses = {{ "gate.yml" = "{}" }}\n'
    await world.write_file(".github/workflows/gate.yml", gate(f"{{uses: {pin}}}")[".github/workflows/gate.yml"])
    await world.write_file(".github/sluice.toml", bound.format(f"{pin[:-40]}{'0' * 40}"))
    item = await world.add_issue("Add it")
    await world.settle()
    await world.approve(item)
    await world.settle()
    assert "did not use" in await world.reason(item)
    assert (await button(world, item))["conclusion"] == "action_required"
    await world.write_file(".github/sluice.toml", bound.format(pin))
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert len(await runs(world)) == 1


async def test_a_broken_policy_says_so_on_a_check(world: World) -> None:
    """Once on the default branch's head, with what is wrong; green again as soon as the file can be read."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    await world.write_file(".github/sluice.toml", POLICY.replace("rounds", "round"))
    broken = (await world.rest("ann", "GET", "{repo}/git/ref/heads/main"))["object"]["sha"]
    await world.settle()
    said = await check_at(world, broken, "Sluice policy")
    assert said["conclusion"] == "failure" and "unknown key work.round" in said["output"]["summary"].lower()

    await world.write_file(".github/sluice.toml", POLICY)
    await world.settle()
    assert (await check_at(world, broken, "Sluice policy"))["conclusion"] == "success"
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)


async def test_without_the_permission_for_checks_all_else_goes_on(make_world: MakeWorld) -> None:
    """An App that may only read checks shows none; the gate is run and read, and its item merges."""
    world = await make_world(policy=GATED, files=PASSES, permissions={"checks": "read"})
    item = await world.add_issue("Add it")
    await world.settle()
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    head = (await world.pull(item))["head"]["sha"]
    found = await world.rest("ann", "GET", f"{{repo}}/commits/{head}/check-runs")
    assert {run["app"]["slug"] for run in found["check_runs"]} == {"github-actions"}
    assert any("workflow:gate.yml" in text for text in await world.comments(item))
