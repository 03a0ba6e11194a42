"""Boards over REST: the same cards as GraphQL shows, under database ids; and whom a person's own board hides from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from talk import Json, LocalHub


@dataclass
class Board:
    """A board, a repository beside it, and a client that may do everything."""

    hub: LocalHub
    api: httpx.Client
    repo: str
    path: str
    ids: dict[str, Any]

    def card(self, title: str) -> Json:
        issue = self.api.post(f"/repos/{self.repo}/issues", json={"title": title}).json()
        owner, name = self.repo.split("/")
        where = {"type": "Issue", "owner": owner, "repo": name, "number": issue["number"]}
        made: Json = self.api.post(f"{self.path}/items", json=where).json()
        return made

    def put(self, card: Json, **values: Any) -> httpx.Response:
        fields = [{"id": self.field(name)["id"], "value": value} for name, value in values.items()]
        return self.api.patch(f"{self.path}/items/{card['id']}", json={"fields": fields})

    def field(self, name: str) -> Json:
        fields = self.api.get(f"{self.path}/fields", params={"per_page": 100}).json()
        found: Json = next(each for each in fields if each["name"] == name)
        return found

    def titles(self, query: str = "", **more: Any) -> list[str]:
        listed = self.api.get(f"{self.path}/items", params={"q": query, **more}).json()
        return [each["content"]["title"] for each in listed]

    def values(self, card: Json) -> Json:
        every = ",".join(str(each["id"]) for each in self.api.get(f"{self.path}/fields").json())
        shown = self.api.get(f"{self.path}/items/{card['id']}", params={"fields": every}).json()
        return {each["name"]: each["value"] for each in shown["fields"] if each["value"] is not None}


@pytest.fixture
def board(hub: LocalHub) -> Board:
    ann = hub.person("ann")
    org = hub.org(**{ann["login"]: "admin"})
    fields = [{"name": "Agent", "data_type": "TEXT"}, {"name": "Size", "data_type": "NUMBER"}]
    made = hub.admin("projects", {"owner": org, "title": "Roadmap", "status": ["Ready", "Doing"], "fields": fields})
    path = f"/orgs/{org}/projectsV2/{made['number']}"
    return Board(hub, hub.rest(ann["token"]), hub.repo(org)["full_name"], path, made)


def test_several_fields_are_set_in_one_call_and_null_clears(board: Board):
    """Nothing but the title is shown unless asked for; a value that does not fit is refused."""
    card = board.card("Broken")
    shown = board.api.get(f"{board.path}/items/{card['id']}").json()["fields"]
    assert [(each["name"], each["value"]["raw"]) for each in shown] == [("Title", "Broken")]
    ready = board.ids["options"]["Ready"]
    assert board.put(card, Status=ready, Agent="claude", Size=3).status_code == 200
    values = board.values(card)
    assert (values["Status"]["name"]["raw"], values["Agent"]["raw"], values["Size"]) == ("Ready", "claude", 3)
    board.put(card, Agent=None)
    assert "Agent" not in board.values(card)
    assert board.put(card, Size="many").status_code == 422
    assert board.put(card, Status="00000000").status_code == 404
    path, plan = f"{board.path}/items/{card['id']}", {"iterations": [{"title": "One", "start_date": "soon"}]}
    assert board.api.patch(path, json={"fields": [{"value": 1}]}).json()["message"].endswith('"id" wasn\'t supplied.')
    field = {"name": "Sprint", "data_type": "iteration", "iteration_configuration": plan}
    assert board.api.post(f"{board.path}/fields", json=field).status_code == 422


def test_items_are_found_by_the_filter_page_by_page(board: Board):
    """`q` is the board's filter, an unknown column finds nothing, and `Link` leads through the pages by cursor."""
    for title in ("One", "Two", "Three"):
        board.put(board.card(title), Status=board.ids["options"]["Ready"])
    assert board.titles("status:Ready") == ["One", "Two", "Three"]
    assert board.titles("status:Reddy") == []
    first = board.api.get(f"{board.path}/items", params={"per_page": 2})
    second = board.api.get(first.links["next"]["url"])
    assert [each["content"]["title"] for each in second.json()] == ["Three"]
    back = board.api.get(second.links["prev"]["url"])
    assert (back.json(), "next" in second.links) == (first.json(), False)


