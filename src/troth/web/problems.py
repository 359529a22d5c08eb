"""Errors as answers: problem+json (RFC 9457) for programs, a page that says what to do for people.

A person reads what happened, whether anything was lost and what to do. Expected errors speak for
themselves; an unexpected one is logged by type and place in the code, never by its message, which could
hold a person's value.
"""

from __future__ import annotations

import logging
import re
import traceback
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import msgspec

from troth.kernel.errors import Conflict, NotFound, Refused, TrothError, Unavailable
from troth.policy.phrase import Translations
from troth.web import errors
from troth.web.headers import CLOSE, Raw, quality

PROBLEM_JSON: Final = "application/problem+json"
_RETRY: Final = 5
_log = logging.getLogger("troth.web")

_STATUS: Final[tuple[tuple[type[TrothError], int], ...]] = (
    (errors.Malformed, 400),
    (errors.CrossSite, 403),
    (errors.MethodNotAllowed, 405),
    (errors.BodyTooSlow, 408),
    (errors.BodyTooLarge, 413),
    (errors.OtherMediaType, 415),
    (errors.OtherHost, 421),
    (errors.TooMany, 429),
    (errors.BuildError, 500),
    (NotFound, 404),
    (Conflict, 409),
    (Refused, 422),
    (Unavailable, 503),
)
"""The first class an error is an instance of gives its status; anything else is 500."""

_ADVICE: Final = {
    400: "Please go back, load the page again and send it once more.",
    403: "Please open the page in this browser, fill in the form there and send it once more.",
    404: "Please check the address, or start from the first page.",
    405: "Please start from the first page.",
    408: "Please send it once more; on a slow line it helps to wait a little.",
    409: "Please load the page again to see how things stand.",
    413: "Please send something smaller.",
    415: "Please use the form on our page.",
    421: "Please use the address the store is known under.",
    422: "Please go back, look at what was entered and send it once more.",
    429: "Please wait a little and try again.",
    500: "Please try again in a minute; if it happens again, write to us.",
    503: "Please try again in a minute.",
}
_HEADING: Final = {
    400: "That could not be read",
    403: "That did not come from our page",
    404: "There is nothing here",
    405: "That does not work here",
    408: "That took too long",
    409: "Things stand differently now",
    413: "That is too much at once",
    415: "That is no form of ours",
    421: "Not under this name",
    422: "Something is not right yet",
    429: "A little slower, please",
    500: "That was our mistake",
    503: "Not at this moment",
}
_NOTHING_LOST: Final = "Nothing was changed, nothing more was ordered and nothing was lost."
_KEPT: Final = "What you sent has arrived and is kept; do not send it again before you have looked how things stand."
_UNEXPECTED: Final = "Something went wrong on our side."


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457 members, with `code` (stable, for programs), the `field` at fault and a `reference` into our log."""

    title: str
    status: int
    detail: str
    code: str
    type: str = "about:blank"
    field: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class ProblemView:
    """What the error page shows."""

    status: int
    title: str
    detail: str
    nothing_lost: str
    advice: str
    reference: str


def status_of(error: BaseException) -> int:
    """Return the HTTP status of an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def describe(error: BaseException, reference: str) -> Problem:
    """Describe an error; of an unexpected one only that it happened."""
    status = status_of(error)
    expected = isinstance(error, TrothError) and status != HTTPStatus.INTERNAL_SERVER_ERROR
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=error.detail if expected and isinstance(error, TrothError) else _UNEXPECTED,
        code=_code(type(error)) if expected else "unexpected",
        field=error.field if isinstance(error, Refused) else None,
        reference=reference,
    )


def view(problem: Problem, translations: Translations, *, committed: bool = False) -> ProblemView:
    """Turn a problem into the texts of the error page; `committed` if something was already done for good."""
    say = translations.gettext
    lost = _KEPT if committed else _NOTHING_LOST
    return ProblemView(
        status=problem.status,
        title=say(_HEADING[problem.status]),
        detail=say(problem.detail),
        nothing_lost="" if problem.status in {404, 405, 421} else say(lost),
        advice=say(_ADVICE[problem.status]),
        reference=problem.reference or "",
    )


def headers_of(error: BaseException) -> tuple[Raw, ...]:
    """Return the headers an error asks for: Allow, Retry-After, RateLimit, Connection."""
    if isinstance(error, errors.MethodNotAllowed):
        return ((b"allow", ", ".join(error.allowed).encode()),)
    if isinstance(error, errors.TooMany):
        return ((b"retry-after", str(error.retry_after).encode()), *error.headers)
    if isinstance(error, Unavailable):
        return ((b"retry-after", str(_RETRY).encode()),)
    if isinstance(error, (errors.BodyTooLarge, errors.BodyTooSlow)):
        # What is still on its way is not worth reading.
        return (CLOSE,)
    return ()


def prefers_json(path: str, accept: str) -> bool:
    """Whether the answer goes to a program: under /api and /webhooks always, elsewhere if it weighs JSON above HTML."""
    if path.startswith(("/api/", "/webhooks/")):
        return True
    wants_json = max(quality(accept, "application/json"), quality(accept, PROBLEM_JSON))
    return wants_json > quality(accept, "text/html", "text/*", "*/*")


def record(error: BaseException, route: str, reference: str) -> None:
    """Log a problem worth a look: unexpected ones as errors, refusals of ours at their own level."""
    status = status_of(error)
    extra = {"route": route, "status": status, "reference": reference, "failure": type(error).__name__}
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("unexpected failure", extra={**extra, "place": place(error)})
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        _log.warning("not available", extra=extra)


def place(error: BaseException) -> str:
    """Return file, line and function where an error was raised, and the last place in our own code."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/troth/" in frame.filename]
    return " < ".join(dict.fromkeys(_short(frame) for frame in (*frames[-1:], *ours[-1:])))


def _short(frame: traceback.FrameSummary) -> str:
    return f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno} {frame.name}"


def _code(kind: type) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()
