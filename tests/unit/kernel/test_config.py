"""The configuration: what is right is read whole, what is wrong stops the start and says where, what and what else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.cli.init import CONFIGURATION
from troth.demo import store as demo
from troth.kernel.config import FILE, TAX_REGIMES, Settings, load
from troth.kernel.errors import ConfigError

SMALL = """\
[store]
name = "Fernside"
base_url = "http://localhost:8000"
"""
WHOLE = (
    SMALL
    + """\
languages = ["en", "de"]
hue = 160
[seller]
legal_name = "Fernside Software"
country = "DE"
contact = "hello@fernside.example"
tax = "oss"
registered = ["GB", "CH"]
[payments.stripe]
key = "sk_test_51H"
webhook_secret = "whsec_51H"
[payments.bank]
iban = "DE02 1203 0000 0000 2020 51"
[policy.retention]
"open order" = 14
[limits]
checkout = 10
"""
)
CARD = "[mail]\nurl = 'smtps://m'\n[payments.stripe]\nkey = 'sk_test_1'\nwebhook_secret = 'whsec_1'\n"


def read(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    (folder / FILE).write_text(text, encoding="utf-8")
    return load(folder, environ or {})


def refused(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, environ)
    return caught.value.detail


# -- what is right ----------------------------------------------------------------------------------------------------


def test_the_least_a_store_needs(tmp_path: Path) -> None:
    found = read(tmp_path, SMALL)
    assert (found.store.name, found.store.base_url) == ("Fernside", "http://localhost:8000")
    assert found.store.languages == ("en",)
    assert found.database.url == f"sqlite:///{tmp_path}/troth.db"
    assert found.vault.url == f"sqlite:///{tmp_path}/vault.db"
    assert found.vault.key == tmp_path / "keys" / "store.key"
    assert found.objects.url == f"file:{tmp_path}/objects"
    assert (found.mail.url, found.mail.sender) == (f"file:{tmp_path}/outbox", "shop@localhost")
    assert (found.payments.stripe, found.payments.bank, found.seller.tax) == (None, None, None)
    assert (found.demo, found.https, found.hosts) == (False, False, frozenset({"localhost:8000"}))


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    found = read(tmp_path, WHOLE)
    assert found.store.languages == ("en", "de")
    assert found.seller.registered == ("GB", "CH")
    assert found.payments.stripe is not None
    assert not found.payments.stripe.live
    assert found.payments.stripe.api_base == "https://api.stripe.com"
    assert found.payments.bank is not None
    assert found.payments.bank.iban == "DE02120300000000202051"
    assert found.policy == {"retention": {"open order": 14}}
    assert found.limits == {"checkout": 10}


def test_the_configurations_that_are_written_for_makers_are_right(tmp_path: Path) -> None:
    made = read(tmp_path, CONFIGURATION.format(name="My Store", folder="shop"))
    assert made.vault.key == tmp_path.parent / "shop-keys" / "store.key"
    example = read(tmp_path, demo.CONFIGURATION.format(port=8123, paybox=9123))
    assert example.demo
    assert example.hosts == {"localhost:8123", "127.0.0.1:8123", "[::1]:8123", "cloud.localhost:8123"}


@pytest.mark.parametrize(
    ("base_url", "read_as", "host"),
    [
        ("https://shop.example.com", "https://shop.example.com", "shop.example.com"),
        ("https://shop.example.com/", "https://shop.example.com", "shop.example.com"),
        ("https://Shop.Example.com:443", "https://shop.example.com", "shop.example.com"),
        ("https://shop.example.com:8443", "https://shop.example.com:8443", "shop.example.com:8443"),
        ("http://[::1]:8000", "http://[::1]:8000", "[::1]:8000"),
        ("http://cloud.localhost", "http://cloud.localhost", "cloud.localhost"),
    ],
)
def test_an_address_is_read_as_browsers_send_it(tmp_path: Path, base_url: str, read_as: str, host: str) -> None:
    mail = '[mail]\nurl = "smtps://mail.example.com"\n[vault]\nkey = "../keys/store.key"\n'
    found = read(tmp_path, f'[store]\nname = "F"\nbase_url = "{base_url}"\n{mail}')
    assert found.store.base_url == read_as
    assert found.hosts == {host}


@pytest.mark.parametrize(("key", "live"), [("sk_test_1", False), ("sk_live_1", True), ("rk_live_1", True)])
def test_a_key_says_whether_it_moves_real_money(tmp_path: Path, key: str, live: bool) -> None:  # noqa: FBT001 - a case
    found = read(tmp_path, SMALL, {"TROTH_PAYMENTS_STRIPE_KEY": key, "TROTH_PAYMENTS_STRIPE_WEBHOOK_SECRET": "whsec_1"})
    assert found.payments.stripe is not None
    assert found.payments.stripe.live is live


def test_relative_places_start_in_the_folder_of_the_store(tmp_path: Path) -> None:
    text = (
        SMALL + '[database]\nurl = "sqlite:///data/shop.db"\n[vault]\nurl = "sqlite:////srv/vault.db"\nkey = "../k"\n'
    )
    found = read(tmp_path, text + '[objects]\nurl = "file:files"\n[mail]\nurl = "file:/var/outbox"\n')
    assert found.database.url == f"sqlite:///{tmp_path}/data/shop.db"
    assert found.vault.url == "sqlite:////srv/vault.db"
    assert found.vault.key == tmp_path.parent / "k"
    assert found.objects.url == f"file:{tmp_path}/files"
    assert found.mail.url == "file:/var/outbox"


def test_postgresql_is_reached_by_the_driver_that_is_installed(tmp_path: Path) -> None:
    found = read(tmp_path, SMALL + '[database]\nurl = "postgresql://shop@db/troth"\n')
    assert found.database.url == "postgresql+psycopg://shop@db/troth"


# -- the environment --------------------------------------------------------------------------------------------------


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    given = {
        "TROTH_STORE_NAME": "Meadow",
        "TROTH_STORE_HUE": "20",
        "TROTH_STORE_LANGUAGES": "de, en",
        "TROTH_SELLER_TAX": "domestic",
        "TROTH_DATABASE_URL": "postgresql+psycopg://shop@/troth",
        "TROTH_LIMITS_CHECKOUT": "99",
        "TROTH_LIMITS_ORDER_LINK": "7",
        "TROTH_CLOCK_DESCRIPTOR": "3",
        "HOME": "/nowhere",
    }
    found = read(tmp_path, WHOLE, given)
    assert (found.store.name, found.store.hue, found.store.languages) == ("Meadow", 20, ("de", "en"))
    assert found.seller.tax == "domestic"
    assert found.database.url == "postgresql+psycopg://shop@/troth"
    assert found.limits == {"checkout": 99, "order-link": 7}


def test_a_section_can_come_from_the_environment_alone(tmp_path: Path) -> None:
    found = read(tmp_path, SMALL, {"TROTH_PAYMENTS_BANK_IBAN": "DE02120300000000202051"})
    assert found.payments.bank is not None
    told = refused(tmp_path, SMALL, {"TROTH_PAYMENTS_STRIPE_KEY": "sk_test_1"})
    assert told.endswith("payments.stripe.webhook_secret is missing")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("TROTH_STORE_HUE", "360", "store.hue: found '360'; allowed is a whole number from 0 to 359"),
        ("TROTH_STORE_HUE", "²", "store.hue: found '²'; allowed is a whole number from 0 to 359"),
        ("TROTH_SELLER_TAX", "moss", f"seller.tax: found 'moss'; allowed is {' | '.join(TAX_REGIMES)}"),
        ("TROTH_LIMITS_PAY", "0", "limits.pay: found '0'; allowed is a whole number from 1 to 1000000"),
        ("TROTH_STORE_BASE_URL", "http://shop.example.com", "allowed is https, or http on localhost only"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str, told: str) -> None:
    said = refused(tmp_path, WHOLE, {variable: value})
    assert said.startswith(f"{variable}: ")
    assert said.endswith(told)


# -- what is wrong ----------------------------------------------------------------------------------------------------

WRONG: tuple[tuple[str, str, str, str], ...] = (
    # section, line, what was found, what is allowed
    ("store", "hue = 400", "store.hue: found 400", "a whole number from 0 to 359"),
    ("store", "hue = true", "store.hue: found True", "a whole number from 0 to 359"),
    ("store", "hue = 1.5", "store.hue: found 1.5", "a whole number from 0 to 359"),
    ("store", "languages = []", "store.languages: found []", "a list like ['en']"),
    ("store", 'languages = ["english"]', "store.languages: found ['english']", "a list like ['en']"),
    ("store", "languages = [1]", "store.languages: found [1]", "a list like ['en']"),
    ("store", f'intro = "{"x" * 301}"', "store.intro: found 'xxx", "text of at most 300 characters"),
    ("seller", 'country = "Germany"', "seller.country: found 'Germany'", "a country of ISO 3166 like DE"),
    ("seller", 'legal_name = ""', "seller.legal_name: found ''", "a name of at most 120 characters"),
    ("seller", "vat_id = 136695976", "seller.vat_id: found 136695976", "text of at most 20 characters"),
    ("seller", 'tax = "mwst"', "seller.tax: found 'mwst'", "exempt | domestic | oss | non-union | none"),
    ("seller", 'registered = ["Great Britain"]', "seller.registered: found ['Great", "a list of countries like ['GB']"),
    ("database", 'url = "mysql://u:hush@db/x"', "database.url: found a value", "sqlite:///… or postgresql+psycopg://…"),
    ("vault", 'url = "sqlite://"', "vault.url: found a value", "sqlite:///… or postgresql+psycopg://…"),
    ("vault", "key = 3", "vault.key: found 3", "a path"),
    ("objects", 'url = "ftp://u:hush@files"', "objects.url: found a value", "file:… or s3://…"),
    ("mail", 'url = "smtp://u:hush@mail"', "mail.url: found a value", "smtp+starttls://…, smtps://… or file:…"),
    ("mail", 'from = "nobody"', "mail.from: found 'nobody'", "an e-mail address"),
    ("payments.stripe", 'key = "pk_test_hush"', "payments.stripe.key: found a value", "a secret key like sk_test_…"),
    ("payments.stripe", 'webhook_secret = "hush"', "webhook_secret: found a value", "a signing secret like whsec_…"),
    (
        "payments.stripe",
        'api_base = "localhost:1"',
        "api_base: found 'localhost:1'",
        "an address like https://api.stripe",
    ),
    ("payments.bank", 'iban = "12"', "payments.bank.iban: found '12'", "an IBAN"),
    ("payments.bank", 'iban = "DE02120300000000202052"', "iban: found 'DE0212", "an IBAN whose check digits fit"),
    ("payments.bank", 'bic = "BYLADEM"', "payments.bank.bic: found 'BYLADEM'", "a BIC of 8 or 11 characters"),
    ("limits", "pay = 0", "limits.pay: found 0", "a whole number from 1 to 1000000"),
    ("limits", 'pay = "many"', "limits.pay: found 'many'", "a whole number from 1 to 1000000"),
)


@pytest.mark.parametrize(("section", "line", "found", "allowed"), WRONG, ids=lambda one: one[:40])
def test_a_wrong_value_says_file_line_found_and_allowed(
    tmp_path: Path, section: str, line: str, found: str, allowed: str
) -> None:
    before = "[store]\nname = 'F'\nbase_url = 'http://localhost'\n"
    text = before + (f"{line}\n" if section == "store" else f"\n[{section}]  # here\n{line}\n")
    said = refused(tmp_path, text)
    assert said.startswith(f"{tmp_path / FILE}:{len(text.splitlines())}: ")
    assert found in said
    assert f"; allowed is {allowed}" in said
    assert "hush" not in said
    assert len(said) < 500


@pytest.mark.parametrize(
    ("base_url", "why"),
    [
        ("ftp://shop.example.com", "without a path"),
        ("https://shop.example.com/shop", "without a path"),
        ("https://shop.example.com?x=1", "without a path"),
        ("https://shop.example.com#x", "without a path"),
        ("https://me@shop.example.com", "without a path"),
        ("https://shop.example.com:99999", "without a path"),
        ("https://[::1", "without a path"),
        ("https://münchen.example", "without a path"),
        ("https://" + "x" * 200, "without a path"),
        ("", "without a path"),
        ("http://shop.example.com", "https, or http on localhost only"),
        ("http://localhost.example.com", "https, or http on localhost only"),
        ("http://127.0.0.1.example.com", "https, or http on localhost only"),
    ],
)
def test_a_wrong_address_of_the_store_is_refused(tmp_path: Path, base_url: str, why: str) -> None:
    said = refused(tmp_path, f'[store]\nname = "F"\nbase_url = "{base_url}"\n')
    assert said.startswith(f"{tmp_path / FILE}:3: store.base_url: found '{base_url[:50]}")
    assert said.endswith(why)


@pytest.mark.parametrize(
    ("added", "line", "told"),
    [
        ("[mail]\nurl = 'file:outbox'", 5, "mail.url: found a value; allowed is smtp+starttls://… or smtps://…"),
        ("", 0, "mail.url: found a value; allowed is smtp+starttls://… or smtps://…"),
        (
            f"{CARD}api_base = 'http://127.0.0.1:12111'",
            9,
            "payments.stripe.api_base: found 'http://127.0.0.1:12111'; allowed is no local double under https",
        ),
        (
            f"{CARD}api_base = 'http://paybox.example'",
            9,
            "payments.stripe.api_base: found 'http://paybox.example'; allowed is https, or http on localhost only",
        ),
    ],
)
def test_what_contradicts_an_address_under_https_is_refused(tmp_path: Path, added: str, line: int, told: str) -> None:
    said = refused(tmp_path, f"[store]\nname = 'F'\nbase_url = 'https://shop.example.com'\n{added}")
    assert said.startswith(f"{tmp_path / FILE}:{line}: {told}" if line else f"{tmp_path / FILE}: {told}")


def test_a_store_under_https_keeps_its_keys_elsewhere(tmp_path: Path) -> None:
    text = "[store]\nname = 'F'\nbase_url = 'https://shop.example.com'\n[mail]\nurl='smtps://m.example'\n"
    assert "vault.key" in refused(tmp_path, text)
    assert "outside the store's folder" in refused(tmp_path, text + "[vault]\nkey = 'keys/store.key'\n")
    assert read(tmp_path, text + "[vault]\nkey = '../elsewhere/store.key'\n").https


def test_a_demo_is_for_this_machine(tmp_path: Path) -> None:
    text = "demo = true\n[store]\nname = 'F'\nbase_url = 'https://shop.example.com'\n[mail]\nurl='smtps://m'\n"
    told = f"{tmp_path / FILE}:4: store.base_url: found 'https://shop.example.com'; allowed is localhost"
    assert refused(tmp_path, text).startswith(told)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("dmeo = true\n" + SMALL, 1, "dmeo is unknown"),
        (SMALL + "[shop]\nx = 1", 4, "shop is unknown"),
        (SMALL + "naem = 'x'", 4, "store.naem is unknown; known here: base_url, hue, intro, languages, name"),
        (SMALL + "[payments]\ncash = 1", 5, "payments.cash is unknown; known here: bank, stripe"),
        (SMALL + "[payments.paypal]\nkey = 1", 4, "payments.paypal is unknown; known here: bank, stripe"),
        (SMALL + "[payments.bank]\niabn = 1", 5, "payments.bank.iabn is unknown; known here: bic, iban"),
        (SMALL + '["payments.bank"]\niban = "x"', 4, "payments.bank is unknown"),
        ("store = 3", 1, "store: found 3; allowed is a section [store]"),
        ("payments = 3\n" + SMALL, 1, "payments: found 3; allowed is a section [payments]"),
        ("limits = 3\n" + SMALL, 1, "limits: found 3; allowed is a section [limits]"),
        ("policy = 3\n" + SMALL, 1, "policy: found 3; allowed is a section [policy]"),
        (SMALL + "[payments]\nstripe = 3", 5, "payments.stripe: found 3; allowed is a section [payments.stripe]"),
        ("demo = 'false'\n" + SMALL, 1, "demo: found 'false'; allowed is true or false"),
        ("[store]\nname = 'F'", 1, "store.base_url is missing"),
        (SMALL + "[seller]\ncountry = 'DE'", 4, "seller.legal_name is missing"),
        ("store.name = 'F'\nstore.base_url = 'x'", 2, "store.base_url: found 'x'"),
        ("store = { name = 'F', base_url = 'x' }", 1, "store.base_url: found 'x'"),
        ('[store]\nname = "F"\nintro = """\nhue = 1\n[seller]\n"""\nbase_url = "x"', 7, "store.base_url: found 'x'"),
    ],
)
def test_what_is_unknown_missing_or_no_section_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, told: str
) -> None:
    assert refused(tmp_path, text).startswith(f"{tmp_path / FILE}:{line}: {told}")


def test_without_a_file_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"troth\.toml: cannot be read \(No such file.*`troth init DIR`"):
        load(tmp_path / "nowhere", {})


def test_an_empty_file_lacks_a_name(tmp_path: Path) -> None:
    assert refused(tmp_path, "").endswith("store.name is missing")


def test_what_is_no_toml_says_the_line(tmp_path: Path) -> None:
    assert "line 2" in refused(tmp_path, "[store]\nname = \n")
    (tmp_path / FILE).write_bytes(b"[store]\nname = '\xff'\n")
    with pytest.raises(ConfigError, match=r"troth\.toml:2: found bytes that are not text; allowed is UTF-8"):
        load(tmp_path, {})


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
JUNK = st.one_of(st.none(), st.booleans(), st.integers(), PLAIN, st.lists(PLAIN, max_size=3))


@given(values=st.dictionaries(st.sampled_from(["hue", "name", "base_url", "languages", "intro"]), JUNK))
@settings(max_examples=150, deadline=None)
def test_nothing_but_a_configuration_error_comes_of_any_value(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("junk", numbered=True)
    environ = {f"TROTH_STORE_{key}".upper(): str(value) for key, value in values.items() if value is not None}
    try:
        found = read(folder, SMALL, environ)
    except ConfigError as error:
        assert error.detail.startswith("TROTH_STORE_")  # noqa: PT017 - both outcomes are right
    else:
        assert found.hosts
        assert found.store.languages
