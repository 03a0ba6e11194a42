"""Which board, which repositories, and what its columns mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from bot.cli.init.environment import from_environment
from bot.cli.init.given import Given
from bot.cli.init.identity import Who
from bot.cli.init.questions import Questions
from bot.cli.output import console
from bot.cli.permissions import problem_of
from bot.cli.permissions import repositories as repositories_of
from bot.core.board import Board, Columns
from bot.core.setup import DESCRIPTIONS, guessed
from bot.errors import BoardError, Refused, UserError
from bot.github.access import RepositoryAccess
from bot.github.installations import Installations
from bot.github.places import Places, board_key, no_board
from bot.github.surroundings import Listed, Surroundings, surroundings
from bot.wiring import github_of

USUAL = Columns()
PURPOSES = tuple(field.name for field in fields(Columns))
SAY_BOARD = "say --board OWNER/N"


@dataclass(frozen=True)
class Chosen:
    board: Board
    table: Mapping[str, Any]  # [boards."owner/number"], as it is written
    repositories: tuple[RepositoryAccess, ...]
    missing: tuple[str, ...]  # columns the board lacks


async def chosen(given: Given, ask: Questions, who: Who, places: Places) -> Chosen:
    key = await _key(given, ask, who, places)
    token = await _own_token(given, ask, who, key)
    async with github_of(who.drafted({key: token})) as github:
        board = await _board(github, who, places, key)
        names = columns(given.columns, ask, tuple(board.options))
        repositories = await _repositories(given, ask, who, places, github, board)
    drafts = {"draft_repository": repositories[0].repo} if len(repositories) == 1 or given.repos else {}
    other = {what: name for what, name in names.items() if name.casefold() != getattr(USUAL, what).casefold()}
    missing = Columns(**names).missing_from(tuple(board.options))
    return Chosen(board, {**other, **drafts, **token}, repositories, missing)


# --- the board --------------------------------------------------------------------------------------------------------


async def _key(given: Given, ask: Questions, who: Who, places: Places) -> str:
    """From the command line, by its address, or from a list of the owner's."""
    told = given.board
    if not told and who.at:
        return await _listed(ask, who, places, who.at.owner)
    told = told or ask.text("Which board (owner/number, its address, or an owner to see theirs)", SAY_BOARD)
    if key := board_key(told):
        return key
    if "/" in told:
        raise UserError(no_board(told))
    return await _listed(ask, who, places, told)


async def _listed(ask: Questions, who: Who, places: Places, owner: str) -> str:
    async with surroundings(places.api, who.identity.api(owner)) as around:
        boards = await around.boards(owner)
    if not boards:
        raise UserError(
            f"{owner} has no board that {who.login} may see; make a Project there, or say --board OWNER/N "
            "(a person's board is closed to Apps: it takes --board and a token of its own)"
        )
    return boards[ask.one_of(f"Which board of {owner}?", [f"{b.key}  {b.title}" for b in boards], SAY_BOARD)].key


async def _own_token(given: Given, ask: Questions, who: Who, key: str) -> dict[str, str]:
    """A person's board is closed to Apps."""
    if given.board_token_env:
        return {"token": from_environment(given.board_token_env)}
    personal = who.at is not None and who.at.personal and who.at.owner.casefold() == key.partition("/")[0].casefold()
    if not personal:
        return {}
    console.print(f"{key} is a person's board, which GitHub closes to Apps and of which it sends no webhooks.")
    told = "A classic token of an account that may write on it, scopes repo and project (not shown)"
    return {"token": ask.secret(told, "say --board-token-env NAME")}


async def _board(github: Installations, who: Who, places: Places, key: str) -> Board:
    try:
        return await github.board(key)
    except (BoardError, Refused) as error:
        owner = key.partition("/")[0]
        async with surroundings(places.api, who.identity.api(owner)) as around:
            there = await _others(around, owner)
        raise UserError(f"{error}{there}") from None


