"""The maker's product file: what is right is read, what is wrong names the product and what is allowed."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.adapters.objects import ObjectStore
from troth.demo.store import CATALOGUE
from troth.kernel.config import SellerSettings
from troth.kernel.errors import ConfigError
from troth.kernel.money import Money
from troth.shop.catalogue import (
    Market,
    currencies,
    get_edition,
    keep_pictures,
    quote,
    read_products,
)
from troth.shop.countries import UnknownCountry
from troth.shop.errors import CatalogueRefused, CurrencyUnknown, EditionUnknown
from troth.shop.tax import NoTaxRegime

ONE = """\
[[product]]
slug = "backup"
title = "Backup"
promise = "It puts your files back."
[[product.edition]]
id = "home"
name = "Home"
price = { EUR = "39.00", USD = "42.00" }
[[product.edition]]
id = "studio"
name = "Studio"
per = "a year"
price = { USD = "95", EUR = 89.5, GBP = "77.00" }
"""
SELLER = SellerSettings(legal_name="Fernside", country="DE", tax="oss")
DAY = date(2026, 5, 4)


def refusal(text: str) -> str:
    with pytest.raises(CatalogueRefused) as caught:
        read_products(text.encode())
    return caught.value.detail


def changed(before: str, after: str) -> str:
    assert before in ONE
    return ONE.replace(before, after, 1)


def test_what_a_file_says_is_what_is_offered() -> None:
    (product,) = read_products(ONE.encode())
    assert (product.slug, product.title, product.includes_tax) == ("backup", "Backup", False)
    home, studio = product.editions
    assert (home.id, home.tag, home.per, home.differs) == ("home", 0, "once", ())
    assert (studio.tag, studio.per) == (1, "a year")
    assert [one.money for one in studio.prices] == [Money(9500, "USD"), Money(8950, "EUR"), Money(7700, "GBP")]
    assert currencies(product) == ("EUR", "USD")


def test_the_example_makers_catalogue_is_right() -> None:
    products = read_products(CATALOGUE.read_bytes())
    assert [one.slug for one in products] == ["fernside-backup", "fernside-recover", "fernside-diskhealth"]
    assert all(one.picture and one.steps and one.editions for one in products)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "The product file has no [[product]]."),
        ("product = 3", "The product file has no [[product]]."),
        ("product = []", "The product file has no [[product]]."),
        ("product = [3]", "product 1 is not a table."),
        ("[[product]", "The product file is not TOML: "),
        ("[[product]]\ntitle = 'x'", "product 1 (without slug): Object missing required field `slug`"),
        (ONE + ONE, "Two products have the same slug."),
        (changed('slug = "backup"', 'slug = "back up"'), "product 1 (back up): slug: letters, digits and - only"),
        (changed('slug = "backup"', 'slug = ""'), "product 1 (): slug: letters, digits and - only"),
        (changed('slug = "backup"', 'slug = "bäckup"'), "product 1 (bäckup): slug: letters, digits and - only"),
        (changed('slug = "backup"', f'slug = "{"x" * 65}"'), f"product 1 ({'x' * 65}): slug: letters, digits"),
        (changed('slug = "backup"', "slug = 3"), "product 1 (3): "),
        (changed('id = "home"', 'id = "studio"'), "product 1 (backup): two editions have the same id."),
        # The hidden field of the checkout joins edition and sum by these signs.
        (changed('id = "home"', 'id = "home basic"'), "product 1 (backup): an edition's id: letters, digits"),
        (changed('id = "home"', 'id = "home:1"'), "product 1 (backup): an edition's id: letters, digits"),
        (changed('id = "home"', f'id = "{"x" * 65}"'), "product 1 (backup): an edition's id: letters, digits"),
        (changed('id = "home"', 'id = "home"\ntag = 16'), "product 1 (backup): an edition's tag is 0 to 15."),
        (changed('id = "home"', 'id = "home"\ntag = 1'), "product 1 (backup): two editions have the same tag"),
        (changed('EUR = "39.00", USD = "42.00"', ""), "product 1 (backup): an edition has no price."),
        (changed('"39.00"', '"39.005"'), "product 1 (backup): This is not an amount of money."),
        (changed('"39.00"', '"39,00"'), "product 1 (backup): This is not an amount of money."),
        (changed('"39.00"', "true"), "product 1 (backup): This is not an amount of money."),
        (changed('"39.00"', '"0.00"'), "product 1 (backup): a price is above zero."),
        (changed('"39.00"', '"-1"'), "product 1 (backup): a price is above zero."),
        (changed("EUR", "EURO"), "product 1 (backup): This is not a currency that is in use"),
        (changed('EUR = "39.00", USD = "42.00"', 'CHF = "38.00"'), "product 1 (backup): there is no currency in which"),
        (changed("price = {", "price = 3 #"), "product 1 (backup): "),
        (ONE.split("[[product.edition]]", maxsplit=1)[0] + "edition = 3", "product 1 (backup): "),
        (ONE.split("[[product.edition]]", maxsplit=1)[0] + "edition = ['x']", "product 1 (backup): "),
        (ONE.split("[[product.edition]]", maxsplit=1)[0], "product 1 (backup): it has no edition."),
        (changed("promise", "promice"), "product 1 (backup): promice is unknown; known here: badge,"),
        (
            changed('name = "Home"', 'nmae = "Home"'),
            "product 1 (backup): edition.nmae is unknown; known here: differs,",
        ),
        (ONE + "[[product.news]]\nversoin = '1'", "product 1 (backup): news.versoin is unknown"),
        (ONE + "[[product.questions]]\nq = '1'", "product 1 (backup): questions.q is unknown"),
        (
            ONE + "[product.picture]\nobject = 'x.svg'",
            "product 1 (backup): picture.object is unknown; known here: alt,",
        ),
        (ONE + "[product.picture]\nfile = 'x.svg'\nalt = ''\nwidth = 'wide'\nheight = 1", "product 1 (backup): "),
    ],
)
def test_a_wrong_file_names_the_product_and_what_is_allowed(text: str, told: str) -> None:
    assert refusal(text).startswith(told)


def test_what_is_no_text_is_no_product_file() -> None:
    with pytest.raises(CatalogueRefused, match="is not TOML"):
        read_products(b"\xff\xfe")


KEYS = st.sampled_from(["slug", "title", "promise", "edition", "picture", "news", "questions", "points", "price", "id"])
LEAVES = st.none() | st.booleans() | st.integers(-3, 20) | st.floats(allow_nan=False) | st.text(max_size=8)
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4))


@given(raw=st.dictionaries(KEYS, TREES, max_size=6))
@settings(max_examples=200, deadline=None)
def test_no_file_makes_the_reader_stumble(raw: dict[str, Any]) -> None:
    def written(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key} = {written(one)}" for key, one in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(written, value)) + "]"
        return str(value).lower() if isinstance(value, (bool, int, float)) else '"x"'

    text = f"product = [{written(raw)}]"
    try:
        tomllib.loads(text)
        assert read_products(text.encode())
    except (tomllib.TOMLDecodeError, CatalogueRefused):
        pass


# -- pictures ---------------------------------------------------------------------------------------------------------


def test_a_picture_is_kept_by_its_content(tmp_path: Path) -> None:
    objects = ObjectStore(f"file:{tmp_path}/objects")
    (tmp_path / "shot.svg").write_text("<svg/>")
    text = ONE + '[product.picture]\nfile = "shot.svg"\nalt = "A window"\nwidth = 4\nheight = 3\n'
    (product,) = keep_pictures(objects, read_products(text.encode()), tmp_path)
    assert product.picture is not None
    assert product.picture.object.startswith("pictures/")
    assert b"".join(objects.read(product.picture.object)) == b"<svg/>"
    assert keep_pictures(objects, read_products(text.encode()), tmp_path) == [product]


@pytest.mark.parametrize(("name", "there"), [("shot.svg", False), ("shot.exe", True), ("folder.svg", True)])
def test_a_picture_that_is_none_is_refused(tmp_path: Path, name: str, *, there: bool) -> None:
    if there:
        (tmp_path / name).mkdir() if name.startswith("folder") else (tmp_path / name).write_text("x")
    text = f'{ONE}[product.picture]\nfile = "{name}"\nalt = ""\nwidth = 4\nheight = 3\n'
    for folder in (tmp_path, None):
        with pytest.raises(CatalogueRefused, match=f"backup: the picture {name} is not there or is none of .avif"):
            keep_pictures(ObjectStore(f"file:{tmp_path}/objects"), read_products(text.encode()), folder)


# -- quotes -----------------------------------------------------------------------------------------------------------


def test_a_quote_is_the_price_with_the_buyers_tax() -> None:
    (product,) = read_products(ONE.encode())
    home = get_edition(product, "home")
    offer = quote(SELLER, product, home, Market("DE", "EUR", DAY))
    assert (offer.sum.net, offer.sum.tax, offer.sum.total) == (
        Money(3900, "EUR"),
        Money(741, "EUR"),
        Money(4641, "EUR"),
    )
    assert quote(SELLER, product, home, Market("FR", "USD", DAY)).sum.total == Money(5040, "USD")
    assert quote(SELLER, product, home, Market("US", "EUR", DAY)).sum.tax == Money(0, "EUR")


def test_a_price_that_holds_tax_stays_what_it_is() -> None:
    (product,) = read_products(changed('title = "Backup"', 'title = "Backup"\nincludes_tax = true').encode())
    offer = quote(SELLER, product, get_edition(product, "home"), Market("HU", "EUR", DAY))
    assert (offer.sum.net, offer.sum.total) == (Money(3071, "EUR"), Money(3900, "EUR"))


def test_what_cannot_be_quoted_is_refused() -> None:
    (product,) = read_products(ONE.encode())
    home = get_edition(product, "home")
    with pytest.raises(EditionUnknown):
        get_edition(product, "office")
    with pytest.raises(CurrencyUnknown):
        quote(SELLER, product, home, Market("DE", "GBP", DAY))
    with pytest.raises(UnknownCountry):
        quote(SELLER, product, home, Market("ZZ", "EUR", DAY))
    with pytest.raises(NoTaxRegime):
        quote(SellerSettings(legal_name="F", country="DE"), product, home, Market("DE", "EUR", DAY))
    with pytest.raises(ConfigError):
        quote(SellerSettings(legal_name="F", country="US", tax="oss"), product, home, Market("DE", "EUR", DAY))
