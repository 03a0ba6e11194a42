"""What Codex's lines come to, and what is said to it: plain data, no program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.agents.codex import Codex
from bot.agents.conversation import Heard, Line
from bot.agents.permits import Permits
from bot.agents.seat import Ending
from bot.core.permission import Permissions


def at_work(**options: Any) -> Codex:
    """In its first turn."""
    codex = Codex("/tree", **options)
    codex.opening("Fix the typo.")
    codex.hear({"id": "initialize", "result": {}})
    codex.hear({"id": "thread/start", "result": {"model": "m", "thread": {"id": "t1", "cliVersion": "1.0"}}})
    codex.hear({"id": "turn/start", "result": {"turn": {"id": "u1"}}})
    return codex


def over(codex: Codex, status: str, why: object = None, thread: str = "t1") -> Ending | None:
    error = {"message": "so it is", "codexErrorInfo": why} if why else None
    turn = {"id": "u1", "status": status, "error": error}
    return codex.hear({"method": "turn/completed", "params": {"threadId": thread, "turn": turn}}).ended


def said(heard: Heard) -> list[tuple[str, str, str]]:
    return [(each.kind, each.text, each.target) for each in heard.events]


@pytest.mark.parametrize(
    "why, ending",
    [
        ("usageLimitExceeded", Ending("limited", "so it is")),
        ("rateLimitExceeded", Ending("limited", "so it is")),
        ({"responseTooManyFailedAttempts": {"httpStatusCode": 429}}, Ending("limited", "so it is")),
        ("unauthorized", Ending("failed", "so it is", "login")),
        ({"httpConnectionFailed": {"httpStatusCode": 403}}, Ending("failed", "so it is", "login")),
        ("contextWindowExceeded", Ending("failed", "so it is", "context")),
        ("serverOverloaded", Ending("failed", "so it is", "model")),
        ({"a new kind": []}, Ending("failed", "so it is", "model")),
    ],
)
def test_a_failure_has_its_class(why: object, ending: Ending) -> None:
    """A limit waits, a login is for a person, and the rest is counted by what it is."""
    assert over(at_work(), "failed", why) == ending


def test_another_threads_turn_is_not_the_end() -> None:
    """A sub-agent of it has ended; the run goes on."""
    codex = at_work()
    assert over(codex, "completed", thread="t2") is None
    assert over(codex, "interrupted") == Ending("failed", "", "interrupted")


@pytest.mark.parametrize(
    "method, params, answer",
    [
        ("item/commandExecution/requestApproval", {"command": "ls"}, {"decision": "accept"}),
        ("item/fileChange/requestApproval", {}, {"decision": "accept"}),
        (
            "item/permissions/requestApproval",
            {"permissions": {"network": {"enabled": True}}},
            {"permissions": {"network": {"enabled": True}}, "scope": "turn"},
        ),
        ("item/tool/requestUserInput", {"questions": []}, {"answers": {}}),
        ("mcpServer/elicitation/request", {}, {"action": "decline"}),
    ],
)
def test_whatever_it_asks_is_answered(method: str, params: Line, answer: Line) -> None:
    """What is asked and what is answered is heard, so that it never waits for somebody who is not there."""
    heard = at_work().hear({"id": 7, "method": method, "params": params})
    assert heard.answers == ({"id": 7, "result": answer},)
    assert [each.kind for each in heard.events] == ["asked", "answered"]


COMMAND, CHANGE = "item/commandExecution/requestApproval", "item/fileChange/requestApproval"


@pytest.mark.parametrize(
    ("policy", "method", "params", "decision"),
    [
        ("edits", COMMAND, {"command": "make"}, "decline"),
        ("edits", COMMAND, {"command": "/bin/bash -lc 'cat notes.txt'"}, "accept"),
        ("edits", COMMAND, {"command": "cat notes.txt", "networkApprovalContext": {"host": "a"}}, "decline"),
        ("edits", CHANGE, {"itemId": "inside"}, "accept"),
        ("edits", CHANGE, {"itemId": "outside"}, "decline"),
        ("edits", CHANGE, {"itemId": "inside", "grantRoot": "/"}, "decline"),
        ("edits", CHANGE, {"itemId": "never heard of"}, "decline"),
        ("ask", COMMAND, {"command": "make"}, "cancel"),
        ("ask", COMMAND, {"command": "make", "kind": "stdin"}, "decline"),
    ],
)
def test_requests_are_answered_by_the_policy(
    tmp_path: Path, policy: Permissions, method: str, params: Line, decision: str
) -> None:
    """A change is judged by its files, which were told before; where a person is asked the turn is ended."""
    codex = at_work(permits=Permits(policy, roots=(tmp_path,)))
    for name, path in (("inside", tmp_path / "a.txt"), ("outside", tmp_path.parent / "a.txt")):
        item = {"type": "fileChange", "id": name, "changes": [{"path": str(path)}]}
        codex.hear({"method": "item/started", "params": {"item": item}})
    heard = codex.hear({"id": 7, "method": method, "params": params})
    assert heard.answers == ({"id": 7, "result": {"decision": decision}},)
    assert [each.kind for each in heard.events] == ["asked", "answered"]


def test_a_request_nobody_knows_is_refused() -> None:
    """It gets an error for an answer, and does not wait for ever."""
    (answer,) = at_work().hear({"id": 8, "method": "item/tool/call", "params": {}}).answers
    assert answer["id"] == 8 and "error" in answer


def test_a_session_goes_on_by_its_id() -> None:
    """With a session the thread is resumed; one that is not known ends the run, and is no session."""
    codex = Codex("/tree", "t0")
    codex.opening("Go on.")
    _, asked = codex.hear({"id": "initialize", "result": {}}).answers
    assert asked["method"] == "thread/resume" and asked["params"]["threadId"] == "t0"
    heard = codex.hear({"id": "thread/resume", "error": {"code": -32600, "message": "no rollout found"}})
    assert heard.ended == Ending("failed", "no rollout found", "session") and heard.session == ""


def test_it_can_be_told_something_while_its_turn_lasts() -> None:
    """Before the turn and after it there is nobody to hear."""
    codex = Codex("/tree")
    assert codex.said("Use tabs.") == ()
    codex = at_work()
    (steer,) = codex.said("Use tabs.")
    assert (steer["method"], steer["params"]["expectedTurnId"]) == ("turn/steer", "u1")
    refused = codex.hear({"id": steer["id"], "error": {"message": "no active turn"}})
    assert said(refused) == [("notice", "turn/steer 1 was refused: no active turn", "")] and refused.ended is None
    over(codex, "completed")
    assert codex.said("Use tabs.") == ()


def test_a_turn_that_has_not_begun_is_interrupted_when_it_does() -> None:
    """Whoever stops it early need not ask again."""
    codex = Codex("/tree")
    codex.opening("Fix the typo.")
    assert codex.interrupt() == ()
    codex.hear({"id": "thread/start", "result": {"thread": {"id": "t1"}}})
    (answer,) = codex.hear({"id": "turn/start", "result": {"turn": {"id": "u1"}}}).answers
    assert answer["method"] == "turn/interrupt" and answer["params"] == {"threadId": "t1", "turnId": "u1"}


@pytest.mark.parametrize("boxed, policy", [(True, "externalSandbox"), (False, "workspaceWrite")])
def test_its_own_sandbox_is_for_where_there_is_no_other(boxed: bool, policy: str) -> None:
    """Inside ours it has none; without ours, its own lets it write in the worktree and the git folder there."""
    codex = Codex("/tree", boxed=boxed)
    codex.opening("Fix the typo.")
    (turn,) = codex.hear({"id": "thread/start", "result": {"thread": {"id": "t1"}}}).answers
    assert turn["params"]["sandboxPolicy"]["type"] == policy


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"id": None, "result": None},
        {"id": {"a": 1}, "error": 5},
        {"id": "thread/start", "result": {"thread": [1]}},
        {"method": "turn/completed", "params": 3},
        {"method": "item/completed", "params": {"item": {"type": "fileChange", "status": "completed", "changes": {}}}},
        {"method": "item/started", "params": {"item": {"type": ["x"]}}},
        {"method": "error", "params": {"willRetry": True, "error": "no"}},
        {"method": "account/rateLimits/updated", "params": {"rateLimits": {"primary": {"usedPercent": "all"}}}},
        {
            "method": "account/rateLimits/updated",
            "params": {"rateLimits": {"primary": {"usedPercent": 100, "resetsAt": 10**30}}},
        },
    ],
)
def test_rubbish_is_no_end(line: Line) -> None:
    """Whatever a line holds, it is heard without an error and does not end the run."""
    assert at_work().hear(line).ended is None
