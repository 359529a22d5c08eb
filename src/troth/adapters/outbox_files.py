"""Delivery into a folder, for the demonstration and for tests: one `.eml` file per mail, complete or not there.

Taking the same mail twice leaves one file, so that a process killed at any point doubles nothing.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from typing_extensions import override

from troth.mail.errors import DeliveryDelayed
from troth.mail.model import Delivery

_MAIL_ID = re.compile(r"[0-9a-f]{32}")


class SinkFull(DeliveryDelayed):
    """The outbox folder cannot be written. The mail is kept; please check that its disk has room."""


class FileOutbox(Delivery):
    """Delivers into `folder`, which only its owner can read."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder; it is made when the first mail comes."""
        self._folder = folder

    @override
    def deliver(self, message: bytes, *, sender: str, recipient: str, mail_id: str) -> None:
        """Write `<mail_id>.eml` unless it is there; raises `SinkFull` when the folder cannot be written."""
        if not _MAIL_ID.fullmatch(mail_id):
            raise ValueError("a mail's id is 32 hexadecimal digits")
        place = self._folder / f"{mail_id}.eml"
        if place.exists():
            return
        try:
            self._write(place, message)
        except OSError as error:
            raise SinkFull from error

    def _write(self, place: Path, message: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = place.with_name(f".{place.stem}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
