"""The small store of the kit's tests, as a factory for real workers."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.responses import Response

from tests.unit.web.store import ROUTES, make_settings
from tests.unit.web.store import make_site as make
from troth.web import health, openapi
from troth.web.call import Call
from troth.web.heartbeat import Heartbeat
from troth.web.route import Route
from troth.web.site import Site

PAGE = b"<!doctype html><title>page</title>" + b"".join(b"<p>line %d of a page</p>" % n for n in range(300))


async def page(_call: Call) -> Response:
    return Response(PAGE, media_type="text/html; charset=utf-8")


async def slow(call: Call) -> Response:
    await asyncio.sleep(0.5)
    return call.answer({"slept": True})


def make_site(folder: Path) -> Site:
    own = (Route("GET", "/page", page, "page", cache=300), Route("GET", "/slow", slow, "slow"))
    routes = (*ROUTES, *own, *health.routes(lambda: Heartbeat(folder).late), openapi.route())
    return make(folder, routes, settings=make_settings(folder), body_seconds=1.0)
