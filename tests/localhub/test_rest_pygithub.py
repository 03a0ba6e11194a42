"""PyGithub, which the bot uses for REST, works against localhub as it does against GitHub."""

from __future__ import annotations

from typing import Any

import pytest
from github import Auth, Github, GithubException, GithubIntegration, UnknownObjectException
from github.Repository import Repository
from talk import Json, LocalHub


@pytest.fixture
def owner(hub: LocalHub) -> Json:
    return hub.person("owner")


@pytest.fixture
def project_repo(hub: LocalHub, owner: Json) -> Json:
    return hub.repo(owner["login"], files={"README.md": "hello\n"})


def as_person(hub: LocalHub, token: str) -> Github:
    quick: dict[str, Any] = {"seconds_between_requests": None, "seconds_between_writes": None, "retry": None}
    return Github(base_url=hub.url, auth=Auth.Token(token), **quick)


def branch(repo: Repository, name: str, path: str = "new.txt", text: str = "new\n") -> str:
    """A branch with one commit more than main; gives its head."""
    repo.create_git_ref(f"refs/heads/{name}", repo.get_branch("main").commit.sha)
    return str(repo.create_file(path, f"Add {path}", text, branch=name)["commit"].sha)


def test_an_issue_is_written_talked_about_and_closed(hub, owner, project_repo):
    """Create, comment, edit, label, assign, react and close, all by PyGithub."""
    repo = as_person(hub, owner["token"]).get_repo(project_repo["full_name"])
    issue = repo.create_issue("Broken", "It is.", labels=["bug"], assignees=[owner["login"]])
    comment = issue.create_comment("Looking.")
    comment.edit("Looked.")
    reaction = comment.create_reaction("eyes")
    assert comment.create_reaction("eyes").id == reaction.id
    issue.edit(title="Was broken", state="closed", state_reason="not_planned")

    seen = repo.get_issue(issue.number)
    assert (seen.title, seen.state, seen.state_reason) == ("Was broken", "closed", "not_planned")
    assert [label.name for label in seen.labels] == ["bug"]
    assert [person.login for person in seen.assignees] == [owner["login"]]
    assert [(each.body, each.reactions["eyes"]) for each in seen.get_comments()] == [("Looked.", 1)]
    assert [each.number for each in repo.get_issues(state="closed")] == [issue.number]


def test_a_pull_request_is_reviewed_and_merged_with_the_expected_head(hub, owner, project_repo):
    """Another person approves; a wrong expected head is a conflict; the right one merges and closes the issue."""
    other = hub.person("reviewer")
    repo = as_person(hub, owner["token"]).get_repo(project_repo["full_name"])
    issue = repo.create_issue("Add a file")
    head = branch(repo, "work")
    pull = repo.create_pull(title="Add it", body=f"Closes #{issue.number}", head="work", base="main")
    reviewer = as_person(hub, other["token"]).get_repo(repo.full_name).get_pull(pull.number)
    assert reviewer.create_review(body="Good", event="APPROVE").state == "APPROVED"

    with pytest.raises(GithubException) as refused:
        pull.merge(sha="0" * 40)
    assert refused.value.status == 409
    assert refused.value.data["message"] == "Head branch was modified. Review and try the merge again."
    merged = pull.merge(sha=head, merge_method="squash")
    assert repo.get_pull(pull.number).merged
    assert repo.get_branch("main").commit.sha == merged.sha
    assert repo.get_issue(issue.number).state == "closed"
    assert [file.filename for file in pull.get_files()] == ["new.txt"]


def test_mergeable_is_unknown_first(hub, owner, project_repo):
    """The first read says None and starts the computation; a later read knows."""
    repo = as_person(hub, owner["token"]).get_repo(project_repo["full_name"])
    branch(repo, "clashing", "new.txt", "one\n")
    branch(repo, "other", "new.txt", "two\n")
    first = repo.create_pull(title="One", head="clashing", base="main")
    second = repo.create_pull(title="Two", head="other", base="main")
    assert repo.get_pull(second.number).mergeable is None
    hub.idle()
    assert repo.get_pull(second.number).mergeable is True
    first.merge()
    assert repo.get_pull(second.number).mergeable is None
    hub.idle()
    conflicting = repo.get_pull(second.number)
    assert (conflicting.mergeable, conflicting.mergeable_state) == (False, "dirty")


