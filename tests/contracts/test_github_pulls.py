"""Pull requests: checks, reviews, threads, merging and workflow gates, against a GitHub that runs them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.context import Written
from bot.core.actions import ShowCheck
from bot.core.item import Item
from bot.core.pull import Pull, Shown
from bot.github.auth import StaticToken
from bot.github.pulls import check
from tests.contracts.github_world import GitHubWorld, claimed

BRANCH = "sluice/1-fix"
CI = """on: pull_request
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: test ! -e broken.txt || { echo "broken.txt must not be there"; exit 1; }
"""
GATE = """on:
  workflow_dispatch:
    inputs:
      word: {type: string}
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: echo "the word is ${{ inputs.word }}"; test "${{ inputs.word }}" = please
"""


NAMED = """run-name: gate ${{ inputs.gate_id }}
on: {workflow_dispatch: {inputs: {gate_id: {type: string}}}}
jobs: {gate: {steps: [{run: echo fine}]}}
"""
CALLS = "on: workflow_dispatch\njobs: {gate: {uses: ./.github/workflows/called.yml}}\n"
SKIPS = "on: workflow_dispatch\njobs: {gate: {if: 'false', uses: ./.github/workflows/called.yml}}\n"
CALLED = "on: {workflow_call: {}}\njobs: {judge: {steps: [{run: echo fine}]}}\n"
WORKFLOWS = {"ci": CI, "gate": GATE, "named": NAMED, "calls": CALLS, "skips": SKIPS, "called": CALLED}


@pytest.fixture
async def world(localhub_url: str) -> AsyncIterator[GitHubWorld]:
    files = {f".github/workflows/{name}.yml": text for name, text in WORKFLOWS.items()}
    made = await GitHubWorld(localhub_url).build(files, protection={"main": {"required_checks": ["test"]}})
    yield made
    await made.github.close()


def open_pull(world: GitHubWorld, path: str = "fix.txt") -> Item:
    """An item whose branch has a pull request of Hubert's, its checks run."""
    item = claimed(world.add_issue("Fix"), BRANCH)
    world.commit(BRANCH, path, "text\n")
    pulls = f"/repos/{world.repo}/pulls"
    pull = world.hubert.rest("POST", pulls, title="Fix", head=BRANCH, base="main", body=f"Closes #{item.number}")
    world.idle()
    return replace(item, pull_number=pull["number"])


async def pull_of(world: GitHubWorld, item: Item) -> Pull:
    """As it stands once GitHub has worked out whether it merges."""
    await world.github.see(world.board, item)
    world.idle()
    pull = (await world.github.see(world.board, item)).pull
    assert pull is not None
    return pull


@pytest.mark.parametrize(
    ("conclusion", "state"),
    [
        *((each, "passed") for each in ("SUCCESS", "SKIPPED", "NEUTRAL")),
        *((each, "failed") for each in ("FAILURE", "TIMED_OUT")),
        *((each, "unknown") for each in ("CANCELLED", "STARTUP_FAILURE", "STALE", "ACTION_REQUIRED")),
    ],
)
def test_what_the_machinery_broke_is_no_failure_of_the_code(conclusion: str, state: str) -> None:
    """A check that was cancelled or never started has given no verdict."""
    told = {"title": "", "summary": "", "text": "", "url": "", "databaseId": 1, "checkSuite": None}
    node = {"__typename": "CheckRun", "name": "ci", "status": "COMPLETED", "conclusion": conclusion}
    assert check(node | told).state == state


async def test_passed_check_is_known_as_required(world: GitHubWorld) -> None:
    """A green pull request shows its required check, its size and that it merges."""
    item = open_pull(world)
    pull = await pull_of(world, item)
    (check,) = pull.checks
    assert (check.name, check.state, check.required) == ("test", "passed", True)
    assert pull.checks_known and pull.open and pull.mergeable == "MERGEABLE"
    assert (pull.base, pull.commits, pull.changed_files, pull.additions) == ("main", 1, 1, 1)
    by_branch = (await world.github.see(world.board, replace(item, pull_number=None))).pull
    assert by_branch is not None and by_branch.number == pull.number


async def test_failed_check_brings_the_end_of_its_log(world: GitHubWorld) -> None:
    """The last lines a failed job printed come with it, and its key changes when it is run again."""
    item = open_pull(world, "broken.txt")
    (check,) = (await pull_of(world, item)).checks
    assert check.state == "failed" and "broken.txt must not be there" in check.summary
    run, _, job = check.key.partition(":")
    assert run.isdecimal() and job.isdecimal()
    world.hubert.rest("POST", f"/repos/{world.repo}/actions/runs/{run}/rerun")
    world.idle()
    (again,) = (await pull_of(world, item)).checks
    assert again.state == "failed" and again.key != check.key


