"""Renders letters with the same templates engine, texts and formats as pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.web.pages import Pages, PageView, PolicyView, StoreView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.kernel.config import Settings
    from troth.policy import Lock


class LetterPages:
    """The renderer mail asks for."""

    def __init__(self, settings: Settings, lock: Lock) -> None:
        """Load the templates of letters; assets have no place in them."""
        self._pages = Pages(
            ("web", "mail"),
            StoreView.of(settings),
            PolicyView(lock.hash, lock.revision),
            lambda name: f"/static/{name}",
        )

    def render(self, name: str, language: str, context: Mapping[str, object]) -> str:
        """Return the template `name`, filled in."""
        return self._pages.render(name, PageView("", language), context)
