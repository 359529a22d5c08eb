"""Fixtures of the web kit's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.web.store import ROUTES, Client, make_site
from troth.web.route import Route
from troth.web.site import Site


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Make sites that are closed at the end."""
    made: list[Site] = []

    def one(routes: Sequence[Route] = ROUTES, **changes: Any) -> Site:
        site = make_site(tmp_path, routes, **changes)
        made.append(site)
        return site

    yield one
    for site in made:
        site.close()
        site.setup.database.engine.dispose()


@pytest.fixture
def client(make: Callable[..., Site]) -> Client:
    """Return a client of the sample store."""
    return Client(make())
