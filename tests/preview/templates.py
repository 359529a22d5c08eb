"""The templates of every part under the rules the store renders them by, with the sample maker's names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace as View

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from tests.preview.samples import POLICY, STORE, Sample
from troth.web import format as written

SOURCE = Path(__file__).parents[2] / "src/troth"
FOLDERS = {path.parent.name: path for path in sorted(SOURCE.glob("*/templates"))}


def english(text: str) -> str:
    """Give the text back: it is written in English."""
    return text


def english_number(one: str, many: str, number: int) -> str:
    """Choose between one and many as English does."""
    return one if number == 1 else many


def environment(
    single: Callable[[str], str] = english, several: Callable[[str, str, int], str] = english_number
) -> Environment:
    """Build the environment; `single` and `several` stand for a catalogue."""
    found = Environment(
        loader=PrefixLoader({part: FileSystemLoader(folder) for part, folder in FOLDERS.items()}),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    found.install_gettext_callables(single, several, newstyle=True)  # type: ignore[attr-defined]
    found.globals.update(store=STORE, policy=POLICY, asset=lambda name: f"/static/{name}")
    for name in ("money", "date", "file_size"):
        found.globals[name] = partial(getattr(written, name), language="en")
    return found


def draw(environment: Environment, sample: Sample, *, language: str = "en", direction: str = "ltr") -> str:
    """Render one sample."""
    page = View(path=sample.path, language=language, direction=direction)
    return environment.get_template(sample.template).render(sample.context, page=page)
