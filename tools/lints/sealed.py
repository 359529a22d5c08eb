"""How a sealed value is opened: inside a declared purpose, and never on its way into a log.

A call of `.open()` without arguments is taken for the opening of a sealed value; a file is opened with its
mode. The vault refuses the same at run time; these rules say it before anything runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from tools.lints.source import Finding, Source, called

_LOG_CALLS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log", "print"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def opened_for_a_purpose(source: Source) -> Iterator[Finding]:
    """Keep every `.open()` of a sealed value lexically inside a `with purpose(…):` block."""
    if not source.ours or source.package == "vault":
        return
    for node in _outside_purpose(source.tree, within=False):
        message = "open a sealed value inside `with purpose(uow, PURPOSE, actor):` (a file is opened with its mode)"
        yield source.finding(node, "open-without-purpose", message)


def opened_is_not_logged(source: Source) -> Iterator[Finding]:
    """Keep what came out of `.open()` out of logging calls, through variables and f-strings too."""
    if not source.ours:
        return
    for scope in ast.walk(source.tree):
        if not isinstance(scope, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        opened = _opened_names(scope)
        for node in _own_nodes(scope):
            if isinstance(node, ast.Call) and called(node) in _LOG_CALLS and _carries(node, opened):
                yield source.finding(node, "opened-logged", "a person's value must not reach a log; log the row's id")


def _outside_purpose(node: ast.AST, *, within: bool) -> Iterator[ast.Call]:
    """Yield openings that no purpose encloses; a function defined in a block runs later, outside of it."""
    if isinstance(node, _SCOPES):
        within = False
    if isinstance(node, (ast.With, ast.AsyncWith)):
        within = within or any(called(item.context_expr) == "purpose" for item in node.items)
    if _opens(node) and not within:
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _outside_purpose(child, within=within)


def _opens(node: ast.AST) -> TypeGuard[ast.Call]:
    if not isinstance(node, ast.Call) or node.args or node.keywords:
        return False
    return isinstance(node.func, ast.Attribute) and node.func.attr == "open"


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Walk a scope without entering the functions defined in it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield child
            yield from _own_nodes(child)


def _opened_names(scope: ast.AST) -> set[str]:
    """Return the variables of a scope that hold an opened value, directly or through one another."""
    names: set[str] = set()
    bindings = [binding for node in _own_nodes(scope) if (binding := _binding(node))]
    # Values travel at most once around per binding, so this many passes reach every name.
    for _ in bindings:
        for targets, value in bindings:
            if _carries(value, names):
                names |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return names


def _binding(node: ast.AST) -> tuple[list[ast.expr], ast.expr] | None:
    if isinstance(node, ast.Assign):
        return node.targets, node.value
    if isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value is not None:
        return [node.target], node.value
    if isinstance(node, (ast.For, ast.comprehension)):
        return [node.target], node.iter
    return None


def _carries(node: ast.AST, opened: set[str]) -> bool:
    """Whether an expression holds an opening or a variable that came from one."""
    return any(_opens(part) or (isinstance(part, ast.Name) and part.id in opened) for part in ast.walk(node))
