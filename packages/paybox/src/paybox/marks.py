"""`override` for Python 3.11, whose typing module does not have it yet; it does nothing when the program runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

Method = TypeVar("Method", bound=Callable[..., object])

if TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method: Method) -> Method:
        """Return the method as it is."""
        return method


__all__ = ["override"]
