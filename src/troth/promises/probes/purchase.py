"""Sentence 1: a made-up person buys, and is asked for nothing that is not declared."""

from __future__ import annotations

import hashlib
import secrets
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from troth.promises.finding import Finding
from troth.promises.stage import CARD, PLANS, JourneyFailed, Purchase, Stage, typed
from troth.web.pages import translations

if TYPE_CHECKING:
    from troth.policy.lock import Lock
    from troth.promises.page import Form
    from troth.promises.visitor import Answer, Visitor

_ = str  # marks what a page shows, for the catalogue of texts

_MOST_PAGES: Final = 60
_NOT_ASKED: Final = frozenset({"product", "consents"})
"""Names in the API that stand for the path of the page and for its boxes."""


def purchase_end_to_end(stage: Stage) -> Finding:
    """From the first page to a key that opens the program, and the program itself."""
    finding = Finding()
    purchase = stage.bought("A1")
    stage.settle()
    key = purchase.keys[-1]
    finding.count(_("orders placed and paid"))
    _check_letters(stage, purchase, finding)
    _check_download(stage, purchase, finding)
    _check_key(stage, key, finding)
    if stage.twin.paybox is not None and CARD in stage.methods:
        taken = [one for one in stage.twin.paybox.state()["intents"] if one["status"] == "succeeded"]
        sums = {(one["amount_received"], one["currency"].upper()) for one in taken}
        shown = (int(purchase.total.replace(".", "")), purchase.currency)
        finding.require(shown in sums, "the payment provider took another sum than the page showed")
        finding.count(_("payments at the provider"), len(taken))
    return finding


def _check_letters(stage: Stage, purchase: Purchase, finding: Finding) -> None:
    mine = [letter for letter in stage.letters() if purchase.buyer.email in letter.to]
    finding.count(_("mails delivered to the buyer"), len(mine))
    finding.require(any(purchase.keys[-1] in one.text for one in mine), "no mail brought the buyer the key")
    receipt = any(purchase.path in one.text and purchase.keys[-1] not in one.text for one in mine)
    finding.require(receipt, "no mail brought the buyer a receipt")


def _check_download(stage: Stage, purchase: Purchase, finding: Finding) -> None:
    browser, page = stage.browser(purchase.plan.who), purchase.page.page
    files = [link for link in page.links if urlsplit(link).path.startswith((f"{purchase.path}/files/", "/downloads/"))]
    finding.require(bool(files), "the order's page offers no download")
    for link in files:
        answer = browser.get(link)
        digest = hashlib.sha256(answer.body).hexdigest()
        finding.require(answer.status == 200, "a download of the order did not come")  # noqa: PLR2004 - OK
        finding.require(digest in page.codes, "a download has another checksum than the page says")
        finding.count(_("files downloaded, checksum right"))


def _check_key(stage: Stage, key: str, finding: Finding) -> None:
    nonce = secrets.token_hex(8)
    told = stage.program.call("/api/v1/licences/validate", {"key": key, "nonce": nonce})
    answer = told.json or {}
    good = answer.get("valid") is True and answer.get("nonce") == nonce
    finding.require(good, "the licence check refused the key that was sold")
    finding.require(bool(told.header("signature")), "the licence check's answer is not signed")
    other = key[:-1] + ("0" if key[-1] != "0" else "1")
    wrong = stage.program.call("/api/v1/licences/validate", {"key": other}).json or {}
    finding.require(wrong.get("valid") is False, "the licence check took a key that was never sold")
    finding.count(_("licence checks"), 2)


# -- what is asked ---------------------------------------------------------------------------------------------------


def fields_declared(stage: Stage) -> Finding:
    """Look at every form of every page: it asks for declared fields only, and says why."""
    finding = Finding()
    lock = stage.twin.lock
    _check_pages(lock, stage.stranger, ["/", stage.checkout], finding)
    try:
        purchase = stage.bought("A1")
        stage.bought("C1")
    except JourneyFailed as failure:
        # A form that asks for too much cannot even be sent; what was seen until here says why.
        finding.require(holds=False, otherwise=str(failure))
        return finding
    for browser, begin in (
        (stage.browser("A"), ["/", purchase.path, stage.checkout]),
        (stage.stranger, [purchase.path]),
        (stage.office, ["/office/orders"]),
    ):
        _check_pages(lock, browser, begin, finding)
    _check_api(stage, lock, finding)
    _check_refusal(stage, finding)
    finding.require(finding.counts.get("fields asked", 0) > 0, "no form was found at all")
    return finding


