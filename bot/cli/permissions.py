"""What `sluice doctor` says about each board and repository: may Sluice write there, and does its policy let it?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from bot.cli.finding import Finding
from bot.core.board import Board
from bot.core.exposure import unaccepted
from bot.core.policy import Policy
from bot.errors import SluiceError
from bot.git.facade import Git
from bot.github.access import RepositoryAccess
from bot.github.installations import Installations
from bot.policy_file import old_names, read_policy
from bot.workflow_files import exposures_in

MODES = {
    "live": "live: Sluice works here",
    "preview": 'mode = "preview": decides and shows, writes nothing; set mode = "live" to let it work',
    "off": 'mode = "off": everything is stopped here',
}
NEEDS = "Contents, Issues and Pull requests"
SELDOM = 60  # seconds: whoever moves a card of a board without webhooks waits this long at most


async def repositories(github: Installations, board: Board, drafts: str | None) -> list[str]:
    """That of its drafts, those linked to it, and those found on its cards."""
    linked = (await github.board_access(board)).repositories
    cards = (await github.scan(board)).cards
    named = (drafts or "", *linked, *(card.repo for card in cards))
    return list({name.casefold(): name for name in named if name}.values())


async def of_board(
    github: Installations, git: Git, board: Board, repositories: Sequence[str], sweep_seconds: float
) -> AsyncIterator[Finding]:
    """The board's own, then that of every repository that has to do with it."""
    access = await github.board_access(board)
    what = f"board {board.key}"
    if access.may_write:
        yield Finding(what, "ok", f"may be written; its columns are {', '.join(board.options)}")
    else:
        yield Finding(what, "wrong", _no_board(board, github.login))
    for name, kind in board.lacks.items():
        remedy = "`sluice board setup` adds it; one of another type must be renamed first"
        yield Finding(what, "warning", f"lacks the field {name} ({kind.lower()}), so it is not kept: {remedy}")
    if board.personal:
        yield _personal(what, sweep_seconds)
    for repo in repositories:
        told = await github.repository_access(repo)
        yield _of_repository(told, repo, github.login)
        policy = read_policy(told.policy or "")
        if told.found and told.policy is not None and isinstance(policy, Policy):
            yield await _workflows(git, repo, policy)


def _personal(what: str, sweep_seconds: float) -> Finding:
    often = f"it is looked at every {sweep_seconds:.0f} s"
    told = f"belongs to a person, so it sends no webhooks and is closed to Apps: {often}"
    if sweep_seconds > SELDOM:
        return Finding(what, "warning", f"{told}, which is seldom; set pace.sweep_seconds to {SELDOM} or less")
    return Finding(what, "ok", f"{told}; everything but the board goes on as ever")


async def _workflows(git: Git, repo: str, policy: Policy) -> Finding:
    """Those that run what agents push with more than its own code: `live` waits until a person has accepted them."""
    what = f"workflows of {repo}"
    try:
        found = exposures_in(await git.workflows(repo))
    except SluiceError as error:
        return Finding(what, "warning", f"cannot be read: {error}")
    waiting = unaccepted(found, policy.work.accepted_workflows)
    told = ", ".join(f"{each.file} ({each.why})" for each in waiting or found)
    if waiting:
        remedy = "nothing new is started in live until work.accepted_workflows names them"
        return Finding(what, "warning", f"run agents' code with more than that code itself has: {told}; {remedy}")
    return Finding(what, "ok", f"accepted: {told}" if found else "lend agents' branches nothing")


def _of_repository(access: RepositoryAccess, repo: str, login: str) -> Finding:
    what = f"repository {repo}"
    problem = problem_of(access, login)
    if problem:
        return Finding(what, "wrong", problem)
    if access.policy is None:
        return Finding(what, "warning", "has no .github/sluice.toml on its default branch: left alone")
    policy = read_policy(access.policy)
    if not isinstance(policy, Policy):
        return Finding(what, "wrong", f".github/sluice.toml is broken: {policy}; the last good one applies")
    if old := old_names(access.policy):
        return Finding(what, "warning", f".github/sluice.toml: {'; '.join(old)}. {MODES[policy.mode]}")
    if access.role == "untold":
        return Finding(what, "warning", f"GitHub does not say what this token may do here. {MODES[policy.mode]}")
    return Finding(what, "ok" if policy.mode == "live" else "warning", MODES[policy.mode])


def _no_board(board: Board, login: str) -> str:
    if _is_app(login):
        return "may not be written: give the App the organization permission “Projects: Read and write”, and accept it"
    return f"may not be written: give {login} the role Write on {board.key}, and its token the scope “project”"


def problem_of(access: RepositoryAccess, login: str) -> str:
    """Empty: nothing stands in the way."""
    app = _is_app(login)
    if not access.found:
        where = "install the App on it" if app else f"invite {login} with the role Write"
        return f"cannot be read with this token: {where}"
    if access.archived:
        return "is archived, so nothing can be written: unarchive it, or unlink it from the board"
    if access.role != "less":
        return ""
    if app:
        return f"may be read, not written: install the App on it with {NEEDS}: Read and write"
    return f"may be read, not written: give {login} the role Write"


def _is_app(login: str) -> bool:
    return login.endswith("[bot]")