async def test_reviews_know_whether_their_author_may_write(world: GitHubWorld) -> None:
    """A reader's approval and an administrator's request are told apart, and remarks stay with their lines."""
    item = open_pull(world)
    reviews = f"/repos/{world.repo}/pulls/{item.pull_number}/reviews"
    world.olga.rest("POST", reviews, event="APPROVE", body="fine")
    remark = {"path": "fix.txt", "line": 1, "body": "Say more.", "side": "RIGHT"}
    world.mona.rest("POST", reviews, event="REQUEST_CHANGES", body="not yet", comments=[remark])
    pull = await pull_of(world, item)
    assert [(r.author, r.state, r.by_writer, r.head == pull.head) for r in pull.reviews] == [
        (world.olga.login, "APPROVED", False, True),
        (world.mona.login, "CHANGES_REQUESTED", True, True),
    ]
    (thread,) = pull.threads
    (said,) = thread.remarks
    assert not thread.resolved
    assert (said.path, said.line, said.author, said.body) == ("fix.txt", 1, world.mona.login, "Say more.")
    assert said.review == pull.reviews[1].id


async def test_comments_on_the_pull_request_are_heard_too(world: GitHubWorld) -> None:
    """A command may be given where the work is."""
    item = open_pull(world)
    world.comment(item.pull_number or 0, "/sluice merge")
    assert [heard.body for heard in (await world.github.see(world.board, item)).comments] == ["/sluice merge"]


async def test_merge_wants_the_head_that_was_judged(world: GitHubWorld) -> None:
    """Another head is refused as an answer; the right one is merged and closes the issue."""
    item = open_pull(world)
    pull = await pull_of(world, item)
    wrong = await world.github.merge(world.repo, pull.number, "0" * 40, "squash")
    assert not wrong.ok and wrong.error
    merged = await world.github.merge(world.repo, pull.number, pull.head, "squash")
    world.idle()
    after = await world.github.see(world.board, item)
    assert merged.ok and after.pull is not None and after.issue is not None
    assert (after.pull.state, after.pull.merge_commit, after.pull.merged_by) == (
        "MERGED",
        merged.id,
        world.github.login,
    )
    assert not after.issue.open
    assert after.base_head == merged.id


async def test_branch_is_brought_up_to_date_at_the_expected_head(world: GitHubWorld) -> None:
    """A moved head is an answer; at the right one the base is merged in."""
    item = open_pull(world)
    pull = await pull_of(world, item)
    world.admin(f"repos/{world.repo}/protection/main", method="PUT", required_checks=[])
    base = _commit_to_main(world)
    moved = await world.github.update_branch(world.repo, pull.number, "0" * 40)
    done = await world.github.update_branch(world.repo, pull.number, pull.head)
    world.idle()
    after = await world.github.see(world.board, item)
    assert not moved.ok and done.ok
    assert after.pull is not None and after.pull.head != pull.head
    assert after.base_head == base


async def test_workflow_gate_is_dispatched_and_followed(world: GitHubWorld) -> None:
    """The run's id comes back at once; its end says passed, or failed with the log."""
    open_pull(world)
    good = await world.github.dispatch_workflow(world.repo, "gate.yml", BRANCH, {"word": "please"})
    bad = await world.github.dispatch_workflow(world.repo, "gate.yml", BRANCH, {"word": "now"})
    world.idle()
    passed, failed = [await world.github.workflow_run(world.repo, run.id) for run in (good, bad)]
    assert passed and failed
    assert (passed.gate, passed.state, passed.run_id) == ("workflow:gate.yml", "passed", f"{good.id}:1")
    assert failed.state == "failed" and "the word is now" in failed.detail
    assert failed.head == world.hubert.rest("GET", f"/repos/{world.repo}/git/ref/heads/{BRANCH}")["object"]["sha"]


async def test_run_whose_answer_was_lost_is_found_by_its_name(world: GitHubWorld) -> None:
    """By the key in its name, among those of its file; what was never started is not found."""
    item = open_pull(world)
    sent = await world.github.dispatch_workflow(world.repo, "named.yml", BRANCH, {"gate_id": "0123abcd"})
    world.idle()
    found = await world.github.workflow_run_named(world.repo, "named.yml", "0123abcd")
    pull = await pull_of(world, item)
    assert found and (found.run_id, found.state, found.head) == (f"{sent.id}:1", "passed", pull.head)
    assert await world.github.workflow_run_named(world.repo, "named.yml", "4567abcd") is None
    assert await world.github.workflow_run_named(world.repo, "none.yml", "0123abcd") is None
    assert await world.github.workflow_run(world.repo, "1") is None


