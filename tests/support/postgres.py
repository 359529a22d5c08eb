"""A real PostgreSQL for tests: one throw-away cluster per test process, reached over a Unix socket only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

INSTALL = "PostgreSQL is not installed here: apt-get install postgresql"


@dataclass
class Server:
    """A running cluster; every call of `new_url` makes an empty database of its own."""

    folder: Path
    made: list[str] = field(default_factory=list)

    def new_url(self, *, template: str | None = None) -> str:
        """Make a database, empty or a copy of one nobody is connected to, and return its SQLAlchemy address."""
        name = f"store_{len(self.made)}"
        self.made.append(name)
        with psycopg.connect(f"host={self.folder} user=troth dbname=postgres", autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}")
        return f"postgresql+psycopg://troth@/{name}?host={self.folder}"


def find_programs() -> Path | None:
    """Return the folder of the newest installed server programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextmanager
def running_server(programs: Path) -> Iterator[Server]:
    """Start a cluster in a folder under the system's temporary one, and remove both at the end."""
    folder = Path(tempfile.mkdtemp(prefix="troth-pg-"))
    user = _server_user()
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    data = str(folder / "data")
    try:
        _run(user, programs / "initdb", "-D", data, "-U", "troth", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        _run(user, programs / "pg_ctl", "-D", data, "-l", str(folder / "log"), "-o", options, "-w", "start")
        yield Server(folder)
        _run(user, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _server_user() -> str | None:
    """Return who must run the server instead of root; None: whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    return next(name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()})


def _run(user: str | None, *command: str | Path) -> None:
    as_user = ["runuser", "-u", user, "--"] if user else []
    subprocess.run(
        [*as_user, *map(str, command)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
    )
