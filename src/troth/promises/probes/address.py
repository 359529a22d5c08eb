"""Sentence 2: an address is found by asking for it, and nowhere as readable text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from troth.promises.finding import Finding
from troth.promises.search import Found, Hit, Place, Unsearchable, look, places_of
from troth.promises.stage import Stage

if TYPE_CHECKING:
    from troth.promises.search import Needles

_ = str  # marks what a page shows, for the catalogue of texts


def address_found(stage: Stage) -> Finding:
    """Ask for orders by address, in any spelling of it: its own are found, and any other address finds none."""
    finding = Finding()
    mine, other = stage.bought("A1"), stage.bought("B1")
    known = {purchase.number for purchase in stage.purchases.values()}
    said = stage.twin.run("order", "list", f" {mine.buyer.email.upper()} ", "--json").json
    listed = {one["order"] for one in said} if isinstance(said, list) else set()
    finding.require(mine.number in listed and other.number not in listed, "troth order list does not find by address")
    finding.count(_("look-ups by address"))
    local, domain = mine.buyer.email.split("@")
    unknown = (f"{local}x@{domain}", f"{local}@x{domain}", stage.canary("U").email)
    asked = {mine.buyer.email: mine.number, other.buyer.email: other.number, **dict.fromkeys(unknown, "")}
    for address, number in asked.items():
        page = stage.office.post("/office/orders", {"query": address}).text
        finding.count(_("look-ups by address"))
        finding.require(number in page, "the office does not find an order by its buyer's address")
        others = {one for one in known - {number} if one in page} - _of_same_person(stage, number)
        finding.require(not others, "an address finds an order that is not its own")
    return finding


def _of_same_person(stage: Stage, number: str) -> set[str]:
    """Return the other orders of whoever placed this one."""
    who = {purchase.plan.who for purchase in stage.purchases.values() if purchase.number == number}
    return {purchase.number for purchase in stage.purchases.values() if purchase.plan.who in who}


def address_unreadable(stage: Stage) -> Finding:
    """Search files, logs, the payment provider, others' mail and others' pages for what anybody typed."""
    finding = Finding()
    stage.all_bought()
    _visit_as_others(stage)
    stage.settle()
    needles = stage.needles()
    folder = stage.twin.snapshot()
    try:
        report(look(places_of(folder), needles), _("files searched"), finding)
        report(look(_outside(stage), needles), _("logs and provider searched"), finding)
        report(look_at_letters(stage, needles), _("mails searched"), finding)
        report(look_at_answers(stage, needles), _("answers to others searched"), finding)
    except Unsearchable as lacking:
        finding.require(holds=False, otherwise=f"not everything could be looked into: {lacking}")
    finding.count(_("people sent through"), len(stage.canaries))
    finding.count(_("values looked for"), len(needles.secrets))
    return finding


def report(found: Found, what: str, finding: Finding) -> None:
    """Add what a search saw to a finding."""
    finding.count(what, found.places)
    finding.count(_("bytes searched"), found.octets)
    finding.count(_("finds"), found.count)
    finding.blame(found.lines())


def _visit_as_others(stage: Stage) -> None:
    """Let people open what is not theirs: another's order by its link, without the browser that bought."""
    for name in ("B", "stranger"):
        for purchase in (stage.bought("A1"), stage.bought("C1"), stage.bought("R1")):
            stage.browser(name).get(purchase.path)
    for browser in (stage.stranger, stage.browser("B")):
        for path in ("/", "/promises", "/privacy", stage.checkout, "/office/orders", "/orders/" + "A" * 22):
            browser.get(path)


def _outside(stage: Stage) -> Iterator[Place]:
    """Yield what lies beside the folder: standard error of every process, and what the provider knows."""
    for path in stage.twin.scratch.glob("*.stderr"):
        yield Place(path.name, path.read_bytes())
    if stage.twin.paybox is not None:
        yield Place("payment provider", json.dumps(stage.twin.paybox.state()).encode())


def look_at_letters(stage: Stage, needles: Needles) -> Found:
    """Search every mail; it may hold its own recipient's values only."""
    found = Found()
    owners = {canary.email: letter for letter, canary in stage.canaries.items()}
    for letter in stage.letters():
        to = owners.get(letter.to)
        # After a wrong address was put right the order, its link and its key are the right address's.
        own = {purchase.plan.who for purchase in stage.purchases.values() if purchase.plan.reissue_to == to} | {to}

        def allowed(hit: Hit, to: str | None = to, own: frozenset[str | None] = frozenset(own)) -> bool:
            return hit.secret.owner == to or (
                hit.secret.owner in own and hit.secret.field in {"order link", "licence key"}
            )

        one = look([Place(f"mail to {to}", letter.octets)], needles, allowed=allowed)
        found.places += one.places
        found.octets += one.octets
        for place, hits in one.hits.items():
            found.add(place, hits)
    return found


def look_at_answers(stage: Stage, needles: Needles, *, by: frozenset[str] | None = None) -> Found:
    """Search every answer that went to somebody else; `by` names whose answers (None: everybody's)."""
    found = Found()
    given = {purchase.plan.reissue_to: purchase.plan.who for purchase in stage.purchases.values()}
    for answer in stage.twin.instance.transcript:
        if answer.by == "office" or (by is not None and answer.by not in by):
            # The maker's own office: what stands there is declared, and each opening leaves a leaf.
            continue

        def allowed(hit: Hit, who: str = answer.by, url: str = answer.url) -> bool:
            owner, value = hit.secret.owner, hit.secret.value
            # Whoever calls up a link learns nothing by finding it there; what they typed themselves may come back.
            return owner == who or given.get(owner) == who or value in url or (who == "refused" and owner == "U")

        one = look([Place(f"{answer.method} {answer.path} as {answer.by}", answer.octets)], needles, allowed=allowed)
        found.places += one.places
        found.octets += one.octets
        for place, hits in one.hits.items():
            found.add(place, hits)
    return found
