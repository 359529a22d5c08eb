"""The store's configuration: `troth.toml` in its folder, each value also as `TROTH_SECTION_KEY`.

`load` promises that what it returns is usable; anything wrong raises `ConfigError` with the file, the line, what was
found and what is allowed.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from troth.kernel.errors import ConfigError

FILE = "troth.toml"
TAX_REGIMES = ("exempt", "domestic", "oss", "non-union", "none")
_LOOPBACK = re.compile(r"^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|[a-z0-9.-]+\.localhost)$")

Section = dict[str, Any]


class StoreSettings(msgspec.Struct, frozen=True):
    """`[store]`: what it is called and where it is."""

    name: str
    base_url: str
    languages: tuple[str, ...] = ("en",)
    hue: int = 160
    intro: str = ""


class SellerSettings(msgspec.Struct, frozen=True):
    """`[seller]`: who sells; `tax` missing means no sale outside the demo."""

    legal_name: str = ""
    address: str = ""
    country: str = ""
    contact: str = ""
    register: str = ""
    vat_id: str = ""
    tax: Literal["exempt", "domestic", "oss", "non-union", "none"] | None = None
    registered: tuple[str, ...] = ()


class DatabaseSettings(msgspec.Struct, frozen=True):
    """`[database]`: an SQLAlchemy URL; default is `troth.db` in the store's folder."""

    url: str


class VaultSettings(msgspec.Struct, frozen=True):
    """`[vault]`: the key database and the key file, which lies outside the store folder (demo excepted)."""

    url: str
    key: Path


class ObjectSettings(msgspec.Struct, frozen=True):
    """`[objects]`: where releases and other files lie (`file:…` or `s3://…`)."""

    url: str


class MailSettings(msgspec.Struct, frozen=True):
    """`[mail]`: how mail leaves; `file:` is a delivery sink for the demo and tests."""

    url: str
    sender: str
    dkim: str = ""


class StripeSettings(msgspec.Struct, frozen=True):
    """`[payments.stripe]`: keys, and another `api_base` only for a local double."""

    key: str
    webhook_secret: str
    api_base: str = "https://api.stripe.com"

    @property
    def live(self) -> bool:
        """Whether the key moves real money."""
        return "_live_" in self.key


class BankSettings(msgspec.Struct, frozen=True):
    """`[payments.bank]`: the account buyers transfer to."""

    iban: str
    bic: str = ""


class PaymentSettings(msgspec.Struct, frozen=True):
    """`[payments]`: at least one way to be paid makes a store that sells."""

    stripe: StripeSettings | None = None
    bank: BankSettings | None = None


class Settings(msgspec.Struct, frozen=True):
    """The whole configuration of one store."""

    dir: Path
    store: StoreSettings
    seller: SellerSettings
    database: DatabaseSettings
    vault: VaultSettings
    objects: ObjectSettings
    mail: MailSettings
    payments: PaymentSettings
    policy: Mapping[str, Any]
    limits: Mapping[str, int]
    demo: bool = False

    @property
    def https(self) -> bool:
        """Whether visitors reach the store over TLS."""
        return self.store.base_url.startswith("https://")

    @property
    def hosts(self) -> frozenset[str]:
        """The Host values that are ours, with port; the demo answers on every loopback name."""
        parts = urlsplit(self.store.base_url)
        if not self.demo:
            return frozenset({parts.netloc})
        port = f":{parts.port}" if parts.port else ""
        return frozenset(name + port for name in ("localhost", "127.0.0.1", "[::1]", "cloud.localhost"))


class _Schema(msgspec.Struct, frozen=True):
    """What a section may hold, and how each value reads."""

    keys: Mapping[str, Callable[[_Value], Any]]
    required: tuple[str, ...] = ()


class _Value(msgspec.Struct, frozen=True):
    """A raw value and where it came from, so that a refusal can say so."""

    raw: Any
    where: str
    base: Path

    def refuse(self, allowed: str) -> ConfigError:
        """Make the error for this value; secrets are never repeated."""
        shown = "a value" if "key" in self.where or "secret" in self.where else repr(self.raw)
        return ConfigError(f"{self.where}: found {shown}; allowed is {allowed}")


def load(folder: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the store's configuration; raises `ConfigError`."""
    environ = os.environ if environ is None else environ
    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); `troth init DIR` makes a store") from error
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    reader = _Reader(path, text, tree, environ)
    return reader.settings()


