"""What an agent may do by itself, and what people let it do."""

from __future__ import annotations

import pytest

from bot.core.message import Message
from bot.core.permission import Act, Answer, Permissions, Said, judge, question_of, said_of
from tests.core.facts import ago

SAID = Said(yes=frozenset(["make test"]), no=frozenset(["make clean"]))


@pytest.mark.parametrize(
    ("policy", "act", "command", "answer"),
    [
        ("all", "other", "", "allowed"),
        ("all", "command", "make", "allowed"),
        ("edits", "read", "", "allowed"),
        ("edits", "edit", "", "allowed"),
        ("edits", "command", "make test", "refused"),
        ("edits", "other", "", "refused"),
        ("ask", "edit", "", "allowed"),
        ("ask", "other", "", "refused"),
        ("ask", "command", "make", "asked"),
        ("ask", "command", "make test", "allowed"),
        ("ask", "command", "make clean", "refused"),
        ("ask", "other", "make test", "refused"),
    ],
)
def test_policies(policy: Permissions, act: Act, command: str, answer: Answer) -> None:
    """Files are always its own; a command is refused, or asked about until a person has answered."""
    assert judge(policy, act, command, SAID) == answer


@pytest.mark.parametrize(
    "command", ["", "make\u202eclean", "make <!-- rm -rf / -->", "make\x00", " make", "```\nmake", "x" * 3_000]
)
def test_nobody_is_asked_about_what_they_would_not_see(command: str) -> None:
    """Whatever is shown to people otherwise than it is run, is not run."""
    assert judge("ask", "command", command) == "refused"


def test_the_newest_answer_counts() -> None:
    """Of each command for itself; a question of another kind lets nothing be run."""

    def said(text: str, question: str) -> Message:
        return Message(f"m-{text}-{question}", "wendy", text, ago(1), answers=question)

    make, test = question_of("make"), question_of("make test")
    answers = (said("No.", make), said("Yes, please.", make), said("yes", test), said("yesterday?", test))
    assert said_of((*answers, said("yes", "Which colour?"))) == Said(frozenset(["make"]), frozenset(["make test"]))
