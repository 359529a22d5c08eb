"""Routes for those who look after the machine, and the two files robots and researchers ask for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import msgspec
from starlette.responses import Response

from troth.kernel.config import PaymentSettings, Settings
from troth.kernel.errors import NotFound, Unavailable
from troth.web.call import Call
from troth.web.records import reach
from troth.web.route import Handler, Route

_HOUR: Final = 3600
_SECURITY_VALID: Final = timedelta(days=180)
_SITEMAP: Final = "/sitemap.xml"
_HIDDEN: Final = ("/checkout/", "/orders/", "/withdraw/", "/office/", "/account", "/api/")


class Health(msgspec.Struct, frozen=True):
    """What `/readyz` tells: `payments` is test, live, bank or none."""

    status: str
    database: str
    jobs: str
    payments: str


def routes(jobs_late: Callable[[], bool]) -> tuple[Route, ...]:
    """Return the routes; `jobs_late` says whether the job process has fallen silent (`Heartbeat.late`)."""
    return (
        Route("GET", "/healthz", _alive, "healthz"),
        Route("GET", "/readyz", _ready(jobs_late), "readyz"),
        Route("GET", "/robots.txt", _robots, "robots", cache=_HOUR),
        Route("GET", "/.well-known/security.txt", _security, "security-txt", cache=_HOUR),
    )


def payments_of(payments: PaymentSettings) -> str:
    """Say how this store is paid; live as soon as any real money moves by itself."""
    if payments.stripe is not None:
        return "live" if payments.stripe.live else "test"
    return "bank" if payments.bank is not None else "none"


async def _alive(call: Call) -> Response:
    return call.answer({"status": "ok"})


def _ready(jobs_late: Callable[[], bool]) -> Handler:
    async def ready(call: Call) -> Response:
        try:
            await call.read(reach)
        except Unavailable:
            database = "unavailable"
        else:
            database = "ok"
        jobs = "silent" if jobs_late() else "ok"
        well = database == jobs == "ok"
        payments = payments_of(call.site.setup.settings.payments)
        health = Health("ready" if well else "not ready", database, jobs, payments)
        return call.answer(health, status=200 if well else 503)

    return ready


async def _robots(call: Call) -> Response:
    base = call.site.setup.settings.store.base_url
    has_map = any(route.path == _SITEMAP for route in call.site.table)
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _HIDDEN)]
    lines += [f"Sitemap: {base}{_SITEMAP}"] if has_map else []
    return Response("\n".join(lines) + "\n", media_type="text/plain")


async def _security(call: Call) -> Response:
    """RFC 9116; a contact is an e-mail address or a web address."""
    settings: Settings = call.site.setup.settings
    contact = settings.seller.contact
    if "@" in contact and " " not in contact:
        contact = f"mailto:{contact}"
    if not contact.startswith(("mailto:", "https://")):
        raise NotFound
    expires = call.site.setup.database.clock.now() + _SECURITY_VALID
    lines = (
        f"Contact: {contact}",
        f"Expires: {expires.strftime('%Y-%m-%dT00:00:00Z')}",
        f"Preferred-Languages: {', '.join(settings.store.languages)}",
        f"Canonical: {settings.store.base_url}/.well-known/security.txt",
    )
    return Response("\n".join(lines) + "\n", media_type="text/plain")
