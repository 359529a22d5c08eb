"""Consent: the proof of every answer as a sealed receipt, and which basis stands for which purpose.

The vault asks here before it opens anything; the choice of cookies joins with the visits part.
"""

from troth.consent.model import Given, Occasion, Receipt
from troth.consent.policy import NEWS, SIMILAR
from troth.consent.service import Standing, allow, end, prolong, record, shorten

__all__ = [
    "NEWS", "SIMILAR", "Given", "Occasion", "Receipt", "Standing", "allow", "end", "prolong", "record", "shorten",
]  # fmt: skip
