"""Sentence 3: a key is made from the address, and tells it to nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from troth.promises import records
from troth.promises.finding import Finding
from troth.promises.formats import DoesNotOpen, KeyOrigin, Keys
from troth.promises.probes.address import look_at_answers, report
from troth.promises.probes.sealed import Reader

if TYPE_CHECKING:
    from troth.promises.stage import Purchase, Stage

_VALIDATE = "/api/v1/licences/validate"


def key_recomputed(stage: Stage) -> Finding:
    """Made again from address, order line and salt by a second program, a key is the one the buyer got."""
    finding = Finding()
    keys = Keys.read(stage.twin.key_file)
    for name in ("A1", "B1"):
        purchase = stage.bought(name)
        origin, facts = _origin(stage, keys, purchase)
        finding.require(origin.address == purchase.buyer.email, "a key was not made from its buyer's address")
        master = keys.licence[facts["epoch"]]
        again = origin.make(master, epoch=facts["epoch"], tag=facts["tag"])
        finding.require(again == purchase.keys[-1], "a key made again is not the key that was sold")
        finding.require(facts["key"] == purchase.keys[-1], "the maker is shown another key than the buyer")
        stranger = origin.make(bytes(len(master)), epoch=facts["epoch"], tag=facts["tag"])
        finding.require(stranger != again, "the key can be made without the store's own key")
        finding.count("keys made again")
    return finding


def two_addresses_two_keys(stage: Stage) -> Finding:
    """Another address, or another order of the same one, has another key; a replaced key is dead."""
    finding = Finding()
    keys = Keys.read(stage.twin.key_file)
    known = [key for name in ("A1", "A2", "B1") for key in stage.bought(name).keys]
    moved = stage.bought("R1")
    known += moved.keys
    finding.require(len(set(known)) == len(known), "two orders have the same key")
    finding.count("keys compared", len(known))
    origin, facts = _origin(stage, keys, moved)
    finding.require(
        origin.address == stage.canary("S").email, "after a wrong address was put right the key is not of the right one"
    )
    finding.require(origin.issue == len(moved.keys), "a key that was made anew has the number of the old one")
    again = origin.make(keys.licence[facts["epoch"]], epoch=facts["epoch"], tag=facts["tag"])
    finding.require(again == moved.keys[-1], "the key for the right address is not made from it")
    for name in ("A1", "B1"):
        elsewhere, other = _origin(stage, keys, stage.bought(name))
        wrong = replace(elsewhere, address=origin.address).make(
            keys.licence[other["epoch"]], epoch=other["epoch"], tag=other["tag"]
        )
        finding.require(wrong not in known, "the address makes no difference to the key")
    for key, good in ((moved.keys[0], False), (moved.keys[-1], True)):
        told = stage.program.call(_VALIDATE, {"key": key}).json or {}
        finding.require(
            told.get("valid") is good, "a replaced key still opens the program" if not good else "a new key does not"
        )
        finding.count("licence checks")
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
    report(found, "answers", finding)
    return finding


def _origin(stage: Stage, keys: Keys, purchase: Purchase) -> tuple[KeyOrigin, dict[str, Any]]:
    """Return what a purchase's newest key was made from, read from the sealed row, and what the maker is shown."""
    facts = stage.twin.run("licence", "show", purchase.number, "--json").json
    rows = [row for row in records.rows_of(stage.twin.database, "licence") if facts and row["line"] == facts["line"]]
    newest = max(rows, key=lambda row: row["issue"], default=None)
    if newest is None:
        raise DoesNotOpen("the licence of an order is not where it should be")
    sealed = Reader(stage.twin.folder, stage.twin.lock, keys).read_row("licence", "origin_sealed", newest)
    if not isinstance(sealed.get("address"), str) or not isinstance(sealed.get("salt"), bytes):
        raise DoesNotOpen("a licence's origin does not hold what it should")
    origin = KeyOrigin(
        keys.store, facts["product"], facts["line"], facts["issue"], salt=sealed["salt"], address=sealed["address"]
    )
    return origin, facts
