from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.policy.language import CookieCategory
from troth.web.audience import MANDATORY, Audiences, choose_language

ALL = frozenset(CookieCategory)


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,en;q=0.9", "de"),
        ("en;q=0.5, de;q=0.4", "en"),
        ("en;q=0.4, de;q=0.5", "de"),
        ("fr, de;q=0.1", "de"),
        ("de;q=0", "en"),
        ("fr", "en"),
        ("den", "en"),
        ("*", "en"),
        ("DE", "de"),
    ],
)
def test_the_visitor_reads_the_language_they_prefer(accepted: str, chosen: str) -> None:
    assert choose_language(accepted, ("en", "de")) == chosen


@given(st.text(max_size=80))
def test_choosing_a_language_never_fails(accepted: str) -> None:
    assert choose_language(accepted, ("en", "de")) in {"en", "de"}


def test_consent_supplies_the_class() -> None:
    asked: list[tuple[str, bool]] = []

    def decide(header: str, gpc: bool) -> frozenset[CookieCategory]:  # noqa: FBT001 - the shape of `Decide`
        asked.append((header, gpc))
        return ALL if "all" in header and not gpc else MANDATORY

    audiences = Audiences(("en",), "DE", decide)
    agreed = {b"cookie": b"troth_session=x; troth_consent=all; other=1"}
    assert audiences.of(agreed).consent == tuple(sorted(ALL))
    assert audiences.of({**agreed, b"sec-gpc": b"1"}).consent == tuple(MANDATORY)
    assert audiences.of({b"cookie": b"troth_session=x"}).consent == tuple(MANDATORY)
    assert asked == [("troth_consent=all", False), ("troth_consent=all", True), ("", False)]


def test_what_is_remembered_is_bounded() -> None:
    audiences = Audiences(("en",), "DE")
    for number in range(2000):
        audiences.of({b"accept-language": str(number).encode() * 500})
    assert len(audiences._known) <= 512
    assert max(len(header) for known in audiences._known for header in known) <= 256