class _Reader:
    """Walks the known sections once, then refuses whatever is left over."""

    def __init__(self, path: Path, text: str, tree: Section, environ: Mapping[str, str]) -> None:
        self.path, self.text, self.tree, self.environ = path, text, tree, environ
        self.base = path.parent.resolve()

    def settings(self) -> Settings:
        """Build the settings, section by section."""
        self._refuse_unknown(self.tree, {*_SECTIONS, "payments", "policy", "limits", "demo"}, "")
        payments = self.tree.get("payments", {})
        self._refuse_unknown(payments, {"stripe", "bank"}, "payments.")
        folder = self.base
        store = self.section("store")
        bank, stripe = self.section("payments.bank"), self.section("payments.stripe")
        mail, vault = self.section("mail"), self.section("vault")
        host = urlsplit(store["base_url"]).hostname or "localhost"
        objects = {"url": "file:objects"} | self.section("objects")
        settings = Settings(
            dir=folder,
            store=StoreSettings(**store),
            seller=SellerSettings(**self.section("seller")),
            database=DatabaseSettings(**({"url": f"sqlite:///{folder / 'troth.db'}"} | self.section("database"))),
            vault=VaultSettings(
                url=vault.get("url", f"sqlite:///{folder / 'vault.db'}"),
                key=vault.get("key", folder / "keys" / "store.key"),
            ),
            objects=ObjectSettings(url=_placed(objects["url"], folder)),
            mail=MailSettings(
                url=_placed(mail.get("url", "file:outbox"), folder),
                sender=mail.get("from", f"shop@{host}"),
                dkim=mail.get("dkim", ""),
            ),
            payments=PaymentSettings(
                stripe=StripeSettings(**stripe) if stripe else None, bank=BankSettings(**bank) if bank else None
            ),
            policy=self.tree.get("policy", {}),
            limits=self._limits(),
            demo=bool(self.tree.get("demo", False)),
        )
        _check_whole(settings, self.path)
        return settings

    def section(self, name: str) -> Section:
        """Return one section's checked values, the environment's winning over the file's."""
        schema = _SECTIONS[name]
        raw: Section = self.tree
        for step in name.split("."):
            raw = raw.get(step, {})
        if not isinstance(raw, dict):
            raise ConfigError(f"{self.path}: [{name}] must be a section")
        self._refuse_unknown(raw, set(schema.keys), name + ".")
        values: Section = {}
        for key, read in schema.keys.items():
            variable = f"TROTH_{name}_{key}".upper().replace(".", "_")
            if variable in self.environ:
                values[key] = read(_Value(self.environ[variable], f"{variable} {name}.{key}", self.base))
            elif key in raw:
                values[key] = read(_Value(raw[key], f"{self.where(name, key)}: {name}.{key}", self.base))
        missing = [key for key in schema.required if key not in values]
        if missing and (values or name == "store"):
            raise ConfigError(f"{self.where(name)}: {name}.{missing[0]} is missing")
        return values

    def where(self, section: str, key: str = "") -> str:
        """Return `file:line` of a section or of a key in it."""
        lines, inside = self.text.splitlines(), False
        for number, line in enumerate(lines, start=1):
            header = re.match(r"\s*\[([^\[\]]+)\]", line)
            if header:
                inside = header.group(1).strip() == section
                if inside and not key:
                    return f"{self.path}:{number}"
            elif inside and re.match(rf"\s*{re.escape(key)}\s*=", line):
                return f"{self.path}:{number}"
        return str(self.path)

    def _refuse_unknown(self, found: Section, known: set[str], prefix: str) -> None:
        for key in found:
            nested = any(name.startswith(f"{prefix}{key}.") for name in _SECTIONS)
            if key not in known and not nested:
                at = self.where(prefix.rstrip("."), key) if prefix else self.where(key)
                raise ConfigError(f"{at}: {prefix}{key} is unknown; known here: {', '.join(sorted(known))}")

    def _limits(self) -> dict[str, int]:
        limits = self.tree.get("limits", {})
        for key, value in limits.items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ConfigError(
                    f"{self.where('limits', key)}: limits.{key}: found {value!r}; allowed is a number of 1 or more"
                )
        return dict(limits)


def _placed(url: str, folder: Path) -> str:
    """Return a `file:` address with its path made whole: a relative one starts in the store's folder."""
    return f"file:{folder / url.removeprefix('file:')}" if url.startswith("file:") else url


def _check_whole(settings: Settings, path: Path) -> None:
    """Refuse combinations that each look right alone (INTERFACE: https, loopback, paybox, file outbox)."""
    parts = urlsplit(settings.store.base_url)
    loopback = bool(_LOOPBACK.match(parts.hostname or ""))
    if not settings.https and not loopback:
        raise ConfigError(
            f"{path}: store.base_url: found {settings.store.base_url!r}; allowed is https, or http on localhost only"
        )
    if settings.https and settings.mail.url.startswith("file:"):
        raise ConfigError(f"{path}: mail.url: a file outbox delivers to nobody; under https use smtp+starttls://…")
    stripe = settings.payments.stripe
    if stripe and settings.https and _LOOPBACK.match(urlsplit(stripe.api_base).hostname or ""):
        raise ConfigError(f"{path}: payments.stripe.api_base: a local double takes no money; leave it out under https")
    if settings.demo and not loopback:
        raise ConfigError(f"{path}: demo: a demo store serves on localhost only")


