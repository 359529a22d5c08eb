"""Currencies, their smallest amounts and how a sum is written for a person."""

from __future__ import annotations

from decimal import Decimal


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# docs.stripe.com/currencies
ZERO_DECIMAL = _words("bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf")
THREE_DECIMAL = _words("bhd jod kwd omr tnd")
CURRENCIES = (
    _words("""aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny
        cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd
        kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr
        nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd
        twd tzs uah usd uyu uzs wst xcd yer zar zmw""")
    | ZERO_DECIMAL
    | THREE_DECIMAL
)
SMALLEST = {
    "aed": 200,
    "bgn": 100,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "thb": 1000,
}
LARGEST = 99_999_999


def smallest(currency: str) -> int:
    """Return the least amount that can be charged, in minor units."""
    return SMALLEST.get(currency, 50)


def written(amount: int, currency: str) -> str:
    """Return the sum as a person reads it, such as `46.41 EUR` or `500 JPY`."""
    digits = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    return f"{Decimal(amount).scaleb(-digits):,.{digits}f} {currency.upper()}"
