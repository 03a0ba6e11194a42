"""Which workflows lend the branches agents' work is pushed to more than the code on them."""

from __future__ import annotations

import pytest

from bot.core.exposure import ADD, Exposure, unaccepted
from bot.workflow_files import exposures_in

PLAIN = "permissions: {contents: read}\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: make}]}}"
SECRET = (
    "permissions: {}\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: make, env: {KEY: '${{ secrets.KEY }}'}}]}}"
)

UNTOLD = "has a token that may do what the repository's settings say"


def whys(text: str) -> str:
    """Why such a workflow needs a person's look; empty: it does not."""
    return "".join(each.why for each in exposures_in((("ci.yml", text),)))


@pytest.mark.parametrize(
    "on",
    [
        "push",
        "[pull_request, issues]",
        "{push: {branches: ['**']}}",
        "{push: {branches: ['sluice/**']}}",
        "{push: {branches: ['*/**', '!main']}}",
        "{push: {branches: ['sluice/[0-9]*']}}",
        "{push: {branches-ignore: [main]}}",
        "{push: {tags: ['v*'], branches: ['s**']}}",
        "{push: {paths: ['src/**']}}",
        "{push: null}",
        "{pull_request: {branches: [main]}}",
        "{pull_request_target: {types: [opened]}}",
        "{workflow_run: {workflows: [CI], types: [completed]}}",
    ],
)
def test_started_by_an_agents_branch(on: str) -> None:
    """A push to a branch of Sluice's or a pull request from it starts it: its secrets are lent."""
    assert whys(f"on: {on}\n{SECRET}") == "uses secrets"
    assert whys(f"on: {on}\n{PLAIN}") == ""


@pytest.mark.parametrize(
    "on",
    [
        "workflow_dispatch",
        "{schedule: [{cron: '0 0 * * *'}]}",
        "{push: {branches: [main, 'release/**']}}",
        "{push: {branches: ['*']}}",
        "{push: {branches: ['sluice']}}",
        "{push: {branches-ignore: ['sluice/**']}}",
        "{push: {tags: ['v*']}}",
        "{release: {types: [published]}}",
    ],
)
def test_not_started_by_an_agents_branch(on: str) -> None:
    """What no branch of Sluice's starts lends it nothing, whatever it has."""
    assert whys(f"on: {on}\n{SECRET.replace('{}', 'write-all', 1)}") == ""


@pytest.mark.parametrize(
    "body, why",
    [
        ("permissions: {}\njobs: {a: {uses: ./.github/workflows/b.yml, secrets: inherit}}", "uses secrets"),
        ("permissions: {}\nenv: {ALL: '${{ toJSON(secrets) }}'}\njobs: {}", "uses secrets"),
        ("permissions: {}\nenv: {ONE: \"${{ secrets['KEY'] }}\"}\njobs: {}", "uses secrets"),
        ("env: {OWN: '${{ secrets.GITHUB_TOKEN }}'}\npermissions: {contents: read}\njobs: {}", ""),
        ("permissions: read-all\njobs: {}", ""),
        ("permissions: {contents: write}\njobs: {}", "has a token that may write"),
        ("permissions: write-all\njobs: {}", "has a token that may write"),
        ("jobs: {a: {permissions: {id-token: write}}}", "has a token that may write"),
        ("jobs: {a: {permissions: {contents: read}}, b: {permissions: {}}}", ""),
        ("jobs: {a: {permissions: {contents: read}}, b: {runs-on: ubuntu-latest}}", f"{UNTOLD}: {ADD}"),
        ("jobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}]}}", f"{UNTOLD}: {ADD}"),
        ("permissions: {}\njobs: {a: {runs-on: [self-hosted, linux]}}", "runs on machines of your own"),
        ("permissions: {}\njobs: {a: {runs-on: {group: large}}}", "runs on machines of your own"),
        (SECRET.replace("{}", "write-all", 1), "uses secrets; has a token that may write"),
    ],
)
def test_what_is_lent(body: str, why: str) -> None:
    """Secrets, a token that may write or of which nothing is said, machines of one's own; GitHub's own token that only
    reads is nothing."""
    assert whys(f"on: push\n{body}") == why


@pytest.mark.parametrize(
    "text", ["", "on: [", "- a list", "jobs: {}", "on: push\n" + "#" * 600_000, "&a [*a", "on: " + "[" * 100_000]
)
def test_what_cannot_be_read_counts(text: str) -> None:
    """Of what is no workflow nobody can say that it is harmless."""
    assert whys(text) == "it cannot be read"


def test_a_person_accepts_by_name() -> None:
    """A file that is named in the policy, with its folder or without, is accepted, and no other one."""
    found = (Exposure("ci.yml", "uses secrets"), Exposure("deploy.yml", "uses secrets"))
    assert [each.file for each in unaccepted(found, (".github/workflows/ci.yml", "other.yml"))] == ["deploy.yml"]
    assert unaccepted(found, ("ci.yml", "deploy.yml")) == ()
