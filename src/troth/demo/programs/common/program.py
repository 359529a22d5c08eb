"""Which program this is and which store it was made for, as written into it when it was built."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources

from troth_licence import pins


@dataclass(frozen=True)
class Program:
    """A program as sold: its names, the store's address, the store's public keys and the trial's limit in words."""

    slug: str
    name: str
    version: str
    base_url: str
    keys: dict[str, bytes]
    trial: str


def load(slug: str, name: str, trial: str) -> Program:
    """Read what the build wrote beside this module; raises FileNotFoundError when this is not a built program."""
    text = resources.files(__package__).joinpath("build.json").read_text(encoding="utf-8")
    built = json.loads(text)
    keys = pins(json.dumps(built["keys"]).encode())
    return Program(slug, name, built["version"], built["base_url"], keys, trial)
