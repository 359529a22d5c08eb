"""A stateful double of Stripe for tests, spoken to by the unmodified official SDK.

`Paybox` is the whole thing, to be started in a test or by the command `paybox`; `Book` is its memory and its rules
alone, without HTTP; `Place` says where a box lives; `Request` and `Answer` carry requests without a socket.
"""

from __future__ import annotations

from paybox.box import KEY, SECRET, Paybox
from paybox.faults import Faults, WrongFault
from paybox.http import Answer, Request
from paybox.ledger import Book
from paybox.objects import LineItem, SessionTerms
from paybox.place import Place
from paybox.refusals import Refusal
from paybox.state import WrongState

__version__ = "0.1.0"
__all__ = [
    "KEY",
    "SECRET",
    "Answer",
    "Book",
    "Faults",
    "LineItem",
    "Paybox",
    "Place",
    "Refusal",
    "Request",
    "SessionTerms",
    "WrongFault",
    "WrongState",
]
