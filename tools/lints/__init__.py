"""Small lints over the syntax tree, for rules of the house that no general tool knows.

Each module holds one kind of rule as functions `rule(source) -> findings`; `python -m tools.lints` runs them
all over the repository and exits 1 with one line per finding. Rules that ruff or import-linter can hold stand
in pyproject.toml instead.
"""

from __future__ import annotations

from tools.lints.source import Finding, Rule, Source

__all__ = ["Finding", "Rule", "Source"]
