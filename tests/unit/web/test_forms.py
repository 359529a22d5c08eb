from __future__ import annotations

import pytest
from typing_extensions import override

from tests.unit.web.store import make_lock
from troth.policy.phrase import English
from troth.web.errors import Undeclared
from troth.web.forms import Field, Filled, FormSpec, Note

WISH = FormSpec(
    "wish",
    (
        Field("name", "Your name", hint="As you like it", autocomplete="name"),
        Field("count", "Twice", kind="checkbox", required=False),
    ),
)


def test_a_form_shows_what_was_typed_what_is_wrong_and_why_we_ask() -> None:
    filled = Filled(values={"name": "Ada", "count": "yes"}, errors={"count": "no", "name": "short", "": "sum changed"})
    view = WISH.view(make_lock(), "/wish", filled)
    name, count = view.controls["name"], view.controls["count"]
    assert (view.name, view.action, list(view.controls)) == ("wish", "/wish", ["name", "count"])
    assert (name.value, name.error, name.hint, name.label) == ("Ada", "short", "As you like it", "Your name")
    assert name.note == Note("To greet", "It is not kept", "Nobody: it is gone once the page is answered")
    assert (count.value, count.checked, count.error) == ("yes", True, "no")
    assert view.errors == (("", "sum changed"), ("name", "short"), ("count", "no"))


def test_an_empty_form_has_no_errors_and_nothing_is_ticked() -> None:
    view = WISH.view(make_lock(), "/wish", Filled())
    assert view.errors == ()
    assert not view.controls["count"].checked
    assert view.controls["name"].value == ""


def test_options_known_only_now_win() -> None:
    spec = FormSpec("wish", (Field("name", kind="select", options=(("a", "A"),)),))
    assert spec.view(make_lock(), "/", Filled()).controls["name"].options == (("a", "A"),)
    later = Filled(options={"name": (("b", "B"),)})
    assert spec.view(make_lock(), "/", later).controls["name"].options == (("b", "B"),)


def test_texts_go_through_the_catalogue() -> None:
    class Loud(English):
        @override
        def gettext(self, message: str, /) -> str:
            return message.upper()

    control = WISH.view(make_lock(), "/", Filled(), Loud()).controls["name"]
    assert (control.label, control.hint) == ("YOUR NAME", "AS YOU LIKE IT")


@pytest.mark.parametrize("spec", [FormSpec("other", ()), FormSpec("wish", (Field("shoe-size"),))])
def test_a_form_or_field_that_no_policy_declares_is_not_shown(spec: FormSpec) -> None:
    with pytest.raises(Undeclared):
        spec.view(make_lock(), "/", Filled())
