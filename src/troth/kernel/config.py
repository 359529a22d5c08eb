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
_HEADER = re.compile(r"\s*\[([^\[\]]+)\]\s*(#.*)?")
_ASSIGNMENT = re.compile(r"\s*([\w\"'.\s-]+?)\s*=")
_LIMIT_VARIABLE = "TROTH_LIMITS_"
_LONGEST_SHOWN = 120
_DIGITS = re.compile(r"[0-9]{1,9}")
_PORTS = {"http": 80, "https": 443}
_SECRET = frozenset(
    {"database.url", "vault.url", "objects.url", "mail.url", "mail.dkim", "payments.stripe.key",
     "payments.stripe.webhook_secret"}
)  # fmt: skip
"""Values that are, or may hold, a secret: an address of a server has room for a password."""

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
    """A raw value, its name and where it came from (`file:line` or a variable), so that a refusal can say so."""

    raw: Any
    name: str
    place: str
    base: Path

    def refuse(self, allowed: str) -> ConfigError:
        """Make the error for this value; what is or may hold a secret is never repeated."""
        shown = "a value" if self.name in _SECRET else repr(self.raw)
        cut = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
        return ConfigError(f"{self.place}: {self.name}: found {cut}; allowed is {allowed}")


def load(folder: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the store's configuration; raises `ConfigError`."""
    environ = os.environ if environ is None else environ
    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); `troth init DIR` makes a store") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: found bytes that are not text; allowed is UTF-8") from error
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
        whole = {name for name in _SECTIONS if "." not in name} | {"payments", "policy", "limits", "demo"}
        self._refuse_unknown(self.tree, whole, "")
        self._refuse_unknown(self._table("payments"), {"stripe", "bank"}, "payments.")
        folder = self.base
        store = self.section("store")
        bank, stripe = self.section("payments.bank"), self.section("payments.stripe")
        mail, vault = self.section("mail"), self.section("vault")
        host = urlsplit(store["base_url"]).hostname or "localhost"
        objects = {"url": "file:objects"} | self.section("objects")
        database = {"url": "sqlite:///troth.db"} | self.section("database")
        settings = Settings(
            dir=folder,
            store=StoreSettings(**store),
            seller=SellerSettings(**self.section("seller")),
            database=DatabaseSettings(url=_placed(database["url"], folder)),
            vault=VaultSettings(
                url=_placed(vault.get("url", "sqlite:///vault.db"), folder),
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
            policy=self._table("policy"),
            limits=self._limits(),
            demo=self._demo(),
        )
        self._check_whole(settings)
        return settings

    def section(self, name: str) -> Section:
        """Return one section's checked values, the environment's winning over the file's."""
        schema = _SECTIONS[name]
        raw = self._table(name)
        self._refuse_unknown(raw, set(schema.keys), name + ".")
        values: Section = {}
        for key, read in schema.keys.items():
            full = f"{name}.{key}"
            variable = _variable(full)
            if variable in self.environ or key in raw:
                found = self.environ.get(variable, raw.get(key))
                values[key] = read(_Value(found, full, self.place(full), self.base))
        missing = [key for key in schema.required if key not in values]
        if missing and (values or name == "store"):
            raise ConfigError(f"{self.where(name)}: {name}.{missing[0]} is missing")
        return values

    def place(self, name: str) -> str:
        """Return where a value comes from: its variable, or `file:line`."""
        variable = _variable(name)
        return variable if variable in self.environ else self.where(name)

    def where(self, name: str) -> str:
        """Return `file:line` of a section or of a value in it; of what encloses it where it has no line of its own."""
        header, around, quoted = "", "", False
        for number, line in enumerate(self.text.splitlines(), start=1):
            if not quoted and (opened := _HEADER.fullmatch(line)):
                header = _plain(opened[1])
                if header == name:
                    return f"{self.path}:{number}"
            elif not quoted and (assigned := _ASSIGNMENT.match(line)):
                found = f"{header}.{_plain(assigned[1])}".lstrip(".")
                if found == name:
                    return f"{self.path}:{number}"
                around = f"{self.path}:{number}" if name.startswith(f"{found}.") else around
            quoted ^= (line.count('"""') + line.count("'''")) % 2 == 1
        return around or str(self.path)

    def _table(self, name: str) -> Section:
        found: Any = self.tree
        for step in name.split("."):
            found = found.get(step, {})
            if not isinstance(found, dict):
                at = name[: name.index(step) + len(step)]
                raise ConfigError(f"{self.where(at)}: {at}: found {found!r}; allowed is a section [{at}]")
        return dict(found)

    def _refuse_unknown(self, found: Section, known: set[str], prefix: str) -> None:
        for key in found:
            if key not in known:
                name = prefix + key
                raise ConfigError(f"{self.where(name)}: {name} is unknown; known here: {', '.join(sorted(known))}")

    def _limits(self) -> dict[str, int]:
        given = {name: _Value(raw, f"limits.{name}", self.where(f"limits.{name}"), self.base)
                 for name, raw in self._table("limits").items()}  # fmt: skip
        for variable in self.environ:
            if variable.startswith(_LIMIT_VARIABLE):
                name = variable.removeprefix(_LIMIT_VARIABLE).lower().replace("_", "-")
                given[name] = _Value(self.environ[variable], f"limits.{name}", variable, self.base)
        return {name: _LIMIT(value) for name, value in given.items()}

    def _demo(self) -> bool:
        raw = self.tree.get("demo", False)
        if not isinstance(raw, bool):
            raise _Value(raw, "demo", self.where("demo"), self.base).refuse("true or false")
        return raw

    def _check_whole(self, settings: Settings) -> None:
        """Refuse combinations that each look right alone (INTERFACE: https, loopback, paybox, file outbox)."""
        base_url = settings.store.base_url
        if not settings.https and not _is_loopback(base_url):
            raise self._refused("store.base_url", base_url, "https, or http on localhost only")
        if settings.demo and not _is_loopback(base_url):
            raise self._refused("store.base_url", base_url, "localhost, as demo = true says")
        if settings.https and settings.mail.url.startswith("file:"):
            allowed = "smtp+starttls://… or smtps://… under https; a file outbox delivers to nobody"
            raise self._refused("mail.url", settings.mail.url, allowed)
        self._check_stripe(settings)
        if settings.https and settings.vault.key.is_relative_to(settings.dir):
            allowed = "a file outside the store's folder: a copy of the folder alone must show nothing"
            raise self._refused("vault.key", str(settings.vault.key), allowed)

    def _check_stripe(self, settings: Settings) -> None:
        stripe = settings.payments.stripe
        if stripe is None:
            return
        name, double = "payments.stripe.api_base", _is_loopback(stripe.api_base)
        if settings.https and double:
            raise self._refused(name, stripe.api_base, "no local double under https, it takes no money; leave it out")
        if not double and not stripe.api_base.startswith("https://"):
            raise self._refused(name, stripe.api_base, "https, or http on localhost only")

    def _refused(self, name: str, found: object, allowed: str) -> ConfigError:
        return _Value(found, name, self.place(name), self.base).refuse(allowed)


def _variable(name: str) -> str:
    """Return the environment variable that speaks for a value."""
    return f"TROTH_{name}".upper().replace(".", "_")


def _plain(key: str) -> str:
    """Return a TOML key, dotted or quoted, as `a.b`."""
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def _placed(url: str, folder: Path) -> str:
    """Return an address with its path made whole: a relative one (`file:…`, `sqlite:///…`) starts in the folder."""
    for scheme in ("file:", "sqlite:///"):
        if url.startswith(scheme):
            return f"{scheme}{folder / url.removeprefix(scheme)}"
    return url


def _is_loopback(url: str) -> bool:
    return bool(_LOOPBACK.match(urlsplit(url).hostname or ""))


def _text(limit: int = 400, pattern: str = "", allowed: str = "") -> Callable[[_Value], str]:
    def read(value: _Value) -> str:
        told = allowed or f"text of at most {limit} characters"
        raw = value.raw
        if not isinstance(raw, str) or len(raw) > limit or (pattern and not re.fullmatch(pattern, raw)):
            raise value.refuse(told)
        return raw

    return read


def _words(pattern: str, allowed: str, *, least: int = 0) -> Callable[[_Value], tuple[str, ...]]:
    def read(value: _Value) -> tuple[str, ...]:
        raw = value.raw.split(",") if isinstance(value.raw, str) else value.raw
        if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
            raise value.refuse(allowed)
        words = tuple(one.strip() for one in raw)
        if len(words) < least or not all(re.fullmatch(pattern, one) for one in words):
            raise value.refuse(allowed)
        return words

    return read


def _whole_number(low: int, high: int) -> Callable[[_Value], int]:
    def read(value: _Value) -> int:
        raw = int(value.raw) if isinstance(value.raw, str) and _DIGITS.fullmatch(value.raw) else value.raw
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
    try:
        parts = urlsplit(value.raw)
        port = parts.port
    except ValueError:
        raise value.refuse(told) from None
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None
    if parts.scheme not in _PORTS or not parts.hostname or more or not value.raw.isascii():
        raise value.refuse(told)
    # A browser leaves the scheme's own port out of Host and Origin.
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, _PORTS[parts.scheme]} else "")