async def _others(around: Surroundings, owner: str) -> str:
    try:
        boards: list[Listed] = await around.boards(owner)
    except (UserError, Refused):
        return ""
    named = ", ".join(f"{board.key} ({board.title})" for board in boards)
    return f"; {owner} has {named}" if named else f"; {owner} has no board that may be seen"


# --- its columns ------------------------------------------------------------------------------------------------------


def columns(told: Sequence[str], ask: Questions, options: tuple[str, ...]) -> dict[str, str]:
    """The name for each purpose: as told or asked, else the best there is, else the usual one, which is to be added."""
    given = _told(told, options)
    best = {purpose: name for purpose, name in guessed(options).items() if name not in given.values()} | given
    names = {purpose: best.get(purpose, getattr(USUAL, purpose)) for purpose in PURPOSES}
    if ask.terminal:
        _show(names, options)
        names = names if ask.yes("Is that right?", True) else _asked(ask, names, options)
    folded = [name.casefold() for name in names.values()]
    if twice := sorted({name for name in names.values() if folded.count(name.casefold()) > 1}):
        raise UserError(
            f"the column “{twice[0]}” would be for two purposes: give each its own with --column PURPOSE=NAME"
        )
    return names


def _asked(ask: Questions, names: Mapping[str, str], options: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for purpose in PURPOSES:
        free = [option for option in options if option not in found.values()]
        new = f"none of these: “{getattr(USUAL, purpose)}” is to be added"
        best = free.index(names[purpose]) if names[purpose] in free else len(free)
        at = ask.one_of(f"\n{DESCRIPTIONS[purpose]}:", [*free, new], "say --column", best)
        found[purpose] = free[at] if at < len(free) else getattr(USUAL, purpose)
    return found


def _told(told: Sequence[str], options: tuple[str, ...]) -> dict[str, str]:
    """`ready=To do`: as the board spells it where it has it."""
    found: dict[str, str] = {}
    for each in told:
        purpose, given, name = each.partition("=")
        if purpose not in PURPOSES or not given or not name.strip():
            raise UserError(f"--column {each!r} is not PURPOSE=NAME; the purposes are {', '.join(PURPOSES)}")
        spelt = {option.casefold(): option for option in options}
        found[purpose] = spelt.get(name.strip().casefold(), name.strip())
    return found


def _show(names: Mapping[str, str], options: tuple[str, ...]) -> None:
    console.print("\nWhat the board's columns are for:")
    there = {option.casefold() for option in options}
    for purpose, name in names.items():
        added = "" if name.casefold() in there else "   (not there yet)"
        console.print(f"  {DESCRIPTIONS[purpose]:<26} {name}{added}")


# --- its repositories -------------------------------------------------------------------------------------------------


async def _repositories(
    given: Given, ask: Questions, who: Who, places: Places, github: Installations, board: Board
) -> tuple[RepositoryAccess, ...]:
    """As told; else those linked to the board or on its cards; else what the App reaches."""
    names = list(given.repos)
    if not names:
        names = await repositories_of(github, board, None)
    if not names and who.at:
        async with surroundings(places.api, who.identity.api(who.at.owner)) as around:
            names = await around.repositories()
    if not names:
        told = ask.text("A repository to work in (owner/name)", "say --repo OWNER/NAME", "")
        names = [told] if told else []
    found = []
    for name in names:
        access = await _access(github, name)
        problem = problem_of(access, who.login)
        if problem and name in given.repos:
            raise UserError(f"repository {name} {problem}")
        if problem:
            console.print(f"left out: repository {name} {problem}")
            continue
        found.append(access)
    return tuple(found)


async def _access(github: Installations, name: str) -> RepositoryAccess:
    owner, _, rest = name.partition("/")
    if not owner or not rest or "/" in rest:
        raise UserError(f"a repository is named owner/name, not {name!r}")
    return await github.repository_access(name)
