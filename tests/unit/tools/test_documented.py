"""The docs check finds what is missing and what leads nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import documented


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Set `store.name` to your name.", False),
        ("Set `[store]` and `store.names`.", True),
        ("Set `restore.name`.", True),
        ("Set store.name, it says without quoting.", True),
        ("| `payments.stripe.key` · `store.name` | both |", False),
    ],
)
def test_a_setting_is_described_when_it_is_named_between_backticks(text: str, found: bool) -> None:  # noqa: FBT001 - a case
    assert bool(list(documented.undocumented({"store.name"}, "setting", text))) is found


def test_a_longer_path_does_not_describe_a_shorter_one() -> None:
    text = "`/orders/{token}/pay` redirects"
    assert list(documented.undocumented({"/orders/{token}"}, "route", text))
    assert not list(documented.undocumented({"/orders/{token}/pay"}, "route", text))


def test_links_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "there.md").write_text("# It is: `there`\n", encoding="utf-8")
    page = """
[good](docs/there.md) [to a heading](docs/there.md#it-is-there) [elsewhere](https://example.com/x)
[lost](docs/gone.md) [no such heading](docs/there.md#nowhere)
```
[in an example](never/checked.md)
```
"""
    (tmp_path / "README.md").write_text(page, encoding="utf-8")
    assert list(documented.broken_links(tmp_path)) == [
        "README.md: docs/gone.md leads nowhere",
        "README.md: docs/there.md#nowhere leads to no heading",
    ]


def test_every_setting_is_found_in_the_configuration_reader() -> None:
    assert {"store.name", "seller.registered", "payments.stripe.webhook_secret"} <= documented.settings()
