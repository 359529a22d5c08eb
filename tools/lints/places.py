"""What is touched only in its place: the web framework, SQL, cookies, the commit, `async`, and canaries."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.lints.source import Finding, Source, called

_SQL_PACKAGES = frozenset({"kernel", "vault", "adapters", "migrations"})
_DRIVERS = frozenset({"sqlalchemy", "sqlite3", "psycopg", "alembic"})
_STATEMENT = re.compile(
    r"\s*(SELECT\s.+\sFROM\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|PRAGMA\s|BEGIN\s+IMMEDIATE"
    r"|(CREATE|ALTER|DROP)\s+(UNIQUE\s+)?(TABLE|INDEX|TRIGGER|VIEW|SCHEMA)\s)",
    re.IGNORECASE | re.DOTALL,
)
# The islands have a tax territory of their own and are meant.
_CANARY = re.compile(r"canar(?:y|ies)(?! islands)", re.IGNORECASE)


def framework_in_its_place(source: Source) -> Iterator[Finding]:
    """Keep Starlette in `*/web.py`, `web/` and `app.py`; the web is an edge."""
    if not source.ours or source.package in {"web", "app"} or source.room == "web":
        return
    for node, name in _imports(source.tree):
        if name == "starlette":
            yield source.finding(node, "web-place", "Starlette belongs in a web room; return plain values here")


def sql_in_its_place(source: Source) -> Iterator[Finding]:
    """Keep drivers and SQL in `records`, kernel, vault, adapters and migrations."""
    if not source.ours or source.package in _SQL_PACKAGES or source.room == "records":
        return
    for node, name in _imports(source.tree):
        if name in _DRIVERS:
            yield source.finding(node, "sql-place", f"{name} belongs in records; ask a function of records here")
    prose = _docstrings(source.tree)
    for node in ast.walk(source.tree):
        if called(node) == "exec_driver_sql":
            yield source.finding(node, "sql-place", "a statement belongs in records")
        if isinstance(node, ast.Constant) and node not in prose and _is_statement(node.value):
            yield source.finding(node, "sql-place", "a statement belongs in records")


def cookies_in_their_place(source: Source) -> Iterator[Finding]:
    """Keep the setting of cookies at the gate in `web/` and at the session's edge in `people/web.py`."""
    if not source.ours or source.package == "web" or source.ours[:2] == ("people", "web"):
        return
    for node in ast.walk(source.tree):
        if called(node) in {"set_cookie", "delete_cookie"}:
            yield source.finding(node, "cookie-place", "cookies pass the gate in web/; declare it and ask the gate")
        # The probes and the smoke test read what the server set; they are clients and set nothing.
        reads = source.package in {"promises", "cli"}
        if isinstance(node, ast.Constant) and not reads and _is_set_cookie(node.value):
            yield source.finding(node, "cookie-place", "cookies pass the gate in web/; declare it and ask the gate")


def commit_in_its_place(source: Source) -> Iterator[Finding]:
    """Keep commits out of services: the edge or the job runner holds the unit of work."""
    if not source.ours or source.package in _SQL_PACKAGES:
        return
    for node in ast.walk(source.tree):
        if called(node) in {"commit", "rollback"}:
            yield source.finding(node, "commit-place", "the unit of work commits at the edge; leave it to `begin()`")


def async_in_its_place(source: Source) -> Iterator[Finding]:
    """Keep `async def` in web rooms, `web/`, `app.py` and the commands; rules are plain functions."""
    if not source.ours or source.package in {"web", "app", "cli"} or source.room == "web":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AsyncFunctionDef):
            yield source.finding(node, "async-place", "the core is synchronous; only a web room is async")


def canaries_in_their_place(source: Source) -> Iterator[Finding]:
    """Keep canaries in the probes: production code cannot know what one is."""
    if not source.ours or source.package == "promises":
        return
    for number, line in enumerate(source.text.splitlines(), start=1):
        if _CANARY.search(line):
            message = "only troth.promises may know of canaries; code that knows one could behave for it"
            yield Finding(str(source.path), number, "canary-place", message)


def _imports(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield every import with its top name, those inside functions and by `import_module` included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node, (node.module or "").partition(".")[0]
        elif called(node) in {"import_module", "__import__"} and isinstance(node, ast.Call) and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node, first.value.partition(".")[0]


def _docstrings(tree: ast.Module) -> set[ast.AST]:
    """Return the string nodes that stand alone: docstrings, of attributes too."""
    return {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _is_statement(value: object) -> bool:
    return isinstance(value, str) and _STATEMENT.match(value) is not None


def _is_set_cookie(value: object) -> bool:
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return isinstance(text, str) and text.lower() == "set-cookie"
