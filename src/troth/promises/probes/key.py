"""Sentence 3: a key is made from the address, and tells it to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from troth.promises import records
from troth.promises.finding import Finding
from troth.promises.formats import DoesNotOpen, KeyOrigin, Keys
from troth.promises.probes.address import look_at_answers, report
from troth.promises.probes.sealed import Reader
from troth.promises.stage import find_key

if TYPE_CHECKING:
    from troth.promises.stage import Purchase, Stage

_ = str  # marks what a page shows, for the catalogue of texts

_VALIDATE = "/api/v1/licences/validate"


def key_recomputed(stage: Stage) -> Finding:
    """Made again from address, order line and salt by a second program, a key is the one the buyer got."""
    finding = Finding()
    masters = Keys.read(stage.twin.key_file).licence
    for name in ("A1", "B1"):
        purchase = stage.bought(name)
        made = _made_from(stage, purchase)
        finding.require(made.origin.address == purchase.buyer.email, "a key was not made from its buyer's address")
        finding.require(made.key(masters) == purchase.keys[-1], "a key made again is not the key that was sold")
        elsewhere = {epoch: bytes(len(master)) for epoch, master in masters.items()}
        finding.require(made.key(elsewhere) != purchase.keys[-1], "a key can be made without the store's own")
        finding.count(_("keys made again"))
    purchase = stage.bought("A1")
    told = stage.twin.run("licence", "show", purchase.number, "--json").json or {}
    finding.require(told.get("key") == purchase.keys[-1], "the maker is shown another key than the buyer")
    _outlive_its_person(stage, purchase, finding)
    return finding


def _outlive_its_person(stage: Stage, purchase: Purchase, finding: Finding) -> None:
    """Destroy a buyer's keys in a copy: the licence key goes on opening the program, and nobody can make it again."""
    person = next(row["person"] for row in _rows(stage, "orders") if row["number"] == purchase.number)
    copy = stage.twin.copy()
    destroyed = records.delete(copy.folder / "vault.db", "person_key", "person", person)
    finding.require(destroyed > 0, "a buyer has no keys of their own")
    copy.start(workers=1)
    try:
        told = copy.visitor("program").call(_VALIDATE, {"key": purchase.keys[-1]}).json or {}
        browser = copy.visitor(purchase.plan.who)
        browser.cookies.update(stage.browser(purchase.plan.who).cookies)
        page = browser.get(purchase.path)
    finally:
        copy.stop()
    finding.require(told.get("valid") is True, "a licence key died with its buyer's own keys")
    gone = not find_key(page.page) and purchase.buyer.email not in page.text
    finding.require(gone, "a licence key is shown after its buyer's own keys were destroyed")
    finding.count(_("keys that outlive their buyer's own"))


def two_addresses_two_keys(stage: Stage) -> Finding:
    """Another address, or another order of the same one, has another key; a replaced key is dead."""
    finding = Finding()
    masters = Keys.read(stage.twin.key_file).licence
    moved = stage.bought("R1")
    known = [*(key for name in ("A1", "A2", "B1") for key in stage.bought(name).keys), *moved.keys]
    finding.require(len(set(known)) == len(known), "two orders have the same key")
    finding.count(_("keys compared"), len(known))
    made, right = _made_from(stage, moved), stage.canary("S")
    finding.require(
        made.origin.address == right.email, "after a wrong address was put right the key is not of the right one"
    )
    finding.require(made.origin.issue == len(moved.keys), "a key that was made anew has the number of the old one")
    finding.require(made.key(masters) == moved.keys[-1], "the key for the right address is not made from it")
    for name in ("A1", "B1"):
        other = _made_from(stage, stage.bought(name))
        wrong = replace(other, origin=replace(other.origin, address=right.email))
        finding.require(wrong.key(masters) not in known, "the address makes no difference to a key")
    for key, good in ((moved.keys[0], False), (moved.keys[-1], True)):
        told = stage.program.call(_VALIDATE, {"key": key}).json or {}
        otherwise = "a key made anew does not open the program" if good else "a replaced key still opens the program"
        finding.require(told.get("valid") is good, otherwise)
        finding.count(_("licence checks"))
    return finding


def answers_hold_no_address(stage: Stage) -> Finding:
    """No answer that a program or a stranger gets, whatever they ask, holds anything a buyer typed."""
    finding = Finding()
    mine, moved = stage.bought("A1"), stage.bought("R1")
    typed = [
        mine.keys[-1],
        mine.keys[-1].lower(),
        moved.keys[0],
        moved.keys[-1],
        mine.keys[-1][:-1] + "U",
        "",
        mine.buyer.email,
    ]
    for key in typed:
        for product in (None, "fernside-nothing"):
            stage.program.call(_VALIDATE, {"key": key} | ({"product": product} if product else {}))
    for path in (
        "/.well-known/troth-keys.json",
        "/api/openapi.json",
        "/api/v1/products",
        f"/api/v1{mine.path}",
        "/readyz",
    ):
        stage.program.call(path)
    for path in ("/", mine.path, moved.path, "/privacy", "/promises", f"/api/v1{moved.path}"):
        stage.stranger.get(path)
    found = look_at_answers(stage, stage.needles(), by=frozenset({"program", "stranger"}))
    report(found, _("answers searched"), finding)
    return finding


@dataclass(frozen=True)
class _Made:
    """What a key was made from, and by which of the store's keys."""

    origin: KeyOrigin
    epoch: int
    tag: int

    def key(self, masters: Mapping[int, bytes]) -> str:
        """Make the key again."""
        return self.origin.make(masters[self.epoch], epoch=self.epoch, tag=self.tag)


def _made_from(stage: Stage, purchase: Purchase) -> _Made:
    """Return what a purchase's newest key was made from; raises `DoesNotOpen` where its row is not as described."""
    order = next((row["id"] for row in _rows(stage, "orders") if row["number"] == purchase.number), "")
    rows = [row for row in _rows(stage, "licence") if row["line"] == f"{order}-1"]
    row = max(rows, key=lambda one: int(one["issue"]), default=None)
    if row is None:
        raise DoesNotOpen("the licence of an order is not where it should be")
    keys = Keys.read(stage.twin.key_file)
    sealed = Reader(stage.twin.folder, stage.twin.lock, keys).read_row("licence", "origin_sealed", row)
    salt, address = sealed.get("salt"), sealed.get("address")
    if not isinstance(salt, bytes) or not isinstance(address, str):
        raise DoesNotOpen("the origin of a licence does not hold what it should")
    origin = KeyOrigin(keys.store, row["product"], row["line"], row["issue"], salt=salt, address=address)
    return _Made(origin, row["epoch"], row["tag"])


def _rows(stage: Stage, table: str) -> list[records.Row]:
    return records.rows_of(stage.twin.database, table)