def _database_url(value: _Value) -> str:
    read = _text(500, r"(sqlite:///.+|postgresql(\+psycopg)?://.*)", "sqlite:///… or postgresql+psycopg://…")
    # Without a driver's name SQLAlchemy looks for one that is not installed.
    return re.sub(r"^postgresql://", "postgresql+psycopg://", read(value))


def _iban(value: _Value) -> str:
    """Read an IBAN; ISO 13616: moved to the end its first four characters leave 1 modulo 97 (ISO 7064)."""
    iban = _text(42, r"[A-Z]{2}[0-9]{2}[0-9A-Z ]{8,}", "an IBAN")(value).replace(" ", "")
    if int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 != 1:
        raise value.refuse("an IBAN whose check digits fit")
    return iban


_COUNTRY = _text(2, r"[A-Z]{2}", "a country of ISO 3166 like DE")
_LIMIT = _whole_number(1, 1_000_000)
_SECTIONS: dict[str, _Schema] = {
    "store": _Schema(
        keys={
            "name": _text(80, r".+"),
            "base_url": _base_url,
            "languages": _words(r"[a-z]{2}", "a list like ['en']", least=1),
            "hue": _whole_number(0, 359),
            "intro": _text(300),
        },
        required=("name", "base_url"),
    ),
    "seller": _Schema(
        keys={
            "legal_name": _text(120, r"\S.*", "a name of at most 120 characters"),
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
    "database": _Schema(keys={"url": _database_url}),
    "vault": _Schema(keys={"url": _database_url, "key": _path}),
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
        keys={
            "iban": _iban,
            "bic": _text(11, r"([A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?)?", "a BIC of 8 or 11 characters"),
        },
        required=("iban",),
    ),
}
