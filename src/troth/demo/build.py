"""Builds the three programs as Python zip applications: one file each, nothing to install but Python itself.

The store's address and public keys are written into each file, so that a program trusts the store it was bought from
and no other. Equal input gives equal bytes: members are stored in a fixed order, uncompressed, with one fixed date.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Final

from troth.kernel.codec import canonical_json
from troth.kernel.errors import Unavailable

_SHEBANG: Final = b"#!/usr/bin/env python3\n"
_PROGRAMS: Final = Path(__file__).parent / "programs"
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o755
_UNIX: Final = 3


@dataclass(frozen=True, slots=True)
class Recipe:
    """What makes one program: its slug in the catalogue, its package below `programs`, its version."""

    slug: str
    package: str
    version: str


RECIPES: Final = (
    Recipe("fernside-backup", "backup", "3.4.1"),
    Recipe("fernside-recover", "recover", "2.1.0"),
    Recipe("fernside-diskhealth", "diskhealth", "1.6.2"),
)


@dataclass(frozen=True, slots=True)
class BuiltProgram:
    """A program ready to be offered for download; `size` in bytes, `sha256` in hexadecimal."""

    slug: str
    version: str
    path: Path
    size: int
    sha256: str


class SdkMissing(Unavailable):
    """The programs embed the distribution troth-licence, which is not installed here: install troth[demo]."""


def build_programs(out_dir: Path, *, base_url: str, public_keys: bytes) -> list[BuiltProgram]:
    """Write the three programs into a folder and say what was written.

    `public_keys` is the store's troth-keys.json; raises `SdkMissing` without troth-licence.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    return [_write(recipe, out_dir, base_url, public_keys) for recipe in RECIPES]


def _write(recipe: Recipe, out_dir: Path, base_url: str, public_keys: bytes) -> BuiltProgram:
    settings = {"version": recipe.version, "base_url": base_url.rstrip("/"), "keys": json.loads(public_keys)}
    members = dict(_sources(recipe))
    members["troth/demo/programs/common/build.json"] = canonical_json(settings)
    content = _SHEBANG + _archive(members)
    path = out_dir / f"{recipe.slug}.pyz"
    path.write_bytes(content)
    path.chmod(_MODE)
    return BuiltProgram(recipe.slug, recipe.version, path, len(content), hashlib.sha256(content).hexdigest())


def _sources(recipe: Recipe) -> Iterator[tuple[str, bytes]]:
    """Yield every member but the settings: the start, the packages around, the shared code, the program, the SDK."""
    yield "__main__.py", _start(recipe).encode()
    for package in ("troth", "troth/demo"):
        yield f"{package}/__init__.py", b""
    for path in [_PROGRAMS / "__init__.py", *_modules(_PROGRAMS / "common"), *_modules(_PROGRAMS / recipe.package)]:
        yield f"troth/demo/programs/{path.relative_to(_PROGRAMS).as_posix()}", path.read_bytes()
    for path in _modules(_sdk()):
        yield f"troth_licence/{path.name}", path.read_bytes()


def _start(recipe: Recipe) -> str:
    return (
        "import sys\n\n"
        "if sys.version_info < (3, 9):\n"
        '    sys.exit("This program needs Python 3.9 or newer.")\n\n'
        f"from troth.demo.programs.{recipe.package}.main import main\n\n"
        "sys.exit(main())\n"
    )


def _modules(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.py"))


def _sdk() -> Path:
    found = util.find_spec("troth_licence")
    if found is None or found.origin is None:
        raise SdkMissing
    return Path(found.origin).parent


def _archive(members: dict[str, bytes]) -> bytes:
    """Pack members in the order of their names; nothing in it depends on the machine, the time or a compressor."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = _UNIX
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, members[name])
    return buffer.getvalue()
