"""Who asks from this machine itself, and not through a proxy or tunnel that ends here.

Whoever makes the webhook reachable makes every page of the server reachable. What is for those who run Sluice is told
only to a caller on loopback, who calls this machine by a name of its own, and for whom nobody forwards.
"""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from starlette.requests import Request

FORWARDS = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


def nearby(request: Request) -> bool:
    if any(name in request.headers for name in FORWARDS):
        return False
    called = request.headers.get("host", "").rpartition("@")[2]
    name = called.partition("]")[0].lstrip("[") if called.startswith("[") else called.partition(":")[0]
    return request.client is not None and _loopback(request.client.host) and _loopback(name)


def allowed(request: Request, token: str) -> bool:
    """With a token whoever shows it, from wherever; without one whoever is nearby."""
    if not token:
        return nearby(request)
    kind, _, shown = request.headers.get("authorization", "").partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), token.encode())


def _loopback(name: str) -> bool:
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
