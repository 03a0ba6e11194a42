"""Board writes, told to GitHub in as few documents as their order allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.context import Seen, Written
from bot.core.actions import (
    Acknowledge,
    AskPerson,
    AskReview,
    BoardWrite,
    CloseIssue,
    ClosePull,
    ConvertDraft,
    EditPull,
    MoveCard,
    OpenPull,
    Reply,
    SayStatus,
    ShowField,
)
from bot.core.board import Board
from bot.core.item import Item
from bot.core.limits import Importance
from bot.github.comments import STATUS_MARK
from bot.github.descriptions import marked, with_text
from bot.github.documents import MOST, Mutation, combine
from bot.github.graphql import GraphQL, came_of
from bot.github.lookups import Lookups
from bot.github.rest import Rest
from bot.github.seen import MARK

CREATING = ("ConvertDraft", "OpenPull", "AddComment")  # what GitHub counts as creating content
WORDS = ("AddComment", "EditComment", "React", "ShowField")  # what can wait, unless it travels with what cannot
BOARDS = ("MoveCard", "ConvertDraft", "ShowField")  # what is written on the board itself
DONE = Written(ok=True)  # it was done before


@dataclass(frozen=True)
class Known:
    """The ids a write may need, as far as they are known; writes that make things add to it."""

    repo: str
    repo_id: str
    issue_id: str
    pull_id: str
    pull_number: int | None
    status_id: str
    asked: tuple[str, ...]
    description: str  # of the pull request
    column: str | None  # where the card stands

    @classmethod
    def of(cls, item: Item, seen: Seen | None) -> Known:
        return cls(
            repo=(seen.repo if seen else "") or item.repo,
            repo_id=seen.repo_id if seen else "",
            issue_id=seen.issue.id if seen and seen.issue else item.issue_id,
            pull_id=seen.pull.id if seen and seen.pull else "",
            pull_number=seen.pull.number if seen and seen.pull else item.pull_number,
            status_id=seen.status.id if seen and seen.status else "",
            asked=seen.asked if seen else (),
            description=seen.description if seen else "",
            column=seen.face.column if seen and seen.face else None,
        )

    def after(self, write: BoardWrite, written: Written) -> Known:
        match write:
            case ConvertDraft() if written.ok:
                return replace(self, issue_id=written.id)
            case OpenPull() if written.ok:
                return replace(self, pull_id=written.id, pull_number=written.number)
            case SayStatus() if written.ok and not self.status_id:
                return replace(self, status_id=written.id)
            case AskPerson() | Reply() if written.ok:
                return replace(self, asked=(*self.asked, write.mark))
            case _:
                return self


class Writer:
    """Writes for one item. A write that fails is an answer; the ones after it are still tried, as GitHub would."""

    def __init__(
        self, graphql: GraphQL, of_board: GraphQL, rest: Rest, lookups: Lookups, board: Board, item: Item
    ) -> None:
        """`of_board`: in whose name the board is written; another than `graphql` where the board is a person's."""
        self._graphql = graphql
        self._of_board = of_board
        self._rest = rest
        self._lookups = lookups
        self._board = board
        self._item = item

    async def write(self, writes: Sequence[BoardWrite], known: Known) -> list[Written]:
        answers: list[Written] = []
        while len(answers) < len(writes):
            group = _together(writes[len(answers) :])
            for write, written in zip(group, await self._group(group, known), strict=True):
                known = known.after(write, written)
                answers.append(written)
        return answers

    async def _group(self, writes: Sequence[BoardWrite], known: Known) -> list[Written]:
        """Writes that do not wait for each other: one document."""
        planned = [await self._plan(write, known) for write in writes]
        mutations = [each for each in planned if isinstance(each, Mutation)]
        told = iter(await self._tell(mutations))
        answers: list[Written] = []
        for write, each in zip(writes, planned, strict=True):
            written = each if isinstance(each, Written) else next(told)
            answers.append(await self._existing(write, known) or written if not written.ok else written)
        return answers

    async def _tell(self, mutations: Sequence[Mutation]) -> list[Written]:
        """One document; two where the board is written in another name, the board's last."""
        only_words = all(each.operation in WORDS for each in mutations)
        matters = Importance.WORDS if only_words else Importance.FIRST
        boards = [each for each in mutations if self._of_board is not self._graphql and each.operation in BOARDS]
        answers: dict[int, Written] = {}
        for graphql, mine in ((self._graphql, [m for m in mutations if m not in boards]), (self._of_board, boards)):
            if mine:
                answer = await graphql.tell(*combine(mine), matters, _creating(mine))
                answers |= {id(each): came_of(answer, f"w{place}") for place, each in enumerate(mine)}
        return [answers[id(each)] for each in mutations]

    async def _existing(self, write: BoardWrite, known: Known) -> Written | None:
        """A pull request that could not be opened because it is open already."""
        return await self._lookups.open_pull(known.repo, write.branch) if isinstance(write, OpenPull) else None

    async def _plan(self, write: BoardWrite, known: Known) -> Mutation | Written:
        """The mutation that does it, or the answer when there is nothing to send."""
        match write:
            case ConvertDraft():
                repo_id = await self._lookups.repository(write.repo)
                return Mutation("ConvertDraft", {"itemId": self._item.id, "repositoryId": repo_id})
            case OpenPull():
                return await self._open(write, known)
            case EditPull():
                return _describe(write, known)
            case MoveCard():
                return self._move(write, known)
            case ShowField():
                return self._show(write)
            case SayStatus():
                body = f"{write.body}\n\n{STATUS_MARK}"
                return _edit(known.status_id, body) if known.status_id else _comment(known, body)
            case AskPerson() | Reply():
                return (
                    DONE if write.mark in known.asked else _comment(known, f"{write.body}\n\n{MARK.format(write.mark)}")
                )
            case Acknowledge():
                return Mutation("React", {"subjectId": write.subject, "content": write.reaction})
            case AskReview():
                return await self._ask(write, known)
            case CloseIssue():
                return _with(
                    known.issue_id, "issue", "CloseIssue", {"issueId": known.issue_id, "stateReason": "COMPLETED"}
                )
            case ClosePull():
                return _with(known.pull_id, "pull request", "ClosePull", {"pullRequestId": known.pull_id})

    async def _open(self, write: OpenPull, known: Known) -> Mutation:
        return Mutation(
            "OpenPull",
            {
                "repositoryId": known.repo_id or await self._lookups.repository(known.repo),
                "headRefName": write.branch,
                "baseRefName": write.base,
                "title": write.title,
                "body": marked(write.body),
            },
        )

    def _move(self, write: MoveCard, known: Known) -> Mutation | Written:
        """A card that stands there already is not written: GitHub would make no event of it."""
        if (known.column or "").casefold() == write.column.casefold():
            return DONE
        options = {name.casefold(): id_ for name, id_ in self._board.options.items()}
        option = options.get(write.column.casefold())
        if option is None:
            return Written(ok=False, error=f"board {self._board.key} has no column “{write.column}”")
        return Mutation("MoveCard", self._at(self._board.status_field_id) | {"value": {"singleSelectOptionId": option}})

    def _show(self, write: ShowField) -> Mutation:
        number = self._board.kept.kinds()[write.field] == "NUMBER"
        value = {"number": float(write.value)} if number else {"text": write.value}
        return Mutation("ShowField", self._at(self._board.field_ids[write.field]) | {"value": value})

    def _at(self, field_id: str) -> dict[str, object]:
        return {"projectId": self._board.project_id, "itemId": self._item.id, "fieldId": field_id}

    async def _ask(self, write: AskReview, known: Known) -> Written:
        """By REST, which takes logins: GraphQL would want every id looked up first."""
        if known.pull_number is None:
            return Written(ok=False, error="the item has no pull request")
        path = f"/repos/{known.repo}/pulls/{known.pull_number}/requested_reviewers"
        reply = await self._rest.send("POST", path, {"reviewers": list(write.logins)}, values=(404, 422))
        if reply.ok:
            return DONE
        if reply.status == 422 and len(write.logins) > 1:  # one of them is enough for GitHub to ask nobody
            each = [await self._ask(AskReview((login,)), known) for login in write.logins]
            failed = [answer for answer in each if not answer.ok]
            refused = tuple(login for answer in failed for login in answer.refused)
            return Written(ok=not failed, error="; ".join(answer.error for answer in failed), refused=refused)
        error = f"{', '.join(write.logins)} cannot be asked for a review: {reply.message}"
        return Written(ok=False, error=error, refused=write.logins if reply.status == 422 else ())


