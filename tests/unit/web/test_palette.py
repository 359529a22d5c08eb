"""Every brand hue gives colours people can read, measured by a second reading of WCAG 2.2."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from troth.web.palette import PAIRS, SHADES, ContrastTooLow, HueUnknown, contrast, hexed, palette, palette_css, verified

HUES = st.integers(0, 359)


def luminance_by_the_book(colour: str) -> float:
    """Relative luminance as WCAG 2.2 words it, from the hexadecimal text."""
    parts = [int(part, 16) / 255 for part in re.findall("[0-9a-f]{2}", colour)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@given(HUES)
@example(0)
@example(359)
def test_every_used_pair_can_be_told_apart(hue: int) -> None:
    for colours in palette(hue):
        assert set(colours) == set(SHADES)
        for pair in PAIRS:
            low, high = sorted(luminance_by_the_book(colours[role]) for role in (pair.front, pair.back))
            assert (high + 0.05) / (low + 0.05) >= pair.least, pair


def test_all_360_hues_pass() -> None:
    assert len({palette_css(hue) for hue in range(360)}) > 300


@pytest.mark.parametrize("hue", [-1, 360, 100_000])
def test_a_hue_off_the_circle_is_refused(hue: int) -> None:
    with pytest.raises(HueUnknown) as refused:
        palette(hue)
    assert refused.value.field == "hue"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_failing_pair_is_named(scheme: str) -> None:
    colours = palette(155)
    tampered = {**getattr(colours, scheme), "quiet": getattr(colours, scheme)["line"]}
    with pytest.raises(ContrastTooLow, match=rf"{scheme}: quiet on paper reaches 1\.\d\d:1 and needs 4\.5:1") as failed:
        verified(colours._replace(**{scheme: tampered}))
    assert failed.value.pair.front == "quiet"


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#0b5d3f", "#0b5d3f", 1.0),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_contrast_agrees_with_published_values(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize(
    ("lightness", "chroma", "hue", "colour"),
    [
        # CSS Color Module Level 4: the corners of sRGB in OKLCH, rounded.
        (1.0, 0.0, 0.0, "#ffffff"),
        (0.0, 0.0, 0.0, "#000000"),
        (0.62796, 0.25768, 29.234, "#ff0000"),
        (0.51975, 0.17686, 142.495, "#008000"),
        (0.45201, 0.31321, 264.052, "#0000ff"),
    ],
)
def test_oklch_agrees_with_the_standard(lightness: float, chroma: float, hue: float, colour: str) -> None:
    found, wanted = (bytes.fromhex(text[1:]) for text in (hexed(lightness, chroma, hue), colour))
    assert all(abs(one - other) <= 1 for one, other in zip(found, wanted, strict=True))


@given(st.floats(0, 1), st.floats(0, 0.4), st.floats(0, 360))
def test_no_colour_leaves_srgb(lightness: float, chroma: float, hue: float) -> None:
    assert re.fullmatch("#[0-9a-f]{6}", hexed(lightness, chroma, hue))


def test_too_much_chroma_keeps_the_lightness() -> None:
    gentle, loud = hexed(0.6, 0.05, 200.0), hexed(0.6, 0.4, 200.0)
    assert luminance_by_the_book(loud) == pytest.approx(luminance_by_the_book(gentle), abs=0.02)


def test_the_style_sheet_holds_both_schemes_and_a_fallback() -> None:
    css = palette_css(155)
    for role in SHADES:
        assert re.search(rf"--{role}:#[0-9a-f]{{6}};", css)
        assert re.search(rf"--{role}:light-dark\(#[0-9a-f]{{6}},#[0-9a-f]{{6}}\);", css)
    assert css.count("{") == css.count("}")
    assert len(css) < 2500
