"""When a buyer gets what they paid for, given the consumer's 14 days to withdraw.

Directive 2011/83/EU art. 9 and 16(m) (EEA: Joint Committee Decision 181/2012; United Kingdom: Consumer
Contracts Regulations 2013, reg. 30 and 37): the right ends early only where delivery began with the
consumer's express consent and the acknowledgement that the right is lost thereby. Both boxes ticked: key
and download at once. Either left empty: they come when the right has ended, at the start of day 15 after
the day of payment (day 0), which is never before the day of the contract. Days are counted in UTC, the
same for every buyer, and the page names date and zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from troth.shop.countries import canonical, is_eea

PERIOD: Final = timedelta(days=14)
_UNITED_KINGDOM: Final = "GB"
# Parts of France and Finland with a code of their own where the Union's law applies (TFEU art. 349, 355).
_OUTERMOST: Final = frozenset({"AX", "GF", "GP", "MF", "MQ", "RE", "YT"})


class When(StrEnum):
    """The two moments of delivery."""

    AT_ONCE = "at once"
    DAY_15 = "day 15"


@dataclass(frozen=True, slots=True)
class Delivery:
    """When key and download come: `due_at` is the instant of payment or the start of day 15, in UTC."""

    when: When
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence shown at checkout; the id goes into the receipt, and another text needs another id."""

    id: str
    text: str


DELIVER_NOW: Final = Wording(
    "withdrawal.deliver-now.1",
    "Send me the key and the download at once, before the 14 days in which I may withdraw have passed.",
)
WAIVER: Final = Wording(
    "withdrawal.waiver.1",
    "I know that I lose my right to withdraw from this purchase once the key and the download are sent.",
)
LATER: Final = Wording(
    "withdrawal.later.1",
    "If you leave one of these two boxes empty, you may withdraw for 14 days without giving a reason; "
    "the key and the download come on day 15.",
)


def may_withdraw(country: str, *, business: bool, on: date) -> bool:
    """Whether the buyer is a consumer with the right to withdraw, so that the two boxes are shown.

    Raises `UnknownCountry`.
    """
    code = canonical(country)
    return not business and (is_eea(code, on) or code == _UNITED_KINGDOM or code in _OUTERMOST)


def delivery(country: str, *, business: bool, deliver_now: bool, waiver: bool, paid_at: datetime) -> Delivery:
    """Decide when the key and the download come; `paid_at` is aware. Raises `UnknownCountry`."""
    if paid_at.tzinfo is None:
        raise ValueError("an instant has a time zone")
    paid_at = paid_at.astimezone(UTC)
    waits = may_withdraw(country, business=business, on=paid_at.date()) and not (deliver_now and waiver)
    if not waits:
        return Delivery(When.AT_ONCE, paid_at)
    return Delivery(When.DAY_15, day_15(paid_at))


def day_15(paid_at: datetime) -> datetime:
    """Return the start, in UTC, of the first day after the 14 that follow the day of payment."""
    first_day_after = paid_at.astimezone(UTC).date() + PERIOD + timedelta(days=1)
    return datetime.combine(first_day_after, time.min, tzinfo=UTC)
