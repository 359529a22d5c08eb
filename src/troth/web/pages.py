"""Renders pages: Jinja templates of every part, with the names each page may use and texts in the visitor's language.

Autoescaping is always on and an undefined name is an error. Compiled templates stay in memory; nothing is written to
disk. Jinja is imported with the first page, or by `warm`, so that a worker answers sooner.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from troth.kernel.config import SellerSettings, Settings
from troth.web import format as written

if TYPE_CHECKING:
    from jinja2 import Environment

DOMAIN = "troth"
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi"})


@dataclass(frozen=True)
class StoreView:
    """`store` in every template."""

    name: str
    base_url: str
    demo: bool
    seller: SellerSettings

    @classmethod
    def of(cls, settings: Settings) -> StoreView:
        """Take what pages may show from the settings."""
        return cls(settings.store.name, settings.store.base_url, settings.demo, settings.seller)


@dataclass(frozen=True)
class PolicyView:
    """`policy` in every template: what the footer shows."""

    hash: str
    revision: int


@dataclass(frozen=True)
class PageView:
    """`page` in every template: where and in which language we are."""

    path: str
    language: str

    @property
    def direction(self) -> str:
        """The direction of writing."""
        return "rtl" if self.language in _RIGHT_TO_LEFT else "ltr"


class Pages:
    """The templates of some parts, in the languages the store speaks."""

    def __init__(self, parts: Sequence[str], store: StoreView, policy: PolicyView, asset: Callable[[str], str]) -> None:
        """Load from `troth/<part>/templates/`; a template's name is `<part>/<name>.html`."""
        self._parts = tuple(part for part in parts if (files(f"troth.{part}") / "templates").is_dir())
        self._globals = {"store": store, "policy": policy, "asset": asset}
        self._environments: dict[str, Environment] = {}

    def render(self, template: str, page: PageView, context: Mapping[str, Any]) -> str:
        """Render one template; raises Jinja's errors, which are mistakes of ours."""
        return self._environment(page.language).get_template(template).render(context, page=page)

    def warm(self, language: str) -> None:
        """Prepare what the first page needs, before somebody waits for it."""
        self._environment(language).get_template("web/page.html")

    def _environment(self, language: str) -> Environment:
        known = self._environments.get(language)
        if known is None:
            known = self._environments[language] = self._make(language)
        return known

    def _make(self, language: str) -> Environment:
        from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined  # noqa: PLC0415 - lazy

        environment = Environment(
            loader=PrefixLoader({part: PackageLoader(f"troth.{part}") for part in self._parts}),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            cache_size=-1,
            extensions=["jinja2.ext.i18n"],
        )
        environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
        environment.globals.update(self._globals)
        for name in ("money", "date", "percent", "country", "file_size"):
            environment.globals[name] = partial(getattr(written, name), language=language)
        return environment


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language (GNU gettext, `locales/<language>/LC_MESSAGES/troth.mo`), or the empty one."""
    with as_file(files("troth.web") / "locales") as folder:
        return gettext.translation(DOMAIN, Path(folder), [language], fallback=True)
