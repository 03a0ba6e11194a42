"""The course of `sluice init`: what comes after what, and what is said of it."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

from bot.agents.runtimes import installed
from bot.cli import doctor
from bot.cli.init.board import Chosen, chosen
from bot.cli.init.earlier import earlier, put_settings
from bot.cli.init.files import POLICY, POLICY_TEXT, argv, put, settings_text
from bot.cli.init.given import Given
from bot.cli.init.identity import Who, who
from bot.cli.init.questions import Questions
from bot.cli.output import console
from bot.core.policy import Policy
from bot.errors import UserError
from bot.github.places import PUBLIC, places_of
from bot.policy_file import read_policy
from bot.settings import Settings, read_settings
from bot.wiring import github_of

PROBE = "May doctor try to write, too? It opens a scratch issue and closes it again"
LOCAL = ("localhost", "127.0.0.1", "::1")


async def run(given: Given) -> int:
    """Doctor's exit code."""
    ask = Questions(sys.stdin.isatty() and sys.stdout.isatty())
    _check(given)
    left = earlier(given.config)
    if left and not left.begun:
        _may_replace(given, ask)
    elif left:
        console.print(f"{given.config} holds the beginning of an earlier init, which is gone on with.")
    places = places_of(given.github_url or (left.written.get("git_url", PUBLIC) if left else PUBLIC))
    me = await who(given, ask, places, left)
    found = await chosen(given, ask, me, places)
    agent = given.agent or ask.text(f"{_agents()} (empty: later)", "", "")
    argv(agent)
    _write(given, me, found, agent)
    settings = read_settings(given.config)
    await _columns(given, ask, settings, found)
    write = given.probe if given.probe is not None else ask.yes(PROBE, False)
    console.print("\nsluice doctor says:")
    sound = await doctor.report(settings, write)
    _next(given, found)
    return 0 if sound else 1


def _agents() -> str:
    here = installed()
    known = f"; here {'is' if len(here) == 1 else 'are'} {', '.join(here)}" if here else ""
    return f"The program that does the work, with its arguments{known}"


def _check(given: Given) -> None:
    """What can be known to be wrong before anything is asked."""
    if given.app and given.token_env:
        raise UserError("--app and --token-env: one of them")
    hook = urlsplit(given.webhook)
    if given.webhook and (hook.scheme not in ("https", "http") or not hook.hostname or hook.path in ("", "/")):
        raise UserError(f"--webhook {given.webhook!r}: the address of it looks like https://YOUR-HOST/webhooks/github")
    if hook.hostname in LOCAL and urlsplit(given.github_url or PUBLIC).hostname not in LOCAL:
        raise UserError(f"--webhook {given.webhook!r} is this machine itself, where GitHub sends nothing")
    argv(given.agent)


def _may_replace(given: Given, ask: Questions) -> None:
    if not given.force and not ask.yes(
        f"{given.config} is there. Replace it (it is kept as {given.config}.old)?", False
    ):
        raise UserError(f"{given.config} is there, and stays as it is: --force replaces it")


def _write(given: Given, me: Who, found: Chosen, agent: str) -> None:
    put_settings(given.config, settings_text(me.table, {found.board.key: found.table}, agent))
    console.print(f"\n{given.config} is written; it holds secrets, and only you can read it.")
    bare = [each.repo for each in found.repositories if each.policy is None]
    for each in found.repositories:
        if each.policy is not None:
            console.print(f"{each.repo} has its .github/sluice.toml: {_mode(each.policy)}")
    if not bare:
        return
    policy = given.config.parent / POLICY
    if policy.exists() and not given.force:
        console.print(f"{policy} is there, and stays as it is.")
    else:
        put(policy, POLICY_TEXT, 0o644)
        console.print(f'{policy} is written: what Sluice may do in a repository, in mode = "preview".')
    console.print(
        f"Commit it as {POLICY} on the default branch of {', '.join(bare)}; Sluice never pushes there itself."
    )


def _mode(text: str) -> str:
    policy = read_policy(text)
    return f'mode = "{policy.mode}"' if isinstance(policy, Policy) else f"broken: {policy}"


async def _columns(given: Given, ask: Questions, settings: Settings, found: Chosen) -> None:
    if not found.missing:
        return
    named = ", ".join(f"“{name}”" for name in found.missing)
    console.print(f"\nThe board has no column {named}.")
    if given.add_columns or ask.yes("Add them now (no card moves)?", True, otherwise=False):
        async with github_of(settings) as github:
            made = await github.set_up(await github.board(found.board.key), False)
        console.print(f"Added: {', '.join((*made.columns, *made.fields))}.")
    else:
        console.print(
            "Sluice leaves the board alone until it has: `sluice board setup` adds them, as --add-columns does."
        )


def _next(given: Given, found: Chosen) -> None:
    config = "" if given.config == Path("sluice.toml") else f" --config {given.config}"
    console.print("\nNext:")
    if any(each.policy is None for each in found.repositories):
        console.print("  commit the policy; until then its repository is left alone")
    console.print(f"  sluice sweep --dry-run{config}    what Sluice would do with each card, and why not")
    console.print(f"  sluice serve{config}              do it")
