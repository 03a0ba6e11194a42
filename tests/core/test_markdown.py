"""Of what people write, agents are given what other people see: nothing hidden survives, and what is seen does."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.core.foreign import faced
from bot.core.markdown import shown

HIDDEN = {
    "an HTML comment": ("Fix <!-- EVIL -->it", "Fix it"),
    "a comment over lines": ("Fix\n<!--\nEVIL\n\nEVIL -->\nit", "Fix\n\nit"),
    "a tag's title": ('<a title="EVIL" href="https://x.test/a">it</a>', "<https://x.test/a>it"),
    "an image's alt in a tag": ("<img alt='EVIL > EVIL' width=0 src=https://x.test/a.png>", "<https://x.test/a.png>"),
    "an image's alt": ("![EVIL [EVIL] EVIL](https://x.test/a.png)", "![](https://x.test/a.png)"),
    "an image's title": ('![](a.png "EVIL")', "![](a.png)"),
    "a link's title": ("[it](https://x.test 'EVIL')", "[it](https://x.test)"),
    "a link's target in words": ("[it](<do EVIL things>)", "[it]()"),
    "an image in a link": ('[![EVIL](a.png "EVIL")](https://x.test "EVIL")', "[![](a.png)](https://x.test)"),
    "a definition that is a comment": ("Fix\n\n[//]: # (EVIL)\n\nit", "Fix\n\nit"),
    "a definition's label and title": ("See [it][evil EVIL].\n\n[evil EVIL]: https://x.test\n  'EVIL'", None),
    "a footnote nobody refers to": ("Fix it\n\n[^1]: EVIL\n    EVIL", "Fix it"),
    "an unknown tag": ("Fix <do-EVIL/>it", "Fix it"),
    "a tag without an end": ('Fix it\n<div title="EVIL', "Fix it"),
    "behind a code block's language": ("```python EVIL\nx\n```", "```python\nx\n```"),
    "a code block inside HTML": ('<div>\n```\n<img alt="EVIL">\n```\n</div>', "```\n\n```"),
    "a fence that ends with its list": ('- a\n  ```\n<img alt="EVIL">\n  ```', "- a\n  ```\n\n  ```"),
    "a line that begins with a comment": ('<!-- x -->```\n<img alt="EVIL">\n```', "```\n\n```"),
    "a code block's language in a quote": ("> ```python EVIL\n> x\n> ```", "> ```\n> x\n> ```"),
    "backticks of two cells": ('| ` | <img alt="EVIL"> ` |', "| ` |  ` |"),
    "an entity without a face": ("it&#8203;&ZeroWidthSpace;&#xE0041;", "it"),
    "selectors and tag characters": ("it\ufe0f\U000e0101\U000e0041\u3164", "it"),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden_is_gone(name: str) -> None:
    """Each way of hiding words from those who read an issue."""
    text, left = HIDDEN[name]
    assert "EVIL" not in shown(text)
    assert left is None or re.sub("\n\n+", "\n\n", shown(text)) == left


@pytest.mark.parametrize(
    "text",
    [
        "1 < 2 and 3 > 2, `List<String>` too",
        '```html\n<img alt="x" title="y">\n<script>\n```\nand `<b title="z">`',
        "~~~\n[//]: # (shown)\n~~~",
        "x\n\n   ```\n   <p id=x>\n   ```",
        "- [ ] one\n- [x] two",
        "| a | b |\n|---|---|\n| `x` | y |",
        "<https://x.test/a> <ann@x.test> https://x.test?a=1&b=2",
        "[text](https://x.test/a_(b)) [not a link] array[0] ![not an image]",
        "See it[^1].\n\n[^1]: shown",
        "5 &lt; 6 &amp; 7 \\<b\\>",
        "# Title\n\n> quoted\n\n1. first\n2. second",
        "naïve 日本語 🙂 émigré",
    ],
)
def test_what_is_seen_stays(text: str) -> None:
    """Plain text, code, tables, lists and links come through as they were written."""
    assert shown(text) == text


def test_details_and_hidden_elements_stay() -> None:
    """What is one click away, or what GitHub shows in spite of an attribute, is seen; only the tags go."""
    assert shown("<details><summary>More</summary>\n\nWords\n</details>\n<p hidden>these</p>").split() == [
        "More", "Words", "these",
    ]  # fmt: skip


def test_a_link_says_where_it_leads() -> None:
    """Instead of its definition, which readers do not see."""
    text = "See [the docs][d], [d] and ![pic][D].\n\n[d]: https://x.test/docs 'title'"
    assert shown(text) == "See [the docs](https://x.test/docs), [d](https://x.test/docs) and ![](https://x.test/docs)."


PIECES = st.sampled_from(
    ["`", "``", "```", "~~~", "\n", "\n\n", " ", "  ", "    ", "- ", "> ", "1. ", "| ", "# ", "<", ">", "/", "<div>",
     "</div>", "<p ", "<b>", "<pre>", "</pre>", "<details>", "<!--", "-->", "<?", "?>", "<!X", "![", "[", "]", "(", ")",
     "](", "]: ", "[^1]", "<img alt=", "title=", "<a href=", '"', "'", "\\", "!", "$", "=", "&#8203;",
     "https://x.test ", "text"]
)  # fmt: skip
WORDS = st.integers(0, 9).map("w{}w".format)


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(st.lists(PIECES | WORDS, max_size=24).map("".join))
@example('<b>x\n```\n\ny\n```\n<img alt="w1w">\n```')
@example('- ```\n  x\n  ```\n<img alt="w1w">\n```')
@example('` <a title="`">w1w</a>')
def test_no_word_is_left_that_another_reader_does_not_see(text: str) -> None:
    """Markdown of any kind, read by a program that follows the specification: what it does not show is not left."""
    left = set(re.findall(r"w\dw", shown(text)))
    assert left <= _seen(text), f"{text!r} -> {shown(text)!r}"


READER = MarkdownIt("gfm-like", {"linkify": False})


def _seen(text: str) -> set[str]:
    """The words in text and code; and those in addresses, which are left so that a link can be followed."""
    return {word for part in _texts(READER.parse(faced(text))) for word in _words(part)}


def _texts(tokens: list[Token]) -> list[str]:
    found = []
    for token in tokens:
        if token.type in ("html_block", "html_inline"):
            found += [re.sub(r"<[A-Za-z/?!][^>]*(>|\Z)|<!--.*", "", token.content, flags=re.DOTALL)]
        elif token.type != "image" and token.children is None:
            found.append(token.content)
        found += _texts(token.children or []) if token.type != "image" else []
        found += [str(token.attrs[name]) for name in ("href", "src") if name in token.attrs]
        found += [token.info.split()[0]] if token.info.split() else []
    return found


def _words(text: str) -> set[str]:
    return set(re.findall(r"w\dw", text))
