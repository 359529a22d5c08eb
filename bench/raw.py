"""The peers: bare ASGI applications on the same server, without any of the store's code.

`RAW_FILE` holds recorded bytes to send; `RAW_STORE` names a store's database and templates for the page peer.
"""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, PrefixLoader

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_SECURITY = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-cache")]


def same_bytes() -> ASGIApp:
    """Return an application that answers every request with the recorded bytes and headers."""
    recorded = json.loads(Path(os.environ["RAW_FILE"]).read_text())
    headers = [(name.encode(), value.encode()) for name, value in recorded["headers"]]
    body = Path(recorded["body"]).read_bytes()

    async def application(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    return application


def page() -> ASGIApp:
    """Return an application that reads a product by raw sqlite3 and renders the store's own template with Jinja2."""
    connection = sqlite3.connect(Path(os.environ["RAW_STORE"]) / "troth.db", check_same_thread=False)
    loader = PrefixLoader({part: PackageLoader(f"troth.{part}") for part in ("web", "shop")})
    environment = Environment(loader=loader, autoescape=True, extensions=["jinja2.ext.i18n"], auto_reload=False)
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        store={"name": "Fernside Software", "demo": True, "base_url": "", "seller": _Seller()},
        policy={"hash": "0" * 64, "revision": 1},
        asset=lambda name: f"/static/{name}",
        money=_money,
        date=str,
        country=str,
        percent=str,
        file_size=str,
    )
    template = environment.get_template("shop/product.html")

    async def application(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        slug = scope["path"].rpartition("/")[2]
        if scope["path"] == "/healthz":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        (raw,) = connection.execute("SELECT page FROM product WHERE slug = ?", (slug,)).fetchone()
        files = connection.execute("SELECT * FROM release WHERE product = ?", (slug,)).fetchall()
        body = template.render(
            page={"path": scope["path"], "language": "en"}, **_context(json.loads(raw), files)
        ).encode()
        headers = [*_SECURITY, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application


class _Seller:
    legal_name, address, country, contact, register, vat_id = "Fernside Software", "Kiel", "DE", "a@b.example", "", ""


class _Sum:
    def __init__(self, minor: int) -> None:
        self.net, self.tax, self.total = minor, minor * 19 // 100, minor * 119 // 100
        self.tax_name, self.label, self.notice = "19% VAT (Germany)", "incl. 19% VAT (Germany)", None


def _money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02} €"


def _context(product: dict[str, Any], files: list[Any]) -> dict[str, Any]:
    editions = [
        edition
        | {"sum": _Sum(edition["prices"][0]["minor"]), "url": f"/checkout/{product['slug']}?edition={edition['id']}"}
        for edition in product["editions"]
    ]
    trials = [
        {
            "url": one[0],
            "label": one[3],
            "os": one[4],
            "version": one[2],
            "size": one[8],
            "sha256": one[9],
            "released_on": _Day(),
        }
        for one in files
    ]
    picture = product.get("picture")
    capture = picture and {"src": "/media/x", "svg": None, "caption": "", **picture}
    news = [one | {"released_on": _Day()} for one in product["news"]]
    shown = product | {"editions": editions, "trials": trials, "capture": capture, "news": news}
    countries = [(code, code) for code in COUNTRIES]
    return {"product": shown, "country": {"code": "DE", "name": "Germany"}, "countries": countries, "sells": True}


class _Day:
    def strftime(self, _form: str) -> str:
        """Return a day."""
        return "2026-11-03"


COUNTRIES = [f"{one}{other}" for one in "ABCDEFGHIJ" for other in "ABCDEFGHIJKLMNOPQRSTUVWXY"]
