"""What Claude Code's lines come to, and what is said to it: plain data, no program."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.agents.claude import Claude
from bot.agents.conversation import Line
from bot.agents.permits import Permits
from bot.agents.seat import Ending
from bot.core.permission import Permissions


def result(**told: Any) -> Line:
    return {"type": "result", "subtype": "success", "result": "so it is", "session_id": "s1", **told}


@pytest.mark.parametrize(
    "told, ending",
    [
        ({}, Ending("finished", "so it is")),
        ({"is_error": True, "api_error_status": 429}, Ending("limited", "so it is")),
        ({"is_error": True, "api_error_status": 401}, Ending("failed", "so it is", "login")),
        ({"is_error": True, "api_error_status": 529}, Ending("failed", "so it is", "model")),
        ({"is_error": True, "terminal_reason": "aborted_tools"}, Ending("failed", "so it is", "interrupted")),
        (
            {"is_error": True, "subtype": "cut", "result": None, "errors": ["[ede_diagnostic] x=n/a", "No room"]},
            Ending("failed", "No room", "cut"),
        ),
        ({"is_error": True, "subtype": "error_max_turns"}, Ending("failed", "so it is", "error_max_turns")),
    ],
)
def test_a_failure_has_its_class(told: Line, ending: Ending) -> None:
    """A failed call to the model says `success` all the same; a limit waits, a login is for a person.
    What the program writes about itself is nobody's words."""
    assert Claude().hear(result(**told)).ended == ending


def test_a_subscription_tells_when_it_has_something_left_again() -> None:
    """What was told of its limits before is when the run's item waits until."""
    claude = Claude()
    claude.hear({"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": 1_800_000_000}})
    ended = claude.hear(result(is_error=True, api_error_status=429)).ended
    assert ended and ended.until == datetime.fromtimestamp(1_800_000_000, UTC)


@pytest.mark.parametrize("kind, last", [("local_agent", False), ("local_bash", True)])
def test_a_sub_agent_behind_its_back_is_waited_for(kind: str, last: bool) -> None:
    """Its end makes another turn; a command that was left running makes none."""
    claude = Claude()
    claude.hear({"type": "system", "subtype": "background_tasks_changed", "tasks": [{"task_type": kind}]})
    assert claude.hear(result()).last is last
    claude.hear({"type": "system", "subtype": "background_tasks_changed", "tasks": []})
    assert claude.hear(result()).last


def test_interrupted_between_two_turns_it_is_over() -> None:
    """While it waits for a sub-agent no turn runs, and so none will end; in a turn its own end is waited for."""
    claude = Claude()
    (asked,) = claude.interrupt()
    answer = {"type": "control_response", "response": {"subtype": "success", "request_id": asked["request_id"]}}
    assert claude.hear(answer).ended is None
    tasks = [{"task_type": "local_agent"}]
    claude.hear({"type": "system", "subtype": "background_tasks_changed", "tasks": tasks})
    claude.hear(result())
    heard = claude.hear(answer)
    assert heard.ended == Ending("failed", "so it is", "interrupted") and heard.last


def test_a_request_nobody_knows_is_refused() -> None:
    """It gets an error for an answer, and does not wait for ever."""
    told = {"type": "control_request", "request_id": "r1", "request": {"subtype": "hook_callback"}}
    (answer,) = Claude().hear(told).answers
    assert answer["response"]["subtype"] == "error" and answer["response"]["request_id"] == "r1"


@pytest.mark.parametrize(
    ("policy", "tool", "given", "behavior", "said"),
    [
        ("all", "Bash", {"command": "make"}, "allow", "allowed"),
        ("edits", "Bash", {"command": "make"}, "deny", "refused"),
        ("edits", "Write", {"file_path": "/home/x"}, "deny", "refused"),
        ("edits", "Read", {"file_path": "/home/x"}, "allow", "allowed"),
        ("ask", "Bash", {"command": "make"}, "deny", "a person is asked"),
        ("ask", "mcp__server__tool", {}, "deny", "refused"),
    ],
)
def test_requests_are_answered_by_the_policy(
    policy: Permissions, tool: str, given: Line, behavior: str, said: str
) -> None:
    """Both the request and its answer are told; where a person is asked the turn is ended."""
    request = {"subtype": "can_use_tool", "tool_name": tool, "input": given}
    heard = Claude(Permits(policy)).hear({"type": "control_request", "request_id": "r1", "request": request})
    first, *more = heard.answers
    assert first["response"]["response"]["behavior"] == behavior
    assert [each.kind for each in heard.events] == ["asked", "answered"] and heard.events[1].text == said
    assert [each["request"]["subtype"] for each in more] == ["interrupt"] * (said == "a person is asked")


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"type": "system", "subtype": "background_tasks_changed", "tasks": 3},
        {"type": "rate_limit_event", "rate_limit_info": "no"},
        {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": 10**30}},
        {"type": "assistant", "message": {"content": [3, {"type": "tool_use", "input": 7}]}},
        {"type": "control_request", "request": 1},
        {"type": ["system"]},
        {"type": "control_response", "response": []},
    ],
)
def test_rubbish_is_no_end(line: Line) -> None:
    """Whatever a line holds, it is heard without an error and does not end the run."""
    assert Claude().hear(line).ended is None
