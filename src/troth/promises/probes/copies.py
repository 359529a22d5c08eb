"""Sentence 8: a copy without its keys shows nothing personal, and sealed rows open in their own place only."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

from troth.promises import records
from troth.promises.finding import Finding
from troth.promises.formats import DoesNotOpen, Keys
from troth.promises.probes.address import report
from troth.promises.probes.sealed import Reader, row_name
from troth.promises.search import KeyNeedles, Unsearchable, count_keys, look, places_of
from troth.promises.stage import find_key

if TYPE_CHECKING:
    from pathlib import Path

    from troth.promises.program import Instance
    from troth.promises.stage import Purchase, Stage

_ = str  # marks what a page shows, for the catalogue of texts


def copy_without_keys(stage: Stage) -> Finding:
    """Search the folder without the key file for what anybody typed, and for every key."""
    finding = Finding()
    stage.all_bought()
    stage.settle()
    keys, needles = Keys.read(stage.twin.key_file), stage.needles()
    folder = stage.twin.snapshot()
    reader = Reader(folder, stage.twin.lock, keys)
    try:
        report(look(places_of(folder), needles), _("files searched"), finding)
        unwrapped = tuple(reader.person_keys.values())
        for place, count in count_keys(places_of(folder), KeyNeedles((*keys.all, *unwrapped))).items():
            finding.require(holds=False, otherwise=f"{place} holds a key of the store ({count} times)")
    except Unsearchable as lacking:
        finding.require(holds=False, otherwise=f"not everything could be looked into: {lacking}")
    except DoesNotOpen:
        finding.require(holds=False, otherwise="a person's key is not wrapped under the key file's")
    else:
        finding.count(_("keys looked for"), len(keys.all) + len(unwrapped))
        finding.require(bool(unwrapped), "nobody has a key of their own")
    finding.count(_("people sent through"), len(stage.canaries))
    return finding


def moved_rows(stage: Stage) -> Finding:
    """Exchange sealed values between rows, of two people and of one: none of them opens."""
    finding = Finding()
    bought = [stage.bought(name) for name in ("A1", "A2", "B1")]
    stage.settle()
    copy = stage.twin.copy()
    keys = Keys.read(stage.twin.key_file)
    _check_seats(Reader(copy.folder, stage.twin.lock, keys), finding)
    copy.start(workers=1)
    try:
        _check_pages(stage, copy, bought, finding)
    finally:
        copy.stop()
    return finding


def _check_seats(reader: Reader, finding: Finding) -> None:
    """Every sealed value opens where it stands, by the published format, and in no other row."""
    for table, column, row in reader.rows():
        try:
            reader.read_row(table, column, row)
            finding.count(_("sealed values opened in their place"))
        except DoesNotOpen:
            finding.require(holds=False, otherwise=f"{table}.{column} is not sealed as the format says")
        try:
            reader.read_row(table, column, row, at=secrets.token_hex(len(row_name(row)) // 2))
            finding.require(holds=False, otherwise=f"{table}.{column} opens in another row")
        except DoesNotOpen:
            finding.count(_("sealed values refused in another row"))


def _check_pages(stage: Stage, copy: Instance, bought: list[Purchase], finding: Finding) -> None:
    """Exchange values in the running copy, ask for the page that would show them, and put them back."""
    database, (first, second, other) = copy.folder / "troth.db", bought
    browsers = {}
    for purchase in bought:
        browser = copy.visitor(purchase.plan.who)
        browser.cookies.update(stage.browser(purchase.plan.who).cookies)
        browsers[purchase.number] = browser
        shown = find_key(browser.get(purchase.path).page) == purchase.keys[-1]
        finding.require(shown, "the copy does not show a buyer their own order")
    for table, column, key, pair, who in _moves(database, first, second, other):
        records.swap(database, table, column, key=key, pair=pair)
        answer = browsers[who.number].get(who.path)
        refused = answer.status >= 500 and not any(one.keys[-1] in answer.page.text for one in bought)  # noqa: PLR2004
        finding.require(refused, f"{table}.{column} of another row was shown")
        hits = stage.needles().find(answer.octets)
        finding.require(not hits, f"the error page for a moved {table}.{column} holds what somebody typed")
        records.swap(database, table, column, key=key, pair=pair)
        again = find_key(browsers[who.number].get(who.path).page) == who.keys[-1]
        finding.require(again, "an order does not open after its row was put back")
        finding.count(_("moved rows refused"))


def _moves(
    database: Path, first: Purchase, second: Purchase, other: Purchase
) -> Iterator[tuple[str, str, str, tuple[str, str], Purchase]]:
    """Yield what to exchange (table, column, key column, the two rows) and whose page would show it."""
    ids = {row["number"]: row["id"] for row in records.rows_of(database, "orders")}
    licences = {row["line"].rpartition("-")[0]: row["id"] for row in records.rows_of(database, "licence")}
    for one in (second, other):
        pair = (ids[first.number], ids[one.number])
        yield "orders", "buyer_sealed", "id", pair, first
        yield "licence", "origin_sealed", "id", (licences[pair[0]], licences[pair[1]]), first
