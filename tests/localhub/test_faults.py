"""Stories of a GitHub that fails on order: requests, webhooks, and a whole run by a seed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hooked import World
from localhub.faults import Asked
from localhub.faultschedule import Schedule, ScheduleOrder, sort_of
from talk import Json, LocalHub


class Broken:
    """A repository of Ann's, and what is ordered to go wrong with her requests."""

    def __init__(self, hub: LocalHub) -> None:
        self.hub, self.ann = hub, hub.person("ann")
        headers, patience = {"authorization": f"Bearer {self.ann['token']}"}, httpx.Timeout(5, read=1)
        self.api = httpx.Client(base_url=hub.url, headers=headers, verify=False, timeout=patience)
        self.issues = f"/repos/{hub.repo(self.ann['login'])['full_name']}/issues"

    def order(self, kind: str, match: Json | None = None, **more: Any) -> None:
        self.hub.admin("faults", {"kind": kind, "match": {"login": self.ann["login"]} | (match or {}), **more})

    def create(self, title: str) -> int | str:
        """The status of opening an issue, or what broke instead."""
        try:
            return self.api.post(self.issues, json={"title": title}).status_code
        except httpx.HTTPError as error:
            return type(error).__name__

    def titles(self) -> list[str]:
        return [each["title"] for each in self.api.get(self.issues, params={"direction": "asc"}).json()]


@pytest.fixture
def broken(hub: LocalHub) -> Iterator[Broken]:
    yield Broken(hub)
    hub.admin("faults", method="DELETE")


@pytest.mark.parametrize(
    ("kind", "seen", "done"),
    [
        ("status", 502, False),
        ("status_after", 502, True),
        ("reset", "RemoteProtocolError", False),
        ("reset_after", "RemoteProtocolError", True),
        ("timeout", "ReadTimeout", False),
        ("timeout_after", "ReadTimeout", True),
        ("delay", 201, True),
    ],
)
def test_a_fault_strikes_before_or_after_the_effect(broken: Broken, kind: str, seen: int | str, done: bool) -> None:
    """What the caller sees, and whether it was done all the same; the next request is as ever."""
    broken.order(kind, {"method": "POST"}, seconds=0.1)
    assert broken.create("One") == seen
    assert broken.titles() == (["One"] if done else [])
    assert broken.create("Two") == 201
    struck = broken.hub.admin("faults")["struck"]
    assert struck == [{"what": f"POST {broken.issues}", "login": broken.ann["login"], "kind": kind}]


def test_haste_that_was_none_is_refused_with_a_time_to_wait(broken: Broken) -> None:
    """A secondary limit on order: GitHub's sentence, retry-after, and nothing done."""
    broken.order("secondary", seconds=7)
    refused = broken.api.post(broken.issues, json={"title": "One"})
    assert (refused.status_code, refused.headers["retry-after"]) == (403, "7")
    assert "secondary rate limit" in refused.json()["message"] and broken.titles() == []


def test_a_fault_waits_for_its_turn(broken: Broken) -> None:
    """On the third call, and on the fourth, and never again."""
    broken.order("status", {"method": "POST"}, skip=2, times=2)
    assert [broken.create(str(n)) for n in range(5)] == [201, 201, 502, 502, 201]


def test_chance_has_a_seed(broken: Broken) -> None:
    """The same seed fails the same calls, for ever if so ordered; another seed fails others."""
    seen = []
    for seed in (1, 1, 2):
        broken.order("status", {"method": "PATCH"}, chance=0.5, seed=seed, times=None)
        seen.append([broken.api.patch(f"{broken.issues}/1", json={}).status_code for _ in range(12)])
        broken.hub.admin("faults", method="DELETE")
    assert seen[0] == seen[1] != seen[2] and {404, 502} == set(seen[0])


def test_a_predicate_picks_who_and_what(broken: Broken) -> None:
    """By the caller and by the operation of a GraphQL document; everybody else is answered."""
    broken.order("status", {"operation": "viewer"}, status=500)
    ask = {"json": {"query": "{ viewer { login } }"}}
    bob = broken.hub.person("bob")
    with broken.hub.rest(bob["token"]) as api:
        assert api.post("/graphql", **ask).status_code == 200  # type: ignore[arg-type]
    assert broken.api.post("/graphql", json={"query": "{ __typename }"}).status_code == 200
    assert broken.api.post("/graphql", **ask).status_code == 500  # type: ignore[arg-type]


