"""Files and functions a person can hold in mind."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.lints.source import Finding, Source

MODULE_LINES = 400
FUNCTION_LINES = 50

LARGER_FOR_A_REASON: dict[str, str] = {}
"""`path` or `path:function` → why splitting it would make it harder to read."""


def module_fits(source: Source) -> Iterator[Finding]:
    """Keep a module to 400 lines that are not blank."""
    count = sum(1 for line in source.text.splitlines() if line.strip())
    if count > MODULE_LINES and str(source.path) not in LARGER_FOR_A_REASON:
        message = f"{count} lines, at most {MODULE_LINES}: give a part of it a module of its own"
        yield Finding(str(source.path), 1, "long-module", message)


def functions_fit(source: Source) -> Iterator[Finding]:
    """Keep a function to 50 lines."""
    # A migration step is one list of tables, written once and read from top to bottom.
    if source.package == "migrations" and "versions" in source.ours:
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        count = (node.end_lineno or node.lineno) - node.lineno + 1
        if count > FUNCTION_LINES and f"{source.path}:{node.name}" not in LARGER_FOR_A_REASON:
            message = f"{node.name} has {count} lines, at most {FUNCTION_LINES}: name its steps"
            yield source.finding(node, "long-function", message)
