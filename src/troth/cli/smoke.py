"""`troth smoke --url URL`: one purchase to key to licence check, over HTTP, as a buyer's browser does it.

Refuses before ordering unless `/readyz` says `payments: test`. Uses nothing of the store but its pages.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import secrets
import time
from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener

from typing_extensions import override

from troth.cli.output import tell
from troth.kernel.errors import Conflict, Unavailable

_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
_KEY = re.compile(r'<code id="key">(.*?)</code>', re.DOTALL)
_TIMEOUT, _PATIENCE = 20.0, 30.0
_MOST_BYTES = 2_000_000


class SmokeFailed(Conflict):
    """The purchase did not go through."""


class _Stay(HTTPRedirectHandler):
    """Follows nothing by itself: each redirect is a step to be looked at."""

    @override
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


class Answer:
    """What came back."""

    def __init__(self, status: int, text: str, location: str) -> None:
        """Keep status, text and where it leads."""
        self.status, self.text, self.location = status, text, location


class Buyer:
    """A browser with a cookie jar and no script."""

    def __init__(self, url: str) -> None:
        """Start at a store."""
        self.url = url.rstrip("/")
        self._opener: OpenerDirector = build_opener(_Stay, HTTPCookieProcessor(CookieJar()))

    def get(self, address: str) -> Answer:
        """Fetch a page."""
        return self._ask(Request(urljoin(self.url + "/", address)))  # noqa: S310 - http(s) is checked by `run`

    def post(self, address: str, fields: Mapping[str, str], *, as_json: bool = False) -> Answer:
        """Send a form, or JSON, as one of the store's own pages would."""
        target = urljoin(self.url + "/", address)
        body = json.dumps(fields).encode() if as_json else urlencode(fields).encode()
        kind = "application/json" if as_json else "application/x-www-form-urlencoded"
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(target))
        headers = {"Content-Type": kind, "Origin": origin, "Sec-Fetch-Site": "same-origin"}
        return self._ask(Request(target, body, headers))  # noqa: S310 - as above

    def _ask(self, request: Request) -> Answer:
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as response:
                text = response.read(_MOST_BYTES).decode("utf-8", "replace")
                return Answer(response.status, text, response.headers.get("Location", ""))
        except HTTPError as error:
            text = error.read(_MOST_BYTES).decode("utf-8", "replace")
            return Answer(error.code, text, error.headers.get("Location", ""))
        except (URLError, TimeoutError) as error:
            raise Unavailable(f"{urlsplit(request.full_url).netloc} does not answer. Nothing was ordered.") from error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the store is and what to buy."""
    parser.add_argument("--url", required=True, help="the store's address")
    parser.add_argument("--product", default="", help="what to buy (default: the first program)")


def run(args: argparse.Namespace) -> int:
    """Buy, and print each step and the key."""
    if urlsplit(args.url).scheme not in {"http", "https"}:
        raise SmokeFailed("--url is an address like http://localhost:8000")
    buyer, steps = Buyer(args.url), list[str]()

    def step(words: str) -> None:
        steps.append(words)
        if not args.json:
            tell(args, None, words)

    key = purchase(buyer, args.product, step)
    tell(args, {"steps": steps, "key": key}, f"key {key}")
    return 0


def purchase(buyer: Buyer, product: str, step: Any) -> str:  # noqa: ANN401 - a function taking words
    """Walk from the first page to a checked key; return the key. Raises `SmokeFailed` at the step that fails."""
    ready = _ready(buyer)
    if ready.get("payments") != "test":
        raise SmokeFailed(f"/readyz says payments: {ready.get('payments')}; only a store in test mode is bought from.")
    step("ready: payments are in test mode")
    slug = product or _first_product(buyer)
    page = _expect(buyer.get(f"/checkout/{slug}"), 200, "the checkout")
    step(f"checkout of {slug} shown")
    fields = _order_fields(page)
    order = _expect(buyer.post(f"/checkout/{slug}", fields), 303, "the order").location
    step("ordered")
    _pay(buyer, order)
    step("paid at the payment provider")
    key = _wait_for_key(buyer, order)
    step("key on the order page")
    answer = buyer.post(
        "/api/v1/licences/validate", {"key": key, "nonce": secrets.token_hex(8), "product": slug}, as_json=True
    )
    if json.loads(_expect(answer, 200, "the licence check").text).get("valid") is not True:
        raise SmokeFailed("The licence check refused the key.")
    step("licence check: valid")
    return key


def _ready(buyer: Buyer) -> dict[str, Any]:
    answer = buyer.get("/readyz")
    try:
        told = json.loads(answer.text)
    except ValueError:
        raise SmokeFailed("/readyz gave no JSON: this is no store of ours. Nothing was ordered.") from None
    return told if isinstance(told, dict) else {}


def _first_product(buyer: Buyer) -> str:
    listed = json.loads(_expect(buyer.get("/api/v1/products"), 200, "the list of products").text)["products"]
    if not listed:
        raise SmokeFailed("The store offers nothing yet. Nothing was ordered.")
    return str(listed[0]["slug"])


def _order_fields(page: Answer) -> dict[str, str]:
    """Fill in the form as it was shown: its hidden fields, the first edition, a fresh address that cannot exist."""
    hidden = {name: html.unescape(value) for name, value in _HIDDEN.findall(page.text)}
    edition = hidden.get("total", "").partition(":")[0]
    return hidden | {
        "edition": edition,
        "email": f"smoke-{secrets.token_hex(6)}@example.org",
        "country": "DE",
        "payment": "card",
        "deliver_now": "yes",
        "waiver": "yes",
        "step": "order",
    }


def _pay(buyer: Buyer, order: str) -> None:
    provider = _expect(buyer.get(f"{order}/pay"), 303, "the way to the payment").location
    _expect(buyer.get(provider), 200, "the payment page")
    back = _expect(buyer.post(provider, {"outcome": "pay"}), 303, "the payment").location
    if urlsplit(back).netloc != urlsplit(buyer.url).netloc:
        raise SmokeFailed("The payment provider did not lead back to the store.")
    _expect(buyer.get(back), 303, "the way back")


def _wait_for_key(buyer: Buyer, order: str) -> str:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        found = _KEY.search(_expect(buyer.get(order), 200, "the order page").text)
        if found:
            return re.sub(r"<[^>]*>|\s", "", found.group(1))
        time.sleep(0.3)
    raise SmokeFailed(f"There was no key within {_PATIENCE:.0f} seconds. The order is kept.")


def _expect(answer: Answer, status: int, what: str) -> Answer:
    if answer.status != status:
        raise SmokeFailed(f"{what} answered {answer.status} instead of {status}.")
    return answer
