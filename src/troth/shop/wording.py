"""Words with legal weight, reviewed per language and kept as they were shown; a maker cannot reword the button.

The button: Directive 2011/83/EU art. 8(2), "order with obligation to pay" or as unambiguous; § 312j(3) BGB.
"""

from __future__ import annotations

NEWS_BOX = "Write to me about new versions and programs. I can stop it at any time."
SIMILAR_NOTICE = (
    "We may write to you, at this address, about programs of ours like the one you buy. You can object now or at any "
    "time; it costs nothing."
)
NO_SIMILAR_BOX = "I object: do not write to me about similar programs."
_BUTTON = {"en": "Order and pay {total}"}


def button(total: str, language: str) -> str:
    """Return the text of the button that orders, with the sum; English where a language has no reviewed wording."""
    return _BUTTON.get(language, _BUTTON["en"]).format(total=total)
