"""Sealed containers and the gate they open through.

    with purpose(uow, FULFIL, role="job"):
        buyer = order.buyer.open()

A `Sealed` holds ciphertext only. Outside a purpose it cannot be opened; it cannot be formatted, pickled or put in JSON,
and its repr is a marker. Each opening leaves one audit leaf per (unit of work, person, purpose, record).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Generic, NoReturn, Protocol, TypeVar

import msgspec
from typing_extensions import override

from troth.vault.errors import NoPurpose

if TYPE_CHECKING:
    from troth.kernel.work import UnitOfWork
    from troth.policy.language import Purpose, SealedRecord
    from troth.vault.session import Vault

S = TypeVar("S", bound=msgspec.Struct)


class Access:
    """An open purpose: which vault session, why, and in which role."""

    __slots__ = ("opener", "purpose", "role", "vault")

    def __init__(self, vault: Vault, purpose: str, role: str) -> None:
        """Bind the purpose to this unit of work's vault session."""
        self.vault, self.purpose, self.role = vault, purpose, role
        self.opener = vault.opener(purpose, role)


_access: ContextVar[Access | None] = ContextVar("troth_purpose", default=None)


@contextmanager
def purpose(uow: UnitOfWork, why: Purpose, *, role: str) -> Iterator[None]:
    """Open the gate for a declared purpose in a role, for the length of the block."""
    from troth.vault.session import Vault  # noqa: PLC0415 - gate and session know each other; the type is needed late

    token = _access.set(Access(uow.resource(Vault), why.name, role))
    try:
        yield
    finally:
        _access.reset(token)


class Sealed(Generic[S]):
    """A person's values at rest: the ciphertext and the place it belongs to."""

    __slots__ = ("blob", "person", "record", "row")

    def __init__(self, record: SealedRecord[S], person: str, row: str, blob: bytes) -> None:
        """Box ciphertext read from `row`."""
        self.record, self.person, self.row, self.blob = record, person, row, blob

    def open(self) -> S:
        """Return the values; raises `NoPurpose`, `WrongPurpose`, `BasisEnded`, `KeyGone` or `Tampered`."""
        access = _access.get()
        if access is None:
            raise NoPurpose
        return access.opener(self)

    @override
    def __repr__(self) -> str:
        """Name the record, never its content; never raises, so that no log line is lost."""
        return f"<sealed {self.record.name}>"

    __str__ = __repr__

    @override
    def __format__(self, spec: str) -> str:
        """Refuse: a sealed value in a text is always a mistake."""
        self._refuse()

    @override
    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        self._refuse()

    def __bool__(self) -> bool:
        """Return True: a sealed record is there, whatever it holds."""
        return True

    def _refuse(self) -> NoReturn:
        message = f"{self!r} cannot be formatted or serialised"
        raise TypeError(message)


class BasisAlive(Protocol):
    """Says whether a person's basis for a purpose still stands; consent implements it."""

    def __call__(self, uow: UnitOfWork, subject: str, purpose: str) -> bool:
        """Return True while the basis stands."""
        ...
