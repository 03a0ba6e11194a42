"""What callers show: the token in a header, and the JWT with which an App proves itself."""

from __future__ import annotations

import base64
from typing import Any

import jwt

from localhub.errors import BadCredentials, NotFound
from localhub.hub import Hub
from localhub.model import App, Token

LONGEST_JWT = 600  # seconds from now
CLAIMS: Any = {"require": ["exp", "iat"], "verify_iss": False}
UNREADABLE = "A JSON web token could not be decoded"
TOO_OLD = (
    "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion"
    " expires"
)
TOO_LONG = "'Expiration time' claim ('exp') is too far in the future"
TOO_NEW = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"


def shown(header: str | None) -> str:
    """The token in an `Authorization` header: `Bearer`, `token`, or the password of `Basic`, as git sends it."""
    kind, _, value = (header or "").partition(" ")
    if kind.lower() in ("bearer", "token"):
        return value.strip()
    if kind.lower() != "basic":
        return ""
    try:
        name, _, password = base64.b64decode(value).decode().partition(":")
    except ValueError as error:
        raise BadCredentials() from error
    return (password or name).strip()


def token_in(hub: Hub, header: str | None) -> Token | None:
    return hub.tokens.get(shown(header))


def whose(hub: Hub, header: str | None) -> str | None:
    """The login a request counts for; whether its token or JWT is any good is asked elsewhere."""
    try:
        token = token_in(hub, header)
    except BadCredentials:
        return None
    if token is not None:
        return token.actor.login
    app = _claimed(hub, shown(header))
    return app.actor.login if app else None


def app_by_jwt(hub: Hub, header: str | None) -> App:
    """The App that signed the bearer JWT: RS256, issued by it, in the past, ending within ten minutes.

    The true time counts, not the hub's: whoever signs knows nothing of a clock that a test has moved.
    """
    encoded = shown(header)
    try:
        jwt.decode(encoded, options={"verify_signature": False})
        found = _claimed(hub, encoded)
        if found is None:
            raise NotFound("Integration not found")
        claims = jwt.decode(encoded, found.public_key, algorithms=["RS256"], options=CLAIMS)
    except jwt.ExpiredSignatureError:
        raise BadCredentials(TOO_OLD) from None
    except (jwt.ImmatureSignatureError, jwt.InvalidIssuedAtError):
        raise BadCredentials(TOO_NEW) from None
    except jwt.PyJWTError:
        raise BadCredentials(UNREADABLE) from None
    if claims["exp"] - hub.true_now().timestamp() > LONGEST_JWT:
        raise BadCredentials(TOO_LONG)
    return found


def _claimed(hub: Hub, encoded: str) -> App | None:
    """The App that a JWT says it is from, by its id or client id."""
    try:
        issuer = str(jwt.decode(encoded, options={"verify_signature": False}).get("iss"))
    except jwt.PyJWTError:
        return None
    return next((each for each in hub.apps if issuer in (str(each.id), each.client_id)), None)
