"""A page as a visitor's program sees it: links, forms with what is asked, and texts by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

from typing_extensions import override

_VOID: Final = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_ASKING: Final = frozenset({"input", "select", "textarea", "button"})


@dataclass
class Control:
    """One thing a form sends: `value` if nobody touches it (None: nothing), else one of `values`."""

    name: str
    kind: str
    id: str
    value: str | None
    values: list[str] = field(default_factory=list)


@dataclass
class Form:
    """A form and its controls by name, radio buttons of one name together."""

    action: str
    method: str
    controls: dict[str, Control] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, values: Mapping[str, str], *, button: tuple[str, str] | None = None) -> dict[str, str]:
        """Return what a browser sends after these values were typed; values the form does not ask for are left out."""
        sent = {name: control.value for name, control in self.controls.items()}
        sent |= {name: value for name, value in values.items() if name in self.controls}
        if button is not None:
            sent[button[0]] = button[1]
        return {name: value for name, value in sent.items() if value is not None}


class Page(HTMLParser):
    """A parsed page."""

    def __init__(self, html: str) -> None:
        """Parse it."""
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.texts: dict[str, str] = {}
        self.codes: list[str] = []
        self.text = ""
        self._open: list[tuple[str, str]] = []
        self._form: Form | None = None
        self._choice: Control | None = None
        self._typed: Control | None = None
        self.feed(html)
        self.close()

    def find_form(self, *, action: str) -> Form | None:
        """Return the form whose action ends so, or None."""
        return next((form for form in self.forms if form.action.endswith(action)), None)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append((tag, given.get("id", "")))
        if tag == "code":
            self.codes.append("")
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "option" and self._choice is not None:
            self._choice.values.append(given.get("value", ""))
            if "selected" in given or self._choice.value is None:
                self._choice.value = given.get("value", "")
        elif tag in _ASKING and self._form is not None:
            self._ask(self._form, tag, given)

    def _ask(self, form: Form, tag: str, given: Mapping[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text") if tag == "input" else tag
        if tag == "button" or kind in {"submit", "image"}:
            if name:
                form.buttons.append((name, given.get("value", "")))
            return
        value: str | None = given.get("value", "")
        if kind in {"checkbox", "radio"} and "checked" not in given:
            value = None
        if tag == "select":
            value = None
        control = form.controls.setdefault(name, Control(name, kind, given.get("id", ""), None))
        control.values.append(given.get("value", ""))
        control.value = control.value if value is None else value
        if tag == "select":
            self._choice = control
        elif tag == "textarea":
            self._typed = control

    @override
    def handle_endtag(self, tag: str) -> None:
        if any(opened == tag for opened, _ in self._open):
            while self._open.pop()[0] != tag:
                pass
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._choice = None
        elif tag == "textarea":
            self._typed = None

    @override
    def handle_data(self, data: str) -> None:
        self.text += data
        for tag, name in self._open:
            if name:
                self.texts[name] = self.texts.get(name, "") + data
            if tag == "code":
                self.codes[-1] += data
        if self._typed is not None:
            self._typed.value = (self._typed.value or "") + data.removeprefix("\n")
