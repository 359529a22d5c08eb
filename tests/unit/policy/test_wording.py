"""A maker may tighten and reword in troth.toml, never loosen."""

from __future__ import annotations

import pytest

from tests.unit.policy.sample import compiled
from troth.kernel.errors import ConfigError
from troth.policy.diff import diff
from troth.policy.errors import DoesNotCompile, Loosened, Problem, Undeclared
from troth.policy.lock import PolicySettings
from troth.policy.wording import read_wording


@pytest.mark.parametrize(
    ("wording", "kind", "says"),
    [
        (PolicySettings(retention={"order": 366}), Loosened, "longer than the 365 days declared"),
        (PolicySettings(retention={"order": 29}), Loosened, "before the store is done with it"),
        (PolicySettings(retention={"order": -1}), Loosened, "before the store is done with it"),
        (PolicySettings(retention={"wished": 90}), Loosened, "gives days to a class that has no clock"),
        (PolicySettings(retention={"tax": 30}), Loosened, "shorter than a law asks for"),
        (PolicySettings(retention={"lunch": 1}), Undeclared, "names no retention class"),
        (PolicySettings(readers={"shop.paid": ("buyer", "maker", "helper")}), Loosened, "lets helper read"),
        (PolicySettings(readers={"shop.buyer": ("maker", "helper")}), Loosened, "shuts out buyer, job"),
        (PolicySettings(readers={"shop.lost": ("buyer",)}), Undeclared, "names no record"),
        (PolicySettings(text={"sentence.99": "We do."}), Undeclared, "names nothing that is published"),
        (PolicySettings(text={"sentence.1": "  "}), Loosened, "says nothing"),
        (PolicySettings(text={"sentence.1": "x" * 401}), Loosened, "too much"),
    ],
)
def test_what_loosens_or_names_nothing_is_refused(wording: PolicySettings, kind: type[Problem], says: str) -> None:
    with pytest.raises(DoesNotCompile) as caught:
        compiled(wording=wording)
    (problem,) = caught.value.problems
    assert type(problem) is kind
    assert says in problem.detail
    assert problem.part == "troth.toml"


def test_what_tightens_is_in_the_lock_and_narrows() -> None:
    wording = PolicySettings(retention={"order": 30, "tax": 3650}, readers={"shop.buyer": ("job", "buyer")})
    lock = compiled(wording=wording)
    assert lock.retention("order").days == 30
    assert lock.record("shop.buyer").readers == ("buyer", "job")
    assert not lock.may_open("shop.buyer", "fulfil", "maker")
    difference = diff(compiled(), lock)
    assert not difference.widens
    assert diff(lock, compiled()).widens


def test_what_is_reworded_is_published_and_keeps_the_original_beside_it() -> None:
    lock = compiled(
        wording=PolicySettings(
            text={
                "sentence.1": "We sell our own programs.",
                "purpose.fulfil": "to send you your key",
                "field.shop.buyer.email": "your key goes there",
                "cookie.troth_session": "without it no order page",
            }
        )
    )
    assert (lock.sentences[0].text, lock.sentences[0].original) == (
        "We sell our own programs.",
        "We sell software online.",
    )
    assert lock.sentences[1].original is None
    assert lock.purposes["fulfil"].text == "to send you your key"
    note, cookie = lock.note("checkout", "email"), lock.cookie("troth_session")
    assert note is not None
    assert note.why == "Your key goes there"
    assert cookie is not None
    assert cookie.why == "without it no order page"
    assert not diff(compiled(), lock).widens


@pytest.mark.parametrize(
    "raw", [{"retention": {"order": "soon"}}, {"readers": {"shop.buyer": 3}}, {"retentions": {}}, {"text": ["a"]}]
)
def test_a_wrong_form_is_a_mistake_in_the_configuration(raw: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"troth\.toml: \[policy\]"):
        read_wording(raw)


def test_the_section_is_read_as_toml_gives_it() -> None:
    raw = {"retention": {"order": 30}, "readers": {"shop.buyer": ["buyer", "job"]}, "text": {"sentence.1": "We sell."}}
    wording = read_wording(raw)
    assert wording.readers["shop.buyer"] == ("buyer", "job")
    assert read_wording({}) == PolicySettings()
