"""Building and observing a world: JSON endpoints below /_hub, for tests and the demo, without authentication.

GitHub has none of this. Only the machine itself may call it.
"""

from fastapi import APIRouter, Depends
from starlette.requests import Request

from localhub.admin import breaking, building, observing
from localhub.errors import NotFound

LOOPBACK = ("127.0.0.1", "::1")


async def only_from_here(request: Request) -> None:
    if request.client is None or request.client.host not in LOOPBACK:
        raise NotFound()


router = APIRouter(prefix="/_hub", dependencies=[Depends(only_from_here)])
router.include_router(building.router)
router.include_router(observing.router)
router.include_router(breaking.router)
