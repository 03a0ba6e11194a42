"""Builds the real outside world from settings. Nothing else constructs a client."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bot.consent import sandbox_or_consent
from bot.context import Context
from bot.core.board import Board
from bot.equipment import Clock, agents_of, gateway_of, utc_now
from bot.errors import BoardError, OutOfReach, Refused, SettingsError
from bot.filing import filer
from bot.git.facade import Git
from bot.github.auth import StaticToken
from bot.github.boards import Account
from bot.github.client import GitHubClient, viewer_login
from bot.github.costs import Costs
from bot.github.deliverylog import DeliveryLog
from bot.github.identity import App, Identity, PersonalToken
from bot.github.installations import Installations
from bot.github.limits import Limits
from bot.github.reach import Reach
from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger
from bot.logs import Hiding
from bot.prices import price_of
from bot.settings import BoardSettings, Settings

if TYPE_CHECKING:
    from bot.engine import DbosEngine
    from bot.service import Service


async def build(settings: Settings, now: Clock = utc_now, booked: bool = True) -> Service:
    """A service that is wired and not started. Not `booked`: its calls to GitHub leave no row in the ledger."""
    # Here, with the engine, so that commands that only talk to GitHub start quickly.
    from bot.agents import Launcher
    from bot.agents.homes import Homes
    from bot.runs import Runs
    from bot.service import Service

    sandbox_or_consent(settings)
    settings.need_board()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    ledger = await open_ledger(settings.ledger_url())
    github, git_token, reach = await connect(settings, ledger if booked else None, now)
    found = await find_boards(settings, github)
    boards = {board.key: board for board in found if isinstance(board, Board)}
    problems = tuple(problem for problem in found if isinstance(problem, str))
    if not boards:
        raise BoardError("\n".join(problems))
    hide = Hiding(settings.secrets()).text
    launcher = Launcher(settings.data_dir, hide)
    git = Git(settings.data_dir, _url_of(settings), git_token, _author(github.login), reach.ask)
    engine = _engine(settings)
    context = Context(
        now=now,
        github=github,
        git=git,
        engine=engine,
        ledger=ledger,
        boards=boards,
        peers=settings.peer_list(),
        caps=settings.cap_values(),
        large_board=settings.pace.large_board,
        file=filer(settings.data_dir, settings.telemetry.otlp_url),
        forget_homes=Homes(settings.data_dir).forget,
        price=price_of,
        draft_repos={key: b.draft_repository for key, b in settings.boards.items() if b.draft_repository},
    )
    gateway = gateway_of(settings, now)
    agents = agents_of(settings, settings.data_dir, launcher, gateway)
    runs = Runs(context, agents, settings.data_dir / "outcomes", hide, settings.pace.meter_seconds)
    gateway.meter.keep, gateway.meter.over_budget = runs.spending.keep, runs.spending.refusal
    engine.handlers.update({"run": runs.run, "gate": runs.gate})
    return Service(settings, context, ledger, github, engine, launcher, gateway, problems)


@asynccontextmanager
async def open_service(settings: Settings, booked: bool = True) -> AsyncIterator[Service]:
    service = await build(settings, booked=booked)
    try:
        yield service
    finally:
        await service.stop()


@asynccontextmanager
async def github_of(settings: Settings) -> AsyncIterator[Installations]:
    """GitHub alone: for doctor."""
    github, *_ = await connect(settings, None, utc_now)
    try:
        yield github
    finally:
        await github.close()


@asynccontextmanager
async def github_and_git(settings: Settings) -> AsyncIterator[tuple[Installations, Git]]:
    """For doctor's writes: git in a folder of which nothing stays."""
    github, git_token, _ = await connect(settings, None, utc_now)
    try:
        with TemporaryDirectory(prefix="sluice-") as folder:
            yield github, Git(Path(folder), _url_of(settings), git_token, _author(github.login))
    finally:
        await github.close()


