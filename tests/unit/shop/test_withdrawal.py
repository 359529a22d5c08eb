"""When key and download come: at once, or when a consumer's 14 days are over."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.shop.countries import CODES, EEA, UnknownCountry
from troth.shop.withdrawal import DELIVER_NOW, LATER, WAIVER, Delivery, When, day_15, delivery, may_withdraw

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WITHDRAWING = EEA | {"GB"} | {"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}


def consumer(country: str = "DE", *, deliver_now: bool, waiver: bool, paid_at: datetime = NOON) -> Delivery:
    return delivery(country, business=False, deliver_now=deliver_now, waiver=waiver, paid_at=paid_at)


@pytest.mark.parametrize("country", sorted(CODES))
@pytest.mark.parametrize("deliver_now", [True, False])
@pytest.mark.parametrize("waiver", [True, False])
def test_a_consumer_there_waits_unless_both_boxes_are_ticked(country: str, *, deliver_now: bool, waiver: bool) -> None:
    done = consumer(country, deliver_now=deliver_now, waiver=waiver)
    if country in WITHDRAWING and not (deliver_now and waiver):
        assert done == Delivery(When.DAY_15, datetime(2026, 12, 7, tzinfo=UTC))
    else:
        assert done == Delivery(When.AT_ONCE, NOON)


@pytest.mark.parametrize("country", ["DE", "GB", "US"])
def test_a_business_never_waits(country: str) -> None:
    done = delivery(country, business=True, deliver_now=False, waiver=False, paid_at=NOON)
    assert done == Delivery(When.AT_ONCE, NOON)
    assert not may_withdraw(country, business=True, on=NOON.date())


def test_the_boxes_are_shown_to_those_who_may_withdraw() -> None:
    shown = {code for code in CODES if may_withdraw(code, business=False, on=NOON.date())}
    assert shown == WITHDRAWING
    assert may_withdraw("EL", business=False, on=NOON.date())
    assert may_withdraw("XI", business=False, on=NOON.date())


@pytest.mark.parametrize(
    ("paid_at", "due"),
    [
        (datetime(2026, 11, 22, 0, 0, 0, tzinfo=UTC), datetime(2026, 12, 7, tzinfo=UTC)),
        (datetime(2026, 11, 22, 23, 59, 59, 999999, tzinfo=UTC), datetime(2026, 12, 7, tzinfo=UTC)),
        (datetime(2026, 11, 23, 0, 0, 0, tzinfo=UTC), datetime(2026, 12, 8, tzinfo=UTC)),
        # the year's end
        (datetime(2026, 12, 20, 10, 0, tzinfo=UTC), datetime(2027, 1, 4, tzinfo=UTC)),
        # a leap day on the way, none, and one as the day of payment
        (datetime(2028, 2, 20, 10, 0, tzinfo=UTC), datetime(2028, 3, 6, tzinfo=UTC)),
        (datetime(2027, 2, 20, 10, 0, tzinfo=UTC), datetime(2027, 3, 7, tzinfo=UTC)),
        (datetime(2028, 2, 29, 23, 0, tzinfo=UTC), datetime(2028, 3, 15, tzinfo=UTC)),
        # clocks change in Europe on 28 March and 31 October 2027; days in UTC do not
        (datetime(2027, 3, 20, 10, 0, tzinfo=ZoneInfo("Europe/Berlin")), datetime(2027, 4, 4, tzinfo=UTC)),
        (datetime(2027, 10, 20, 10, 0, tzinfo=ZoneInfo("Europe/Berlin")), datetime(2027, 11, 4, tzinfo=UTC)),
        (
            datetime(2027, 3, 28, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
            datetime(2027, 4, 12, tzinfo=UTC),
        ),
        # half past midnight in Berlin is still the day before in UTC
        (datetime(2026, 11, 23, 0, 30, tzinfo=ZoneInfo("Europe/Berlin")), datetime(2026, 12, 7, tzinfo=UTC)),
    ],
)
def test_day_15_begins_at_midnight_utc(paid_at: datetime, due: datetime) -> None:
    done = consumer(deliver_now=False, waiver=False, paid_at=paid_at)
    assert done == Delivery(When.DAY_15, due)
    assert done.due_at.tzinfo is UTC


@given(
    st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2060, 1, 1), timezones=st.timezones())  # noqa: DTZ001
)
def test_14_whole_days_pass_and_less_than_15(paid_at: datetime) -> None:
    waited = day_15(paid_at) - paid_at.astimezone(UTC)
    assert timedelta(days=14) < waited <= timedelta(days=15)
    assert day_15(paid_at) == day_15(paid_at.astimezone(timezone(timedelta(hours=14))))


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        consumer(deliver_now=False, waiver=False, paid_at=datetime(2026, 11, 22))  # noqa: DTZ001


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(UnknownCountry):
        consumer("ZZ", deliver_now=True, waiver=True)


def test_membership_is_that_of_the_day() -> None:
    assert not may_withdraw("HR", business=False, on=date(2013, 6, 30))
    assert may_withdraw("HR", business=False, on=date(2013, 7, 1))


@pytest.mark.parametrize(
    ("wording", "id_", "digest"),
    [
        (DELIVER_NOW, "withdrawal.deliver-now.1", "3d6ca0d0b8dfbd6b"),
        (WAIVER, "withdrawal.waiver.1", "26dd65e4247f3024"),
        (LATER, "withdrawal.later.1", "cd6bde7cbc2d1147"),
    ],
)
def test_another_text_needs_another_id(wording: object, id_: str, digest: str) -> None:
    assert getattr(wording, "id", None) == id_
    text = str(getattr(wording, "text", ""))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest
