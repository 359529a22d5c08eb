"""The OpenAPI 3.1 document, made from the same table the requests are matched with, so that it cannot lag behind.

Schemas come from the msgspec structs (JSON Schema 2020-12); every error is problem+json.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.responses import Response

from troth.kernel.codec import to_json
from troth.web.body import JSON
from troth.web.call import Call
from troth.web.problems import PROBLEM_JSON, Problem
from troth.web.route import Api, Route

PATH: Final = "/api/openapi.json"
_ALWAYS: Final = (400, 405, 421, 500, 503)
_WITH_BODY: Final = (408, 413, 415, 422)
_CACHE_SECONDS: Final = 3600
_IDEMPOTENCY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "8 to 64 visible characters, random for each creation; sent again it finds what was created first.",
    "schema": {"type": "string", "pattern": "^[!-~]{8,64}$"},
}
_RETRY_AFTER: Final = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}


def route() -> Route:
    """Return the route at which the document stands."""
    summary = "This document."
    return Route("GET", PATH, _show, "openapi", cache=_CACHE_SECONDS, api=Api(summary, answers={200: None}))


async def _show(call: Call) -> Response:
    document = describe(call.site.table.routes, call.site.setup.settings.store.name)
    return Response(to_json(document), media_type=JSON)


def describe(routes: Sequence[Route], title: str) -> dict[str, Any]:
    """Return the document of every route that has an `Api`."""
    described = [(route, route.api) for route in routes if route.api is not None]
    kinds = list(dict.fromkeys(kind for _, api in described for kind in _kinds(api)))
    references, components = msgspec.json.schema_components(
        [*kinds, Problem], ref_template="#/components/schemas/{name}"
    )
    schemas = dict(zip([*kinds, Problem], references, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route, api in described:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, api, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1", "description": "Errors are problem+json (RFC 9457)."},
        "paths": paths,
        "components": {"schemas": components},
    }


def _kinds(api: Api) -> list[type]:
    return [kind for kind in (api.request, *api.answers.values()) if kind is not None]


def _operation(route: Route, api: Api, schemas: dict[type, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": api.summary,
        "tags": [api.tag],
        "parameters": _parameters(route),
        "responses": _responses(route, api, schemas),
    }
    if api.request is not None:
        content = {JSON: {"schema": schemas[api.request]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    text = {"type": "string"}
    in_path = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "pattern": "^[^/]+$"},
        }
        for name in route.parameters
    ]
    in_query = [{"name": name, "in": "query", "required": False, "schema": text} for name in route.query]
    return [*in_path, *in_query, *([_IDEMPOTENCY] if route.creates else [])]


def _responses(route: Route, api: Api, schemas: dict[type, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, kind in api.answers.items():
        schema = schemas[kind] if kind is not None else {}
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {JSON: {"schema": schema}},
        }
    statuses = {*_ALWAYS, *api.problems}
    statuses |= {404} if route.parameters else set()
    statuses |= {422} if route.query else set()
    statuses |= set(_WITH_BODY) if api.request is not None else set()
    statuses |= {429} if route.limits else set()
    for status in sorted(statuses):
        responses[str(status)] = _problem(status, schemas[Problem])
    return responses


def _problem(status: int, schema: object) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM_JSON: {"schema": schema}},
    }
    if status in {429, 503}:
        described["headers"] = _RETRY_AFTER
    return described
