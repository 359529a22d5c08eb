"""From one brand hue to a light and a dark palette whose contrast is proven, never hoped for.

Colours are described in OKLCH (equal lightness looks equal at every hue), chroma is reduced until the colour fits
sRGB (CSS Color Module Level 4, §13), and every pair the style sheet uses is measured as WCAG 2.2 measures it on the
final eight bits a channel: text at least 4.5:1 (1.4.3), edges of controls and the focus ring at least 3:1 (1.4.11).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, radians, sin
from types import MappingProxyType
from typing import Final, NamedTuple

from troth.kernel.errors import Refused, TrothError

Colours = Mapping[str, str]
"""Role → `#rrggbb`."""

TEXT: Final = 4.5
EDGE: Final = 3.0
HUES: Final = 360
_ROUNDING: Final = 1e-4
_TOE: Final = 0.04045  # below it sRGB is a straight line (IEC 61966-2-1)
_TOE_LINEAR: Final = 0.0031308


class HueUnknown(Refused):
    """A brand hue is a whole number of degrees from 0 to 359."""


class ContrastTooLow(TrothError):
    """Two colours that stand on each other are too alike to read."""

    def __init__(self, scheme: str, pair: Pair, found: float) -> None:
        """Name the pair that fails, what it reaches and what it needs."""
        text = f"{scheme}: {pair.front} on {pair.back} reaches {found:.2f}:1 and needs {pair.least}:1."
        super().__init__(f"{text} Nothing was saved; choose another hue.")
        self.pair = pair


class Pair(NamedTuple):
    """A colour in front, the colour behind it, and the least contrast ratio between them."""

    front: str
    back: str
    least: float


class Shade(NamedTuple):
    """One role: chroma, lightness in the light and in the dark scheme (0–1), a hue of its own (None: the brand's)."""

    chroma: float
    light: float
    dark: float
    light_hue: float | None = None
    dark_hue: float | None = None


PAPER, LEAF, AMBER, BRICK = 88.0, 155.0, 66.0, 27.0

SHADES: Final[Mapping[str, Shade]] = MappingProxyType(
    {
        "paper": Shade(0.007, 0.985, 0.175, PAPER),
        "card": Shade(0.010, 1.000, 0.212, PAPER),
        "sunk": Shade(0.010, 0.962, 0.145, PAPER),
        "line": Shade(0.012, 0.895, 0.315, PAPER),
        "edge": Shade(0.018, 0.610, 0.570),
        "ink": Shade(0.018, 0.230, 0.930),
        "quiet": Shade(0.018, 0.460, 0.750),
        "accent": Shade(0.115, 0.430, 0.805),
        "accent-deep": Shade(0.105, 0.360, 0.865),
        "accent-ink": Shade(0.016, 0.990, 0.190),
        "soft": Shade(0.034, 0.948, 0.275),
        "good": Shade(0.110, 0.430, 0.820, LEAF, LEAF),
        "good-soft": Shade(0.038, 0.948, 0.280, LEAF, LEAF),
        "warn": Shade(0.105, 0.455, 0.830, AMBER, AMBER),
        "warn-soft": Shade(0.040, 0.950, 0.285, AMBER, AMBER),
        "bad": Shade(0.165, 0.455, 0.785, BRICK, BRICK),
        "bad-soft": Shade(0.030, 0.950, 0.285, BRICK, BRICK),
    }
)

GROUNDS: Final = ("paper", "card", "sunk")

PAIRS: Final = (
    *(Pair(front, back, TEXT) for front in ("ink", "quiet", "accent", "accent-deep") for back in (*GROUNDS, "soft")),
    *(Pair("accent-ink", back, TEXT) for back in ("accent", "accent-deep")),
    *(Pair(front, back, TEXT) for front in ("good", "warn", "bad") for back in (*GROUNDS, f"{front}-soft")),
    *(Pair(front, f"{state}-soft", TEXT) for front in ("ink", "accent") for state in ("good", "warn", "bad")),
    *(Pair(front, back, EDGE) for front in ("edge", "accent") for back in (*GROUNDS, "soft")),
)


class Palette(NamedTuple):
    """The colours of both schemes, by role."""

    light: Colours
    dark: Colours


def palette(hue: int) -> Palette:
    """Compute and verify both schemes for a brand hue in degrees; raises `HueUnknown` or `ContrastTooLow`."""
    if not 0 <= hue < HUES:
        raise HueUnknown(field="hue")
    light = {role: hexed(s.light, s.chroma, _or(s.light_hue, hue)) for role, s in SHADES.items()}
    dark = {role: hexed(s.dark, s.chroma, _or(s.dark_hue, hue)) for role, s in SHADES.items()}
    return verified(Palette(light, dark))


def verified(colours: Palette) -> Palette:
    """Give the palette back if every used pair is far enough apart; raises `ContrastTooLow` naming one that is not."""
    for scheme, found in zip(colours._fields, colours, strict=True):
        for pair in PAIRS:
            ratio = contrast(found[pair.front], found[pair.back])
            if ratio < pair.least:
                raise ContrastTooLow(scheme, pair, ratio)
    return colours


def palette_css(hue: int) -> str:
    """Write the palette as custom properties in the `tokens` layer; raises as `palette` does.

    A browser without `light-dark()` gets the light scheme whole.
    """
    light, dark = palette(hue)
    plain = "".join(f"--{role}:{light[role]};" for role in SHADES)
    both = "".join(f"--{role}:light-dark({light[role]},{dark[role]});" for role in SHADES)
    return (
        "@layer reset,tokens,elements,parts;\n"
        f"@layer tokens{{:root{{{plain}}}\n"
        f"@supports (color:light-dark(red,red)){{:root{{color-scheme:light dark;{both}}}}}}}\n"
    )


def contrast(one: str, other: str) -> float:
    """Measure two `#rrggbb` colours: 1 (the same) to 21 (black on white), WCAG 2.2 "contrast ratio"."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def hexed(lightness: float, chroma: float, hue: float) -> str:
    """Turn OKLCH into `#rrggbb`, giving up as much chroma as sRGB cannot show, to 1/4096 of what was asked."""
    low, high = 0.0, chroma
    if _fits(_linear(lightness, chroma, hue)):
        low = chroma
    else:
        for _ in range(12):
            middle = (low + high) / 2
            low, high = (middle, high) if _fits(_linear(lightness, middle, hue)) else (low, middle)
    return "#" + "".join(f"{_eight_bits(part):02x}" for part in _linear(lightness, low, hue))


def _or(own: float | None, brand: float) -> float:
    return brand if own is None else own


def _fits(rgb: tuple[float, float, float]) -> bool:
    return all(-_ROUNDING <= part <= 1 + _ROUNDING for part in rgb)


def _linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """OKLCH to linear sRGB (CSS Color Module Level 4, §10, sample code)."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377773761749 * a + 0.2158037573099136 * b) ** 3
    medium = (lightness - 0.1055613458156586 * a - 0.0638541728258133 * b) ** 3
    short = (lightness - 0.0894841775298119 * a - 1.2914855480194092 * b) ** 3
    return (
        4.0767416360759574 * long - 3.3077115392580616 * medium + 0.2309699031821044 * short,
        -1.2684379732850317 * long + 2.6097573492876887 * medium - 0.3413193760026570 * short,
        -0.0041960761386756 * long - 0.7034186179359362 * medium + 1.7076146940746117 * short,
    )


def _eight_bits(part: float) -> int:
    part = min(max(part, 0.0), 1.0)
    curved = 12.92 * part if part <= _TOE_LINEAR else 1.055 * part ** (1 / 2.4) - 0.055
    return round(curved * 255)


def _luminance(colour: str) -> float:
    red, green, blue = (_straight(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _straight(part: float) -> float:
    return part / 12.92 if part <= _TOE else ((part + 0.055) / 1.055) ** 2.4
