from __future__ import annotations

import logging
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.kernel.errors import ConfigError, Conflict, NotFound, Refused, TrothError, Unavailable
from troth.kernel.work import StoreBusy
from troth.policy.phrase import ENGLISH
from troth.web import errors, problems


def fail(message: str) -> None:
    raise ValueError(message)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.Malformed(), 400),
        (errors.CrossSite(), 403),
        (NotFound(), 404),
        (errors.NoSuchPage(), 404),
        (errors.MethodNotAllowed(["GET"]), 405),
        (errors.BodyTooSlow(), 408),
        (Conflict(), 409),
        (errors.BodyTooLarge(), 413),
        (errors.OtherMediaType(), 415),
        (errors.OtherHost(), 421),
        (Refused(), 422),
        (errors.TooMany(3), 429),
        (Unavailable(), 503),
        (StoreBusy(), 503),
        (errors.Crowded(), 503),
        (TrothError(), 500),
        (ConfigError(), 500),
        (errors.CookieRefused(), 500),
        (ValueError(), 500),
    ],
)
def test_every_error_has_its_status_and_its_page(error: Exception, status: int) -> None:
    problem = problems.describe(error, "abc")
    assert problem.status == status
    view = problems.view(problem, ENGLISH)
    assert view.title
    assert view.title != problem.title == HTTPStatus(status).phrase  # people read words, programs the protocol's name
    assert view.detail
    assert view.advice
    assert view.reference == "abc"


def test_every_error_of_the_kit_is_mapped_on_purpose() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TrothError)]
    ours = [kind for kind in kinds if kind.__module__ == errors.__name__]
    assert len(ours) >= 12
    for kind in ours:
        assert any(issubclass(kind, known) for known, _ in problems._STATUS), kind


def test_an_unexpected_error_says_nothing_of_itself(caplog: pytest.LogCaptureFixture) -> None:
    try:
        fail("somebody@example.com")
    except ValueError as error:
        raised = error
    for shown in (raised, ConfigError("keys/store.key: found 'secret'")):
        problem = problems.describe(shown, "abc")
        assert (problem.detail, problem.code) == ("Something went wrong on our side.", "unexpected")
    with caplog.at_level(logging.INFO):
        problems.record(raised, "order", "abc")
    (record,) = caplog.records
    kept = vars(record)
    assert "example" not in str(kept)
    assert (kept["failure"], kept["reference"]) == ("ValueError", "abc")
    assert kept["place"].startswith("web/test_problems.py:")


def test_an_expected_error_names_its_field_and_a_stable_code() -> None:
    class CountryUnknown(Refused):
        """There is no such country."""

    problem = problems.describe(CountryUnknown(field="country"), "abc")
    assert (problem.code, problem.field, problem.detail) == ("country_unknown", "country", "There is no such country.")


def test_headers_follow_the_error() -> None:
    assert problems.headers_of(errors.MethodNotAllowed(["GET", "HEAD"])) == ((b"allow", b"GET, HEAD"),)
    assert problems.headers_of(errors.TooMany(7))[0] == (b"retry-after", b"7")
    assert problems.headers_of(StoreBusy())[0][0] == b"retry-after"
    assert problems.headers_of(errors.BodyTooLarge()) == ((b"connection", b"close"),)
    assert problems.headers_of(NotFound()) == ()


@pytest.mark.parametrize(
    ("path", "accept", "json"),
    [
        ("/api/v1/orders", "text/html", True),
        ("/webhooks/stripe", "", True),
        ("/", "", False),
        ("/", "*/*", False),
        ("/", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("/", "application/json", True),
        ("/", "application/problem+json", True),
        ("/", "application/json, text/plain, */*", False),
        ("/", "application/json;q=0.9, text/html;q=0.8", True),
        ("/", "text/*;q=0.3, application/json;q=0.2", False),
        ("/apis", "text/html", False),
    ],
)
def test_programs_get_json_and_people_a_page(path: str, accept: str, json: bool) -> None:  # noqa: FBT001 - a table
    assert problems.prefers_json(path, accept) is json


@given(st.text(max_size=80))
def test_no_accept_header_fails(accept: str) -> None:
    assert problems.prefers_json("/", accept) in {True, False}