def _check_pages(lock: Lock, browser: Visitor, begin: list[str], finding: Finding) -> None:
    """Look at every form that a visitor meets from some pages on."""
    for answer in _walk(browser, begin):
        finding.count(_("pages looked at"))
        for form in answer.page.forms:
            _check_form(lock, answer, form, finding)


def _walk(browser: Visitor, begin: list[str]) -> Iterator[Answer]:
    """Yield pages reached by links of the store's own, each path once; links that begin a payment are not followed."""
    seen: set[str] = set()
    waiting = deque(urljoin(browser.base_url, link) for link in begin)
    while waiting and len(seen) < _MOST_PAGES:
        url = waiting.popleft()
        parts = urlsplit(url)
        if parts.netloc != urlsplit(browser.base_url).netloc or parts.path in seen or parts.path.endswith("/pay"):
            continue
        seen.add(parts.path)
        answer = browser.get(url)
        if answer.header("content-type").startswith("text/html"):
            yield answer
            waiting.extend(urljoin(url, link) for link in answer.page.links)


def _check_form(lock: Lock, answer: Answer, form: Form, finding: Finding) -> None:
    asked = {*form.controls, *(name for name, _ in form.buttons)} - {""}
    declared = {name: frozenset(lock.form(name) or ()) for name in lock.forms}
    named = {control.id.partition("-")[0] for control in form.controls.values() if "-" in control.id} & declared.keys()
    candidates = named or declared.keys()
    name = min(candidates, key=lambda one: len(asked - declared[one]))
    for field in sorted(asked - declared[name]):
        finding.require(holds=False, otherwise=f"a form on {answer.path} asks for {field}, which nobody declared")
    finding.count(_("forms"))
    finding.count(_("fields asked"), len(asked))
    language = translations(answer.header("content-language") or "en")
    for field, control in form.controls.items():
        kept = field in declared[name] and lock.forms[name].fields[field] is not None
        note = lock.note(name, field, language) if kept and form.method == "post" and control.kind != "hidden" else None
        if note is not None:
            finding.require(
                note.why in answer.page.text, f"a form on {answer.path} does not say why it asks for {field}"
            )
            finding.count(_("notes that say why"))


def _check_api(stage: Stage, lock: Lock, finding: Finding) -> None:
    """Hold what a program must send to order against what the page asks for."""
    described = stage.program.call("/api/openapi.json").json
    wanted = described["components"]["schemas"]
    order = described["paths"]["/api/v1/orders"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    asked: set[str] = set()
    waiting = [order["$ref"].rpartition("/")[2]]
    while waiting:
        for name, one in wanted[waiting.pop()]["properties"].items():
            asked.add(name)
            references = [one, *one.get("anyOf", ()), *one.get("allOf", ())]
            waiting += [ref["$ref"].rpartition("/")[2] for ref in references if "$ref" in ref]
    for name in sorted(asked - _NOT_ASKED - set(lock.form("checkout") or ())):
        finding.require(holds=False, otherwise=f"the API asks for {name}, which nobody declared")
    finding.count(_("fields of the API"), len(asked))


def _check_refusal(stage: Stage, finding: Finding) -> None:
    """Send a field nobody declared: the whole form is refused, whatever stands in it."""
    browser, buyer = stage.browser("refused"), stage.canary("U")
    form = browser.get(stage.checkout).page.find_form(action=urlsplit(stage.checkout).path)
    if form is None:
        finding.require(holds=False, otherwise="the checkout shows no form")
        return
    fields = form.filled(typed(buyer, PLANS["A1"], stage.methods[0]), button=("step", "order"))
    answer = browser.post(form.action, fields | {"birthday": buyer.name})
    finding.require(answer.status >= 400, "a field that nobody declared was taken")  # noqa: PLR2004 - a refusal
    finding.count(_("undeclared fields refused"))
