"""A small store for the kit's tests: real settings, a real database, a real lock, a few routes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
from starlette.responses import Response

from troth.adapters.engines import open_engine
from troth.kernel.clock import SystemClock
from troth.kernel.config import Settings, load
from troth.kernel.errors import Conflict, NotFound, Refused, Unavailable
from troth.kernel.work import Database, UnitOfWork
from troth.policy.language import CookieCategory
from troth.policy.lock import Controller, Lock, LockedCookie, LockedForm, PolicySettings, stamped
from troth.web.call import Call
from troth.web.limits import Limit
from troth.web.route import Api, Route
from troth.web.site import Setup, Site

HOST = "localhost:8000"
ORIGIN = f"http://{HOST}"
TOKEN = "abcdefghijklmnopqrstuv"
OURS = {"sec-fetch-site": "same-origin"}
SLOW_DOWN = Limit("slow-down", 3)
BY_ADDRESS = Limit("by-address", 2, by="address")


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """What the sample API takes."""

    name: str
    count: int


def make_lock(**changes: Any) -> Lock:
    lock = Lock(
        controller=Controller("Sample", "Street 1", "DE", "mail@example.com"),
        purposes={},
        retentions={},
        roles={},
        records={},
        tables={},
        cookies={
            "troth_session": LockedCookie("people", CookieCategory.MANDATORY, 3600, "remembers you"),
            "troth_visit": LockedCookie("visits", CookieCategory.ANALYTICAL, 3600, "counts visits"),
        },
        recipients={},
        files={},
        forms={"wish": LockedForm("shop", {"name": None, "count": None}, {"name": "to greet", "count": "to count"})},
        sentences=(),
        wording=PolicySettings(),
    )
    return stamped(msgspec.structs.replace(lock, **changes), revision=1)


def make_settings(folder: Path, *, base_url: str = ORIGIN, extra: str = "") -> Settings:
    if not (folder / "troth.toml").exists() or extra:
        mail = '\n[mail]\nurl = "smtps://mail.example.com"' if base_url.startswith("https") else ""
        text = (
            f'[store]\nname = "Sample"\nbase_url = "{base_url}"\n[seller]\nlegal_name = "Sample Ltd"\n'
            f'country = "DE"\ncontact = "mail@example.com"{mail}\n{extra}'
        )
        (folder / "troth.toml").write_text(text, encoding="utf-8")
    return load(folder, {})


def make_site(folder: Path, routes: Sequence[Route], **changes: Any) -> Site:
    settings = changes.pop("settings", None) or make_settings(folder)
    database = Database(open_engine(settings.database.url), settings, SystemClock())
    lock = changes.pop("lock", None) or make_lock()
    return Site(Setup(settings=settings, database=database, lock=lock, routes=routes, **({"strict": True} | changes)))


class Client:
    """Sends requests to a site through ASGI, each in an event loop of its own."""

    def __init__(self, site: Site, *, client: str = "203.0.113.7", base: str = ORIGIN) -> None:
        self.site, self.client, self.base = site, client, base

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(self.site, client=(self.client, 1234))
            async with httpx.AsyncClient(transport=transport, base_url=self.base) as client:
                return await client.request(method, path, **more)

        return asyncio.run(run())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.send("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.send("POST", path, **more)


# -- handlers ---------------------------------------------------------------------------------------------------------


def now(uow: UnitOfWork) -> str:
    return uow.now.isoformat()


async def hello(call: Call) -> Response:
    name = call.query.get("name", "you")
    return Response(f"<p>hello {len(name)}</p>" * 40, media_type="text/html")


async def wish(call: Call) -> Response:
    return call.answer({"form": call.form, "cookies": dict(call.cookies)})


async def api_wish(call: Call) -> Response:
    given = call.json(Wish)
    return call.answer({"name": given.name, "count": given.count}, status=201)


async def order(call: Call) -> Response:
    return call.answer({"token": call.params["token"], "session": call.session})


async def clock(call: Call) -> Response:
    return call.answer({"now": await call.read(now)})


async def limited(call: Call) -> Response:
    return call.answer({"ok": True})


async def begin(call: Call) -> Response:
    call.set_session(TOKEN, 600)
    return call.redirect("/orders/" + TOKEN)


async def fail(call: Call) -> Response:
    kinds: dict[str, Exception] = {
        "missing": NotFound(),
        "conflict": Conflict(),
        "refused": Refused(field="name"),
        "unavailable": Unavailable(),
        "bug": ValueError("somebody@example.com"),
    }
    raise kinds[call.params["kind"]]


ROUTES: tuple[Route, ...] = (
    Route("GET", "/", hello, "home", query=("name",), cache=60),
    Route("POST", "/wish", wish, "wish", form="wish", cookies=("troth_session",)),
    Route("GET", "/orders/{token}", order, "order", cookies=("troth_session",)),
    Route("GET", "/clock", clock, "clock"),
    Route("GET", "/limited", limited, "limited", limits=(SLOW_DOWN,)),
    Route("POST", "/begin", begin, "begin", form="wish"),
    Route("GET", "/fail/{kind}", fail, "fail"),
    Route(
        "POST",
        "/api/v1/wishes",
        api_wish,
        "api-wish",
        api=Api("Wish for something.", Wish, {201: Wish}),
    ),
)
