"""What sealing costs: its part of a checkout's CPU, and how many records a second open in bulk, leaves included."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from bench.checkout import _orders
from bench.measure import Figure, per_request, store_folder, troth_serving
from troth import app, vault
from troth.consent.model import Receipt
from troth.consent.policy import PROOF, RECEIPT
from troth.kernel.ids import new_id
from troth.vault import Sealed, purpose

PEOPLE, EACH = 100, 100
ROUNDS = 5
SEALED_PER_CHECKOUT, KEYS_PER_CHECKOUT = 7, 3


def run() -> list[Figure]:
    """Return both figures."""
    with store_folder() as folder:
        with troth_serving(folder) as served:
            per_request(served, _orders(served, 20), b"303")
            checkout = statistics.median(per_request(served, _orders(served, 100), b"303") for _ in range(ROUNDS))
        sealing, opened = _in_process(folder)
    return [
        Figure("sealing, part of a checkout's CPU", sealing / checkout * 100, 5, "%", note=f"({sealing:.0f} µs)"),
        Figure(
            "records opened in bulk, one core", opened, 200_000, "/s", most=False, note="(100 a person, with leaves)"
        ),
    ]


def _in_process(folder: Path) -> tuple[float, float]:
    """Return CPU µs to seal what a checkout seals with its new keys, and records opened a second."""
    with app.opened(folder) as store:
        seals = []
        for _ in range(ROUNDS):
            with store.database.begin() as uow:
                session = vault.of(uow)
                began = time.process_time()
                for _ in range(200):
                    person = new_id()
                    for number in range(SEALED_PER_CHECKOUT):
                        record = _RECORDS[number % KEYS_PER_CHECKOUT]
                        session.seal(record, person, new_id(), _receipt(number))
                seals.append((time.process_time() - began) / 200 * 1e6)
        rates = [_open_all(store) for _ in range(ROUNDS)]
    return statistics.median(seals), statistics.median(rates)


_RECORDS = (RECEIPT, RECEIPT, RECEIPT)


def _receipt(number: int) -> Receipt:
    return Receipt(
        "order", "contract", "Send me the key and the download at once, before the 14 days have passed.", "given",
        "checkout", "en", "0" * 32, "2026-11-22T12:00:00+00:00", f"{number:064}",
    )  # fmt: skip


def _open_all(store: app.Store) -> float:
    sealed = []
    with store.database.begin() as uow:
        session = vault.of(uow)
        for _ in range(PEOPLE):
            person = new_id()
            for number in range(EACH):
                row = new_id()
                sealed.append(Sealed(RECEIPT, person, row, session.seal(RECEIPT, person, row, _receipt(number))))
    began = time.process_time()
    with store.database.begin() as uow, purpose(uow, PROOF, role="maker"):
        for one in sealed:
            one.open()
    return len(sealed) / (time.process_time() - began)
