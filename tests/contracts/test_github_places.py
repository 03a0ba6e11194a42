"""Where a GitHub is, from the address people visit, and which board they mean."""

from __future__ import annotations

import pytest

from bot.errors import UserError
from bot.github.permissions import asked, ungranted
from bot.github.places import Places, board_key, no_board, places_of


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://github.com/", "https://api.github.com"),
        ("https://octo.ghe.com", "https://api.octo.ghe.com"),
        ("https://git.example.com", "https://git.example.com/api/v3"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v3"),
    ],
)
def test_each_kind_of_github_has_its_api_elsewhere(url: str, api: str) -> None:
    """Beside its pages, or below them."""
    web = url.rstrip("/")
    assert places_of(url) == Places(web, api, web)


@pytest.mark.parametrize("url", ["github.com", "ftp://github.com", "https://github.com/my-org", "https://"])
def test_what_is_no_address_is_said(url: str) -> None:
    """A board's address or a bare name is not where a GitHub is."""
    with pytest.raises(UserError, match="not the address of a GitHub"):
        places_of(url)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("my-org/1", "my-org/1"),
        (" my-org/12 ", "my-org/12"),
        ("https://github.com/orgs/my-org/projects/3", "my-org/3"),
        ("https://github.com/orgs/my-org/projects/3/views/1?pane=issue", "my-org/3"),
        ("https://github.com/users/mona/projects/7", "mona/7"),
        ("my-org", ""),
        ("my-org/my-repo", ""),
        ("my-org/my-repo/3", ""),
    ],
)
def test_a_board_is_named_or_pasted(text: str, key: str) -> None:
    """By owner and number, or by its address in the browser."""
    assert board_key(text) == key


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("my-org/my-repo/3", "that my-org/my-repo links to belongs to its owner, so it is my-org/3"),
        ("https://github.com/my-org/my-repo/projects/3", "so it is my-org/3"),
        ("https://github.com/orgs/my-org/projects/3", "this one is my-org/3"),
        ("my-org", "https://github.com/orgs/OWNER/projects/NUMBER"),
        ("my-org/my-repo", "https://github.com/orgs/OWNER/projects/NUMBER"),
    ],
)
def test_a_board_that_is_named_wrongly_is_told_how(text: str, hint: str) -> None:
    """Most of all the board of a repository, of which GitHub has none."""
    assert hint in no_board(text)


def test_what_an_installation_lacks() -> None:
    """More than was asked for is enough; a person's account has no permissions of an organization to give."""
    assert ungranted(asked()) == ()
    assert [each.key for each in ungranted(asked() | {"issues": "read", "contents": "admin"})] == ["issues"]
    without = {key: level for key, level in asked().items() if key != "organization_projects"}
    assert ungranted(without, personal=True) == ()
    assert [str(each) for each in ungranted(without)] == ["“Projects: Read and write”"]