async def test_older_github_that_tells_no_run_is_asked_without_the_question(world: GitHubWorld) -> None:
    """A server that refuses the unknown field started nothing; asked as of old, it starts one run and names none."""
    world.admin("faults", match={"path": "named.yml/dispatches"}, kind="status", status=400)
    sent = await world.github.dispatch_workflow(world.repo, "named.yml", "main", {"gate_id": "89ef"})
    assert sent == Written(ok=True, id="")
    found = await world.github.workflow_run_named(world.repo, "named.yml", "89ef")
    assert found and found.run_id.endswith(":1")


async def test_newest_attempt_of_a_run_is_told(world: GitHubWorld) -> None:
    """Re-run by a person: the id stays, the attempt and the end are new, and the failed jobs' log is the new one."""
    open_pull(world)
    sent = await world.github.dispatch_workflow(world.repo, "gate.yml", BRANCH, {"word": "now"})
    world.idle()
    first = await world.github.workflow_run(world.repo, sent.id)
    world.hubert.rest("POST", f"/repos/{world.repo}/actions/runs/{sent.id}/rerun-failed-jobs")
    world.idle()
    again = await world.github.workflow_run(world.repo, sent.id)
    assert first and again and (first.run_id, again.run_id) == (f"{sent.id}:1", f"{sent.id}:2")
    assert again.state == "failed" and "the word is now" in again.detail


async def test_run_tells_what_reusable_workflow_it_used(world: GitHubWorld) -> None:
    """With the commit it was, whatever the caller wrote; one that was skipped passes and has used none."""
    sha = world.hubert.rest("GET", f"/repos/{world.repo}/git/ref/heads/main")["object"]["sha"]
    sent = [await world.github.dispatch_workflow(world.repo, f"{name}.yml", "main", {}) for name in ("calls", "skips")]
    world.idle()
    found, skipped = [await world.github.workflow_run(world.repo, each.id) for each in sent]
    assert found and found.used == (f"{world.repo}/.github/workflows/called.yml@{sha}",)
    assert skipped and (skipped.state, skipped.used) == ("passed", ()) and "skipped" in skipped.reason


CHECK = ShowCheck("Sluice: gate.yml", "", "k/7:1", "failure", "Failed: it ended", "What people read.", "the log")


async def test_own_check_is_made_changed_and_asked_for_again(world: GitHubWorld) -> None:
    """It is no check to wait for; a person's Re-run on it is seen until it is changed; a second one is never made."""
    item = open_pull(world)
    before = await pull_of(world, item)
    check = replace(CHECK, head=before.head)
    made = await world.github.show_check(world.repo, check)
    shown = Shown(check.name, int(made.id), "k/7:1", "failure", check.title)
    pull = await pull_of(world, item)
    assert pull.shown == (shown,) and [each.name for each in pull.checks] == ["test"]

    world.hubert.rest("POST", f"/repos/{world.repo}/check-runs/{made.id}/rerequest")
    assert (await pull_of(world, item)).shown == (replace(shown, rerequested=True),)
    running = replace(check, conclusion="", key="again", title="Running", known=shown.id)
    assert await world.github.show_check(world.repo, running) == made
    assert (await pull_of(world, item)).shown == (replace(shown, conclusion="", key="again", title="Running"),)
    elsewhere = world.client(StaticToken(world.app["token"]))  # it does not know what was made before
    assert (await elsewhere.show_check(world.repo, check, look=True)).id == made.id
    await elsewhere.close()


async def test_check_that_may_not_be_made_is_an_answer_and_not_asked_again(world: GitHubWorld) -> None:
    """A person's token may make none: everything else goes on, and GitHub is not asked at every look."""
    head = world.hubert.rest("GET", f"/repos/{world.repo}/git/ref/heads/main")["object"]["sha"]
    person = world.client(StaticToken(world.hubert.token))
    for _ in range(2):
        answer = await person.show_check(world.repo, replace(CHECK, head=head))
        assert not answer.ok and "GitHub App" in answer.error
    assert world.costs[None, "rest_requests"] == 1
    await person.close()


async def test_every_page_of_checks_is_read(world: GitHubWorld) -> None:
    """Of more than a hundred, the one that failed is not overlooked."""
    item = open_pull(world)
    head = (await pull_of(world, item)).head
    statuses = f"/repos/{world.repo}/statuses/{head}"
    for number in range(105):
        world.hubert.rest("POST", statuses, state="failure" if number == 104 else "success", context=f"c{number:03}")
    pull = await pull_of(world, item)
    assert (len(pull.checks), pull.checks_left) == (106, False)
    assert [each.name for each in pull.checks if each.state == "failed"] == ["c104"]


async def test_workflow_that_is_not_there_is_an_answer(world: GitHubWorld) -> None:
    """A file that does not exist says so instead of failing the pass."""
    answer = await world.github.dispatch_workflow(world.repo, "none.yml", "main", {})
    assert not answer.ok and "none.yml" in answer.error


def _commit_to_main(world: GitHubWorld) -> str:
    return world.commit("main", "other.txt", "other\n", by=world.mona)
