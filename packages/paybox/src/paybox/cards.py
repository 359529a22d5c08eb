"""Stripe's test payment methods: `pm_card_visa`, `pm_card_de`, `pm_card_chargeDeclined` and their like.

Source: docs.stripe.com/testing. A country's card is `pm_card_` and the two letters of ISO 3166-1.
"""

from __future__ import annotations

import re

from paybox.objects import Card
from paybox.refusals import Refusal

_COUNTRY = re.compile(r"pm_card_([a-z]{2})\Z")
_NAMED = {
    "pm_card_visa": Card(country="US"),
    "pm_card_visa_debit": Card(country="US", last4="5556"),
    "pm_card_mastercard": Card(country="US", brand="mastercard", last4="4444"),
    "pm_card_amex": Card(country="US", brand="amex", last4="8431"),
    "pm_card_chargeDeclined": Card(country="US", decline="generic_decline", last4="0002"),
    "pm_card_visa_chargeDeclined": Card(country="US", decline="generic_decline", last4="0002"),
    "pm_card_chargeDeclinedInsufficientFunds": Card(country="US", decline="insufficient_funds", last4="9995"),
    "pm_card_chargeDeclinedLostCard": Card(country="US", decline="lost_card", last4="9987"),
    "pm_card_chargeDeclinedStolenCard": Card(country="US", decline="stolen_card", last4="9979"),
    "pm_card_chargeDeclinedExpiredCard": Card(country="US", decline="expired_card", last4="0069"),
    "pm_card_chargeDeclinedIncorrectCvc": Card(country="US", decline="incorrect_cvc", last4="0127"),
    "pm_card_chargeDeclinedProcessingError": Card(country="US", decline="processing_error", last4="0119"),
}


def card_of(method: str) -> Card:
    """Return the card behind a test payment method; raises `Refusal` (404) for one that is none."""
    named = _NAMED.get(method)
    if named is not None:
        return named
    country = _COUNTRY.match(method)
    if country is None:
        message = f"No such PaymentMethod: '{method}'"
        raise Refusal(message, status=404, code="resource_missing", param="payment_method")
    return Card(country=country.group(1).upper())
