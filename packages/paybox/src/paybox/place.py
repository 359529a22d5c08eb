"""Where a box lives and who may address it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from paybox.post import is_loopback


@dataclass(frozen=True, slots=True)
class Place:
    """Its address, how others address it, whether others may reach it at all, and its state file."""

    host: str = "127.0.0.1"
    port: int = 0
    public_url: str | None = None
    expose: bool = False
    state: Path | None = None

    def __post_init__(self) -> None:
        """Refuse an address that others can reach, unless they are meant to."""
        if not self.expose and not is_loopback(self.host):
            raise ValueError(f"{self.host} can be reached from elsewhere; a test double must not, see --expose")

    def is_addressed(self, host: str) -> bool:
        """Say whether a Host header means this box; a web page that rebinds its name to loopback does not."""
        if self.expose:
            return True
        name = urlsplit(f"//{host}").hostname or ""
        return is_loopback(name) or (self.public_url is not None and name == urlsplit(self.public_url).hostname)
