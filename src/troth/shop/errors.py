"""What the shop refuses.

TrothError
├── NotFound
│   ├── ProductUnknown     no program of that name
│   ├── EditionUnknown     the program has no such edition
│   └── OrderUnknown       no order under that link or number
├── Refused
│   ├── CurrencyUnknown    no price in that currency
│   ├── CatalogueRefused   a product file that cannot be imported
│   └── DraftRefused       one or more fields of a checkout are not acceptable
├── Conflict
│   ├── PriceChanged       the sum shown is not the sum due; nothing was ordered
│   ├── WrongState         the order is not in a state that allows this
│   ├── NoPayment          no way to pay is configured
│   └── ProviderRefused    the payment provider understood and says no
│       └── NotThere       it knows nothing under that number
└── Unavailable
    └── ProviderDown       the payment provider does not answer
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.kernel.errors import Conflict, NotFound, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troth.kernel.money import Money


class ProductUnknown(NotFound):
    """There is no such program here."""


class EditionUnknown(NotFound):
    """This program has no such edition."""


class OrderUnknown(NotFound):
    """There is no such order."""


class CurrencyUnknown(Refused):
    """There is no price in this currency."""


class CatalogueRefused(Refused):
    """This product file cannot be imported. Nothing was changed."""


class DraftRefused(Refused):
    """Something in the form is not right yet. Nothing was ordered."""

    def __init__(self, refusals: Sequence[Refused]) -> None:
        """Keep what is wrong with each field."""
        super().__init__(refusals[0].detail if len(refusals) == 1 else None, field=refusals[0].field)
        self.refusals = tuple(refusals)


class PriceChanged(Conflict):
    """The sum has changed since the page was shown. Nothing was ordered."""

    def __init__(self, before: Money, now: Money) -> None:
        """Keep both sums, to show them."""
        super().__init__()
        self.before, self.now = before, now


class WrongState(Conflict):
    """The order is not in a state that allows this. Nothing was changed."""


class NoPayment(Conflict):
    """This store has no such way to pay. Nothing was ordered."""


class ProviderRefused(Conflict):
    """The payment provider does not accept this.

    Your order is kept and nothing was charged; please write to us.
    """


class NotThere(ProviderRefused):
    """The payment provider knows nothing under this number."""


class ProviderDown(Unavailable):
    """The payment provider does not answer. Your order is kept, nothing was charged; try again in a minute."""
