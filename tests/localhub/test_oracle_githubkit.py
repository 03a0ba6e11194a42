"""githubkit, made from GitHub's own descriptions, accepts every REST answer and every webhook that localhub sends."""

from __future__ import annotations

import asyncio
import gc
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
from descriptions import VERSIONS, answers, blank, rest_model, unknown_keys, webhook_model
from grand_tour import Tour, travel
from localhub import payloads
from pydantic import TypeAdapter, ValidationError

ACTIONS = {
    "check_run": "created completed rerequested",
    "check_suite": "completed rerequested",
    "create": "",
    "delete": "",
    "installation": "created deleted suspend unsuspend new_permissions_accepted",
    "installation_repositories": "added removed",
    "issue_comment": "created edited deleted",
    "issue_dependencies": "blocked_by_added blocked_by_removed blocking_added blocking_removed",
    "issues": "opened edited closed reopened labeled unlabeled assigned unassigned locked unlocked",
    "merge_group": "checks_requested destroyed",
    "projects_v2": "created",
    "projects_v2_item": "created edited converted archived restored reordered deleted",
    "projects_v2_status_update": "created",
    "pull_request": "opened edited closed reopened synchronize labeled unlabeled assigned unassigned locked unlocked"
    " review_requested review_request_removed ready_for_review converted_to_draft auto_merge_enabled"
    " auto_merge_disabled enqueued dequeued",
    "pull_request_review": "submitted dismissed",
    "pull_request_review_comment": "created edited deleted",
    "pull_request_review_thread": "resolved unresolved",
    "push": "",
    "repository_dispatch": "gate",
    "status": "",
    "sub_issues": "sub_issue_added sub_issue_removed parent_issue_added parent_issue_removed",
    "workflow_dispatch": "",
    "workflow_job": "queued in_progress completed",
    "workflow_run": "requested in_progress completed",
}
# What the descriptions know of the same thing in other places, or even demand there.
HALF_DESCRIBED = re.compile(
    r"user_view_type|labels\[\]\.archived_(at|by)|workflow_run\.display_title|performed_via_github_app\.client_id"
)


@pytest.fixture(scope="module", params=VERSIONS)
def tour(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tour]:
    """The grand tour, once for each version of the API. Models are built quicker without the collector."""
    gc.disable()
    yield asyncio.run(travel(tmp_path_factory.mktemp("tour"), request.param))
    gc.freeze()  # and what comes after does not look through them again and again
    gc.enable()


def test_every_route_is_visited_and_every_answer_is_accepted(tour: Tour):
    """No route is left out by the tour or undescribed by GitHub, and no answer has another shape."""
    assert tour.unvisited() == set()
    described, refused = answers(tour.version), defaultdict(set)
    assert {(method, blank(route)) for method, route in tour.visited()} <= described.keys()
    for answer in tour.answers:
        model = described[answer.method, blank(answer.route)]
        if model is not None and answer.body is not None:
            refused[f"{answer.method} {answer.route}"] |= faults(rest_model(tour.version, model), answer.body)
    assert {route: why for route, why in refused.items() if why} == {}


def test_every_webhook_is_sent_and_accepted_without_unknown_keys(tour: Tour):
    """Every event and action, without a key that GitHub does not know: the older version knows all."""
    heard = tour.heard()
    assert {f"{event} {body.get('action') or ''}".strip() for event, body in heard} == {
        f"{event} {action}".strip() for event, words in ACTIONS.items() for action in words.split() or [""]
    }
    refused: dict[str, set[str]] = defaultdict(set)
    for event, body in heard:
        why = faults(webhook_model(tour.version, event), body, strict=tour.version == VERSIONS[0])
        refused[f"{event} {body.get('action') or ''}"] |= {each for each in why if not HALF_DESCRIBED.search(each)}
    assert {event: why for event, why in refused.items() if why} == {}


def test_no_event_is_left_out_of_the_table():
    """A webhook that localhub learns to send has to be added above, and so to the tour."""
    assert ACTIONS.keys() == payloads.BODIES.keys()


def faults(model: TypeAdapter[object], body: object, *, strict: bool = False) -> set[str]:
    """What the model finds wrong; `strict` counts keys it does not know."""
    try:
        accepted = model.validate_python(body)
    except ValidationError as refusal:
        return {f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in refusal.errors()[:5]}
    return {f"{key} is unknown" for key in unknown_keys(accepted, body)} if strict else set()
