"""The QR code with which a banking app fills in a SEPA credit transfer.

European Payments Council, EPC069-12 version 2.1, "Quick Response Code: Guidelines to Enable Data Capture
for the Initiation of a SEPA Credit Transfer": at most 331 bytes in lines ending with LF, error level M, QR
version 13 at most.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from stdnum import bic as bank_number
from stdnum import iban as iban_number
from stdnum import iso11649
from stdnum.exceptions import ValidationError

from troth.kernel.errors import Refused
from troth.kernel.money import Money
from troth.shop.countries import EEA

_NAME_LENGTH: Final = 70
_TEXT_LENGTH: Final = 140
_PAYLOAD_BYTES: Final = 331
_LARGEST: Final = Money(99_999_999_999, "EUR")
_SMALLEST: Final = Money(1, "EUR")
_MAX_VERSION: Final = 13


class TransferRefused(Refused):
    """This cannot be written as a SEPA credit transfer."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account money goes to; checked and stored without spaces. `bic` is "" where it is not needed."""

    name: str
    iban: str
    bic: str = ""

    def __post_init__(self) -> None:
        """Normalise IBAN and BIC; raises `TransferRefused` naming the field of `[payments.bank]`."""
        _check_text(self.name, _NAME_LENGTH, "legal_name")
        try:
            object.__setattr__(self, "iban", iban_number.validate(self.iban))
        except ValidationError as error:
            raise TransferRefused("This IBAN is not valid: its check digits or its length.", field="iban") from error
        try:
            object.__setattr__(self, "bic", bank_number.validate(self.bic) if self.bic else "")
        except ValidationError as error:
            raise TransferRefused("This BIC is not valid; it has 8 or 11 characters.", field="bic") from error
        # Version 002 may leave the BIC out only for accounts inside the EEA (note on AT-23).
        if not self.bic and self.iban[:2] not in EEA:
            raise TransferRefused("An account outside the EEA needs its BIC.", field="bic")


def payload(account: Account, amount: Money, reference: str) -> str:
    """Return the code's content: euro, 0.01 to 999,999,999.99, and a reference of 1 to 140 characters.

    An ISO 11649 reference (RF…) goes into the structured field, any other into the text. Raises
    `TransferRefused`.
    """
    if amount.currency != "EUR" or not _SMALLEST <= amount <= _LARGEST:
        raise TransferRefused("A SEPA credit transfer is between 0.01 and 999999999.99 euro.", field="amount")
    _check_text(reference, _TEXT_LENGTH, "reference")
    structured = iso11649.is_valid(reference)
    lines = (
        "BCD",  # service tag
        "002",  # version
        "1",  # character set: UTF-8
        "SCT",  # identification: SEPA credit transfer
        account.bic,  # AT-23
        account.name,  # AT-21
        account.iban,  # AT-20
        f"EUR{amount.plain}",  # AT-04
        "",  # AT-44 purpose
        iso11649.compact(reference) if structured else "",  # AT-05 structured
        "" if structured else reference,  # AT-05 unstructured
    )
    text = "\n".join(lines).rstrip("\n")
    if len(text.encode()) > _PAYLOAD_BYTES:
        raise TransferRefused("Name and reference together are too long for the code.", field="reference")
    return text


def svg(content: str, title: str) -> str:
    """Draw the code as an inline SVG image named by `title`, black on white in any colour scheme.

    It has no size of its own (the style sheet gives one) and holds no script and no style.
    """
    import segno  # noqa: PLC0415 - only the page with a bank transfer draws one

    code = segno.make_qr(content, error="m", boost_error=False, encoding="utf-8")
    if int(code.version) > _MAX_VERSION:
        raise TransferRefused("This is too long for the code.", field="reference")
    drawn: str = code.svg_inline(title=title, dark="#000", light="#fff", omitsize=True, svgclass=None)
    return drawn.replace("<svg ", '<svg role="img" ', 1)


def _check_text(text: str, longest: int, field: str) -> None:
    """Refuse what would shift the lines or leave one out."""
    printable = not any(unicodedata.category(char)[0] in "CZ" and char != " " for char in text)
    if not printable or text != text.strip() or not 0 < len(text) <= longest:
        raise TransferRefused(f"This needs 1 to {longest} characters in one line.", field=field)
