"""Finds the commands in a comment. Whether its author may give them, and what they do, is for others to say.

A command is a line of an ordinary paragraph that begins with `/sluice`. What stands in code, quotes, lists or HTML is
somebody showing a command, not giving one; so is what bots write, and what was edited after it was first read. What is
said to an agent, or beside an approval, goes on as it was written, paragraphs, lists and code, to the next command or
the comment's end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot.context import Heard
from bot.core.foreign import plain
from bot.core.item import Order
from bot.core.markdown import shown
from bot.core.usage import USAGE, usage_of

PREFIX = "/sluice"
TOLD = ("tell", "answer", "reject")  # take all that follows
ADDED = ("approve",)  # the same, where words begin beside it: what stands below it alone is for other readers
SPOKEN = ("amend",)  # takes words, of which there may be several lines
BREAKS = ("softbreak", "hardbreak")


@dataclass(frozen=True)
class Found:
    """A command, and the line of the comment it stands in."""

    words: list[str]
    line: int

    @property
    def verb(self) -> str:
        return self.words[0] if self.words else ""


def parse(heard: Heard) -> list[Order]:
    """Every command of the comment, in order; one that cannot be understood comes with its `problem`."""
    if heard.by_bot or heard.edited:
        return []
    return [_order(heard, number, line) for number, line in enumerate(_lines(heard.body), start=1)]


def _order(heard: Heard, number: int, line: str) -> Order:
    verb, _, rest = line.partition(" ")
    verb, args = verb.casefold(), rest.strip()
    if verb in ("pause", "resume") and args.casefold() == "all":
        verb, args = f"{verb} all", ""
    return Order(
        id=f"{heard.id}.{number}",
        verb=verb,
        args=args,
        author=heard.author,
        at=heard.at,
        subject=heard.subject,
        problem=_problem(verb, args),
    )


def _problem(verb: str, args: str) -> str:
    """One sentence and how to write it; empty when nothing is wrong."""
    usage = usage_of(verb)
    if usage is None:
        said = f"There is no command “{verb}”." if verb else "A command needs a verb."
        return f"{said} Known: {', '.join(USAGE)}."
    if usage.accepts(args):
        return ""
    said = f"“{verb}” does not take “{args}”." if args else f"“{verb}” needs something after it."
    return f"{said} Write: `{usage.line}`"


def _lines(body: str) -> Iterator[str]:
    """What follows the prefix, for every command of the top-level paragraphs."""
    body = plain(body)
    lines = body.split("\n")
    for each, after in pairwise([*_commands(body), Found([], len(lines))]):
        verb, alone = each.verb.casefold(), len(each.words) == 1
        if verb in TOLD or (verb in ADDED and not alone):
            first, *more = lines[each.line : after.line]
            said = "\n".join((first.partition(each.verb)[2], *more))
            yield f"{each.verb} {shown(said)}"
        else:
            yield " ".join(each.words)


def _commands(body: str) -> Iterator[Found]:
    tokens = MARKDOWN.parse(body)
    for opening, inline in pairwise(tokens):
        if opening.level == 0 and opening.map and (opening.type == "paragraph_open" or _underlined(opening)):
            yield from _of_paragraph(inline.children or [], opening.map[0])


def _of_paragraph(children: list[Token], begins: int) -> Iterator[Found]:
    """One line each; spoken words go on to the paragraph's end, or to the next command."""
    found: Found | None = None
    for line in _split(children):
        words = "".join(token.content for token in line if token.type != "html_inline").split()
        if words and line[0].type == "command" and words[0].casefold() == PREFIX:
            if found is not None:
                yield found
            found = Found(words[1:], begins + line[0].meta["line"])
        elif found and found.verb.casefold() in SPOKEN:
            found.words.extend(words)
    if found is not None:
        yield found


def _command(state: StateInline, silent: bool) -> bool:
    """A rule of Markdown's: the prefix at the beginning of a line, wherever that is no code and no HTML."""
    before, after = state.src[: state.pos], state.pos + len(PREFIX)
    at_start = not before.rpartition("\n")[2].strip()
    if not at_start or state.src[state.pos : after].casefold() != PREFIX:
        return False
    if not silent:
        token = state.push("command", "", 0)
        token.content, token.meta = state.src[state.pos : after], {"line": before.count("\n")}
    state.pos = after
    return True


MARKDOWN = MarkdownIt("commonmark")
MARKDOWN.inline.ruler.before("text", "command", _command)


def _underlined(opening: Token) -> bool:
    """A paragraph with a rule right below it, which Markdown takes for a heading."""
    return opening.type == "heading_open" and opening.markup in ("-", "=")


def _split(children: list[Token]) -> Iterator[list[Token]]:
    """The tokens of each line of a paragraph."""
    line: list[Token] = []
    for token in children:
        if token.type in BREAKS:
            yield line
            line = []
        elif token.type != "text" or token.content:  # the parser leaves empty texts before emphasis
            line.append(token)
    yield line
