"""Every template renders in each state, is one readable document, and keeps the strict content policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import brotli
import pytest
from jinja2 import Environment, nodes
from jinja2.ext import babel_extract
from typing_extensions import override

from tests.preview.samples import MAILS, PAGES, POLICY, STORE, Sample
from tests.preview.templates import FOLDERS, SOURCE, draw, environment
from troth.web.palette import palette_css

STATIC = SOURCE / "web/static"
TEMPLATES = sorted(path for folder in FOLDERS.values() for path in folder.glob("*.*"))
PIECES = {"page.html", "parts.html", "forms.html", "capture.html", "layout.html", "pieces.html", "foot.txt"}
VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
LANDMARKS = ("header", "nav", "main", "footer")


class Document(HTMLParser):
    """A page taken apart: elements with attributes, visible text, and whether the tags are balanced."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def templates() -> Environment:
    return environment()


def named(samples: tuple[Sample, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("sample", samples, ids=lambda sample: sample.name)


def test_every_template_has_a_sample() -> None:
    drawn = {sample.template for sample in (*PAGES, *MAILS)}
    written = {f"{path.parent.parent.name}/{path.name}" for path in TEMPLATES if path.name not in PIECES}
    assert {name for name in written if name.split("/")[0] in {"web", "shop", "promises", "mail"}} <= drawn


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_every_template_begins_with_what_it_expects(path: Path) -> None:
    assert path.read_text().startswith("{#- ")


@named(PAGES)
def test_a_page_is_one_document_with_landmarks(templates: Environment, sample: Sample) -> None:
    page = Document(draw(templates, sample))
    assert not page.open
    assert len(page.all("h1")) == 1
    for landmark in LANDMARKS:
        assert page.all(landmark), landmark
    assert len(page.all("main")) == 1
    assert page.all("a")[0] == {"class": "skip", "href": "#main"}
    assert page.all("html")[0]["lang"] == "en"


@named(PAGES)
def test_headings_leave_no_step_out(templates: Environment, sample: Sample) -> None:
    levels = [int(tag[1]) for tag, _ in Document(draw(templates, sample)).elements if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


@named(PAGES)
def test_a_page_holds_nothing_the_content_policy_forbids(templates: Environment, sample: Sample) -> None:
    page = Document(draw(templates, sample))
    assert not page.all("style")
    assert all(script["src"].startswith("/static/") for script in page.all("script"))
    for tag, attributes in page.elements:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag


@named(PAGES)
def test_a_page_names_no_other_address(templates: Environment, sample: Sample) -> None:
    html = draw(templates, sample)
    addresses = [
        value
        for _, attributes in Document(html).elements
        for name, value in attributes.items()
        if name in {"href", "src", "action", "srcset", "poster", "formaction"}
    ]
    assert all(re.match(r"(/(?!/)|#|mailto:)", address) for address in addresses), addresses
    assert not re.search(r"https?://|[\"'(]//", html)


@named(PAGES)
def test_ids_are_unique_and_every_reference_is_kept(templates: Environment, sample: Sample) -> None:
    page = Document(draw(templates, sample))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in ("for", "aria-describedby", "aria-labelledby"):
            assert set(attributes.get(name, "").split()) <= set(ids)
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids


@named(PAGES)
def test_every_control_has_a_label_and_no_box_is_ticked_for_anybody(templates: Environment, sample: Sample) -> None:
    page = Document(draw(templates, sample))
    labelled = {label["for"] for label in page.all("label")}
    controls = [*page.all("input"), *page.all("select"), *page.all("textarea")]
    for control in controls:
        assert control.get("type") == "hidden" or control["id"] in labelled
    if sample.name != "checkout-errors":
        assert not [box for box in page.all("input") if box.get("type") == "checkbox" and "checked" in box]


@named(PAGES)
def test_a_page_with_its_style_is_light(templates: Environment, sample: Sample) -> None:
    css = (STATIC / "troth.css").read_bytes(), palette_css(155).encode(), (STATIC / "troth.js").read_bytes()
    size = sum(len(brotli.compress(part)) for part in (draw(templates, sample).encode(), *css))
    assert size <= 25_000


def test_the_style_sheet_and_the_script_keep_their_limits() -> None:
    css, script = ((STATIC / name).read_bytes() for name in ("troth.css", "troth.js"))
    assert len(brotli.compress(css)) + len(brotli.compress(palette_css(155).encode())) <= 12_000
    assert len(brotli.compress(script)) <= 2_000


def test_the_style_sheet_uses_only_names_the_palette_or_it_defines() -> None:
    css = (STATIC / "troth.css").read_text() + palette_css(155)
    defined = set(re.findall(r"(--[a-z0-9-]+)\s*:", css))
    used = set(re.findall(r"var\((--[a-z0-9-]+)", css))
    assert used <= defined
    assert not re.search(r"url\(|@import|https?:", css)


def test_the_style_sheet_stays_free_of_left_and_right() -> None:
    css = re.sub(r"/\*.*?\*/", "", (STATIC / "troth.css").read_text(), flags=re.DOTALL)
    assert not re.findall(
        r"(?:margin|padding|border)-(?:left|right|top|bottom)|text-align:\s*(?:left|right)|float:\s*(?:left|right)", css
    )


@named(MAILS)
def test_a_mail_is_complete_in_both_twins(templates: Environment, sample: Sample) -> None:
    text = draw(templates, sample)
    for kept in ("Fernside Software", "24103 Kiel", "hello@fernside.example", POLICY.hash[:12]):
        assert kept in text
    for name in ("key", "url"):
        assert str(sample.context.get(name, "")) in text
    if "order" in sample.context:
        assert sample.context["order"].number in text


@named(tuple(sample for sample in MAILS if sample.template.endswith(".txt")))
def test_a_text_mail_starts_with_its_subject_and_is_not_escaped(templates: Environment, sample: Sample) -> None:
    subject, empty, *_ = draw(templates, sample).split("\n")
    assert 10 < len(subject) < 100
    assert empty == ""
    assert not re.search("&[a-z#0-9]+;", draw(templates, sample))
    assert "\n\n\n" not in draw(templates, sample)


@named(tuple(sample for sample in MAILS if sample.template.endswith(".html")))
def test_a_mail_in_html_is_simple_and_loads_nothing(templates: Environment, sample: Sample) -> None:
    mail = Document(draw(templates, sample))
    assert not mail.open
    assert len(mail.all("h1")) == 1
    for tag in ("table", "img", "script", "style", "link", "form"):
        assert not mail.all(tag)
    for link in mail.all("a"):
        assert link["href"].startswith(STORE.base_url)


def test_what_people_type_is_escaped(templates: Environment) -> None:
    sample = next(one for one in PAGES if one.name == "checkout-errors")
    hostile = SimpleNamespace(**{**vars(sample.context["product"]), "title": '<script>alert("1")</script>'})
    html = draw(templates, Sample(sample.template, "hostile", "/", {**sample.context, "product": hostile}))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def messages(path: Path) -> Iterator[str]:
    """Yield the texts of one template that the catalogue will hold."""
    options = {"silent": "false", "newstyle_gettext": "true"}
    for _, _, message, _ in babel_extract(BytesIO(path.read_bytes()), ("_", "gettext", "ngettext"), (), options):
        yield from (message,) if isinstance(message, str) else (one for one in message or () if one)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_every_text_is_written_so_that_the_catalogue_finds_it(path: Path) -> None:
    found = environment().parse(path.read_text())
    for call in found.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}:
            assert isinstance(call.args[0], nodes.Const), f"{path.name}:{call.lineno}"
    for message in messages(path):
        # A lone per cent sign would be taken for a place to fill in.
        assert not re.search(r"(?<!%)%(?!\(\w+\)s|%)", message), message


def disguise(text: str) -> str:
    """Write a text in letters no sample uses, leaving tags and places to fill in."""
    pieces = re.split(r"(<[^>]*>|%\(\w+\)s|%%)", text)
    return "".join(re.sub("[A-Za-z]", "ж", piece) if at % 2 == 0 else piece for at, piece in enumerate(pieces))


def strings(value: object, seen: set[int]) -> Iterator[str]:
    """Every text somewhere inside a sample."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, str):
        yield value
        # A page shows an address in lines, a key in groups and the text inside a drawing.
        yield from (*value.splitlines(), *value.split("-"), *re.findall(">([^<]+)<", value))
    elif isinstance(value, dict):
        yield from (text for one in value.values() for text in strings(one, seen))
    elif isinstance(value, (tuple, list, set)):
        yield from (text for one in value for text in strings(one, seen))
    elif hasattr(value, "__dict__"):
        yield from strings(vars(value), seen)
    elif hasattr(value, "__struct_fields__"):
        yield from (text for name in value.__struct_fields__ for text in strings(getattr(value, name), seen))


UNTRANSLATED = re.compile(r"SHA-256|IBAN|BIC|\d{1,2}\s\w+\s20\d\d|[\d.,]+\s(?:[kMG]?B|€)")


@named(PAGES)
def test_no_visible_text_is_left_out_of_the_catalogue(sample: Sample) -> None:
    disguised = environment(disguise, lambda one, many, number: disguise(one if number == 1 else many))
    page = Document(draw(disguised, sample))
    given = sorted(set(strings([dict(sample.context), STORE, POLICY, POLICY.hash[:12]], set())), key=len, reverse=True)
    shown = list(page.texts)
    shown += [
        attributes[name]
        for _, attributes in page.elements
        for name in ("aria-label", "alt", "title")
        if name in attributes
    ]
    for text in shown:
        left = text
        for known in given:
            left = left.replace(known, "") if re.search("[A-Za-z]", known) and len(known) > 1 else left
        assert not re.search("[A-Za-z]{2}", UNTRANSLATED.sub("", left)), text.strip()
