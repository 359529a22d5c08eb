"""The steps that bring a store's two databases to this version (Alembic; one line of steps for each database).

`upgrade` is for `troth init`; `require_current` is what every start asks, and loads no Alembic.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import column, inspect, select, table

from troth.kernel.errors import ConfigError

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Engine

STORE, VAULT = "store", "vault"
NEWEST: Final = {STORE: "0001", VAULT: "0001"}
_VERSION = table("alembic_version", column("version_num"))


class OtherVersion(ConfigError):
    """The store's databases are of another version. Nothing was changed; start the version they belong to."""


class NotMade(ConfigError):
    """The store's databases are not there yet; `troth init DIR` makes a store."""


def upgrade(store: Engine, vault: Engine) -> None:
    """Bring both databases to this version; does nothing where they are."""
    from alembic import command  # noqa: PLC0415 - a start needs no Alembic

    for name, engine in ((VAULT, vault), (STORE, store)):
        with engine.connect() as connection:
            settings = configuration(name)
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
            connection.commit()


def configuration(name: str) -> Config:
    """Return Alembic's settings for one of the two databases."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / name))
    settings.set_main_option("path_separator", "os")
    return settings


def require_current(name: str, engine: Engine) -> None:
    """Hold a database to this program; raises `NotMade` or `OtherVersion`."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(_VERSION.name):
            raise NotMade
        found = connection.execute(select(_VERSION.c.version_num)).scalar_one_or_none()
    if found != NEWEST[name]:
        raise OtherVersion
