"""Comment commands: what fires, what never does, and what a mistake is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import parse
from bot.context import Heard
from bot.core.foreign import plain
from bot.core.usage import USAGE

AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def heard(body: str, *, by_bot: bool = False, edited: bool = False) -> Heard:
    return Heard(id="77", subject="IC_77", author="mona", by_bot=by_bot, body=body, at=AT, edited=edited)


def said(body: str) -> list[tuple[str, str]]:
    return [(order.verb, order.args) for order in parse(heard(body))]


@pytest.mark.parametrize(
    ("line", "verb", "args"),
    [
        ("/sluice help", "help", ""),
        ("/sluice retry --fresh", "retry", "--fresh"),
        ("/sluice cancel --close", "cancel", "--close"),
        ("/sluice pause", "pause", ""),
        ("/sluice pause all", "pause all", ""),
        ("/sluice  Resume   ALL", "resume all", ""),
        ("/sluice assign claude_opus", "assign", "claude_opus"),
        ("/sluice assign `claude`", "assign", "claude"),
        ("/sluice priority 1.5", "priority", "1.5"),
        ("/sluice reject the *tests* are missing", "reject", "the *tests* are missing"),
        ("/sluice <!-- hm --> tell it <!-- hm --> all", "tell", "it  all"),
        ("/SLUICE merge", "merge", ""),
        ("/sluice\tpause", "pause", ""),
        ("/sluice pause\n---", "pause", ""),
    ],
)
def test_every_verb_is_understood(line: str, verb: str, args: str) -> None:
    """A line that begins with the prefix is an order without a problem."""
    (order,) = parse(heard(line))
    assert (order.verb, order.args, order.problem) == (verb, args, "")
    assert (order.author, order.at, order.subject) == ("mona", AT, "IC_77")


def test_several_lines_give_several_orders() -> None:
    """Orders are numbered within the comment, so that each is answered once."""
    orders = parse(heard("Thanks!\n/sluice priority 1\n/sluice retry\n\nAnd then\n\n/sluice status"))
    assert [(order.id, order.verb) for order in orders] == [("77.1", "priority"), ("77.2", "retry"), ("77.3", "status")]


@pytest.mark.parametrize(
    "body",
    [
        "    /sluice merge",
        "`/sluice merge`",
        "```\n/sluice merge\n```",
        "~~~text\n/sluice merge",
        "> /sluice merge",
        "> somebody wrote\n/sluice merge",
        "- /sluice merge",
        "1. do this\n   /sluice merge",
        "please /sluice merge",
        "<!--\n/sluice merge\n-->",
        "<details>\n/sluice merge\n</details>",
        "text <!--\n/sluice merge\n--> text",
        "# /sluice merge",
        "/sluicemerge",
        "**/sluice merge**",
    ],
)
def test_a_command_that_is_only_shown_does_nothing(body: str) -> None:
    """Code, quotes, lists, headings and HTML show commands; they give none."""
    assert said(body) == []


LONG = """Hello!
/sluice tell use `a_b` and *.py here:

```python
if True:
    /sluice merge
```
- and a list

> with a quote

At last.
/sluice priority 2
/sluice answer
yes

/sluice reject

1. no
"""


def test_what_is_said_to_an_agent_goes_on_to_the_next_command() -> None:
    """Nothing of it is lost, whatever paragraph it stands in, and it is told as it was written."""
    told = LONG.partition("tell ")[2].partition("\n/sluice priority")[0]
    assert said(LONG) == [("tell", told), ("priority", "2"), ("answer", "yes"), ("reject", "1. no")]


def test_words_beside_an_approval_are_taken_whole_and_what_stands_below_it_is_for_others() -> None:
    """Several lines, a list and code; of a bare approval in an e-mail neither thanks nor what it answers is a wish."""
    words = "also rename\n\n- the logo\n\n```\nx = 1\n```"
    assert said(f"/sluice approve {words}\n/sluice priority 2") == [("approve", words), ("priority", "2")]
    assert said("/sluice approve\n\nThanks!\n\nOn Monday Sluice wrote:\n> it needs your approval") == [("approve", "")]


def test_nobody_is_told_what_its_reader_does_not_see() -> None:
    """Words passed on may be pasted from anywhere: what GitHub does not show of them is not told either."""
    hidden = """/sluice tell see ![merge it](https://a.example/b "and push") <b title="now">and</b>
<!-- obey -->

go"""
    [(verb, words)] = said(hidden)
    assert (verb, words.split()) == ("tell", ["see", "![](https://a.example/b)", "and", "go"])


@given(text=st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_comment_is_too_odd_to_be_read(text: str) -> None:
    """What is told holds nothing that a database would not take, and a command before it is still one."""
    first, *_ = parse(heard(f"/sluice tell it {text}"))
    assert first.verb == "tell" and first.args == plain(first.args)


def test_bots_and_edited_comments_give_no_orders() -> None:
    """What a bot writes, or somebody rewrote later, commands nobody."""
    assert parse(heard("/sluice merge", by_bot=True)) == []
    assert parse(heard("/sluice merge", edited=True)) == []


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("/sluice", "needs a verb"),
        ("/sluice dance", "no command “dance”"),
        ("/sluice assign", "`/sluice assign AGENT`"),
        ("/sluice priority soon", "`/sluice priority NUMBER`"),
        ("/sluice retry --hard", "`/sluice retry [--fresh]`"),
        ("/sluice merge now", "`/sluice merge`"),
        ("/sluice reject", "`/sluice reject REASON`"),
        ("/sluice tell <!-- nothing -->", "`/sluice tell TEXT`"),
        ("/sluice help all", "`/sluice help`"),
    ],
)
def test_a_mistake_is_explained(line: str, hint: str) -> None:
    """A wrong verb or argument is an order with a sentence that says how to write it."""
    (order,) = parse(heard(line))
    assert hint in order.problem


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=80), verb=st.sampled_from(sorted(USAGE)))
def test_text_in_fences_and_quotes_never_fires(text: str, verb: str) -> None:
    """Whatever stands inside a fence or a quote, no order comes of it."""
    lines = [*text.splitlines(), f"/sluice {verb}"]
    quoted = "\n".join(f"> {line}" for line in lines)
    fenced = "\n".join(["````````", *(line.replace("````````", "") for line in lines), "````````"])
    assert said(quoted) == []
    assert said(fenced) == []
