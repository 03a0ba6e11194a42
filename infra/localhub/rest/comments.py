"""Comments of issues and pull requests, and reactions to issues, comments and review comments."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from localhub import issues, render
from localhub.comments import Reactable
from localhub.model import ReviewComment
from localhub.rest.given import (
    Body,
    Calling,
    Here,
    ThisComment,
    ThisIssue,
    World,
    answer,
    comment_with_id,
    first,
    issue_numbered,
    new_router,
    nothing,
    page,
)  # fmt: skip
from localhub.rest.reviews import review_comment_with_id

router = new_router()
REPO = "/repos/{owner}/{name}"
COMMENT = REPO + "/issues/comments/{comment_id}"
ISSUE_COMMENTS = REPO + "/issues/{number}/comments"


@router.get(ISSUE_COMMENTS)
async def comments(request: Request, hub: World, issue: ThisIssue) -> Response:
    since = request.query_params.get("since", "")
    said = [each for each in issue.comments if (render.moment(each.updated_at) or "") >= since]
    shown, links = page(request, said)
    return answer([render.comment(hub, each) for each in shown], headers=links)


@router.post(ISSUE_COMMENTS)
async def create(hub: World, caller: Calling, issue: ThisIssue, body: Body) -> Response:
    return answer(render.comment(hub, issues.add_comment(hub, caller, issue, str(body.get("body") or ""))), 201)


@router.get(REPO + "/issues/comments")
async def comments_of_repo(request: Request, hub: World, repo: Here) -> Response:
    since = request.query_params.get("since", "")
    every = [comment for issue in repo.issues.values() for comment in issue.comments]
    said = [each for each in sorted(every, key=lambda each: each.id) if (render.moment(each.updated_at) or "") >= since]
    shown, links = page(request, said)
    return answer([render.comment(hub, each) for each in shown], headers=links)


@router.get(COMMENT)
async def comment(hub: World, comment: ThisComment) -> Response:
    return answer(render.comment(hub, comment))


@router.patch(COMMENT)
async def edit(hub: World, caller: Calling, comment: ThisComment, body: Body) -> Response:
    return answer(render.comment(hub, issues.edit_comment(hub, caller, comment, str(body.get("body") or ""))))


@router.delete(COMMENT)
async def delete(hub: World, caller: Calling, comment: ThisComment) -> Response:
    issues.delete_comment(hub, caller, comment)
    return nothing()


async def reactable(request: Request, repo: Here) -> Reactable:
    """The issue, comment or review comment that the path names."""
    path = request.path_params
    if "number" in path:
        return await issue_numbered(repo, int(path["number"]))
    if "/pulls/comments/" in request.url.path:
        found: ReviewComment = await review_comment_with_id(repo, int(path["comment_id"]))
        return found
    return await comment_with_id(repo, int(path["comment_id"]))


Subject = Annotated[Reactable, Depends(reactable)]
SUBJECTS = (REPO + "/issues/{number}", COMMENT, REPO + "/pulls/comments/{comment_id}")


async def reactions(request: Request, hub: World, subject: Subject) -> Response:
    wanted = request.query_params.get("content")
    given = [each for each in subject.reactions if wanted in (None, each.content)]
    shown, links = page(request, given)
    return answer([render.reaction(hub, each) for each in shown], headers=links)


async def react(hub: World, caller: Calling, subject: Subject, body: Body) -> Response:
    """201 for a new reaction, 200 for one that was there already."""
    reaction, is_new = issues.react(hub, caller, subject, str(body.get("content")))
    return answer(render.reaction(hub, reaction), 201 if is_new else 200)


async def unreact(hub: World, caller: Calling, subject: Subject, reaction_id: int) -> Response:
    issues.unreact(hub, caller, subject, first(each for each in subject.reactions if each.id == reaction_id))
    return nothing()


for subject_path in SUBJECTS:
    router.get(subject_path + "/reactions")(reactions)
    router.post(subject_path + "/reactions")(react)
    router.delete(subject_path + "/reactions/{reaction_id}")(unreact)
