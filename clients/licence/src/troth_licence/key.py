"""Reads a licence key as a person typed it and corrects the usual slips.

Up to two wrong characters are corrected, or one missing, or one too many; what fits two keys is refused.
A corrected key must be shown to the person before it is used, so reading and validating are separate steps.
Format: troth licence-key v1, Reed-Solomon RS(25,20) over GF(32) with roots 2^1 … 2^5, Crockford base 32.

    Reading
    ├── Exact       the key as printed
    ├── Corrected   the key, and what was changed
    └── Refused     no key, and why
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FORMAT: Final = 1

_LENGTH: Final = 25
_CORRECTABLE: Final = 2
_ORDER: Final = 31  # of the multiplicative group of GF(32)
_MAX_TYPED: Final = 256
_UNREADABLE: Final = 0  # stands for a character outside the alphabet: wrong, or right by luck
_VALUES: Final = {symbol: value for value, symbol in enumerate(ALPHABET)}
_LOOK_ALIKES: Final = {"O": "0", "I": "1", "L": "1"}
_DROPPED_SYMBOLS: Final = "+=|~^<>`"

_SENTENCES: Final = {
    "empty": "No key was entered.",
    "length": "A licence key has 25 characters; this has more or fewer. Please compare it with the mail.",
    "damaged": "More than two characters are wrong. Please compare the key with the mail, group by group.",
    "ambiguous": "A character is missing or too many, and several keys would fit. Please compare it.",
    "format": "This is a newer kind of key than this program knows. Please update the program.",
}


@dataclass(frozen=True)
class Key:
    """A key whose parity and format are right; whether it was ever issued only the store knows.

    It does not show itself in logs; use `display` to show it to its owner.
    """

    text: str = field(repr=False)

    @property
    def display(self) -> str:
        """The key as printed: five groups of five."""
        return "-".join(self.text[start : start + 5] for start in range(0, _LENGTH, 5))

    @property
    def last5(self) -> str:
        """The five characters that may be shown where the key itself should not."""
        return self.text[-5:]

    @property
    def epoch(self) -> int:
        """The number of the store's master key, 0–7."""
        return (_VALUES[self.text[0]] & 3) << 1 | _VALUES[self.text[1]] >> 4

    @property
    def tag(self) -> int:
        """The maker's mark for product or edition, 0–15; it proves nothing."""
        return _VALUES[self.text[1]] & 15


@dataclass(frozen=True)
class Reading:
    """What came of reading: one of `Exact`, `Corrected`, `Refused`."""


@dataclass(frozen=True)
class Exact(Reading):
    """The key was typed as printed."""

    key: Key


@dataclass(frozen=True)
class Corrected(Reading):
    """The key that was most likely meant: show it and ask before using it.

    `kind` is wrong, missing or extra. `positions` count from 0: characters of the key that differ, the place
    where one was put in, or the place among the typed characters where one was taken out.
    """

    key: Key
    kind: str
    positions: tuple[int, ...]

    def explain(self) -> str:
        """Say in one sentence what was changed, counting characters from 1."""
        places = " and ".join(str(position + 1) for position in self.positions)
        if self.kind == "wrong":
            noun = "Character" if len(self.positions) == 1 else "Characters"
            return f"{noun} {places} did not fit."
        if self.kind == "missing":
            return f"Character {places} was missing."
        return f"Character {places} was one too many."


@dataclass(frozen=True)
class Refused(Reading):
    """No key can be read; `reason` is empty, length, damaged, ambiguous or format."""

    reason: str

    def explain(self) -> str:
        """Say in one sentence what is wrong and what to do."""
        return _SENTENCES[self.reason]


def read(typed: str) -> Reading:
    """Read a key; never raises for any text, and takes well under a millisecond."""
    if len(typed) > _MAX_TYPED:
        return Refused("length")
    symbols = _symbols(typed)
    if not symbols:
        return Refused("empty")
    if len(symbols) == _LENGTH:
        return _read_full(symbols)
    if len(symbols) == _LENGTH - 1:
        return _one_of(_with_one_put_in(symbols), "missing")
    if len(symbols) == _LENGTH + 1:
        return _one_of(_with_one_taken_out(symbols), "extra")
    return Refused("length")


def parse(typed: str) -> Key:
    """Return the key when it was typed as printed; raises ValueError otherwise."""
    reading = read(typed)
    if not isinstance(reading, Exact):
        raise ValueError("this is not a licence key as printed")  # noqa: TRY004 - the text is wrong, not its type
    return reading.key


def _symbols(typed: str) -> str:
    """Fold width and case, read O, I and L as digits, drop separators and invisible characters."""
    kept = []
    for char in unicodedata.normalize("NFKC", typed):
        symbol = char.upper() if char.isascii() else char
        symbol = _LOOK_ALIKES.get(symbol, symbol)
        kind = unicodedata.category(symbol)
        if kind[0] in "ZP" or kind in ("Cc", "Cf") or symbol in _DROPPED_SYMBOLS:
            continue
        kept.append(symbol)
    return "".join(kept)


# --- GF(32) and the code ---


