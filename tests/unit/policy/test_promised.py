"""A promise is published when proven and struck through when its proof fails; a disclosure is always told."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from tests.unit.policy.sample import compiled
from troth.policy.lock import PolicySettings
from troth.policy.promised import Evidence, Promise, Status, list_promises

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PROBES = frozenset({"purchase", "ledger", "gap"})
DISCLOSED, PROMISED = 1, 5


def shown(number: int, status: Status | None, *, ever: bool = False, installed: frozenset[str] = PROBES) -> Promise:
    proven_at = NOW if status is Status.PROVEN else None
    evidence = [] if status is None else [Evidence(number, status, "twin", proven_at, ever)]
    return next(one for one in list_promises(compiled(), evidence, installed=installed) if one.number == number)


@pytest.mark.parametrize(
    ("status", "ever", "published", "struck"),
    [
        (None, False, False, False),
        (Status.FAILED, False, False, False),
        (Status.PROVEN, True, True, False),
        (Status.FAILED, True, True, True),
        (Status.STALE, True, True, True),
    ],
)
def test_a_promise_is_published_once_proven(
    status: Status | None, *, ever: bool, published: bool, struck: bool
) -> None:
    one = shown(PROMISED, status, ever=ever)
    assert (one.published, one.struck) == (published, struck)
    assert one.status is (status or Status.UNPUBLISHED)


@pytest.mark.parametrize("status", [None, Status.FAILED, Status.STALE, Status.PROVEN])
def test_a_disclosure_is_told_whatever_its_proof_says(status: Status | None) -> None:
    one = shown(DISCLOSED, status)
    assert one.published
    assert not one.struck


def test_without_its_probe_nothing_is_proven() -> None:
    assert shown(PROMISED, Status.PROVEN, ever=True, installed=frozenset({"ledger"})).status is Status.UNPUBLISHED
    disclosed = shown(DISCLOSED, Status.PROVEN, installed=frozenset())
    assert (disclosed.status, disclosed.published) == (Status.UNPUBLISHED, False)


def test_every_sentence_is_listed_by_number_with_its_words() -> None:
    lock = compiled(wording=PolicySettings(text={"sentence.5": "We write down every payment."}))
    listed = list_promises(lock, [Evidence(5, Status.PROVEN, "live", NOW, ever_proven=True)], installed=PROBES)
    assert [one.number for one in listed] == [1, 5]
    assert listed[1].sentence == "We write down every payment."
    assert listed[1].original == "Every payment is recorded."
    assert (listed[1].where, listed[1].proven_at, listed[1].probes) == ("live", NOW, ("gap", "ledger"))
    assert msgspec.json.decode(msgspec.json.encode(listed), type=tuple[Promise, ...]) == listed