def mishap(world: World, kind: str, **more: Any) -> None:
    world.hub.admin("faults/webhooks", {"kind": kind, "app": world.slug, "event": "issues", **more})


def told(world: World, *titles: str) -> list[str]:
    """What the receiver hears of these issues being opened, in order."""
    for title in titles:
        world.shop.post("issues", {"title": title})
    world.settle()
    world.hub.admin("faults", method="DELETE")
    return [body["issue"]["title"] for body in world.receiver.bodies("issues.opened")]


@pytest.mark.parametrize(
    ("kind", "heard"),
    [
        ("drop", ["Two", "Three"]),
        ("lose", ["Two", "Three"]),
        ("double", ["One", "One", "Two", "Three"]),
        ("delay", ["Two", "Three", "One"]),
        ("reorder", ["Two", "One", "Three"]),
    ],
)
def test_webhooks_go_astray_on_order(world: World, kind: str, heard: list[str]) -> None:
    """Dropped and lost, doubled under one GUID, late, or after the one that came later."""
    mishap(world, kind, seconds=1)
    assert told(world, "One", "Two", "Three") == heard
    guids = [head["x-github-delivery"] for head, _ in world.receiver.got]
    assert len(set(guids)) == len(set(heard))


def test_of_a_dropped_webhook_the_log_knows_and_of_a_lost_one_nobody(world: World) -> None:
    """What was dropped stands there as failed, so that it can be asked for again."""
    before = len(world.hub.admin("deliveries"))
    mishap(world, "drop")
    told(world, "One")
    mishap(world, "lose")
    told(world, "Two")
    (dropped,) = world.hub.admin("deliveries")[before:]
    assert (dropped["payload"]["issue"]["title"], dropped["status_code"]) == ("One", None)


def requests(schedule: Schedule, paths: list[str]) -> list[str | None]:
    struck = [schedule.for_request(Asked("GET", path, "bot[bot]", b"")) for path in paths]
    return [fault.kind if fault else None for fault in struck]


def test_a_schedule_follows_from_its_seed_however_requests_are_mixed() -> None:
    """The n-th request of a sort fares the same, whatever comes between; another seed brings other faults."""
    order = ScheduleOrder(seed=7, rate=0.3)
    one, two = ["/repos/a/b/issues/1"] * 30, ["/user"] * 30
    apart = requests(Schedule(order), one + two)
    mixed = requests(Schedule(order), [path for pair in zip(one, two, strict=True) for path in pair])
    assert apart == mixed[::2] + mixed[1::2]
    assert apart != requests(Schedule(ScheduleOrder(seed=8, rate=0.3)), one + two)
    assert 5 < sum(kind is not None for kind in apart) < 30


def test_a_schedule_never_makes_an_end_impossible() -> None:
    """Even when everything shall fail, every third request of a sort is let through, and at last all are."""
    schedule = Schedule(ScheduleOrder(seed=1, rate=1, most=9, login="bot[bot]"))
    assert schedule.for_request(Asked("GET", "/user", "ann", b"")) is None
    failed = [kind is not None for kind in requests(schedule, ["/user"] * 18)]
    assert failed == [True, True, False] * 4 + [True] + [False] * 5


def test_a_sort_is_the_same_in_every_repository() -> None:
    """Names, numbers and commits are left out; the operation of a document is not."""
    sha = "0123456789" * 4
    assert sort_of(Asked("GET", f"/repos/a/b-1/commits/{sha}/status", None, b"")) == "GET */commits/*/status"
    assert sort_of(Asked("POST", "/acme-1f/widgets.git/git-receive-pack", None, b"")) == "POST */git-receive-pack"
    assert sort_of(Asked("POST", "/graphql", None, b'{"query": "mutation Write(...'))[-5:] == "Write"


def test_a_scheduled_run_says_what_struck(world: World) -> None:
    """Requests and webhooks of one App fail by the seed, bounded in number, and the hub has the list."""
    bot = world.app["login"]
    world.hub.admin("faults/schedule", {"seed": 3, "rate": 0.5, "most": 5, "login": bot, "app": world.slug})
    with world.hub.rest(world.app["token"]) as api:
        for number in range(30):
            try:
                api.post(f"/repos/{world.shop.name}/issues", json={"title": str(number)})
            except httpx.HTTPError:
                continue
    world.settle()
    found = world.hub.admin("faults")
    world.hub.admin("faults", method="DELETE")
    assert (found["scheduled"], len(found["struck"])) == (0, 5)
    assert {each["login"] for each in found["struck"]} == {bot}
