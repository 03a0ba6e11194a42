"""Stories of Actions: what starts a workflow, what its jobs see and say, and what the API shows of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from shop import Shop, git
from talk import LocalHub

CI = """
on:
  push: {branches: [main]}
  pull_request:
jobs:
  test:
    steps:
      - uses: actions/checkout@v4
      - run: grep -q good state.txt
"""
GATE = """
name: Gate
run-name: gate ${{ inputs.gate_id }}
on:
  workflow_dispatch:
    inputs:
      gate_id: {required: true}
      level: {type: choice, options: [low, high], default: low}
jobs:
  gate:
    name: Gate at ${{ inputs.level }}
    steps:
      - run: echo "id=${{ inputs.gate_id }} sha=$GITHUB_SHA ref=$GITHUB_REF event=$GITHUB_EVENT_NAME"
"""


def workflow(hub: LocalHub, folder: Path, text: str, **files: str) -> Shop:
    """A repository whose default branch holds this workflow as ci.yml."""
    return Shop(hub, folder, files={"state.txt": "good\n", ".github/workflows/ci.yml": text, **files})


def dispatch(shop: Shop, **inputs: str) -> dict[str, Any]:
    """Starts ci.yml on main by hand, waits for the end, and gives the run."""
    order = {"ref": "main", "inputs": inputs, "return_run_details": True}
    answer = shop.post("actions/workflows/ci.yml/dispatches", order)
    assert answer.status_code == 200, answer.text
    shop.hub.idle()
    run: dict[str, Any] = shop.get(f"actions/runs/{answer.json()['workflow_run_id']}").json()
    return run


def jobs(shop: Shop, run: dict[str, Any]) -> dict[str, str]:
    """Name of each job with its conclusion."""
    found = shop.get(f"actions/runs/{run['id']}/jobs").json()["jobs"]
    return {job["name"]: job["conclusion"] for job in found}


def log(shop: Shop, run: dict[str, Any], name: str) -> str:
    found = shop.get(f"actions/runs/{run['id']}/jobs").json()["jobs"]
    return shop.get(f"actions/jobs/{next(job['id'] for job in found if job['name'] == name)}/logs").text


def ran(hub: LocalHub, folder: Path, steps: str) -> tuple[str, str]:
    """Conclusion and log of one job with these steps."""
    text = "on: workflow_dispatch\njobs:\n  job:\n    steps:\n" + "".join(
        f"      {line}\n" for line in steps.splitlines()
    )
    shop = workflow(hub, folder, text)
    run = dispatch(shop)
    return run["conclusion"], log(shop, run, "job")


def test_a_push_and_a_pull_request_are_checked(hub: LocalHub, tmp_path: Path) -> None:
    """The workflow judges what was pushed: main is green, the pull request's head red, and after a repair green."""
    shop = workflow(hub, tmp_path, CI)
    main = shop.push("a", "1")
    git(shop.checkout, "checkout", "-qb", "topic")
    bad = shop.push("state.txt", "bad\n", "topic")
    hub.idle()
    assert shop.get(f"commits/{bad}/check-runs").json()["total_count"] == 0
    shop.open_pull("topic")
    hub.idle()
    good = shop.push("state.txt", "good\n", "topic")
    hub.idle()

    checks = {sha: shop.get(f"commits/{sha}/check-runs").json()["check_runs"] for sha in (main, bad, good)}
    assert {sha: [(run["name"], run["conclusion"]) for run in runs] for sha, runs in checks.items()} == {
        main: [("test", "success")],
        bad: [("test", "failure")],
        good: [("test", "success")],
    }
    assert checks[good][0]["app"]["slug"] == "github-actions"
    runs = shop.get("actions/runs").json()["workflow_runs"]
    assert [(run["event"], run["head_branch"], run["conclusion"]) for run in runs] == [
        ("pull_request", "topic", "success"),
        ("pull_request", "topic", "failure"),
        ("push", "main", "success"),
    ]


