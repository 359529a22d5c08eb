"""What a rule sees: one Python file, where it stands in the house, and its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from typing_extensions import override


@dataclass(frozen=True, order=True)
class Finding:
    """One place that breaks a rule; prints as `path:line: rule: what to do instead`."""

    path: str
    line: int
    rule: str
    message: str

    @override
    def __str__(self) -> str:
        """Return the line an editor can jump to."""
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Source:
    """One Python file; `path` is relative to the repository."""

    path: PurePosixPath
    text: str

    @classmethod
    def read(cls, root: Path, path: Path) -> Source:
        """Read a file of the repository."""
        return cls(PurePosixPath(path.relative_to(root).as_posix()), path.read_text(encoding="utf-8"))

    @cached_property
    def tree(self) -> ast.Module:
        """Return the syntax tree; raises `SyntaxError` for what Python cannot read."""
        return ast.parse(self.text, filename=str(self.path))

    @property
    def ours(self) -> tuple[str, ...]:
        """The path inside `troth` without suffix, like `("shop", "web")`; empty for any other file."""
        parts = self.path.with_suffix("").parts
        return parts[2:] if parts[:2] == ("src", "troth") else ()

    @property
    def package(self) -> str:
        """The package of `troth` it belongs to: `shop`, `kernel`, `app`; empty outside."""
        return self.ours[0] if self.ours else ""

    @property
    def room(self) -> str:
        """The room inside that package: `web` for `shop/web.py` and `shop/web/checkout.py`; empty outside."""
        return self.ours[1] if len(self.ours) > 1 else ""

    def finding(self, node: ast.AST, rule: str, message: str) -> Finding:
        """Point at a node of this file."""
        return Finding(str(self.path), getattr(node, "lineno", 1), rule, message)


Rule = Callable[[Source], Iterator[Finding]]


def called(node: ast.AST) -> str:
    """Return the last name of what a call calls (`open` for `row.email.open()`), or an empty string."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""