def _powers() -> list[int]:
    """Return 2^0 … 2^30 in GF(32), the field of x^5 + x^2 + 1."""
    powers = [1]
    while len(powers) < _ORDER:
        doubled = powers[-1] << 1
        powers.append(doubled ^ 37 if doubled & 32 else doubled)
    return powers


_EXP: Final = _powers() * 2
_LOG: Final = {power: exponent for exponent, power in enumerate(_EXP[:_ORDER])}


def _times(left: int, right: int) -> int:
    return _EXP[_LOG[left] + _LOG[right]] if left and right else 0


def _over(left: int, right: int) -> int:
    return _EXP[_LOG[left] - _LOG[right] + _ORDER] if left else 0


def _syndromes(values: list[int]) -> list[int]:
    """Return c(2^1) … c(2^5), all zero for a codeword (Horner's rule, first character highest)."""
    sums = []
    for exponent in range(1, 6):
        total = 0
        for value in values:
            total = (_EXP[_LOG[total] + exponent] if total else 0) ^ value
        sums.append(total)
    return sums


def _errors(syndromes: list[int]) -> dict[int, int] | None:
    """Return {position: difference} for one or two wrong characters, or None (Peterson's direct solution)."""
    return _one_error(syndromes) or _two_errors(syndromes)


def _one_error(syndromes: list[int]) -> dict[int, int] | None:
    first, second = syndromes[0], syndromes[1]
    if not first or not second:
        return None
    locator = _over(second, first)
    if any(_times(syndromes[i], locator) != syndromes[i + 1] for i in range(4)):
        return None
    return _place({_LOG[locator]: _over(first, locator)})


def _two_errors(syndromes: list[int]) -> dict[int, int] | None:
    s1, s2, s3, s4, s5 = syndromes
    determinant = _times(s1, s3) ^ _times(s2, s2)
    if not determinant:
        return None
    total = _over(_times(s1, s4) ^ _times(s2, s3), determinant)
    product = _over(_times(s2, s4) ^ _times(s3, s3), determinant)
    if s5 != _times(total, s4) ^ _times(product, s3):
        return None
    roots = [x for x in range(1, _ORDER + 1) if _times(x, x) ^ _times(total, x) ^ product == 0]
    if len(roots) != _CORRECTABLE:
        return None
    a, b = roots
    at_a = _over(s2 ^ _times(b, s1), _times(a, a ^ b))
    at_b = _over(s2 ^ _times(a, s1), _times(b, a ^ b))
    return _place({_LOG[a]: at_a, _LOG[b]: at_b})


def _place(by_exponent: dict[int, int]) -> dict[int, int] | None:
    """Turn powers of x into positions from the left; None if one lies before the first character."""
    if any(exponent >= _LENGTH or not difference for exponent, difference in by_exponent.items()):
        return None
    return {_LENGTH - 1 - exponent: difference for exponent, difference in by_exponent.items()}


# --- The three ways to read ---


def _read_full(symbols: str) -> Reading:
    """Read 25 characters: as they are, or with one or two of them exchanged."""
    values = [_VALUES.get(symbol, _UNREADABLE) for symbol in symbols]
    syndromes = _syndromes(values)
    if any(syndromes):
        differences = _errors(syndromes)
        if differences is None:
            return Refused("damaged")
        for position, difference in differences.items():
            values[position] ^= difference
    if values[0] >> 2 != FORMAT:
        return Refused("format")
    key = Key("".join(ALPHABET[value] for value in values))
    positions = tuple(i for i in range(_LENGTH) if key.text[i] != symbols[i])
    if not positions:
        return Exact(key)
    # An unreadable character counts as wrong even where its stand-in was right by luck.
    return Corrected(key, "wrong", positions) if len(positions) <= _CORRECTABLE else Refused("damaged")


def _with_one_put_in(symbols: str) -> dict[str, int]:
    """Return {key text: first place} of all codewords that lack exactly one character."""
    found: dict[str, int] = {}
    if any(symbol not in _VALUES for symbol in symbols):
        return found
    values = [_VALUES[symbol] for symbol in symbols]
    for place in range(_LENGTH):
        word = [*values[:place], 0, *values[place:]]
        syndromes = _syndromes(word)
        differences = _one_error(syndromes) if any(syndromes) else {place: 0}
        if differences is not None and list(differences) == [place]:
            word[place] = differences[place]
            found.setdefault("".join(ALPHABET[value] for value in word), place)
    return found


def _with_one_taken_out(symbols: str) -> dict[str, int]:
    """Return {key text: first place} of all codewords that have exactly one character too many."""
    found: dict[str, int] = {}
    for place in range(_LENGTH + 1):
        text = symbols[:place] + symbols[place + 1 :]
        if all(symbol in _VALUES for symbol in text) and not any(_syndromes([_VALUES[symbol] for symbol in text])):
            found.setdefault(text, place)
    return found


def _one_of(found: dict[str, int], kind: str) -> Reading:
    """Take the only candidate of this format."""
    known = {text: place for text, place in found.items() if _VALUES[text[0]] >> 2 == FORMAT}
    if len(known) > 1:
        return Refused("ambiguous")
    for text, place in known.items():
        return Corrected(Key(text), kind, (place,))
    return Refused("format" if found else "damaged")