def test_a_gate_is_dispatched_and_found_by_its_name(hub: LocalHub, tmp_path: Path) -> None:
    """The run id comes back at once; inputs reach run-name, job name and script; defaults fill the rest."""
    shop = workflow(hub, tmp_path, GATE)
    run = dispatch(shop, gate_id="G-1")
    assert (run["display_title"], run["event"], run["conclusion"]) == ("gate G-1", "workflow_dispatch", "success")
    assert jobs(shop, run) == {"Gate at low": "success"}
    head = shop.repo["head"]
    assert f"id=G-1 sha={head} ref=refs/heads/main event=workflow_dispatch" in log(shop, run, "Gate at low")


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ({"ref": "main"}, "Required input 'gate_id' not provided"),
        ({"ref": "main", "inputs": {"gate_id": "1", "colour": "red"}}, 'Unexpected inputs provided: ["colour"]'),
        ({"ref": "main", "inputs": {"gate_id": "1", "level": "up"}}, "not in the list of allowed values"),
        ({"ref": "nowhere", "inputs": {"gate_id": "1"}}, "No ref found for: nowhere"),
    ],
)
def test_a_wrong_dispatch_is_refused(hub: LocalHub, tmp_path: Path, order: dict[str, Any], why: str) -> None:
    """422 with a sentence that says what is wrong, and no run."""
    shop = workflow(hub, tmp_path, GATE)
    refused = shop.post("actions/workflows/ci.yml/dispatches", order)
    assert refused.status_code == 422 and why in refused.json()["message"]
    assert shop.get("actions/runs").json()["total_count"] == 0


def test_the_gate_that_sluice_ships_runs(hub: LocalHub, tmp_path: Path) -> None:
    """The repository's own gate.yml judges a command on the dispatched ref and is found again by its gate id."""
    gate = (Path(__file__).parents[2] / ".github/workflows/gate.yml").read_text()
    shop = workflow(hub, tmp_path, gate)
    passed = dispatch(shop, gate_id="G-1", command="grep good state.txt")
    failed = dispatch(shop, gate_id="G-2", command="grep bad state.txt")
    assert [(run["display_title"], run["conclusion"]) for run in (passed, failed)] == [
        ("gate G-1", "success"),
        ("gate G-2", "failure"),
    ]


def test_the_gate_that_sluice_ships_can_be_called(hub: LocalHub, tmp_path: Path) -> None:
    """From another repository's workflow, which hands its gate id on and has the command judge its own files."""
    gate = (Path(__file__).parents[2] / ".github/workflows/gate.yml").read_text()
    other = Shop(hub, tmp_path, files={".github/workflows/gate.yml": gate})
    (tmp_path / "caller").mkdir()
    uses = f"{other.name}/.github/workflows/gate.yml@{other.repo['head']}"
    calls = "run-name: gate ${{ inputs.gate_id }}\non: {workflow_dispatch: {inputs: {gate_id: {required: true}}}}\n"
    calls += (
        f"jobs: {{own: {{uses: {uses}, with: {{gate_id: '${{{{ inputs.gate_id }}}}', command: grep good state.txt}}}}}}"
    )
    shop = workflow(hub, tmp_path / "caller", calls)
    run = dispatch(shop, gate_id="G-1")
    assert (run["display_title"], jobs(shop, run)) == ("gate G-1", {"own / gate": "success"})


def test_a_pull_request_with_conflicts_starts_nothing(hub: LocalHub, tmp_path: Path) -> None:
    """GitHub cannot make a test merge of it, so its workflows do not run and its required checks never come."""
    shop = workflow(hub, tmp_path, CI)
    sha = shop.push("state.txt", "good as mine\n", "topic")
    git(shop.checkout, "reset", "-q", "--hard", "origin/main")
    shop.push("state.txt", "good as theirs\n")
    shop.open_pull("topic")
    hub.idle()
    assert shop.get(f"commits/{sha}/check-runs").json()["total_count"] == 0


