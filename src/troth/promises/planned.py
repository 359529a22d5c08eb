"""The sentences that no part of this program keeps yet: counted on the page, never shown as kept.

Once a part declares one of these numbers, the part's own words are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from troth.policy.language import Kind

_D, _P = Kind.DISCLOSES, Kind.PROMISES


@dataclass(frozen=True)
class Planned:
    """A sentence still to be earned."""

    number: int
    kind: Kind
    text: str


PLANNED: Final = tuple(
    Planned(number, kind, text)
    for number, kind, text in (
        (1, _D, "We sell software online."),
        (2, _D, "We take the e-mail address of everyone who buys."),
        (
            3,
            _P,
            (
                "Your licence key is generated from your e-mail address; nobody can turn it back without our key, and "
                "it works even after you are erased."
            ),
        ),
        (
            4,
            _P,
            (
                "We write to you about your purchase, and about anything else only if you asked or bought and did not "
                "object; one click stops it."
            ),
        ),
        (5, _D, "Every payment is recorded."),
        (6, _D, "Every initiated purchase is recorded when you press the button (these fields), 30 days."),
        (
            7,
            _P,
            (
                "What we record is confidential: our program opens it only for a declared purpose and writes down "
                "each time."
            ),
        ),
        (8, _P, "A copy of our data without its keys shows nothing personal."),
        (9, _P, "No cookie before you choose or ask for something that needs one."),
        (10, _D, "Analytical cookies: with your consent we count and analyse visits."),
        (11, _D, "Mandatory cookies: the site needs them."),
        (12, _D, "Target cookies: with your consent your next visit shows what suits you."),
        (
            13,
            _P,
            (
                "You may refuse as easily as accept; here is exactly what you lose, and the rest works, even with "
                "cookies blocked."
            ),
        ),
        (
            14,
            _P,
            "We find the most suitable product for you, and what others see changes by at most ε, δ through you.",
        ),
        (15, _P, "No party but those listed, each for its step."),
        (16, _P, "No other customer gets it."),
        (17, _P, "You can upload files to our cloud."),
        (
            18,
            _P,
            "You reach them from any device wherever our server can be reached; this is the measured availability.",
        ),
        (19, _P, "We hold no key to your files."),
        (
            20,
            _D,
            (
                "If you agreed, our logs keep ISP, IP address, entry and exit page, date and time, browser; a short "
                "security log stands beside them."
            ),
        ),
        (21, _P, "We evaluate the logs only in rounded groups of at least k people."),
        (22, _P, "Our pages are only sent encrypted, and mail as far as the next server."),
        (23, _D, "We keep your address for the later occasions listed."),
        (24, _D, "Articles name author, category and place."),
        (25, _P, "Your comment can be taken back without breaking the thread."),
        (26, _D, "Latest tips and tricks."),
        (27, _P, "Back up: your data is yours to take."),
        (28, _P, "The program runs under this policy."),
        (29, _P, "What you publish from your cloud is only what you chose."),
    )
)
