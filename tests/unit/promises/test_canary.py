"""Made-up people are unique, typeable, and each of their values can be told from everybody else's."""

from __future__ import annotations

from stdnum.de import vat

from troth.people.address import normalise
from troth.promises.canary import COUNTRY, Canary, new_marker


def test_everything_a_made_up_person_types_is_accepted_and_unique() -> None:
    marker = new_marker()
    people = [Canary.hatch(letter, marker) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    for one in people:
        assert normalise(one.email) == one.email
        assert vat.is_valid(one.vat_id.removeprefix(COUNTRY))
    values = [secret.value for one in people for secret in one.secrets()]
    assert len(set(values)) == len(values) == 6 * len(people)


def test_every_value_but_digits_holds_the_marker() -> None:
    marker = new_marker()
    for secret in Canary.hatch("A", marker).secrets():
        assert secret.value.isdigit() or marker in secret.value.lower()


def test_two_runs_share_no_marker() -> None:
    assert len({new_marker() for _ in range(100)}) == 100