def test_permissions_say_role_and_legacy_word(hub, owner):
    """`triage` reads as read, `maintain` as write, a stranger has none, and a name nobody has is 404."""
    people = {role: hub.person(role) for role in ("maintain", "triage", "stranger")}
    given = {people[role]["login"]: role for role in ("maintain", "triage")}
    made = hub.repo(owner["login"], private=True, collaborators=given)
    repo = as_person(hub, owner["token"]).get_repo(made["full_name"])
    seen = {role: repo.get_collaborator_permission(person["login"]) for role, person in people.items()}
    assert seen == {"maintain": "write", "triage": "read", "stranger": "none"}
    assert repo.get_collaborator_role_name(people["triage"]["login"]) == "triage"
    with pytest.raises(UnknownObjectException):
        repo.get_collaborator_permission("nobody-at-all")
    with pytest.raises(UnknownObjectException):
        as_person(hub, people["stranger"]["token"]).get_repo(made["full_name"])


def test_git_refs_move_by_compare_and_set(hub, owner, project_repo):
    """A ref is created once, moved forward, not backward, and deleted."""
    repo = as_person(hub, owner["token"]).get_repo(project_repo["full_name"])
    start = repo.get_branch("main").commit.sha
    head = branch(repo, "topic")
    ref = repo.create_git_ref("refs/sluice/claim/1", start)
    with pytest.raises(GithubException) as taken:
        repo.create_git_ref("refs/sluice/claim/1", head)
    assert (taken.value.status, taken.value.data["message"]) == (422, "Reference already exists")
    ref.edit(head)
    with pytest.raises(GithubException):
        ref.edit(start)
    assert repo.get_git_ref("sluice/claim/1").object.sha == head
    ref.delete()
    with pytest.raises(UnknownObjectException):
        repo.get_git_ref("sluice/claim/1")


def test_a_workflow_is_dispatched_and_its_run_found(hub, owner):
    """`return_run_details` gives the run at once; it is listed, and its log is text."""
    flow = "on: workflow_dispatch\njobs:\n  gate:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo judged\n"
    made = hub.repo(owner["login"], files={".github/workflows/gate.yml": flow})
    repo = as_person(hub, owner["token"]).get_repo(made["full_name"])
    run = repo.get_workflow("gate.yml").create_dispatch("main", throw=True, return_run_details=True)
    hub.idle()
    assert [each.id for each in repo.get_workflow_runs(event="workflow_dispatch")] == [run.id]
    done = repo.get_workflow_run(run.id)
    assert (done.status, done.conclusion, done.run_attempt) == ("completed", "success", 1)
    job = next(iter(done.jobs()))
    log = hub.rest(owner["token"]).get(f"/repos/{repo.full_name}/actions/jobs/{job.id}/logs")
    assert "judged" in log.text


def test_an_app_signs_in_and_only_apps_write_checks(hub, owner):
    """An App trades its JWT for an installation token and makes a check run; a person may not."""
    org = hub.org(owner["login"])
    made = hub.repo(org, collaborators={owner["login"]: "admin"})
    app = hub.admin("apps", {"slug": hub.name("app"), "owner": org, "permissions": {"checks": "write"}})
    auth = Auth.AppAuth(app["app_id"], app["private_key"])
    installation = GithubIntegration(auth=auth, base_url=hub.url).get_app_installation(app["installation_id"])
    assert [repo.full_name for repo in installation.get_repos()] == [made["full_name"]]

    signed_in = Github(base_url=hub.url, auth=auth.get_installation_auth(app["installation_id"]))
    run = signed_in.get_repo(made["full_name"]).create_check_run("gate", made["head"], status="in_progress")
    run.edit(conclusion="success", output={"title": "Fine", "summary": "It holds."})
    by_person = as_person(hub, owner["token"]).get_repo(made["full_name"])
    seen = list(by_person.get_commit("main").get_check_runs())
    assert [(each.name, each.conclusion, each.app.slug) for each in seen] == [
        ("gate", "success", app["login"].removesuffix("[bot]"))
    ]
    with pytest.raises(GithubException) as refused:
        by_person.create_check_run("gate", made["head"])
    assert refused.value.status == 403