def test_adding_twice_gives_the_same_card_and_drafts_are_cards_too(board: Board):
    """The answer has the card's id on top; deleting leaves the issue."""
    card = board.card("Broken")
    again = {"type": "Issue", "id": board.api.get(f"/repos/{board.repo}/issues/1").json()["id"]}
    assert board.api.post(f"{board.path}/items", json=again).json()["id"] == card["id"]
    draft = board.api.post(f"{board.path}/drafts", json={"title": "A thought"}).json()
    assert (draft["content_type"], board.titles()) == ("DraftIssue", ["Broken", "A thought"])
    assert board.api.delete(f"{board.path}/items/{card['id']}").status_code == 204
    assert board.titles() == ["A thought"]
    assert board.api.get(f"/repos/{board.repo}/issues/1").status_code == 200


def test_the_filter_lags_behind_the_board(board: Board):
    """With a lag, a card that was just added is not found and one that was just moved is found where it was."""
    ready, doing = board.ids["options"]["Ready"], board.ids["options"]["Doing"]
    old = board.card("Old")
    board.put(old, Status=ready)
    board.hub.admin("index", {"lag_seconds": 10})
    board.put(old, Status=doing)
    board.put(board.card("New"), Status=doing)
    assert (board.titles("status:Ready"), board.titles("status:Doing")) == (["Old"], [])
    assert board.titles() == ["Old", "New"]  # without a filter there is no index between
    assert board.values(old)["Status"]["name"]["raw"] == "Doing"
    board.hub.admin("clock", {"advance_seconds": 11})
    late = (board.titles("status:Ready"), board.titles("status:Doing"))
    board.hub.admin("clock", {"advance_seconds": -11})  # the server is shared
    board.hub.admin("index", {"lag_seconds": 0})
    assert late == ([], ["Old", "New"])


def test_a_persons_own_board_is_for_people(board: Board):
    """No App finds their board or hears of it, be it public, and no fine-grained token opens it; they themselves do."""
    hub, ann = board.hub, board.api.get("/user").json()["login"]
    mine = hub.admin("projects", {"owner": ann, "title": "Mine", "public": True})
    events = ["projects_v2", "projects_v2_item", "issues"]
    app = hub.admin("apps", {"slug": hub.name("app"), "owner": ann, "events": events, "webhook_url": hub.url})
    own = Board(hub, board.api, hub.repo(ann)["full_name"], f"/users/{ann}/projectsV2/{mine['number']}", mine)
    own.put(own.card("Private"), Status=mine["options"]["Todo"])
    assert own.titles("status:Todo") == ["Private"]
    assert hub.rest(app["token"]).get(own.path).status_code in (403, 404)
    found = hub.graphql(app["token"], "query($id: ID!) { node(id: $id) { id } }", id=mine["id"])
    assert found["errors"][0]["type"] == "NOT_FOUND"
    narrow = hub.admin(f"people/{ann}/tokens", {"permissions": {"organization_projects": "write"}})
    refused = hub.rest(narrow["token"]).get(own.path)
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Resource not accessible by personal access token",
    )
    hub.idle()
    heard = [
        each for each in hub.admin("deliveries") if each["payload"]["installation"]["id"] == app["installation_id"]
    ]
    assert {each["event"] for each in heard} == {"installation", "issues"}


def test_a_public_board_is_read_with_the_scope_for_it(board: Board):
    """Anybody's classic token reads it, if it may read boards at all; writing is for members."""
    hub, stranger = board.hub, board.hub.person("stranger")["login"]
    org = board.path.split("/")[2]
    made = hub.admin("projects", {"owner": org, "title": "Open", "public": True})
    path = f"/orgs/{org}/projectsV2/{made['number']}"
    for scopes, status in ((["repo"], 404), (["read:project"], 200)):
        client = hub.rest(hub.admin(f"people/{stranger}/tokens", {"scopes": scopes})["token"])
        assert client.get(path).status_code == status
    assert client.post(f"{path}/drafts", json={"title": "Mine"}).status_code == 404
