"""The web kit: routes declared once, the cookie gate, limits, problems, the page cache and what serves them.

A part's `web.py` imports from here `Route`, `Call`, `Response`, `Limit`, `Api`, `FormSpec`, `Field` and
`Filled`; `app.py` makes a `Site` from a `Setup`. Names are loaded when first used, so that the serving
parent stays small.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.responses import Response as Response
    from starlette.responses import StreamingResponse as StreamingResponse

    from troth.web.call import Call as Call
    from troth.web.forms import Field as Field
    from troth.web.forms import Filled as Filled
    from troth.web.forms import FormSpec as FormSpec
    from troth.web.limits import Limit as Limit
    from troth.web.route import Api as Api
    from troth.web.route import Route as Route
    from troth.web.site import Setup as Setup
    from troth.web.site import Site as Site

_HOME = {
    "Api": "troth.web.route",
    "Call": "troth.web.call",
    "Field": "troth.web.forms",
    "Filled": "troth.web.forms",
    "FormSpec": "troth.web.forms",
    "Limit": "troth.web.limits",
    "Response": "starlette.responses",
    "Route": "troth.web.route",
    "Setup": "troth.web.site",
    "Site": "troth.web.site",
    "StreamingResponse": "starlette.responses",
}
__all__ = [
    "Api", "Call", "Field", "Filled", "FormSpec", "Limit", "Response", "Route", "Setup", "Site", "StreamingResponse",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for (PEP 562)."""
    home = _HOME.get(name)
    if home is None:
        message = f"module {__name__} has no attribute {name}"
        raise AttributeError(message)
    return getattr(import_module(home), name)