def test_jobs_follow_their_needs(hub: LocalHub, tmp_path: Path) -> None:
    """Outputs pass on; after a failure the rest is skipped, except what asks for failure() or always()."""
    shop = workflow(
        hub,
        tmp_path,
        """
on: workflow_dispatch
jobs:
  build:
    outputs: {version: "${{ steps.number.outputs.value }}"}
    steps:
      - {id: number, run: 'echo "value=1.$((1 + 1))" >> "$GITHUB_OUTPUT"'}
  test: {needs: build, steps: [{run: 'test "${{ needs.build.outputs.version }}" = 1.3'}]}
  ship: {needs: [test], steps: [{run: echo shipped}]}
  report: {needs: ship, if: failure(), steps: [{run: 'echo "ship was ${{ needs.ship.result }}"'}]}
  sweep: {needs: [test, ship], if: "${{ always() && needs.build.result != 'failure' }}", steps: [{run: echo swept}]}
""",
    )
    run = dispatch(shop)
    expected = {"build": "success", "test": "failure", "ship": "skipped", "report": "success", "sweep": "success"}
    assert jobs(shop, run) == expected
    assert run["conclusion"] == "failure"
    assert "ship was skipped" in log(shop, run, "report")


def test_steps_share_a_clean_checkout(hub: LocalHub, tmp_path: Path) -> None:
    """Files, GITHUB_ENV and outputs pass from step to step; a step's own env does not, nor the machine's home."""
    steps = """\
- {id: one, env: {MINE: "1"}, run: 'cat state.txt > copy; echo "A=b c" >> $GITHUB_ENV; echo "x=y" >> $GITHUB_OUTPUT'}
- run: |
    test "$(cat copy)" = good && test "$A" = "b c" && test -z "$MINE" && test "${{ steps.one.outputs.x }}" = y
    test "$PWD" = "$GITHUB_WORKSPACE" && test "$HOME" != ~root && test "$CI" = true
    test "$(git rev-parse HEAD)" = "$GITHUB_SHA" && python -c 'import sys; assert sys.version_info >= (3, 11)'
- {shell: python, run: 'print("from", "python")'}
"""
    conclusion, text = ran(hub, tmp_path, steps)
    assert conclusion == "success", text
    assert "from python" in text


def test_a_failed_step_ends_the_job_but_not_the_cleaning(hub: LocalHub, tmp_path: Path) -> None:
    """bash -e stops at the first failure, later steps wait for always() or failure()."""
    steps = """\
- {run: 'false; echo not reached', continue-on-error: true}
- {run: exit 3}
- {run: echo not run}
- {if: failure(), run: echo because of failure}
- {if: always(), run: echo always}
"""
    conclusion, text = ran(hub, tmp_path, steps)
    assert conclusion == "failure"
    assert "not reached\n" not in text.replace("echo not reached", "") and "\nnot run" not in text
    assert "exit code 3" in text and "\nbecause of failure" in text and "\nalways" in text


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ("- {uses: docker/build-push-action@v6}", "does not simulate the action `docker/build-push-action@v6`"),
        ("- {run: 'echo ${{ secrets.TOKEN }}'}", "the context `secrets` is not simulated here"),
        ("- {if: hashFiles('x') != '', run: echo}", "the function `hashFiles` is not simulated"),
        ("- {run: echo, shell: pwsh}", "does not simulate `shell: pwsh`"),
        ("- {run: 'sleep 30 & sleep 30', timeout-minutes: 0.005}", "has timed out"),
    ],
)
def test_what_is_not_simulated_says_so(hub: LocalHub, tmp_path: Path, steps: str, why: str) -> None:
    """The job fails, and its log names the reason."""
    conclusion, text = ran(hub, tmp_path, steps)
    assert conclusion == "failure" and why in text


