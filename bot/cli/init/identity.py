"""Who Sluice will be on GitHub: an App made in the browser, a token, or whom an earlier init left in the settings."""

from __future__ import annotations

import asyncio
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.cli.init.earlier import Earlier, put_settings
from bot.cli.init.environment import from_environment, has_display
from bot.cli.init.files import SECRET, put, settings_text
from bot.cli.init.given import Given
from bot.cli.init.page import page
from bot.cli.init.questions import Questions
from bot.cli.output import console
from bot.errors import Refused, UserError
from bot.github.auth import AppToken
from bot.github.identity import Identity
from bot.github.manifest import Made, convert, kind_of, manifest
from bot.github.places import Places, board_key
from bot.github.surroundings import Installed, installations
from bot.settings import Settings
from bot.wiring import identity_of

Table = Mapping[str, Any]
LOOKS = 1.0  # seconds between two looks for an installation
OWN_VARIABLE = "SLUICE_GITHUB__TOKEN"  # which Sluice reads by itself
SAY = "say --token-env NAME, or --app"
KINDS = (
    "a GitHub App of your own, made now in your browser: nobody's account, and it may do no more than it must",
    "a token, of the account Sluice is to write as",
)


@dataclass(frozen=True)
class Who:
    """An identity that GitHub accepted."""

    table: Table  # [github], as it is written
    outside: Table  # what belongs to it and is not written
    identity: Identity
    login: str
    at: Installed | None = field(default=None)  # an App's place

    def drafted(self, boards: Table) -> Settings:
        return Settings.model_validate({"github": {**self.table, **self.outside}, "boards": boards})


async def who(given: Given, ask: Questions, places: Places, left: Earlier | None) -> Who:
    """What the settings hold is gone on with, unless something else was asked for."""
    if left and left.identity and not given.app and not given.token_env:
        return await _settled(given, ask, left.written, left.outside)
    if given.app or (not given.token_env and ask.one_of("Who is Sluice on GitHub?", KINDS, SAY) == 0):
        return await _settled(given, ask, await _app(given, ask, places), {})
    token = from_environment(given.token_env) if given.token_env else ask.secret("Token (not shown)", SAY)
    told = {"token": token}
    if given.token_env == OWN_VARIABLE:
        return await _settled(given, ask, _addresses(places), told)
    return await _settled(given, ask, _addresses(places) | told, {})


# --- an App -----------------------------------------------------------------------------------------------------------


async def _app(given: Given, ask: Questions, places: Places) -> Table:
    owner = given.owner or board_key(given.board).partition("/")[0]
    owner = owner or ask.text("Whose board is it (an organization or a login)", "say --board OWNER/N")
    organization = owner if await kind_of(places.api, owner) == "Organization" else ""
    table: dict[str, Any] = _addresses(places)

    async def exchange(code: str) -> Made:
        """Kept at once, because GitHub tells it this once: whatever happens now, another init goes on from here."""
        made = await convert(places.api, code)
        table.update(_keep(given, table, made))
        return made

    async with page(given.port, exchange) as shown:
        shown.show(places.web, organization, manifest(owner, f"{places.web}/{owner}", shown.back, given.webhook))
        _invite(shown.url, places.web)
        if has_display() if given.browser is None else given.browser:
            await asyncio.to_thread(webbrowser.open, shown.url)
        try:
            async with asyncio.timeout(given.patience):
                made = await shown.made
        except TimeoutError:
            raise UserError("the browser did not come back in time, and nothing was made: run init again") from None
        except Refused as error:
            raise UserError(f"GitHub did not make the App: run init again ({error})") from None
    console.print(
        f"\nThe App “{made.slug}” is made. Its key is in {table['private_key_file']}, which only you can read."
    )
    return table


def _invite(url: str, web: str) -> None:
    port = url.rpartition(":")[2]
    console.print(f"\nOpen this in a browser that is signed in to {web}:\n\n    {url}\n")
    console.print(f"On another machine, after: ssh -L {port}:127.0.0.1:{port} THIS-MACHINE")
    console.print("Waiting for it to come back; Ctrl-C stops ...")


def _keep(given: Given, addresses: Table, made: Made) -> Table:
    key = given.config.parent / f"{made.slug}.pem"
    put(key, made.private_key, SECRET)
    table = {**addresses, "app_id": made.app_id, "private_key_file": str(key)}
    table |= {"webhook_secret": made.webhook_secret} if made.webhook_secret else {}
    put_settings(given.config, settings_text(table, {}, ""))
    return table


async def _installed(given: Given, ask: Questions, app: AppToken, login: str) -> Installed:
    """Where the App is installed. Until it is, that is waited for."""
    wanted = given.owner or board_key(given.board).partition("/")[0]
    told = False
    try:
        async with asyncio.timeout(given.patience):
            while not (found := _at(wanted, await installations(app))):
                if not told:
                    console.print("\nInstall it, on the repositories it is to work in:\n")
                    console.print(f"    {(await app.pages()).installing}\n")
                    console.print("Waiting for that; Ctrl-C stops, and another `sluice init` goes on from here ...")
                    told = True
                await asyncio.sleep(LOOKS)
    except TimeoutError:
        where = f" on {wanted}" if wanted else ""
        raise UserError(
            f"{login} is not installed{where}: install it and run init again, it goes on from here"
        ) from None
    at = found[0]
    if len(found) > 1:
        at = found[ask.one_of("Where is the board?", [each.owner for each in found], "say --board OWNER/N")]
    console.print(f"It is installed on {at.owner}.")
    return at


def _at(wanted: str, found: list[Installed]) -> list[Installed]:
    return [each for each in found if not wanted or each.owner.casefold() == wanted.casefold()]


# --- whoever it is ----------------------------------------------------------------------------------------------------


async def _settled(given: Given, ask: Questions, table: Table, outside: Table) -> Who:
    identity = identity_of(Settings.model_validate({"github": {**table, **outside}}))
    try:
        login = await identity.login()
    except Refused as error:
        if error.status not in (401, 404):
            raise
        what = "App's key" if table.get("app_id") else "token"
        raise UserError(
            f"GitHub does not take this {what}: it is wrong, has ended or was revoked; --app makes an App, and "
            "--token-env NAME takes another token"
        ) from None
    console.print(f"Sluice acts as {login}.")
    app = identity.itself()
    if app is not None:
        return Who(table, outside, identity, login, await _installed(given, ask, app, login))
    if not login.endswith("[bot]"):
        _warn(login)
    return Who(table, outside, identity, login)


def _warn(login: str) -> None:
    console.print(
        f"If {login} is you, know what that costs: all that Sluice writes bears your name, and GitHub lets nobody "
        "approve a pull request of their own, so you cannot approve Sluice's. An account of its own, or a GitHub App, "
        "has neither trouble."
    )


def _addresses(places: Places) -> dict[str, Any]:
    """Those of github.com go without saying."""
    usual = Settings().github
    found = {"api_url": places.api, "git_url": places.git}
    return {key: value for key, value in found.items() if value != getattr(usual, key)}
