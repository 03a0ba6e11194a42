"""Reviews, comments on lines, and requested reviewers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from localhub import pulls, render
from localhub.model import PullRequest, Review, ReviewComment
from localhub.rest.given import Body, Calling, Here, ThisPull, World, answer, first, new_router, nothing, page

router = new_router()
PULL = "/repos/{owner}/{name}/pulls/{number}"
REVIEW = PULL + "/reviews/{review_id}"
COMMENT = "/repos/{owner}/{name}/pulls/comments/{comment_id}"


async def review_numbered(pull: ThisPull, review_id: int) -> Review:
    found: Review = first(each for each in pull.reviews if each.id == review_id)
    return found


async def review_comment_with_id(repo: Here, comment_id: int) -> ReviewComment:
    every = [pull for pull in repo.issues.values() if isinstance(pull, PullRequest)]
    lines = (comment for pull in every for review in pull.reviews for comment in review.comments)
    found: ReviewComment = first(comment for comment in lines if comment.id == comment_id)
    return found


ThisReview = Annotated[Review, Depends(review_numbered)]
ThisLine = Annotated[ReviewComment, Depends(review_comment_with_id)]


@router.get(PULL + "/reviews")
async def reviews(request: Request, hub: World, caller: Calling, pull: ThisPull) -> Response:
    """Oldest first; a pending review shows to its author only."""
    visible = [each for each in pull.reviews if each.state != "PENDING" or each.author is caller.actor]
    shown, links = page(request, visible)
    return answer([render.review(hub, each) for each in shown], headers=links)


@router.post(PULL + "/reviews")
async def create(hub: World, caller: Calling, pull: ThisPull, body: Body) -> Response:
    made = pulls.review(
        hub, caller, pull, body.get("event") or None, body.get("body") or "", body.get("comments") or [],
        body.get("commit_id"),
    )  # fmt: skip
    return answer(render.review(hub, made))


@router.get(REVIEW)
async def review(hub: World, review: ThisReview) -> Response:
    return answer(render.review(hub, review))


@router.post(REVIEW + "/events")
async def submit(hub: World, caller: Calling, review: ThisReview, body: Body) -> Response:
    return answer(render.review(hub, pulls.submit_review(hub, caller, review, body["event"], body.get("body"))))


@router.put(REVIEW + "/dismissals")
async def dismiss(hub: World, caller: Calling, review: ThisReview, body: Body) -> Response:
    return answer(render.review(hub, pulls.dismiss_review(hub, caller, review, str(body.get("message") or ""))))


@router.get(REVIEW + "/comments")
async def lines_of_review(request: Request, hub: World, review: ThisReview) -> Response:
    shown, links = page(request, review.comments)
    return answer([render.review_comment(hub, each) for each in shown], headers=links)


@router.get(PULL + "/comments")
async def lines(request: Request, hub: World, pull: ThisPull) -> Response:
    every = sorted((each for thread in pull.threads for each in thread.comments), key=lambda each: each.id)
    shown, links = page(request, every)
    return answer([render.review_comment(hub, each) for each in shown], headers=links)


@router.post(PULL + "/comments")
async def comment_on_line(hub: World, caller: Calling, pull: ThisPull, repo: Here, body: Body) -> Response:
    text = str(body.get("body") or "")
    if body.get("in_reply_to"):
        parent = await review_comment_with_id(repo, body["in_reply_to"])
        return answer(render.review_comment(hub, pulls.reply(hub, caller, parent, text)), 201)
    made = pulls.comment_on_line(
        hub, caller, pull, text, str(body.get("path") or ""), body.get("line") or body.get("position"),
        body.get("commit_id"),
    )  # fmt: skip
    return answer(render.review_comment(hub, made), 201)


@router.post(PULL + "/comments/{comment_id}/replies")
async def reply(hub: World, caller: Calling, line: ThisLine, body: Body) -> Response:
    return answer(render.review_comment(hub, pulls.reply(hub, caller, line, str(body.get("body") or ""))), 201)


@router.get(COMMENT)
async def line(hub: World, line: ThisLine) -> Response:
    return answer(render.review_comment(hub, line))


@router.patch(COMMENT)
async def edit_line(hub: World, caller: Calling, line: ThisLine, body: Body) -> Response:
    edited = pulls.edit_review_comment(hub, caller, line, str(body.get("body") or ""))
    return answer(render.review_comment(hub, edited))


@router.delete(COMMENT)
async def delete_line(hub: World, caller: Calling, line: ThisLine) -> Response:
    pulls.delete_review_comment(hub, caller, line)
    return nothing()


@router.get(PULL + "/requested_reviewers")
async def requested(hub: World, pull: ThisPull) -> Response:
    return answer({"users": [render.user(hub, each) for each in pull.requested_reviewers], "teams": []})


@router.post(PULL + "/requested_reviewers")
async def request_reviewers(hub: World, caller: Calling, pull: ThisPull, body: Body) -> Response:
    return answer(render.pull_lite(hub, pulls.request_reviewers(hub, caller, pull, body.get("reviewers") or [])), 201)


@router.delete(PULL + "/requested_reviewers")
async def remove_reviewers(hub: World, caller: Calling, pull: ThisPull, body: Body) -> Response:
    return answer(render.pull_lite(hub, pulls.remove_reviewers(hub, caller, pull, body.get("reviewers") or [])))