NEEDS_PULL = AskReview | ClosePull | EditPull


def _together(writes: Sequence[BoardWrite]) -> Sequence[BoardWrite]:
    """The first writes that may share a document: one that makes what the next needs ends it."""
    for place, write in enumerate(writes[:MOST], start=1):
        opens = isinstance(write, OpenPull) and any(isinstance(later, NEEDS_PULL) for later in writes[place:])
        if isinstance(write, ConvertDraft) or opens:
            return writes[:place]
    return writes[:MOST]


def _creating(mutations: Sequence[Mutation]) -> int:
    return sum(each.operation in CREATING for each in mutations)


def _comment(known: Known, body: str) -> Mutation | Written:
    return _with(known.issue_id, "issue", "AddComment", {"subjectId": known.issue_id, "body": body})


def _describe(write: EditPull, known: Known) -> Mutation | Written:
    """What a person made of the description stays theirs."""
    body = with_text(known.description, write.body)
    if body is None:
        return DONE
    return _with(known.pull_id, "pull request", "EditPull", {"pullRequestId": known.pull_id, "body": body})


def _edit(comment: str, body: str) -> Mutation:
    return Mutation("EditComment", {"id": comment, "body": body})


def _with(id_: str, what: str, operation: str, given: dict[str, object]) -> Mutation | Written:
    return Mutation(operation, given) if id_ else Written(ok=False, error=f"the item has no {what}")