async def connect(
    settings: Settings, ledger: SqlLedger | None, now: Clock
) -> tuple[Installations, Callable[[str], Awaitable[str]], Reach]:
    """The clients, git's tokens by repository, and what is out of reach.

    Every call is booked in the ledger, on the item that caused it.
    """

    async def book(item: str | None, kind: str, amount: int) -> None:
        if ledger:
            await ledger.book(item, kind, amount, now())

    costs = Costs(book)
    identity = identity_of(settings, costs.token)
    login = settings.github.login or await identity.login()
    boards = settings.boards.items()

    @cache
    def limits(of: str) -> Limits:
        return Limits(of, now, ledger.keep_standing if ledger else None)

    accounts = await _accounts(settings, limits)
    reach = Reach(identity.within)

    def opened(owner: str) -> GitHubClient:
        return GitHubClient(
            settings.github.api_url,
            identity.api(owner),
            login,
            book,
            settings.github.timeout_seconds,
            columns={key: board.columns() for key, board in boards},
            priority_fields={key: board.priority_field for key, board in boards},
            kept={key: board.kept() for key, board in boards},
            limits=limits(f"{login} on {owner}" if owner else login),
            accounts=accounts,
            reach=reach,
        )

    async def git_token(repo: str) -> str:
        await costs.git()  # whoever wants the token is about to call
        return await identity.git(repo)()

    app = identity.itself()
    deliveries = DeliveryLog(app, Costs(book, limits(f"{login} as the App"))) if app else None
    github = Installations(login, opened, shared=identity.shared, apart=accounts, reach=reach, deliveries=deliveries)
    return github, git_token, reach


async def _accounts(settings: Settings, limits: Callable[[str], Limits]) -> dict[str, Account]:
    """The boards that have a token of their own."""
    found: dict[str, Account] = {}
    for key, board in settings.boards.items():
        if board.token:
            token = StaticToken(board.token.get_secret_value())
            login = await _login_of(settings, token)
            found[key] = Account(token, login, limits(login or key))
    return found


async def _login_of(settings: Settings, token: StaticToken) -> str:
    """Empty: GitHub does not take it. Its board is then left alone, and the others are not."""
    try:
        return await viewer_login(settings.github.api_url, token)
    except Refused:
        return ""


async def find_boards(settings: Settings, github: Installations) -> list[Board | str]:
    """Each board, or the sentence that says why it is left alone."""
    return [await _find_board(key, board, github) for key, board in settings.boards.items()]


async def _find_board(key: str, settings: BoardSettings, github: Installations) -> Board | str:
    try:
        board = await github.board(key)
    except OutOfReach as error:  # it may come back while Sluice runs
        return Board(key, "", "", {}, settings.columns(), lost=str(error))
    except (BoardError, Refused) as error:
        own = ", with the token of its own" if settings.token else ""
        return f"board {key}{own}: {error}"
    return board.trouble or board


def identity_of(settings: Settings, minted: Callable[[], Awaitable[None]] | None = None) -> Identity:
    github = settings.github
    if github.app_id:
        return App(github.api_url, github.app_id, _private_key(settings), github.installation_id, minted)
    if github.token is None:
        raise SettingsError("no identity: set github.app_id and its key, or SLUICE_GITHUB__TOKEN")
    return PersonalToken(github.api_url, github.token.get_secret_value())


def _private_key(settings: Settings) -> str:
    """A key in the environment may have its lines joined by `\\n`."""
    github = settings.github
    if github.private_key:
        return _pem("SLUICE_GITHUB__PRIVATE_KEY", github.private_key.get_secret_value().replace("\\n", "\n"))
    assert github.private_key_file is not None  # settings without any are refused
    try:
        return _pem(str(github.private_key_file), github.private_key_file.read_text("utf-8", "replace"))
    except OSError as error:
        raise SettingsError(f"the App's private key {github.private_key_file} cannot be read: {error}") from None


def _pem(where: str, text: str) -> str:
    """What is no key at all is told before GitHub is asked."""
    if "PRIVATE KEY-----" not in text:
        raise SettingsError(f"{where} holds no private key (-----BEGIN RSA PRIVATE KEY-----): the App's page makes one")
    return text


def _engine(settings: Settings) -> DbosEngine:
    from bot.effects.agents import GATES
    from bot.engine import DbosEngine

    queues = {name: peer.capacity for name, peer in settings.peers.items()} | {GATES: settings.caps.running}
    if settings.database:
        return DbosEngine(settings.database, _executor(), queues, settings.pace.engine_seconds)
    file = settings.data_dir / "engine.db"
    return DbosEngine(f"sqlite:///{file.resolve()}", "local", queues, settings.pace.engine_seconds)


def _executor() -> str:
    """Unique by construction: two processes of one name would take each other's work for their own."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _url_of(settings: Settings) -> Callable[[str], str]:
    return lambda repo: f"{settings.github.git_url.rstrip('/')}/{repo}.git"


def _author(login: str) -> tuple[str, str]:
    return login, f"{login}@users.noreply.github.com"
