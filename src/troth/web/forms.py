"""Forms as templates see them: each control with what was typed, what is wrong with it and why it is asked.

A part declares a `FormSpec` once; `view` joins it with the policy's notes, so that a field nobody declared
cannot be shown. Templates render the result with the macros of `web/forms.html`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from troth.policy.lock import Lock
from troth.policy.phrase import ENGLISH, Translations
from troth.web.errors import Undeclared

Kind = Literal["email", "text", "tel", "search", "select", "checkbox", "radio", "hidden", "textarea"]
Options = tuple[tuple[str, str], ...]
TICKED = "yes"


@dataclass(frozen=True)
class Note:
    """The note "why we ask" of one control, from the policy."""

    why: str
    kept: str
    seen_by: str


@dataclass(frozen=True)
class Control:
    """One control, ready to draw; `options` are (value, label)."""

    name: str
    label: str
    kind: Kind = "text"
    value: str = ""
    error: str | None = None
    hint: str | None = None
    note: Note | None = None
    required: bool = True
    autocomplete: str = ""
    inputmode: str = ""
    options: Options = ()
    checked: bool = False


@dataclass(frozen=True)
class FormView:
    """One form, ready to draw; `errors` are (control, message) in the order of the page."""

    name: str
    action: str
    controls: dict[str, Control]
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Field:
    """One field of a form as a part declares it; texts are English and go through the catalogue."""

    name: str
    label: str = ""
    kind: Kind = "text"
    hint: str = ""
    required: bool = True
    autocomplete: str = ""
    inputmode: str = ""
    options: Options = ()


@dataclass(frozen=True)
class Filled:
    """What was typed or is proposed, what is wrong with it, and options known only now; all by field name."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Options] = field(default_factory=dict)


@dataclass(frozen=True)
class FormSpec:
    """A form under the name the policy declares it by."""

    name: str
    fields: tuple[Field, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names of the fields, which the compiler compares with the policy."""
        return frozenset(one.name for one in self.fields)

    def view(self, lock: Lock, action: str, filled: Filled, translations: Translations = ENGLISH) -> FormView:
        """Join the fields with notes and values; raises `Undeclared` for a form or field that no policy has.

        An error under a name that is no field (or "") stands in the summary only.
        """
        known = lock.form(self.name)
        if known is None or not self.names <= set(known):
            raise Undeclared(f"The form {self.name} has a field that no policy declares.")
        controls = {one.name: self._control(one, lock, filled, translations) for one in self.fields}
        order = {name: place for place, name in enumerate(controls)}
        errors = sorted(filled.errors.items(), key=lambda error: order.get(error[0], -1))
        return FormView(self.name, action, controls, tuple(errors))

    def _control(self, one: Field, lock: Lock, filled: Filled, translations: Translations) -> Control:
        told = lock.note(self.name, one.name, translations)
        value = filled.values.get(one.name, "")
        return Control(
            name=one.name,
            label=translations.gettext(one.label) if one.label else "",
            kind=one.kind,
            value=TICKED if one.kind == "checkbox" else value,
            error=filled.errors.get(one.name),
            hint=translations.gettext(one.hint) if one.hint else None,
            note=Note(told.why, told.kept, told.seen_by) if told else None,
            required=one.required,
            autocomplete=one.autocomplete,
            inputmode=one.inputmode,
            options=filled.options.get(one.name, one.options),
            checked=one.kind == "checkbox" and value == TICKED,
        )
