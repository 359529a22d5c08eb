"""Stripe's request encoding: `application/x-www-form-urlencoded` with brackets, such as `line_items[0][quantity]=2`."""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import parse_qsl

from paybox.refusals import InvalidParameter

MAX_FIELDS = 1000
MAX_DEPTH = 8

Tree: TypeAlias = "dict[str, str | Tree]"


def pairs(text: str) -> list[tuple[str, str]]:
    """Return the names and values in the order they were sent; raises `InvalidParameter`."""
    try:
        return parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise InvalidParameter("The parameters are not application/x-www-form-urlencoded, or are too many.") from error


def tree(text: str) -> Tree:
    """Return the parameters nested as their brackets say; a list's members have numbers for names."""
    root: Tree = {}
    for name, value in pairs(text):
        _plant(root, name, value)
    return root


def _plant(root: Tree, name: str, value: str) -> None:
    head, *rest = name.replace("]", "").split("[")
    if not head or len(rest) >= MAX_DEPTH:
        raise InvalidParameter(f"Invalid parameter name: {name[:100]}", param=name[:100])
    node, keys = root, [head, *rest]
    for key in keys[:-1]:
        below = node.setdefault(key, {})
        if isinstance(below, str):
            raise InvalidParameter(f"Parameter {name[:100]} is both a value and a table.", param=name[:100])
        node = below
    last = keys[-1] or str(len(node))  # `expand[]=…` numbers its members itself
    if isinstance(node.get(last), dict):
        raise InvalidParameter(f"Parameter {name[:100]} is both a value and a table.", param=name[:100])
    node[last] = value