def test_a_run_is_cancelled_and_run_again(hub: LocalHub, tmp_path: Path) -> None:
    """Cancelling kills the steps; the re-run keeps the id, counts an attempt and shows its own jobs."""
    steps = "[{run: 'test $GITHUB_RUN_ATTEMPT = 2 || sleep 60'}]"
    shop = workflow(hub, tmp_path, f"on: workflow_dispatch\njobs: {{wait: {{steps: {steps}}}}}")
    order = {"ref": "main", "return_run_details": True}
    id = shop.post("actions/workflows/ci.yml/dispatches", order).json()["workflow_run_id"]
    assert shop.post(f"actions/runs/{id}/rerun").status_code == 403
    assert shop.post(f"actions/runs/{id}/cancel").status_code == 202
    hub.idle()
    assert shop.get(f"actions/runs/{id}").json()["conclusion"] == "cancelled"
    assert shop.post(f"actions/runs/{id}/cancel").status_code == 409
    assert shop.post(f"actions/runs/{id}/rerun").status_code == 201
    hub.idle()
    run = shop.get(f"actions/runs/{id}").json()
    assert (run["run_attempt"], run["conclusion"]) == (2, "success")
    assert jobs(shop, run) == {"wait": "success"}


def test_failed_jobs_alone_are_run_again(hub: LocalHub, tmp_path: Path) -> None:
    """What failed and what needed it get another attempt, what passed keeps its record; each attempt keeps its end."""
    shop = workflow(
        hub,
        tmp_path,
        """
on: workflow_dispatch
jobs:
  build: {steps: [{run: echo built}]}
  test: {needs: build, steps: [{run: test $GITHUB_RUN_ATTEMPT = 2}]}
  ship: {needs: test, steps: [{run: echo shipped}]}
  report: {needs: test, if: always(), steps: [{run: echo told}]}
""",
    )
    run = dispatch(shop)
    assert jobs(shop, run) == {"build": "success", "test": "failure", "ship": "skipped", "report": "success"}
    build = next(job for job in shop.get(f"actions/runs/{run['id']}/jobs").json()["jobs"] if job["name"] == "build")
    assert shop.post(f"actions/runs/{run['id']}/rerun-failed-jobs").status_code == 201
    hub.idle()
    again = shop.get(f"actions/runs/{run['id']}").json()
    assert (again["run_attempt"], again["conclusion"], again["actor"]["login"]) == (2, "success", shop.ann["login"])
    assert again["previous_attempt_url"].endswith(f"/runs/{run['id']}/attempts/1")
    assert set(jobs(shop, run).values()) == {"success"}
    found = shop.get(f"actions/runs/{run['id']}/jobs").json()["jobs"]
    attempts = {job["name"]: job["run_attempt"] for job in found}
    assert attempts == {"build": 1, "test": 2, "ship": 2, "report": 2} and build["id"] in [job["id"] for job in found]
    first = shop.get(f"actions/runs/{run['id']}/attempts/1").json()
    assert (first["conclusion"], first["previous_attempt_url"]) == ("failure", None)


CALLED = """
on:
  workflow_call:
    inputs: {word: {required: true, type: string}, loud: {type: boolean, default: false}}
    outputs: {said: {value: "${{ jobs.judge.outputs.said }}"}}
jobs:
  judge:
    outputs: {said: "${{ steps.say.outputs.said }}"}
    steps:
      - {id: say, run: 'echo "said=${{ inputs.word }}-${{ inputs.loud }}" >> "$GITHUB_OUTPUT"; grep -q good state.txt'}
"""


def calling(hub: LocalHub, folder: Path, uses: str, **more: str) -> Shop:
    """A workflow whose job `call` uses that file; `after` sees what it gave back."""
    text = f"""
on: workflow_dispatch
jobs:
  call: {{name: Call, uses: {uses}, with: {{word: "w${{{{ github.run_attempt }}}}"}}}}
  after: {{needs: call, steps: [{{run: 'test "${{{{ needs.call.outputs.said }}}}" = w1-false'}}]}}
"""
    return workflow(hub, folder, text, **more)


