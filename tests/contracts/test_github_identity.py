"""Whose name Sluice acts in: an App's installations, each for its own owner, and tokens that end before their time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.core.actions import MoveCard, SayStatus
from bot.core.item import Item
from bot.core.own import Deed
from bot.errors import OutOfReach, Refused, Unavailable
from bot.github.auth import AppToken, StaticToken
from bot.github.boards import Account
from bot.github.identity import App
from bot.github.installations import Installations
from tests.contracts.github_world import ADD_CARD, COLUMNS, GitHubWorld, world

__all__ = ["world"]
TWO_HOURS = 7200


def app_of(world: GitHubWorld, url: str = "", installation: int | None = None) -> App:
    return App(url or world.url, world.app["app_id"], world.app["private_key"], installation)


async def test_token_that_ended_is_renewed_once(world: GitHubWorld) -> None:
    """GitHub's clock runs ahead of ours: the 401 brings a new token, and the read its answer."""
    github = world.client(app_of(world).api(world.org))
    board = await github.board(world.key)
    world.admin("clock", advance_seconds=TWO_HOURS)
    assert (await github.board(world.key)) == board
    world.admin("clock", advance_seconds=TWO_HOURS)
    with pytest.raises(Refused, match="401"):  # a second token within the minute would not be better
        await github.board(world.key)
    await github.close()


async def test_a_hiccup_while_the_app_asks_its_own_name_ends_no_start(world: GitHubWorld) -> None:
    """The first question of every start is asked again like any other read."""
    match = {"path": "/app", "login": world.app["login"]}
    world.admin("faults", match=match, kind="status", status=500, times=2)
    assert await app_of(world).login() == world.app["login"]


async def test_write_with_a_token_that_ended_comes_back(world: GitHubWorld) -> None:
    """Nothing was written, so it is no person's business; the next try has a new token."""
    github = world.client(app_of(world).api(world.org))
    await github.board(world.key)
    world.admin("clock", advance_seconds=TWO_HOURS)
    for _ in range(2):
        try:
            answer = await github.update_branch(world.repo, 1, "0" * 40)
        except Unavailable as error:
            assert "a new one is fetched" in str(error)
        except Refused as error:
            answer = None
            assert error.status == 404  # there is no such pull request: the token was good
    assert answer is None
    await github.close()


async def test_each_owner_has_an_installation(world: GitHubWorld) -> None:
    """Without an id the installation is found by owner, an organization or a person; named, it is good for all."""
    with minting() as (url, _):
        found, named = app_of(world, url), app_of(world, url, installation=7)
        assert [await found.api(owner)() for owner in ("acme", "mona")] == ["ghs_1_a.b.c", "ghs_2_a.b.c"]
        assert await found.git("mona/dotfiles")() == "ghs_2_a.b.c"
        assert [await named.api(owner)() for owner in ("acme", "mona")] == ["ghs_7_a.b.c"] * 2
        with pytest.raises(OutOfReach, match=r"the App does not reach nobody \(GitHub answered 404: Not Found \("):
            await found.api("nobody")()


async def test_each_owners_board_goes_by_its_own(world: GitHubWorld) -> None:
    """A client is opened once for each owner; a place where the App is not installed is named as such."""
    opened: list[str] = []

    def client(owner: str) -> Any:
        opened.append(owner)
        return world.client(app_of(world).api(owner))

    github = Installations(world.github.login, client, shared=False)
    board = await github.board(world.key)
    assert board.project_id == world.board.project_id
    assert (await github.scan(board)).cards == () and opened == [world.org]
    with pytest.raises(OutOfReach, match=r"the App does not reach somebody-else .*404"):
        await github.board("somebody-else/1")
    await github.close()


async def test_a_board_with_a_token_of_its_own_goes_by_the_repository(world: GitHubWorld) -> None:
    """The App is not installed on the board's owner: an account moves the card, and within limits of its own; the
    repository's installation says the words."""
    desk = world.admin("people", login=f"desk{world.number}")
    order = {"title": "Mine", "status": COLUMNS, "collaborators": [desk["login"]]}
    made = world.admin("projects", owner=world.mona.login, **order)
    issue = world.mona.rest("POST", f"/repos/{world.repo}/issues", title="Fix")
    world.mona.graphql(ADD_CARD, board=made["id"], content=issue["node_id"])
    key = f"{world.mona.login}/{made['number']}"
    accounts = {key: Account(StaticToken(desk["token"]), desk["login"])}
    github = Installations(
        world.github.login,
        lambda owner: world.client(app_of(world).api(owner), accounts=accounts),
        shared=False,
        apart=accounts,
    )
    board = await github.board(key)
    (card,) = (await github.scan(board)).cards
    item = Item(id=card.id, board=key, repo=card.repo, number=card.number)
    seen = await github.see(board, item)
    told, put = await github.write(board, item, [SayStatus("On it."), MoveCard("Ready")], seen)
    assert told.ok and put.ok
    (said,) = world.mona.rest("GET", f"/repos/{world.repo}/issues/{issue['number']}/comments")
    assert said["user"]["login"] == world.app["login"]
    moved = await github.see(board, item, [Deed(1, "MoveCard", "Ready", True, at=put.at)])
    assert moved.face and moved.face.column == "Ready"
    assert [(move.actor, move.ours) for move in moved.moves] == [(desk["login"], True)]
    assert accounts[key].limits.budget.hours["graphql"].used > 0
    await github.close()


async def test_git_gets_a_token_for_one_repository(world: GitHubWorld) -> None:
    """It may push to the one and do nothing else: GitHub is asked for no more than that."""
    with minting() as (url, asked):
        app = app_of(world, url, installation=7)
        assert await app.git(f"{world.org}/shop")() == await app.git(f"{world.org}/shop")()
        await app.api(world.org)()
    assert asked == [{"repositories": ["shop"], "permissions": {"contents": "write"}}, {}]


async def test_a_clock_that_is_wrong_mints_no_flood(world: GitHubWorld) -> None:
    """Tokens that seem to have ended long ago are used all the same, for ten minutes at least."""
    with minting(ends="2001-01-01T00:00:00Z") as (url, asked):
        token = AppToken(url, world.app["app_id"], world.app["private_key"], 7)
        assert [await token() for _ in range(5)] == ["ghs_7_a.b.c"] * 5
    assert len(asked) == 1


@contextmanager
def minting(ends: str = "2100-01-01T00:00:00Z") -> Iterator[tuple[str, list[Any]]]:
    """A GitHub that only knows two installations and mints tokens; it keeps what each was asked to be good for."""
    asked: list[Any] = []

    class Mint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            id_ = {"/orgs/acme/installation": 1, "/users/mona/installation": 2}.get(self.path)
            self.answer(200 if id_ else 404, {"id": id_} if id_ else {"message": "Not Found"})

        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.answer(201, {"token": f"ghs_{self.path.split('/')[3]}_a.b.c", "expires_at": ends})

        def answer(self, status: int, told: Any) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Mint)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
