"""The one question the web's edge asks the database for itself."""

from __future__ import annotations

from troth.kernel.work import UnitOfWork


def reach(uow: UnitOfWork) -> None:
    """Ask the database for nothing; raises `StoreBusy` if it does not answer."""
    uow.db.exec_driver_sql("SELECT 1")