def _text(limit: int = 400, pattern: str = "", allowed: str = "") -> Callable[[_Value], str]:
    def read(value: _Value) -> str:
        told = allowed or f"text of at most {limit} characters"
        raw = value.raw
        if not isinstance(raw, str) or len(raw) > limit or (pattern and not re.fullmatch(pattern, raw)):
            raise value.refuse(told)
        return raw

    return read


def _words(pattern: str, allowed: str) -> Callable[[_Value], tuple[str, ...]]:
    def read(value: _Value) -> tuple[str, ...]:
        raw = value.raw.split(",") if isinstance(value.raw, str) else value.raw
        if not isinstance(raw, list) or not all(isinstance(one, str) and re.fullmatch(pattern, one) for one in raw):
            raise value.refuse(allowed)
        return tuple(raw)

    return read


def _whole_number(low: int, high: int) -> Callable[[_Value], int]:
    def read(value: _Value) -> int:
        raw = int(value.raw) if isinstance(value.raw, str) and value.raw.isdigit() else value.raw
        if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
            raise value.refuse(f"a whole number from {low} to {high}")
        return raw

    return read


def _one_of(*allowed: str) -> Callable[[_Value], str]:
    def read(value: _Value) -> str:
        if value.raw not in allowed:
            raise value.refuse(" | ".join(allowed))
        return str(value.raw)

    return read


def _path(value: _Value) -> Path:
    if not isinstance(value.raw, str) or not value.raw:
        raise value.refuse("a path")
    return (value.base / Path(value.raw).expanduser()).resolve()


def _base_url(value: _Value) -> str:
    told = "an address like https://shop.example.com, without a path"
    if not isinstance(value.raw, str) or len(value.raw) > 200:  # noqa: PLR2004 - a host name has at most 253
        raise value.refuse(told)
    parts = urlsplit(value.raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise value.refuse(told)
    return value.raw.rstrip("/")


_COUNTRY = _text(2, r"[A-Z]{2}", "a country of ISO 3166 like DE")
_SECTIONS: dict[str, _Schema] = {
    "store": _Schema(
        keys={
            "name": _text(80, r".+"),
            "base_url": _base_url,
            "languages": _words(r"[a-z]{2}", "a list like ['en']"),
            "hue": _whole_number(0, 359),
            "intro": _text(300),
        },
        required=("name", "base_url"),
    ),
    "seller": _Schema(
        keys={
            "legal_name": _text(120),
            "address": _text(400),
            "country": _COUNTRY,
            "contact": _text(254),
            "register": _text(200),
            "vat_id": _text(20),
            "tax": _one_of(*TAX_REGIMES),
            "registered": _words(r"[A-Z]{2}", "a list of countries like ['GB']"),
        },
        required=("legal_name", "country"),
    ),
    "database": _Schema(keys={"url": _text(500, r"(sqlite|postgresql).*", "sqlite:///… or postgresql+psycopg://…")}),
    "vault": _Schema(
        keys={"url": _text(500, r"(sqlite|postgresql).*", "sqlite:///… or postgresql+psycopg://…"), "key": _path}
    ),
    "objects": _Schema(keys={"url": _text(500, r"(file:|s3://).*", "file:… or s3://…")}),
    "mail": _Schema(
        keys={
            "url": _text(300, r"(smtp\+starttls://|smtps://|file:).*", "smtp+starttls://…, smtps://… or file:…"),
            "from": _text(254, r"[^@\s]+@[^@\s]+", "an e-mail address"),
            "dkim": _text(300),
        }
    ),
    "payments.stripe": _Schema(
        keys={
            "key": _text(300, r"[sr]k_(test|live)_\w+", "a secret key like sk_test_…"),
            "webhook_secret": _text(300, r"whsec_\w+", "a signing secret like whsec_…"),
            "api_base": _text(200, r"https?://[^/\s]+", "an address like https://api.stripe.com"),
        },
        required=("key", "webhook_secret"),
    ),
    "payments.bank": _Schema(
        keys={"iban": _text(42, r"[A-Z]{2}[0-9A-Z ]+", "an IBAN"), "bic": _text(11, r"[A-Z0-9]{8,11}", "a BIC")},
        required=("iban",),
    ),
}
