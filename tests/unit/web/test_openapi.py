from __future__ import annotations

from collections.abc import Callable

import msgspec
from starlette.responses import Response

from tests.unit.web.store import SLOW_DOWN, Client, Wish
from troth.web import openapi
from troth.web.call import Call
from troth.web.route import Api, Route
from troth.web.site import Site


class Made(msgspec.Struct):
    """What was made."""

    id: str
    wish: Wish


async def handler(_call: Call) -> Response:
    return Response(b"")


ROUTES = (
    Route(
        "POST", "/api/v1/wishes", handler, "wish-make", limits=(SLOW_DOWN,),
        api=Api("Make a wish.", Wish, {201: Made}, problems=(409,)),
    ),
    Route(
        "GET", "/api/v1/wishes/{token}", handler, "wish-show", query=("since",),
        api=Api("Show it.", None, {200: Made}),
    ),
    Route("GET", "/wishes", handler, "page"),
)  # fmt: skip


def test_the_document_says_what_the_table_says() -> None:
    document = openapi.describe(ROUTES, "Sample")
    assert set(document["paths"]) == {"/api/v1/wishes", "/api/v1/wishes/{token}"}
    make = document["paths"]["/api/v1/wishes"]["post"]
    show = document["paths"]["/api/v1/wishes/{token}"]["get"]
    assert set(make["responses"]) == {str(s) for s in (201, 400, 405, 408, 409, 413, 415, 421, 422, 429, 500, 503)}
    assert set(show["responses"]) == {str(s) for s in (200, 400, 404, 405, 421, 422, 500, 503)}
    assert make["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Wish"}
    assert [parameter["name"] for parameter in make["parameters"]] == ["Idempotency-Key"]
    assert [(one["name"], one["in"]) for one in show["parameters"]] == [("token", "path"), ("since", "query")]
    assert set(document["components"]["schemas"]) == {"Wish", "Made", "Problem"}
    assert document["components"]["schemas"]["Wish"]["additionalProperties"] is False


def test_it_stands_at_its_address(make: Callable[..., Site]) -> None:
    client = Client(make([*ROUTES, openapi.route()]))
    answer = client.get("/api/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == openapi.describe(client.site.table.routes, "Sample")
    assert "/api/openapi.json" in answer.json()["paths"]