def test_a_reusable_workflow_of_another_repository_is_called_at_one_commit(hub: LocalHub, tmp_path: Path) -> None:
    """Its jobs run on the caller's commit with the inputs given; outputs come back; the run shows path and commit."""
    other = Shop(hub, tmp_path, files={".github/workflows/gate.yml": CALLED})
    pinned, name = other.repo["head"], other.name
    (tmp_path / "caller").mkdir()
    shop = calling(hub, tmp_path / "caller", f"{name}/.github/workflows/gate.yml@{pinned}")
    other.push(".github/workflows/gate.yml", CALLED.replace("good", "bad"))
    run = dispatch(shop)
    assert (run["conclusion"], jobs(shop, run)) == ("success", {"Call / judge": "success", "after": "success"})
    assert run["referenced_workflows"] == [{"path": f"{name}/.github/workflows/gate.yml@{pinned}", "sha": pinned}]


def test_a_reusable_workflow_named_by_branch_shows_the_commit_it_came_to(hub: LocalHub, tmp_path: Path) -> None:
    """What is called moves with the branch, and the run says which commit it was."""
    other = Shop(hub, tmp_path, files={".github/workflows/gate.yml": CALLED})
    (tmp_path / "caller").mkdir()
    shop = calling(hub, tmp_path / "caller", f"{other.name}/.github/workflows/gate.yml@main")
    moved = other.push(".github/workflows/gate.yml", CALLED.replace("good", "bad"))
    run = dispatch(shop)
    assert jobs(shop, run) == {"Call / judge": "failure", "after": "skipped"} and run["conclusion"] == "failure"
    path = f"{other.name}/.github/workflows/gate.yml@main"
    assert run["referenced_workflows"] == [{"path": path, "sha": moved, "ref": "refs/heads/main"}]


def test_a_file_of_the_same_repository_is_called_as_it_is_there(hub: LocalHub, tmp_path: Path) -> None:
    """`./` is the caller's own commit."""
    shop = calling(hub, tmp_path, "./.github/workflows/own.yml", **{".github/workflows/own.yml": CALLED})
    run = dispatch(shop)
    assert run["conclusion"] == "success"
    assert [(each["sha"], each["path"].partition("@")[0]) for each in run["referenced_workflows"]] == [
        (shop.repo["head"], f"{shop.name}/.github/workflows/own.yml")
    ]


@pytest.mark.parametrize(
    ("uses", "called"),
    [
        ("./.github/workflows/none.yml", CALLED),
        ("nobody/nothing/.github/workflows/own.yml@main", CALLED),
        ("./.github/workflows/own.yml", "on: push\njobs: {a: {steps: [{run: echo}]}}"),
        ("./.github/workflows/own.yml", CALLED.replace("word:", "other:")),
        ("./.github/workflows/ci.yml", CALLED),
    ],
)
def test_a_call_that_leads_nowhere_starts_nothing(hub: LocalHub, tmp_path: Path, uses: str, called: str) -> None:
    """A file that is not there, is not reusable, or wants other inputs: the run is a startup_failure without jobs."""
    shop = calling(hub, tmp_path, uses, **{".github/workflows/own.yml": called})
    run = dispatch(shop)
    assert (run["conclusion"], jobs(shop, run)) == ("startup_failure", {})


def test_a_broken_workflow_file_is_a_startup_failure(hub: LocalHub, tmp_path: Path) -> None:
    """A push with it makes a run without jobs."""
    shop = workflow(hub, tmp_path, "on: push\njobs: {a: {needs: b, steps: [{run: echo}]}}")
    shop.push("a", "1")
    hub.idle()
    (run,) = shop.get("actions/runs").json()["workflow_runs"]
    assert (run["conclusion"], jobs(shop, run)) == ("startup_failure", {})
